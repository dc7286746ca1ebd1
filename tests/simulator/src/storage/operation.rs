//! What a request to Blob Storage is, by method, path, query, headers and, for a list of blocks, body.
//!
//! Responsible for: letting nothing pass that is not simulated: an unknown parameter, or a header that would mean something
//! to Azure.
//!
//! Not responsible for: what the operation then does.

use super::container::{Conditions, ETag};
use super::error::Refusal;
use super::headers::Headers;
use super::lease::Action;
use super::listing::Page;
use super::query::Query;
use super::range::Wanted;
use super::{ACCOUNT, block_list};
use axum::http::{HeaderMap, Method, Uri};
use percent_encoding::percent_decode_str;

/// What a request asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    CreateContainer,
    List(Page),
    Get(Option<Wanted>),
    GetProperties,
    Put { content_type: String },
    PutBlock { id: String },
    PutBlockList { ids: Vec<String>, content_type: String },
    Delete,
    Lease(Action),
}

/// A request, understood.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) operation: Operation,
    pub(super) container: String,
    /// Empty for a container.
    pub(super) blob: String,
    pub(super) conditions: Conditions,
}

/// Why a request is none that could be carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Misread {
    /// What is not simulated.
    NotSimulated(String),
    /// Azure refuses it, too.
    Refused(Refusal),
}

/// What says of which type a blob is to be.
const CONTENT_TYPE: [&str; 2] = ["x-ms-blob-content-type", "content-type"];

impl From<Refusal> for Misread {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

fn unknown<T>(what: impl Into<String>) -> Result<T, Misread> {
    Err(Misread::NotSimulated(what.into()))
}

impl Operation {
    fn read(
        (method, of_container): (&str, bool),
        query: &Query,
        headers: &Headers<'_>,
        body: &[u8],
    ) -> Result<Self, Misread> {
        Ok(match (method, query.get("restype"), query.get("comp"), of_container) {
            ("PUT", Some("container"), None, true) => Self::CreateContainer,
            ("GET", Some("container"), Some("list"), true) => Self::List(query.page()?),
            ("GET", None, None, false) => match headers.range().map(|text| (text, Wanted::read(text))) {
                None => Self::Get(None),
                Some((_, Some(wanted))) => Self::Get(Some(wanted)),
                Some((text, None)) => return unknown(format!("the range {text}")),
            },
            ("HEAD", None, None, false) => Self::GetProperties,
            ("PUT", None, None, false) => match headers.text("x-ms-blob-type") {
                Some("BlockBlob") => Self::Put { content_type: headers.content_type(&CONTENT_TYPE) },
                Some(other) => return unknown(format!("a blob of type {other}")),
                None => return Err(Refusal::missing_header().into()),
            },
            ("PUT", None, Some("block"), false) => {
                let id = query.get("blockid").ok_or(Refusal::new(400, "MissingRequiredQueryParameter"))?;
                Self::PutBlock { id: id.to_owned() }
            }
            ("PUT", None, Some("blocklist"), false) => {
                // `Content-Type` is the list's own here.
                let content_type = headers.content_type(&CONTENT_TYPE[..1]);
                Self::PutBlockList { ids: block_list::read(body)?, content_type }
            }
            ("DELETE", None, None, false) => Self::Delete,
            ("PUT", None, Some("lease"), false) => Self::Lease(headers.lease_action()?),
            _ => return unknown("this operation"),
        })
    }

    /// As in `Step::operation`.
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::CreateContainer => "create-container",
            Self::List(_) => "list",
            Self::Get(_) => "get",
            Self::GetProperties => "get-properties",
            Self::Put { .. } => "put",
            Self::PutBlock { .. } => "put-block",
            Self::PutBlockList { .. } => "put-block-list",
            Self::Delete => "delete",
            Self::Lease(action) => action.name(),
        }
    }

    pub(super) const fn is_write(&self) -> bool {
        !matches!(self, Self::Get(_) | Self::GetProperties | Self::List(_))
    }

    const fn takes_conditions(&self) -> bool {
        matches!(self, Self::Get(_) | Self::GetProperties | Self::Put { .. } | Self::PutBlockList { .. } | Self::Delete)
    }
}

impl Asked {
    /// Understands a request.
    pub(super) fn read(method: &Method, uri: &Uri, headers: &HeaderMap, body: &[u8]) -> Result<Self, Misread> {
        let path = percent_decode_str(uri.path()).decode_utf8().map_err(|_| Refusal::new(400, "InvalidUri"))?;
        let Some(path) = path.strip_prefix('/').and_then(|path| path.strip_prefix(ACCOUNT)?.strip_prefix('/')) else {
            return unknown("an address outside of the account's containers");
        };
        if path.contains(char::is_control) {
            return unknown("a name that XML cannot carry");
        }
        let (container, blob) = path.split_once('/').unwrap_or((path, ""));
        let (query, headers) = (Query::read(uri.query().unwrap_or_default()), Headers(headers));
        if let Some(parameter) = query.unknown() {
            return unknown(format!("the parameter {parameter}"));
        }
        if let Some(header) = headers.unknown() {
            return unknown(format!("the header {header}"));
        }
        let operation = Operation::read((method.as_str(), blob.is_empty()), &query, &headers, body)?;
        let conditions = Conditions {
            if_match: headers.text("if-match").map(ETag::read),
            if_none_match: headers.text("if-none-match").map(ETag::read),
            lease: headers.id("x-ms-lease-id")?,
        };
        if !operation.takes_conditions() && (conditions.if_match.is_some() || conditions.if_none_match.is_some()) {
            return unknown("conditions of this operation");
        }
        Ok(Self { operation, container: container.to_owned(), blob: blob.to_owned(), conditions })
    }
}
