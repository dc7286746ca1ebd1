//! The primitive types of `OData` and how their values look, in JSON and as literals in a query.
//!
//! Responsible for: single values. Not responsible for: collections, objects and enumerations.

use serde_json::Value;

/// Whether a JSON value fits the primitive type.
pub(super) fn fits(ty: &str, value: &Value) -> bool {
    let text = value.as_str();
    let integer = |low: i64, high: i64| value.as_i64().is_some_and(|number| (low..=high).contains(&number));
    match ty {
        "Edm.String" => text.is_some(),
        "Edm.Boolean" => value.is_boolean(),
        "Edm.Byte" => integer(0, 255),
        "Edm.SByte" => integer(-128, 127),
        "Edm.Int16" => integer(i16::MIN.into(), i16::MAX.into()),
        "Edm.Int32" => integer(i32::MIN.into(), i32::MAX.into()),
        "Edm.Int64" => value.is_i64(),
        "Edm.Double" | "Edm.Single" => value.is_number() || matches!(text, Some("INF" | "-INF" | "NaN")),
        "Edm.Decimal" => value.is_number(),
        "Edm.Guid" => text.is_some_and(is_guid),
        "Edm.DateTimeOffset" => text.is_some_and(is_date_time_offset),
        "Edm.Date" => text.is_some_and(is_date),
        "Edm.TimeOfDay" => text.is_some_and(is_time),
        "Edm.Duration" => text.is_some_and(is_duration),
        "Edm.Binary" | "Edm.Stream" => text.is_some(),
        "Edm.Untyped" | "Edm.PrimitiveType" => true,
        _ => false,
    }
}

/// A literal as it stands in a query.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Literal {
    Null,
    Boolean,
    /// The text between the quotes, `''` made one.
    String(String),
    Integer,
    Number,
    Guid,
    Date,
    DateTimeOffset,
    TimeOfDay,
    Duration,
    /// `microsoft.graph.color'red'`: type and member.
    Enumeration(String, String),
}

impl Literal {
    /// Reads an unquoted literal. Names of properties are not literals.
    pub(super) fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "null" => Self::Null,
            "true" | "false" => Self::Boolean,
            _ if is_guid(word) => Self::Guid,
            _ if is_date_time_offset(word) => Self::DateTimeOffset,
            _ if is_date(word) => Self::Date,
            _ if is_time(word) => Self::TimeOfDay,
            _ if word.parse::<i64>().is_ok() => Self::Integer,
            _ if word.starts_with(|c: char| c.is_ascii_digit() || c == '-') && word.parse::<f64>().is_ok() => {
                Self::Number
            }
            _ => return None,
        })
    }

    /// Whether the literal may be compared with a value of the primitive type.
    pub(super) fn fits(&self, ty: &str) -> bool {
        match self {
            Self::Null => true,
            Self::Boolean => ty == "Edm.Boolean",
            // Graph takes identifiers in quotes too, whatever their type.
            Self::String(text) => ty == "Edm.String" || ty == "Edm.Guid" && is_guid(text),
            Self::Integer => is_numeric(ty),
            Self::Number => matches!(ty, "Edm.Double" | "Edm.Single" | "Edm.Decimal"),
            Self::Guid => ty == "Edm.Guid",
            Self::Date => matches!(ty, "Edm.Date" | "Edm.DateTimeOffset"),
            Self::DateTimeOffset => ty == "Edm.DateTimeOffset",
            Self::TimeOfDay => ty == "Edm.TimeOfDay",
            Self::Duration => ty == "Edm.Duration",
            Self::Enumeration(..) => false,
        }
    }
}

fn is_numeric(ty: &str) -> bool {
    matches!(
        ty,
        "Edm.Byte"
            | "Edm.SByte"
            | "Edm.Int16"
            | "Edm.Int32"
            | "Edm.Int64"
            | "Edm.Double"
            | "Edm.Single"
            | "Edm.Decimal"
    )
}

fn is_guid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// `2026-01-31`.
fn is_date(text: &str) -> bool {
    let Some([year, month, day]) = numbers(text, '-', [4, 2, 2]) else {
        return false;
    };
    let (Ok(year), Ok(month), Ok(day)) = (i16::try_from(year), i8::try_from(month), i8::try_from(day)) else {
        return false;
    };
    jiff::civil::Date::new(year, month, day).is_ok()
}

/// `23:59`, `23:59:58`, `23:59:58.1234567`.
fn is_time(text: &str) -> bool {
    let (clock, fraction) = text.split_once('.').map_or((text, None), |(clock, fraction)| (clock, Some(fraction)));
    let seconds = match numbers(clock, ':', [2, 2, 2]) {
        Some([hours, minutes, seconds]) => hours < 24 && minutes < 60 && seconds < 60,
        None => {
            fraction.is_none() && numbers(clock, ':', [2, 2]).is_some_and(|[hours, minutes]| hours < 24 && minutes < 60)
        }
    };
    seconds && fraction.is_none_or(|digits| (1..=12).contains(&digits.len()) && all_digits(digits))
}

