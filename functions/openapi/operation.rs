//! One operation over HTTP: method, path, what it takes and what it answers.
//!
//! Responsible for: what every operation has in common, so that each function tells only what is its own. Not responsible
//! for: how it is written down; see [`super::document`].

use crate::handler::http::JSON_REFUSALS;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use std::collections::BTreeMap;

/// Generates the schema of a type.
pub(super) type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

/// One operation.
pub(crate) struct Operation {
    pub(super) method: &'static str,
    pub(super) path: &'static str,
    /// Its name, for programs that are generated from the document.
    pub(super) id: &'static str,
    pub(super) summary: &'static str,
    /// The parameters in the path, each with its description.
    pub(super) parameters: Vec<(&'static str, &'static str, SchemaOf)>,
    /// Headers that may be sent, each with its description.
    pub(super) headers: Vec<(&'static str, &'static str, SchemaOf)>,
    pub(super) body: Option<SchemaOf>,
    pub(super) answers: BTreeMap<u16, Answer>,
    /// Whether a key is not enough.
    pub(super) needs_sign_in: bool,
}

/// What is answered with one status.
pub(super) struct Answer {
    pub(super) description: &'static str,
    pub(super) content: Content,
    /// Whether `Retry-After` says when to come again.
    pub(super) says_when: bool,
    /// Whether `Location` says where.
    pub(super) says_where: bool,
}

/// The body of an answer.
pub(super) enum Content {
    /// None: the host answers.
    Nothing,
    /// JSON of a type.
    Json(SchemaOf),
    /// Problem details with one of these titles.
    Problem(Vec<&'static str>),
}

impl Operation {
    /// A GET.
    pub(crate) fn get(path: &'static str, id: &'static str, summary: &'static str) -> Self {
        Self::new("get", path, id, summary)
    }

    /// A POST.
    pub(crate) fn post(path: &'static str, id: &'static str, summary: &'static str) -> Self {
        Self::new("post", path, id, summary)
    }

    fn new(method: &'static str, path: &'static str, id: &'static str, summary: &'static str) -> Self {
        let operation = Self {
            method,
            path,
            id,
            summary,
            parameters: Vec::new(),
            headers: Vec::new(),
            body: None,
            answers: BTreeMap::new(),
            needs_sign_in: false,
        };
        let no_key = Answer {
            description: "Without a valid function key; answered by the Functions host, with an empty body.",
            content: Content::Nothing,
            says_when: false,
            says_where: false,
        };
        operation
            .answer(401, no_key)
            .refuses(429, "too-many-requests")
            .refuses(500, "internal")
            .refuses(503, "unavailable")
    }

    /// Method and path.
    #[cfg(test)]
    pub(crate) fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// A parameter in the path, of a type.
    pub(crate) fn parameter<T: JsonSchema>(mut self, name: &'static str, description: &'static str) -> Self {
        self.parameters.push((name, description, SchemaGenerator::subschema_for::<T>));
        self
    }

    /// The body, of the type that [`HttpRequest::json`](crate::handler::HttpRequest::json) reads, with all its refusals.
    pub(crate) fn takes<T: JsonSchema>(mut self) -> Self {
        self.body = Some(SchemaGenerator::subschema_for::<T>);
        JSON_REFUSALS.iter().fold(self, |operation, (status, code)| operation.refuses(*status, code))
    }

    /// A person has to be signed in who may approve.
    pub(crate) fn needs_sign_in(mut self) -> Self {
        self.needs_sign_in = true;
        self.refuses(401, "unauthorized").refuses(403, "forbidden")
    }

    /// An answer in JSON, of a type.
    pub(crate) fn answers<T: JsonSchema>(self, status: u16, description: &'static str) -> Self {
        let content = Content::Json(SchemaGenerator::subschema_for::<T>);
        self.answer(status, Answer { description, content, says_when: false, says_where: false })
    }

    /// The answer that there will be one, later and somewhere else.
    pub(crate) fn answers_later<T: JsonSchema>(self, description: &'static str) -> Self {
        let content = Content::Json(SchemaGenerator::subschema_for::<T>);
        self.answer(202, Answer { description, content, says_when: true, says_where: true })
    }

    /// A header that may be sent, of a type.
    pub(crate) fn header<T: JsonSchema>(mut self, name: &'static str, description: &'static str) -> Self {
        self.headers.push((name, description, SchemaGenerator::subschema_for::<T>));
        self
    }

    /// A refusal by its title. One status may have several.
    pub(crate) fn refuses(mut self, status: u16, title: &'static str) -> Self {
        match self.answers.get_mut(&status) {
            Some(Answer { content: Content::Problem(titles), .. }) => titles.push(title),
            // Where the host answers with an empty body too, only the description says so.
            _ => _ = self.answers.insert(status, Answer::problem(status, title)),
        }
        self
    }

    fn answer(mut self, status: u16, answer: Answer) -> Self {
        self.answers.insert(status, answer);
        self
    }
}

impl Answer {
    /// Problem details.
    fn problem(status: u16, title: &'static str) -> Self {
        Self {
            description: match status {
                400 => "The request cannot be understood.",
                401 => {
                    "Nobody is known to be signed in. Without a valid function key the Functions host answers, with an empty body."
                }
                403 => "The signed-in person may not.",
                404 => "There is no such thing.",
                409 => "It was changed since.",
                410 => "It is over.",
                411 => "The length of the body was not said.",
                413 => "The body is too large.",
                415 => "The body is of another type.",
                422 => "The key of the request came with another one before.",
                429 => "Too many requests with this key.",
                500 => "usher failed. Where it could not even answer, the body is empty.",
                503 => {
                    "Configuration, state or Graph cannot be used right now. Where the app is not running, the body is empty."
                }
                _ => "It is refused.",
            },
            content: Content::Problem(vec![title]),
            says_when: matches!(status, 429 | 503),
            says_where: false,
        }
    }
}
