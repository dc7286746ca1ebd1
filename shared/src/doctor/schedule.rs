//! Whether a text is a schedule as the Functions host reads one.
//!
//! Responsible for: NCRONTAB with seconds (second minute hour day month weekday), and what is most likely a mistake in one.
//! Not responsible for: when it is due; the host is.

use crate::checks::CheckResult;

const MONTHS: &[&str] = &["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const WEEKDAYS: &[&str] = &["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

/// A field: its name, its smallest and largest number, and its names, the first of which stands for the smallest number.
type Field = (&'static str, u32, u32, &'static [&'static str]);

const FIELDS: [Field; 6] = [
    ("second", 0, 59, &[]),
    ("minute", 0, 59, &[]),
    ("hour", 0, 23, &[]),
    ("day", 1, 31, &[]),
    ("month", 1, 12, MONTHS),
    ("weekday", 0, 6, WEEKDAYS),
];

/// What the text is as a schedule, and why.
pub fn judge(text: &str) -> (CheckResult, String) {
    let parts: Vec<_> = text.split_whitespace().collect();
    let seconds = match parts.len() {
        5 => None,
        6 => Some(parts[0]),
        count => return (CheckResult::Fail, format!("it has {count} fields in place of six")),
    };
    for (part, field) in parts.iter().zip(&FIELDS[6 - parts.len()..]) {
        if !part.split(',').all(|one| is_fit(one, *field)) {
            return (CheckResult::Fail, format!("the {} is {part:?}, which is none", field.0));
        }
    }
    match seconds {
        None => (CheckResult::Warn, format!("{text}: five fields, of which the first is the minute")),
        Some(seconds) if seconds.parse::<u32>().is_err() => {
            (CheckResult::Warn, format!("{text}: it is due several times in a minute"))
        }
        Some(_) => (CheckResult::Pass, text.to_owned()),
    }
}

/// `*`, `7`, `MON`, `1-5` and each of these with `/step`.
fn is_fit(text: &str, field: Field) -> bool {
    let (range, step) = text.split_once('/').map_or((text, None), |(range, step)| (range, Some(step)));
    let number = |text: &str| value(text, field);
    let range_is_fit = range == "*"
        || match range.split_once('-') {
            None => number(range).is_some(),
            Some((from, to)) => number(from).zip(number(to)).is_some_and(|(from, to)| from <= to),
        };
    range_is_fit && step.is_none_or(|step| step.parse::<u32>().is_ok_and(|step| step > 0))
}

fn value(text: &str, (_, least, most, names): Field) -> Option<u32> {
    let named = names.iter().position(|name| name.eq_ignore_ascii_case(text));
    let number = named.and_then(|place| u32::try_from(place).ok()).map(|place| place + least);
    number.or_else(|| text.parse().ok()).filter(|number| (least..=most).contains(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schedule_has_six_fields_that_the_host_takes() {
        use CheckResult::{Fail, Pass, Warn};
        for (text, expected) in [
            ("0 */5 * * * *", Pass),
            ("30 0,15,30-45/5 7-19 1 JAN-mar,12 MON-FRI", Pass),
            ("0 0 7 * * 0", Pass),
            ("*/5 * * * *", Warn),
            ("* */5 * * * *", Warn),
            ("*/10 * * * * *", Warn),
            ("", Fail),
            ("00:05:00", Fail),
            ("every 5 minutes", Fail),
            ("0 60 * * * *", Fail),
            ("0 0 24 * * *", Fail),
            ("0 0 0 0 * *", Fail),
            ("0 0 0 * 13 *", Fail),
            ("0 0 0 * * 7", Fail),
            ("0 0 0 * * MOON", Fail),
            ("0 */0 * * * *", Fail),
            ("0 30-10 * * * *", Fail),
            ("0 0 0 * * * 2030", Fail),
        ] {
            assert_eq!(judge(text).0, expected, "{text:?}");
        }
    }
}
