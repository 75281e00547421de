//! When an environment is backed up by itself, and how long that is kept.

use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan, Zoned};
use serde::{Deserialize, Serialize};

use super::{BackupId, Class};
use crate::error::Error;
use crate::number::small;

/// Most days, weeks and months that a policy may ask for: the bucket keeps each class twice as long.
const MOST: Keep = Keep { daily: 7, weekly: 5, monthly: 12 };

/// How often an environment is backed up. Hours, days, weeks (from Monday) and months begin in UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Every {
    /// Every hour, and the week's and the month's.
    Hour,
    /// Every day, and the week's and the month's.
    #[default]
    Day,
    /// Every week, and the month's.
    Week,
    /// Never.
    Off,
}

/// For how long backups are promised to be there. Zero for none of a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = KeepBackups))]
#[serde(deny_unknown_fields)]
pub struct Keep {
    /// Those of hours and days, in days: 0 to 7.
    #[cfg_attr(feature = "openapi", schema(maximum = 7))]
    #[serde(deserialize_with = "small")]
    pub daily: u8,
    /// Those of weeks, in weeks: 0 to 5.
    #[cfg_attr(feature = "openapi", schema(maximum = 5))]
    #[serde(deserialize_with = "small")]
    pub weekly: u8,
    /// Those of months, in months of 31 days: 0 to 12.
    #[cfg_attr(feature = "openapi", schema(maximum = 12))]
    #[serde(deserialize_with = "small")]
    pub monthly: u8,
}

impl Default for Keep {
    fn default() -> Self {
        MOST
    }
}

/// What an environment's admin asks for. By default every day, kept 7 days, 5 weeks and 12 months.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// How often.
    pub every: Every,
    /// For how long.
    #[serde(default)]
    pub keep: Keep,
}

impl Policy {
    /// Checks what an admin asks for.
    ///
    /// # Errors
    /// [`Error::InvalidName`] when the bucket keeps nothing for as long as that, or when nothing would be kept.
    pub fn check(self) -> Result<Self, Error> {
        let Keep { daily, weekly, monthly } = self.keep;
        if daily > MOST.daily || weekly > MOST.weekly || monthly > MOST.monthly {
            return Err(invalid("at most 7 daily, 5 weekly and 12 monthly ones to keep"));
        }
        if self.every == Every::Hour && daily == 0 {
            return Err(invalid("at least 1 day to keep daily ones, which count for hours too"));
        }
        if self.every != Every::Off && self.classes().is_empty() {
            return Err(invalid("something to keep; \"every\": \"off\" is for no backups"));
        }
        Ok(self)
    }

    /// The classes that it asks for, those that live longest first.
    fn classes(self) -> Vec<Class> {
        let (days, weeks, months) = match self.every {
            Every::Hour | Every::Day => (true, true, true),
            Every::Week => (false, true, true),
            Every::Off => (false, false, false),
        };
        let Keep { daily, weekly, monthly } = self.keep;
        let asked = [
            (Class::D800, months && monthly > 0),
            (Class::D70, weeks && weekly > 0),
            (Class::D14, days && daily > 0),
        ];
        asked.into_iter().filter(|(_, asked)| *asked).map(|(class, _)| class).collect()
    }

    /// The backups that are due at a scheduled `time`, those that live longest first, when the last time that was
    /// carried out is `done`. Nothing for a time that is past already.
    ///
    /// # Errors
    /// [`Error::InvalidName`] for a time outside the years 0 to 9999.
    pub fn due(self, done: Option<Timestamp>, time: Timestamp) -> Result<Vec<BackupId>, Error> {
        if done.is_some_and(|done| done >= time) {
            return Ok(Vec::new());
        }
        let mut due = Vec::new();
        for class in self.classes() {
            let period = self.period(class, time);
            if done.is_none_or(|done| self.period(class, done) != period) {
                due.push(BackupId::new(class, &period)?);
            }
        }
        Ok(due)
    }

