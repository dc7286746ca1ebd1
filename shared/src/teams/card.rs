//! What a card says, before it is cut to size.
//!
//! Responsible for: the parts that a card is made of, and how each looks on a wide and on a narrow screen. Not responsible
//! for: what is left out when it is too large (`fit`), what text may do (`text`).

use super::elements::{
    Column, ColumnSet, Container, Element, Message, OpenUrl, RichTextBlock, RunSize, RunWeight, Spacing, TextRun,
};
use super::fit;
use super::text::Text;

/// The longest texts in characters, by place. Together with the number of runs they bound what one row can cost.
const HEADING: usize = 150;
const SUBTITLE: usize = 200;
const TITLE: usize = 100;
const LINE: usize = 400;
const NAME: usize = 80;
const VALUE: usize = 300;
const CELL: usize = 80;
/// Teams shows six buttons and hides the rest.
const MOST_LINKS: usize = 4;
const LONGEST_URL: usize = 400;
/// How many cells a phone shows side by side.
const MOST_CELLS: usize = 4;
/// Rows of a section that stay until everything that can be missed more easily is gone.
const KEPT_ROWS: usize = 3;

/// What the heading's colour says; the heading says it in words as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Nothing special.
    Neutral,
    /// All is well.
    Good,
    /// Something should be looked at.
    Warning,
    /// Something is wrong.
    Bad,
}

/// How badly a section would be missed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Priority {
    /// Nice to have.
    Detail,
    /// What a card is read for on an ordinary day.
    Normal,
    /// What needs somebody.
    Urgent,
}

impl Priority {
    /// All of them, what is left out first before the rest.
    pub(super) const ALL: [Self; 3] = [Self::Detail, Self::Normal, Self::Urgent];
}

/// A card for a Teams channel: a heading, sections in the order in which they are read, and buttons.
#[derive(Clone, Debug)]
pub struct Card {
    tone: Tone,
    heading: Text,
    subtitle: Option<Text>,
    sections: Vec<Section>,
    links: Vec<(&'static str, &'static str)>,
}

/// A part of a card under a title of its own. Its rows are in the order of their weight: when the card is too large, the
/// last go first.
#[derive(Clone, Debug)]
pub struct Section {
    pub(super) priority: Priority,
    title: Text,
    rows: Vec<Row>,
    kept: usize,
    more: usize,
}

#[derive(Clone, Debug)]
enum Row {
    Line(Text),
    Fact(Text, Text),
    Item(Text, Text),
    Cells(Vec<Text>),
}

impl Card {
    /// A card that says this and, so far, nothing else.
    pub fn new(tone: Tone, heading: impl Into<Text>) -> Self {
        Self { tone, heading: heading.into(), subtitle: None, sections: Vec::new(), links: Vec::new() }
    }

    /// With a line below the heading.
    #[must_use]
    pub fn subtitle(mut self, subtitle: impl Into<Text>) -> Self {
        self.subtitle = Some(subtitle.into());
        self
    }

    /// With a section more, below the others.
    #[must_use]
    pub fn section(mut self, section: Section) -> Self {
        self.sections.push(section);
        self
    }

    /// With a button that opens a page of ours or of Microsoft's, which nothing in the directory has a part in. Only https
    /// is opened, and a card has at most four buttons; what is beyond is left out.
    #[must_use]
    pub fn link(mut self, title: &'static str, url: &'static str) -> Self {
        let is_fine = url.starts_with("https://") && url.len() <= LONGEST_URL && title.len() <= NAME;
        if is_fine && self.links.len() < MOST_LINKS {
            self.links.push((title, url));
        }
        self
    }

    /// The message for a Teams Workflows webhook, as JSON of at most 20,000 bytes. What had to be left out for that is
    /// said in it.
    pub fn message(&self) -> String {
        fit::message(self, &self.sections)
    }

    /// The message with this below the heading.
    pub(super) fn with(&self, rest: impl IntoIterator<Item = Element>) -> Message {
        let mut items = vec![Element::line(large(self.heading.runs(HEADING)))];
        if let Some(subtitle) = &self.subtitle {
            items.push(close(subtitle.runs(SUBTITLE)));
        }
        let style = match self.tone {
            Tone::Neutral => "emphasis",
            Tone::Good => "good",
            Tone::Warning => "warning",
            Tone::Bad => "attention",
        };
        let mut body = vec![Element::Container(Container { style, bleed: true, items })];
        body.extend(rest);
        Message::new(body, self.links.iter().map(|(title, url)| OpenUrl { title, url }).collect())
    }
}

