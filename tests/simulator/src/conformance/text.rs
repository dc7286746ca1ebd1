//! Small pieces of text handling that paths and queries share. Not responsible for: what the pieces mean.

/// Splits at a separator, except inside quotes and parentheses. Parts are trimmed.
pub(super) fn split_outside(text: &str, separator: char) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut start, mut depth, mut quoted) = (0, 0_i32, false);
    for (at, c) in text.char_indices() {
        match c {
            // A doubled quote inside a string closes and opens it again, which comes to the same.
            '\'' => quoted = !quoted,
            _ if quoted => {}
            '(' => depth += 1,
            ')' => depth -= 1,
            _ if c == separator && depth == 0 => {
                parts.push(text[start..at].trim());
                start = at + c.len_utf8();
            }
            _ => {}
        }
    }
    parts.push(text[start..].trim());
    parts
}

/// Splits `name(inside)`; without parentheses there is no inside.
pub(super) fn split_parentheses(text: &str) -> Option<(&str, Option<&str>)> {
    match text.split_once('(') {
        Some((name, rest)) => Some((name.trim_end(), Some(rest.strip_suffix(')')?))),
        None if text.contains(')') => None,
        None => Some((text, None)),
    }
}

/// Undoes percent-encoding in one segment of a path.
pub(super) fn percent_decode(segment: &str) -> String {
    let bytes = segment.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let pair = segment.get(at + 1..at + 3).and_then(|pair| u8::from_str_radix(pair, 16).ok());
        match (bytes[at], pair) {
            (b'%', Some(byte)) => {
                decoded.push(byte);
                at += 3;
            }
            (byte, _) => {
                decoded.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separators_in_quotes_and_parentheses_do_not_split() {
        assert_eq!(split_outside("a, b(c,d),'e,''f'", ','), ["a", "b(c,d)", "'e,''f'"]);
    }

    #[test]
    fn parentheses_must_be_closed() {
        assert_eq!(split_parentheses("members($select=id)"), Some(("members", Some("$select=id"))));
        assert_eq!(split_parentheses("members"), Some(("members", None)));
        assert_eq!(split_parentheses("members($select=id"), None);
        assert_eq!(split_parentheses("members)"), None);
    }

    #[test]
    fn percent_encoding_is_undone_and_a_lone_sign_stays() {
        assert_eq!(percent_decode("o%27brien%23EXT%23@contoso.com"), "o'brien#EXT#@contoso.com");
        assert_eq!(percent_decode("100%"), "100%");
    }
}