    /// Until when a backup of `class` that stands for the period of `time` is promised to be there: until as many
    /// periods have passed, and one day, since nobody counts to the minute.
    pub fn promised(self, class: Class, time: Timestamp) -> Timestamp {
        let days = match class {
            Class::D14 => i64::from(self.keep.daily),
            Class::D70 => 7 * i64::from(self.keep.weekly),
            _ => 31 * i64::from(self.keep.monthly),
        };
        time + SignedDuration::from_hours(24 * (days + 1))
    }

    /// When the next backup is due at the earliest, if any ever is: the beginning of a period, or the next full hour
    /// when one is overdue.
    pub fn next(self, done: Option<Timestamp>, now: Timestamp) -> Option<Timestamp> {
        let starts = self.classes().into_iter().filter_map(|class| {
            let overdue =
                done.is_none_or(|done| done < now && self.period(class, done) != self.period(class, now));
            if overdue { following(Step::Hour, now) } else { following(self.step(class), now) }
        });
        starts.min()
    }

    fn step(self, class: Class) -> Step {
        match (class, self.every) {
            (Class::D14, Every::Hour) => Step::Hour,
            (Class::D14, _) => Step::Day,
            (Class::D70, _) => Step::Week,
            _ => Step::Month,
        }
    }

    /// The period of `class` that a time lies in: `2026-11-22T13`, `2026-11-22`, `2026-W47` (ISO 8601) or `2026-11`.
    fn period(self, class: Class, time: Timestamp) -> String {
        let time = utc(time);
        match self.step(class) {
            Step::Hour => time.strftime("%Y-%m-%dT%H").to_string(),
            Step::Day => time.strftime("%Y-%m-%d").to_string(),
            Step::Week => time.strftime("%G-W%V").to_string(),
            Step::Month => time.strftime("%Y-%m").to_string(),
        }
    }
}

#[derive(Clone, Copy)]
enum Step {
    Hour,
    Day,
    Week,
    Month,
}

fn utc(time: Timestamp) -> Zoned {
    time.to_zoned(TimeZone::UTC)
}

/// When the next hour, day, week or month begins; `None` behind the last one of the calendar.
fn following(step: Step, now: Timestamp) -> Option<Timestamp> {
    let hour = SignedDuration::from_hours(1).as_secs();
    let date = utc(now).date();
    let date: Option<Date> = match step {
        Step::Hour => return Timestamp::from_second((now.as_second().div_euclid(hour) + 1) * hour).ok(),
        Step::Day => date.tomorrow().ok(),
        Step::Week => date.nth_weekday(1, Weekday::Monday).ok(),
        Step::Month => date.first_of_month().checked_add(1.month()).ok(),
    };
    date?.to_zoned(TimeZone::UTC).ok().map(|start| start.timestamp())
}

/// The full hour that a time lies in: what a tick that nothing has scheduled counts for.
pub fn hour_of(time: Timestamp) -> Timestamp {
    let second = time.as_second();
    Timestamp::from_second(second - second.rem_euclid(3600)).unwrap_or(time)
}

