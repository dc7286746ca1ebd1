//! The elements of Adaptive Cards that a card of ours is made of, as they go over the wire.
//!
//! Responsible for: their JSON, and the message around it that a Teams Workflows webhook takes. Not responsible for: what
//! is in them. Elements newer than version 1.2 are left out although 1.5 is declared: phones lag behind.

use serde::Serialize;

/// Informational; nobody reads it there.
const SCHEMA: &str = "http://adaptivecards.io/schemas/adaptive-card.json";
const VERSION: &str = "1.5";
/// Shown, and read as Markdown, by clients that do not know this version.
const FALLBACK: &str = "usher has a report that this version of Teams cannot show.";

/// The message that a Teams Workflows webhook takes. Its workflow posts every attachment; we send one.
#[derive(Serialize)]
#[serde(tag = "type", rename = "message")]
pub(super) struct Message {
    attachments: [Attachment; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Attachment {
    content_type: &'static str,
    /// Must be there, and null.
    content_url: (),
    content: AdaptiveCard,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "camelCase")]
struct AdaptiveCard {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    fallback_text: &'static str,
    msteams: MsTeams,
    body: Vec<Element>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    actions: Vec<OpenUrl>,
}

#[derive(Serialize)]
struct MsTeams {
    width: &'static str,
}

impl Message {
    pub(super) fn new(body: Vec<Element>, actions: Vec<OpenUrl>) -> Self {
        let content = AdaptiveCard {
            schema: SCHEMA,
            version: VERSION,
            fallback_text: FALLBACK,
            msteams: MsTeams { width: "Full" },
            body,
            actions,
        };
        let content_type = "application/vnd.microsoft.card.adaptive";
        Self { attachments: [Attachment { content_type, content_url: (), content }] }
    }
}

/// An element of a card's body.
#[derive(Serialize)]
#[serde(tag = "type")]
pub(super) enum Element {
    Container(Container),
    ColumnSet(ColumnSet),
    RichTextBlock(RichTextBlock),
}

/// Elements on a ground of their own.
#[derive(Serialize)]
pub(super) struct Container {
    pub(super) style: &'static str,
    pub(super) bleed: bool,
    pub(super) items: Vec<Element>,
}

/// Elements side by side.
#[derive(Serialize)]
pub(super) struct ColumnSet {
    pub(super) spacing: Spacing,
    pub(super) columns: Vec<Column>,
}

/// One of them. Widths are shares of the whole, so that rows stand below one another on every screen.
#[derive(Serialize)]
#[serde(tag = "type")]
pub(super) struct Column {
    pub(super) width: u8,
    pub(super) items: [Element; 1],
}

/// A line of text, which wraps.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RichTextBlock {
    #[serde(skip_serializing_if = "Spacing::is_default")]
    pub(super) spacing: Spacing,
    #[serde(skip_serializing_if = "is_false")]
    pub(super) separator: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) horizontal_alignment: Option<&'static str>,
    pub(super) inlines: Vec<TextRun>,
}

impl Element {
    /// A line at the usual distance from what is above it.
    pub(super) const fn line(inlines: Vec<TextRun>) -> Self {
        Self::RichTextBlock(RichTextBlock {
            spacing: Spacing::Default,
            separator: false,
            horizontal_alignment: None,
            inlines,
        })
    }
}

/// A run of text, which no client reads as Markdown.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "camelCase")]
pub(super) struct TextRun {
    pub(super) text: String,
    #[serde(skip_serializing_if = "RunSize::is_default")]
    pub(super) size: RunSize,
    #[serde(skip_serializing_if = "RunWeight::is_default")]
    pub(super) weight: RunWeight,
    #[serde(skip_serializing_if = "is_false")]
    pub(super) is_subtle: bool,
}

/// How large a run is.
#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
pub(super) enum RunSize {
    Default,
    Large,
}

/// How bold a run is.
#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
pub(super) enum RunWeight {
    Default,
    Bolder,
}

/// How far an element is from what is above it.
#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
pub(super) enum Spacing {
    None,
    Small,
    Default,
    Medium,
}

impl RunSize {
    fn is_default(&self) -> bool {
        *self == Self::Default
    }
}

impl RunWeight {
    fn is_default(&self) -> bool {
        *self == Self::Default
    }
}

impl Spacing {
    fn is_default(&self) -> bool {
        *self == Self::Default
    }
}

/// A button that opens a page.
#[derive(Clone, Serialize)]
#[serde(tag = "type", rename = "Action.OpenUrl")]
pub(super) struct OpenUrl {
    pub(super) title: &'static str,
    pub(super) url: &'static str,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
const fn is_false(value: &bool) -> bool {
    !*value
}
