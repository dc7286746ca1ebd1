//! A card that is never too large for Teams.
//!
//! Responsible for: what is left out, in which order, and that this is said. Not responsible for: how anything looks.
//!
//! Rows beyond those that a section keeps go first, what is missed least before the rest; then the kept rows and the
//! sections themselves, in the same order. Of sections that are missed equally the one with the most rows gives one. The
//! heading, the buttons and the first row of the most important section stay; text is bounded by its place, so they fit.

use super::card::{Card, Priority, Section, close};
use super::elements::Element;
use super::text::Text;
use serde::Serialize;
use std::iter;

/// Teams counts what it makes of a message and documents no exact rule: one of 24,453 bytes was seen refused as 28,897 of
/// the 28,672 allowed. So it is bounded as it is sent, and as it would be if it were escaped into a text once more with
/// everything beyond ASCII as `\u` sequences, the most that is known to happen to it.
const LARGEST: Weight = Weight { sent: 20_000, escaped: 28_000 };
/// No note of ours is longer, in characters.
const NOTE: usize = 100;

/// What something costs, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Weight {
    sent: usize,
    escaped: usize,
}

impl Weight {
    fn of(value: &impl Serialize) -> Self {
        // Only types of ours, none of which can fail.
        let json = serde_json::to_string(value).unwrap_or_default();
        let escaped = json.chars().map(|c| match c {
            '"' | '\\' => 2,
            c if c.is_ascii() => 1,
            c => 6 * c.len_utf16(),
        });
        Self { sent: json.len(), escaped: escaped.sum() }
    }

    /// Of elements in the list that they are in, with a comma each.
    fn of_elements<'a>(elements: impl IntoIterator<Item = &'a Element>) -> Self {
        elements
            .into_iter()
            .map(|element| Self::of(element).plus(Self { sent: 1, escaped: 1 }))
            .fold(Self::default(), Self::plus)
    }

    const fn plus(self, other: Self) -> Self {
        Self { sent: self.sent + other.sent, escaped: self.escaped + other.escaped }
    }

    const fn minus(self, other: Self) -> Self {
        Self { sent: self.sent - other.sent, escaped: self.escaped - other.escaped }
    }

    const fn fits(self) -> bool {
        self.sent <= LARGEST.sent && self.escaped <= LARGEST.escaped
    }
}

/// A section, as much of it as is still shown.
struct Part<'a> {
    section: &'a Section,
    /// The elements of the rows shown, with their weight.
    rows: Vec<(Weight, Vec<Element>)>,
    /// What they weigh together.
    rows_weight: Weight,
    title_weight: Weight,
    /// What the part weighs as a whole; nothing when it is left out.
    weight: Weight,
    is_shown: bool,
    /// Rows that are never left out.
    floor: usize,
}

impl<'a> Part<'a> {
    fn new(section: &'a Section) -> Self {
        let rows: Vec<_> = section.rows().map(|elements| (Weight::of_elements(&elements), elements)).collect();
        let rows_weight = rows.iter().map(|(weight, _)| *weight).fold(Weight::default(), Weight::plus);
        let title_weight = Weight::of_elements([&section.title()]);
        let mut part =
            Self { section, rows, is_shown: true, rows_weight, title_weight, weight: Weight::default(), floor: 0 };
        part.weigh();
        part
    }

    fn weigh(&mut self) {
        let note = Weight::of_elements(&self.section.note(self.rows.len()));
        self.weight = self.title_weight.plus(self.rows_weight).plus(note);
    }

    fn leave_out_a_row(&mut self) {
        if let Some((weight, _)) = self.rows.pop() {
            self.rows_weight = self.rows_weight.minus(weight);
            self.weigh();
        }
    }

    fn leave_out(&mut self) {
        self.is_shown = false;
        self.weight = Weight::default();
    }

    fn into_elements(self) -> impl Iterator<Item = Element> {
        let note = self.section.note(self.rows.len());
        iter::once(self.section.title()).chain(self.rows.into_iter().flat_map(|(_, elements)| elements)).chain(note)
    }
}

/// The card's message with as much of the sections as fits.
pub(super) fn message(card: &Card, sections: &[Section]) -> String {
    let mut parts: Vec<_> = sections.iter().map(Part::new).collect();
    let most_important =
        parts.iter_mut().filter(|part| !part.rows.is_empty()).rev().max_by_key(|part| part.section.priority);
    if let Some(part) = most_important {
        part.floor = 1;
    }
    let frame = Weight::of(&card.with([]));
    while !weigh(frame, &parts).fits() && shrink(&mut parts) {}
    let last = sections_left_out(&parts);
    let shown = parts.into_iter().filter(|part| part.is_shown).flat_map(Part::into_elements).chain(last);
    serde_json::to_string(&card.with(shown)).unwrap_or_default()
}

fn weigh(frame: Weight, parts: &[Part<'_>]) -> Weight {
    parts.iter().map(|part| part.weight).fold(frame.plus(Weight::of_elements(&sections_left_out(parts))), Weight::plus)
}

/// Leaves something out, what is missed least; false when there is nothing left that may go.
fn shrink(parts: &mut [Part<'_>]) -> bool {
    for priority in Priority::ALL {
        if let Some(part) = longest(parts, priority, |part| part.section.kept().max(part.floor)) {
            part.leave_out_a_row();
            return true;
        }
    }
    for priority in Priority::ALL {
        if let Some(part) = longest(parts, priority, |part| part.floor) {
            part.leave_out_a_row();
            return true;
        }
        let last = parts.iter_mut().rfind(|part| part.is_shown && part.section.priority == priority && part.floor == 0);
        if let Some(part) = last {
            part.leave_out();
            return true;
        }
    }
    false
}

/// The one with the most rows, the last of several, among those that have more than they must.
fn longest<'p, 'a>(
    parts: &'p mut [Part<'a>],
    priority: Priority,
    least: impl Fn(&Part<'a>) -> usize,
) -> Option<&'p mut Part<'a>> {
    parts
        .iter_mut()
        .filter(|part| part.is_shown && part.section.priority == priority && part.rows.len() > least(part))
        .max_by_key(|part| part.rows.len())
}

fn sections_left_out(parts: &[Part<'_>]) -> Option<Element> {
    let hidden = parts.iter().filter(|part| !part.is_shown).count();
    let note =
        if hidden == 1 { "… and 1 more section".to_owned() } else { format!("… and {hidden} more sections") };
    (hidden > 0).then(|| close(Text::subtle(note).runs(NOTE)))
}
