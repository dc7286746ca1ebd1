//! NCRONTAB expressions: when a timer is due.
//!
//! Responsible for: the six-field form (second minute hour day month weekday) and the five-field form without seconds,
//! in UTC. As in the library that the Functions host uses, a day must match the day *and* the weekday field, Sunday is
//! 0 and 7 does not exist.
//!
//! Not responsible for: `TimeSpan` schedules, time zones, and deciding when to fire.

use anyhow::{Context, Result, bail, ensure};
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

const MONTHS: [&str; 12] = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const WEEKDAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

/// The Gregorian calendar's longest wait for a date: 29 February on a given weekday across a century that is no leap
/// year.
const LONGEST_WAIT_DAYS: usize = 366 * 41;

/// One parsed expression.
#[derive(Clone, Debug)]
pub(super) struct Schedule {
    seconds: Field,
    minutes: Field,
    hours: Field,
    days: Field,
    months: Field,
    weekdays: Field,
}

/// The values that a field allows, as a bit set.
#[derive(Clone, Copy, Debug)]
struct Field(u64);

impl Schedule {
    /// Parses an expression; one that can never be due is refused.
    pub(super) fn parse(text: &str) -> Result<Self> {
        let mut fields: Vec<&str> = text.split_whitespace().collect();
        if fields.len() == 5 {
            fields.insert(0, "0");
        }
        let [second, minute, hour, day, month, weekday] = fields[..] else {
            bail!("the schedule \"{text}\" does not have five or six fields");
        };
        let field = |name: &str, field: &str, min, max, names: &[&str]| {
            Field::parse(field, min, max, names).with_context(|| format!("the {name} of the schedule \"{text}\""))
        };
        let schedule = Self {
            seconds: field("second", second, 0, 59, &[])?,
            minutes: field("minute", minute, 0, 59, &[])?,
            hours: field("hour", hour, 0, 23, &[])?,
            days: field("day", day, 1, 31, &[])?,
            months: field("month", month, 1, 12, &MONTHS)?,
            weekdays: field("weekday", weekday, 0, 6, &WEEKDAYS)?,
        };
        ensure!(schedule.next_after(Timestamp::UNIX_EPOCH).is_some(), "the schedule \"{text}\" is never due");
        Ok(schedule)
    }

    /// The first due time later than `time`.
    pub(super) fn next_after(&self, time: Timestamp) -> Option<Timestamp> {
        let start = time.to_zoned(TimeZone::UTC).datetime();
        let start = start.checked_add(1.second()).ok()?;
        let next = match self.time_from(start.time()) {
            Some(time) if self.has_day(start.date()) => start.date().to_datetime(time),
            _ => self.first_after(start.date())?,
        };
        Some(next.to_zoned(TimeZone::UTC).ok()?.timestamp())
    }

    /// Whether it can be due more than once within a minute; the host does not monitor such a schedule.
    pub(super) fn is_below_a_minute(&self) -> bool {
        self.seconds.0.count_ones() > 1
    }

    fn has_day(&self, date: Date) -> bool {
        self.months.has(date.month())
            && self.days.has(date.day())
            && self.weekdays.has(date.weekday().to_sunday_zero_offset())
    }

    fn first_after(&self, date: Date) -> Option<DateTime> {
        let days = date.series(1.day()).skip(1).take(LONGEST_WAIT_DAYS);
        let day = days.into_iter().find(|day| self.has_day(*day))?;
        Some(day.to_datetime(self.time_from(Time::midnight())?))
    }

    /// The first time of a day from `start` on.
    fn time_from(&self, start: Time) -> Option<Time> {
        for hour in self.hours.from(start.hour()) {
            let same_hour = hour == start.hour();
            for minute in self.minutes.from(if same_hour { start.minute() } else { 0 }) {
                let same_minute = same_hour && minute == start.minute();
                let from = if same_minute { start.second() } else { 0 };
                if let Some(second) = self.seconds.from(from).next() {
                    return Time::new(hour, minute, second, 0).ok();
                }
            }
        }
        None
    }
}