/// RFC 3339: date, `T`, time, and `Z` or an offset. `OData` wants the offset, and Graph always gives `Z`.
fn is_date_time_offset(text: &str) -> bool {
    let Some((date, rest)) = text.split_once('T') else {
        return false;
    };
    let time = match rest.strip_suffix('Z') {
        Some(time) => Some(time),
        None => rest
            .rfind(['+', '-'])
            .map(|at| (&rest[..at], &rest[at + 1..]))
            .and_then(|(time, offset)| numbers(offset, ':', [2, 2]).map(|_| time)),
    };
    is_date(date) && time.is_some_and(is_time)
}

/// `P1DT2H3M4.5S`, with at least one part: the part of ISO 8601 that `OData` has.
fn is_duration(text: &str) -> bool {
    let Some(rest) = text.trim_start_matches('-').strip_prefix('P') else {
        return false;
    };
    let (days, time) = rest.split_once('T').map_or((rest, None), |(days, time)| (days, Some(time)));
    let days_fit = days.is_empty() || days.strip_suffix('D').is_some_and(all_digits);
    let time_fits = time.is_none_or(|mut time| {
        let mut parts = 0;
        for unit in ['H', 'M', 'S'] {
            if let Some((number, rest)) = time.split_once(unit) {
                let whole = if unit == 'S' { number.replacen('.', "", 1) } else { number.to_owned() };
                if !all_digits(&whole) {
                    return false;
                }
                time = rest;
                parts += 1;
            }
        }
        time.is_empty() && parts > 0
    });
    days_fit && time_fits && !(days.is_empty() && time.is_none())
}

/// Numbers of exactly these widths between separators.
fn numbers<const N: usize>(text: &str, separator: char, widths: [usize; N]) -> Option<[u16; N]> {
    let mut found = [0; N];
    let mut parts = text.split(separator);
    for (slot, width) in found.iter_mut().zip(widths) {
        let part = parts.next().filter(|part| part.len() == width && all_digits(part))?;
        *slot = part.parse().ok()?;
    }
    parts.next().is_none().then_some(found)
}

fn all_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_of_the_right_form_fit_and_others_do_not() {
        let cases = [
            ("Edm.DateTimeOffset", json!("2026-11-22T04:17:20Z"), true),
            ("Edm.DateTimeOffset", json!("9999-12-31T23:59:59.9999999Z"), true),
            ("Edm.DateTimeOffset", json!("2026-11-22T04:17:20+01:00"), true),
            ("Edm.DateTimeOffset", json!("2026-11-22T04:17:20"), false),
            ("Edm.DateTimeOffset", json!("2026-02-30T00:00:00Z"), false),
            ("Edm.DateTimeOffset", json!("2026-11-22 04:17:20Z"), false),
            ("Edm.DateTimeOffset", json!("2026-11-22"), false),
            ("Edm.Date", json!("2026-11-22"), true),
            ("Edm.Date", json!("2026-13-22"), false),
            ("Edm.TimeOfDay", json!("04:17:20.5"), true),
            ("Edm.TimeOfDay", json!("24:00:00"), false),
            ("Edm.Duration", json!("PT40M"), true),
            ("Edm.Duration", json!("P1DT2H3M4.5S"), true),
            ("Edm.Duration", json!("P"), false),
            ("Edm.Duration", json!("PT"), false),
            ("Edm.Duration", json!("40 minutes"), false),
            ("Edm.Guid", json!("00000003-0000-0000-c000-000000000000"), true),
            ("Edm.Guid", json!("00000003"), false),
            ("Edm.Int32", json!(2_147_483_647), true),
            ("Edm.Int32", json!(2_147_483_648_i64), false),
            ("Edm.Int32", json!("1"), false),
            ("Edm.Int64", json!(1.5), false),
            ("Edm.Double", json!(1), true),
            ("Edm.Boolean", json!("true"), false),
            ("Edm.String", json!(1), false),
        ];
        for (ty, value, expected) in cases {
            assert_eq!(fits(ty, &value), expected, "{value} as {ty}");
        }
    }

    #[test]
    fn words_that_are_no_literals_are_left_to_be_names() {
        assert_eq!(Literal::parse("mail"), None);
        assert_eq!(Literal::parse("inf"), None);
        assert_eq!(Literal::parse("2026-11-22T04:17:20Z"), Some(Literal::DateTimeOffset));
        assert_eq!(Literal::parse("00000003-0000-0000-c000-000000000000"), Some(Literal::Guid));
        assert_eq!(Literal::parse("-5"), Some(Literal::Integer));
        assert_eq!(Literal::parse("0.5"), Some(Literal::Number));
    }
}
