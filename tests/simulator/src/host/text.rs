//! Text as .NET and the Functions host treat it.
//!
//! Responsible for: `%NAME%` and command lines.
//!
//! Not responsible for: where names are looked up.

/// Replaces each `%NAME%` by its value, and names those without one, which become empty.
pub(super) fn expand(text: &str, lookup: impl Fn(&str) -> Option<String>) -> (String, Vec<String>) {
    let mut expanded = String::new();
    let mut missing = Vec::new();
    let mut rest = text;
    while let Some((before, name, after)) = variable(rest) {
        expanded.push_str(before);
        match lookup(name) {
            Some(value) => expanded.push_str(&value),
            None => missing.push(name.to_owned()),
        }
        rest = after;
    }
    expanded.push_str(rest);
    (expanded, missing)
}

/// The first `%NAME%` with what is before and after it.
fn variable(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once('%')?;
    let (name, after) = rest.split_once('%')?;
    Some((before, name, after))
}

/// Splits a command line at blanks, outside double quotes. The host joins the arguments of host.json with blanks and
/// does not quote them, so an argument with a blank inside arrives as two.
pub(super) fn split_arguments(line: &str) -> Vec<String> {
    let mut arguments = Vec::new();
    let mut current: Option<String> = None;
    let mut quoted = false;
    let mut letters = line.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' => {
                quoted = !quoted;
                current.get_or_insert_default();
            }
            '\\' if letters.peek() == Some(&'"') => {
                letters.next();
                current.get_or_insert_default().push('"');
            }
            letter if letter.is_whitespace() && !quoted => arguments.extend(current.take()),
            letter => current.get_or_insert_default().push(letter),
        }
    }
    arguments.extend(current);
    arguments
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_without_a_value_becomes_empty_and_is_reported() {
        let lookup = |name: &str| (name == "A").then(|| "1".to_owned());
        assert_eq!(expand("x%A%y", lookup), ("x1y".to_owned(), vec![]));
        assert_eq!(expand("%A%-%B%", lookup), ("1-".to_owned(), vec!["B".to_owned()]));
        assert_eq!(expand("100%", lookup), ("100%".to_owned(), vec![]));
    }

    #[test]
    fn an_argument_with_a_blank_arrives_as_two_unless_quoted() {
        assert_eq!(split_arguments("serve --a b"), ["serve", "--a", "b"].map(str::to_owned));
        assert_eq!(split_arguments(r#"  "a b"  c\"d "" "#), ["a b", "c\"d", ""].map(str::to_owned));
    }
}
