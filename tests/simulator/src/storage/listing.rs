//! "List Blobs": pages of names and properties.

use super::answer::{Answer, text};
use super::container::{Blob, Container};
use super::error::Refusal;
use axum::http::header;
use axum::response::IntoResponse;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use quick_xml::escape::escape;
use std::fmt::Write;

/// Which page of a list is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Page {
    pub(super) prefix: String,
    /// Where the page before ended, in its words.
    pub(super) marker: Option<String>,
    pub(super) at_most: Option<usize>,
}

/// One page, with no more than `page_size` blobs, by the order of their names.
pub(super) fn list(
    container: &Container,
    page: &Page,
    page_size: usize,
    address: (&str, &str),
) -> Result<Answer, Refusal> {
    let from = page.marker.as_deref().map_or(Ok(page.prefix.clone()), read_marker)?;
    let size = page.at_most.unwrap_or(page_size).min(page_size);
    let mut blobs = container.blobs().range(from..).take_while(|(name, _)| name.starts_with(&page.prefix));
    let shown: Vec<_> = blobs.by_ref().take(size).collect();
    let next = blobs.next().map(|(name, _)| write_marker(name)).unwrap_or_default();

    let (endpoint, name) = address;
    let mut xml = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><EnumerationResults ServiceEndpoint=\"{}\" ContainerName=\"{}\">",
        escape(endpoint),
        escape(name),
    );
    let mut element = |name: &str, value: Option<&str>| {
        if let Some(value) = value {
            write!(xml, "<{name}>{}</{name}>", escape(value)).expect("text can be written to text");
        }
    };
    element("Prefix", Some(page.prefix.as_str()).filter(|prefix| !prefix.is_empty()));
    element("Marker", page.marker.as_deref());
    element("MaxResults", page.at_most.map(|at_most| at_most.to_string()).as_deref());
    xml.push_str("<Blobs>");
    for (name, blob) in shown {
        xml.push_str(&item(name, blob));
    }
    xml.push_str("</Blobs>");
    write!(xml, "<NextMarker>{next}</NextMarker></EnumerationResults>").expect("text can be written to text");
    Ok(([(header::CONTENT_TYPE, text("application/xml"))], xml).into_response())
}

fn item(name: &str, blob: &Blob) -> String {
    let state = blob.lease.state();
    format!(
        "<Blob><Name>{name}</Name><Properties><Creation-Time>{created}</Creation-Time>\
         <Last-Modified>{modified}</Last-Modified><Etag>{etag}</Etag><Content-Length>{length}</Content-Length>\
         <Content-Type>{content_type}</Content-Type><BlobType>BlockBlob</BlobType><LeaseStatus>{status}</LeaseStatus>\
         <LeaseState>{state}</LeaseState></Properties></Blob>",
        name = escape(name),
        created = blob.created,
        modified = blob.version.modified,
        etag = blob.version.etag,
        length = blob.bytes.len(),
        content_type = escape(&blob.content_type),
        status = state.status(),
        state = state.name(),
    )
}

/// The name with which the next page begins, as an opaque text.
fn write_marker(name: &str) -> String {
    STANDARD.encode(name)
}

fn read_marker(marker: &str) -> Result<String, Refusal> {
    let name = STANDARD.decode(marker).ok().and_then(|name| String::from_utf8(name).ok());
    name.ok_or(Refusal::invalid_query())
}
