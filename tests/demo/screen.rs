//! How the demo is shown: blocks of lines that fit a terminal, with colours only there.

use std::io::{self, IsTerminal, Write};

/// Longer lines are broken here.
const WIDTH: usize = 88;
/// The widths of a table's columns: a name, and a figure for each of two sites.
const NAME: usize = 44;
const FIGURE: usize = 14;

/// A name, and a figure for each of two sites.
pub(crate) type Row = (String, [String; 2]);

/// Standard output.
pub(crate) struct Screen {
    colours: bool,
}

/// How a text stands out, by the code of its escape sequence.
#[derive(Clone, Copy)]
enum Style {
    Bold = 1,
    Dim = 2,
    Red = 31,
    Green = 32,
    Cyan = 36,
}

impl Screen {
    pub(crate) fn of_stdout() -> Self {
        Self { colours: io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none() }
    }

    /// A heading.
    pub(crate) fn heading(&self, text: &str) -> io::Result<()> {
        self.line("")?;
        self.line("")?;
        self.line(&self.styled(Style::Bold, text))
    }

    /// A paragraph.
    pub(crate) fn say(&self, text: &str) -> io::Result<()> {
        self.line("")?;
        self.lines(2, None, text)
    }

    /// What an operator types.
    pub(crate) fn command(&self, site: &str, command: &str) -> io::Result<()> {
        self.line("")?;
        let prompt = self.styled(Style::Dim, &format!("{site} $"));
        self.line(&format!("  {prompt} {}", self.styled(Style::Cyan, command)))
    }

    /// A command's answer.
    pub(crate) fn answer(&self, text: &str) -> io::Result<()> {
        self.lines(6, None, text)
    }

    /// A file.
    pub(crate) fn file(&self, text: &str) -> io::Result<()> {
        self.line("")?;
        text.lines().try_for_each(|line| self.line(&format!("      {line}")))
    }

    /// The heading of a list that grows while things happen.
    pub(crate) fn columns(&self, text: &str) -> io::Result<()> {
        self.line("")?;
        self.row(&self.styled(Style::Dim, text))
    }

    /// A line of such a list, as it is.
    pub(crate) fn row(&self, text: &str) -> io::Result<()> {
        self.line(&format!("  {text}"))
    }

    /// A remark on such a line.
    pub(crate) fn remark(&self, text: &str) -> io::Result<()> {
        self.lines(13, Some(Style::Dim), text)
    }

    /// A table.
    pub(crate) fn table(&self, header: [&str; 2], rows: &[Row]) -> io::Result<()> {
        let [one, other] = header;
        self.columns(&format!("{:NAME$}{one:>FIGURE$}{other:>FIGURE$}", ""))?;
        rows.iter()
            .try_for_each(|(name, [one, other])| self.row(&format!("{name:NAME$}{one:>FIGURE$}{other:>FIGURE$}")))
    }

    /// Something that must hold, and whether it does.
    pub(crate) fn claim(&self, claim: &str, holds: bool) -> io::Result<()> {
        let verdict = if holds { self.styled(Style::Green, "holds ") } else { self.styled(Style::Red, "BROKEN") };
        self.line(&format!("  {verdict}  {claim}"))
    }

    /// A text, broken between words where it would be too long.
    fn lines(&self, indent: usize, style: Option<Style>, text: &str) -> io::Result<()> {
        let margin = " ".repeat(indent);
        broken(text, WIDTH - indent).iter().try_for_each(|line| {
            let line = style.map_or_else(|| line.clone(), |style| self.styled(style, line));
            self.line(&format!("{margin}{line}"))
        })
    }

    fn line(&self, text: &str) -> io::Result<()> {
        writeln!(io::stdout(), "{}", text.trim_end())
    }

    fn styled(&self, style: Style, text: &str) -> String {
        if self.colours { format!("\x1b[{}m{text}\x1b[0m", style as u8) } else { text.to_owned() }
    }
}

/// The words in lines of at most `width`, unless a word is longer.
fn broken(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}
