//! What a page of the documentation shows to be typed: its fenced blocks, and the requests among them.

use anyhow::{Context, Result};

/// `docs/webhooks.md`.
pub(crate) const WEBHOOKS: &str = include_str!("../../../docs/webhooks.md");

/// A request as a page shows it.
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

/// The fenced blocks of a language, in order.
pub(crate) fn blocks(page: &str, language: &str) -> Vec<String> {
    let fence = format!("```{language}\n");
    let blocks = page.split(fence.as_str()).skip(1);
    blocks.filter_map(|rest| Some(rest.split_once("```")?.0.to_owned())).collect()
}

/// The requests in blocks of the language `http`: request line, headers, an empty line, body.
pub(crate) fn requests(page: &str) -> Result<Vec<Request>> {
    blocks(page, "http").iter().map(|block| request(block).with_context(|| block.clone())).collect()
}

fn request(block: &str) -> Option<Request> {
    let (head, body) = block.split_once("\n\n")?;
    let mut lines = head.lines();
    let (method, target) = lines.next()?.split_once(' ')?;
    let header = |line: &str| line.split_once(": ").map(|(name, value)| (name.to_owned(), value.to_owned()));
    let headers = lines.map(header).collect::<Option<_>>()?;
    Some(Request { method: method.to_owned(), target: target.to_owned(), headers, body: body.trim().to_owned() })
}