impl Field {
    fn parse(text: &str, min: i8, max: i8, names: &[&str]) -> Result<Self> {
        let value = |text: &str| -> Result<i8> {
            let named = names.iter().position(|name| name.eq_ignore_ascii_case(text));
            let value = match named {
                Some(position) => min + i8::try_from(position)?,
                None => text.parse().with_context(|| format!("\"{text}\""))?,
            };
            ensure!((min..=max).contains(&value), "{value} is not within {min} to {max}");
            Ok(value)
        };
        let mut bits = 0;
        for part in text.split(',') {
            let (range, step) = match part.split_once('/') {
                Some((range, step)) => (range, Some(step.parse::<usize>().context("the step")?)),
                None => (part, None),
            };
            ensure!(step != Some(0), "the step is 0");
            let (first, last) = match range.split_once('-') {
                Some((first, last)) => (value(first)?, value(last)?),
                None if range == "*" => (min, max),
                None if step.is_some() => (value(range)?, max),
                None => (value(range)?, value(range)?),
            };
            ensure!(first <= last, "the range {range} runs backwards");
            for value in (first..=last).step_by(step.unwrap_or(1)) {
                bits |= 1 << value;
            }
        }
        Ok(Self(bits))
    }

    fn has(self, value: i8) -> bool {
        self.0 & (1 << value) != 0
    }

    fn from(self, start: i8) -> impl Iterator<Item = i8> {
        (start..60).filter(move |value| self.has(*value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(schedule: &str, after: &str) -> String {
        let schedule = Schedule::parse(schedule).unwrap();
        let next = schedule.next_after(after.parse().unwrap()).unwrap();
        next.to_string()
    }

    #[test]
    fn the_next_due_time_is_later_than_now_even_when_now_is_one() {
        let five = "0 */5 * * * *";
        assert_eq!(next(five, "2026-11-22T10:00:00Z"), "2026-11-22T10:05:00Z");
        assert_eq!(next(five, "2026-11-22T10:04:59.5Z"), "2026-11-22T10:05:00Z");
        assert_eq!(next(five, "2026-11-22T23:57:00Z"), "2026-11-23T00:00:00Z");
    }

    #[test]
    fn lists_ranges_steps_and_names_are_understood() {
        assert_eq!(next("30 15 6,18 * * *", "2026-11-22T06:15:30Z"), "2026-11-22T18:15:30Z");
        assert_eq!(next("0 10-20/5 * * * *", "2026-11-22T10:16:00Z"), "2026-11-22T10:20:00Z");
        assert_eq!(next("0 50/5 * * * *", "2026-11-22T10:56:00Z"), "2026-11-22T11:50:00Z");
        assert_eq!(next("0 0 9 1 jan *", "2026-11-22T10:00:00Z"), "2027-01-01T09:00:00Z");
    }

    #[test]
    fn sunday_is_0_and_working_days_are_1_to_5() {
        // 22 November 2026 is a Sunday.
        assert_eq!(next("0 0 7 * * 0", "2026-11-22T06:00:00Z"), "2026-11-22T07:00:00Z");
        assert_eq!(next("0 0 7 * * 1-5", "2026-11-22T06:00:00Z"), "2026-11-23T07:00:00Z");
        assert_eq!(next("0 0 7 * * MON", "2026-11-23T07:00:00Z"), "2026-11-30T07:00:00Z");
    }

    #[test]
    fn a_day_must_match_both_the_day_and_the_weekday() {
        assert_eq!(next("0 0 0 13 * 5", "2026-11-22T00:00:00Z"), "2027-08-13T00:00:00Z");
    }

    #[test]
    fn five_fields_mean_second_0() {
        assert_eq!(next("*/15 * * * *", "2026-11-22T10:01:02Z"), "2026-11-22T10:15:00Z");
    }

    #[test]
    fn a_leap_day_is_found_across_a_century_without_one() {
        assert_eq!(next("0 0 0 29 2 *", "2096-03-01T00:00:00Z"), "2104-02-29T00:00:00Z");
    }

    #[test]
    fn nonsense_is_refused_by_field() {
        for (text, part) in [
            ("0 */5 * *", "five or six fields"),
            ("0 60 * * * *", "minute"),
            ("0 0 * * * 7", "weekday"),
            ("0 0 20-10 * * *", "backwards"),
            ("0 */0 * * * *", "step is 0"),
            ("0 0 0 30 2 *", "never due"),
            ("00:05:00", "five or six fields"),
        ] {
            let error = format!("{:#}", Schedule::parse(text).unwrap_err());
            assert!(error.contains(part), "{text}: {error}");
        }
    }

    #[test]
    fn only_several_seconds_make_it_due_more_than_once_a_minute() {
        assert!(Schedule::parse("*/10 * * * * *").unwrap().is_below_a_minute());
        assert!(!Schedule::parse("30 * * * * *").unwrap().is_below_a_minute());
    }
}