fn invalid(rule: &'static str) -> Error {
    Error::InvalidName { what: "backup policy", rule }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn due(policy: Policy, done: Option<&str>, time: &str) -> Vec<String> {
        let due = policy.due(done.map(at), at(time)).unwrap();
        due.iter().map(ToString::to_string).collect()
    }

    fn every(every: Every) -> Policy {
        Policy { every, ..Policy::default() }
    }

    #[test]
    fn the_first_time_everything_is_due_and_afterwards_what_has_begun() {
        let day = Policy::default();
        assert_eq!(
            due(day, None, "2026-11-22T13:00:00Z"),
            ["d800.2026-11", "d70.2026-W47", "d14.2026-11-22"]
        );
        let done = Some("2026-11-22T13:00:00Z");
        assert_eq!(due(day, done, "2026-11-22T23:00:00Z"), [""; 0]);
        assert_eq!(due(day, done, "2026-11-23T00:00:00Z"), ["d70.2026-W48", "d14.2026-11-23"]);
        assert_eq!(
            due(day, done, "2026-12-01T05:00:00Z"),
            ["d800.2026-12", "d70.2026-W49", "d14.2026-12-01"]
        );
        assert_eq!(due(every(Every::Hour), done, "2026-11-22T14:00:00Z"), ["d14.2026-11-22T14"]);
        assert_eq!(due(every(Every::Week), done, "2026-11-23T00:00:00Z"), ["d70.2026-W48"]);
        assert_eq!(due(every(Every::Off), None, "2026-11-23T00:00:00Z"), [""; 0]);
        // A week belongs to the year that most of it lies in.
        assert_eq!(due(every(Every::Week), done, "2027-01-01T00:00:00Z"), ["d800.2027-01", "d70.2026-W53"]);
    }

    #[test]
    fn an_event_that_comes_late_or_twice_is_not_due() {
        let done = Some("2026-11-23T00:00:00Z");
        assert_eq!(due(Policy::default(), done, "2026-11-23T00:00:00Z"), [""; 0]);
        assert_eq!(due(Policy::default(), done, "2026-11-22T00:00:00Z"), [""; 0]);
    }

    #[test]
    fn the_next_one_is_at_the_start_of_a_period_or_in_the_next_hour() {
        let next = |policy: Policy, done: Option<&str>| {
            policy.next(done.map(at), at("2026-11-22T13:20:00Z")).map(|next| next.to_string())
        };
        let done = Some("2026-11-22T13:00:00Z");
        assert_eq!(next(Policy::default(), None).unwrap(), "2026-11-22T14:00:00Z");
        assert_eq!(next(Policy::default(), done).unwrap(), "2026-11-23T00:00:00Z");
        assert_eq!(next(Policy::default(), Some("2026-11-21T00:00:00Z")).unwrap(), "2026-11-22T14:00:00Z");
        assert_eq!(next(every(Every::Hour), done).unwrap(), "2026-11-22T14:00:00Z");
        assert_eq!(next(every(Every::Week), done).unwrap(), "2026-11-23T00:00:00Z");
        assert_eq!(next(every(Every::Off), done), None);
        let months = Policy { every: Every::Day, keep: Keep { daily: 0, weekly: 0, monthly: 1 } };
        assert_eq!(next(months, done).unwrap(), "2026-12-01T00:00:00Z");
    }

    #[test]
    fn what_the_bucket_does_not_keep_is_refused() {
        let keep = |daily, weekly, monthly| Keep { daily, weekly, monthly };
        for (every, kept) in [
            (Every::Day, keep(8, 0, 0)),
            (Every::Day, keep(0, 6, 0)),
            (Every::Day, keep(0, 0, 13)),
            (Every::Day, keep(0, 0, 0)),
            (Every::Hour, keep(0, 1, 1)),
            (Every::Week, keep(7, 0, 0)),
        ] {
            assert!(Policy { every, keep: kept }.check().is_err(), "{every:?} {kept:?}");
        }
        assert!(Policy { every: Every::Off, keep: keep(0, 0, 0) }.check().is_ok());
        assert!(Policy::default().check().is_ok());
    }

    proptest! {
        /// Each class lives at least until the promise of its last day ends.
        #[test]
        fn the_bucket_keeps_what_is_promised(seconds in 0..4_000_000_000_i64) {
            let time = Timestamp::from_second(seconds).unwrap();
            let policy = Policy::default();
            for class in policy.classes() {
                prop_assert!(time + class.lifetime().unwrap() >= policy.promised(class, time));
            }
        }

        /// Whoever does at each next time what is due then misses no period.
        #[test]
        fn nothing_is_due_before_the_next_time(seconds in 0..4_000_000_000_i64, kind in 0..3_usize) {
            let policy = every([Every::Hour, Every::Day, Every::Week][kind]);
            let done = hour_of(Timestamp::from_second(seconds).unwrap());
            let next = policy.next(Some(done), done).unwrap();
            prop_assert!(!policy.due(Some(done), next).unwrap().is_empty());
            let before = next - SignedDuration::from_secs(1);
            prop_assert!(policy.due(Some(done), before).unwrap().is_empty());
        }
    }
}