impl Section {
    /// A section without rows.
    pub fn new(priority: Priority, title: impl Into<Text>) -> Self {
        Self { priority, title: title.into(), rows: Vec::new(), kept: KEPT_ROWS, more: 0 }
    }

    /// With a line of text.
    #[must_use]
    pub fn line(self, text: impl Into<Text>) -> Self {
        self.row(Row::Line(text.into()))
    }

    /// With a name and its value beside it.
    #[must_use]
    pub fn fact(self, name: impl Into<Text>, value: impl Into<Text>) -> Self {
        self.row(Row::Fact(name.into(), value.into()))
    }

    /// With an entry of a list: who or what, and below it the rest.
    #[must_use]
    pub fn item(self, subject: impl Into<Text>, detail: impl Into<Text>) -> Self {
        self.row(Row::Item(subject.into(), detail.into()))
    }

    /// With a row of a table: a name, and figures that stand below those of the row above. A phone shows four cells at
    /// most, so there are no more.
    #[must_use]
    pub fn cells<T: Into<Text>, const N: usize>(self, cells: [T; N]) -> Self {
        const { assert!(N > 0 && N <= MOST_CELLS, "a row has one to four cells") };
        self.row(Row::Cells(cells.into_iter().map(Into::into).collect()))
    }

    /// With this many rows, instead of three, that stay until everything is gone that would be missed less.
    #[must_use]
    pub const fn keep(mut self, rows: usize) -> Self {
        self.kept = rows;
        self
    }

    /// With the word that there are this many rows more than it was given.
    #[must_use]
    pub const fn more(mut self, rows: usize) -> Self {
        self.more = rows;
        self
    }

    fn row(mut self, row: Row) -> Self {
        self.rows.push(row);
        self
    }

    /// The title, below a line that separates it from what is above.
    pub(super) fn title(&self) -> Element {
        let mut inlines = self.title.runs(TITLE);
        inlines.iter_mut().for_each(|run| run.weight = RunWeight::Bolder);
        Element::RichTextBlock(RichTextBlock {
            spacing: Spacing::Medium,
            separator: true,
            horizontal_alignment: None,
            inlines,
        })
    }

    /// The elements of every row.
    pub(super) fn rows(&self) -> impl Iterator<Item = Vec<Element>> {
        self.rows.iter().map(Row::elements)
    }

    /// How many rows stay the longest.
    pub(super) const fn kept(&self) -> usize {
        self.kept
    }

    /// What is said of rows that are not shown.
    pub(super) fn note(&self, shown: usize) -> Option<Element> {
        let hidden = self.rows.len() - shown + self.more;
        let note = if shown == 0 { format!("{hidden}, not shown here") } else { format!("… and {hidden} more") };
        (hidden > 0).then(|| close(Text::subtle(note).runs(LINE)))
    }
}

impl Row {
    fn elements(&self) -> Vec<Element> {
        match self {
            Self::Line(text) => vec![Element::line(text.runs(LINE))],
            Self::Fact(name, value) => {
                let mut name = name.runs(NAME);
                name.iter_mut().for_each(|run| run.is_subtle = true);
                let columns = vec![column(2, Element::line(name)), column(3, Element::line(value.runs(VALUE)))];
                vec![Element::ColumnSet(ColumnSet { spacing: Spacing::Small, columns })]
            }
            Self::Item(subject, detail) => vec![Element::line(subject.runs(LINE)), close(detail.runs(LINE))],
            Self::Cells(cells) => {
                let cells = cells.iter().enumerate().map(|(place, cell)| {
                    let inlines = cell.runs(CELL);
                    let text = RichTextBlock {
                        spacing: Spacing::Default,
                        separator: false,
                        horizontal_alignment: (place > 0).then_some("Right"),
                        inlines,
                    };
                    column(if place == 0 { 3 } else { 2 }, Element::RichTextBlock(text))
                });
                vec![Element::ColumnSet(ColumnSet { spacing: Spacing::Small, columns: cells.collect() })]
            }
        }
    }
}

/// A line that belongs to the one above it.
pub(super) const fn close(inlines: Vec<TextRun>) -> Element {
    Element::RichTextBlock(RichTextBlock {
        spacing: Spacing::None,
        separator: false,
        horizontal_alignment: None,
        inlines,
    })
}

const fn column(width: u8, item: Element) -> Column {
    Column { width, items: [item] }
}

fn large(mut inlines: Vec<TextRun>) -> Vec<TextRun> {
    for run in &mut inlines {
        run.size = RunSize::Large;
        run.weight = RunWeight::Bolder;
    }
    inlines
}
