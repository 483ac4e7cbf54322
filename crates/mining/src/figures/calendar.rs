//! Business calendars: spans counted in working time only.

use crate::time::{DAY, MINUTE, Micros, SECOND};
use serde::{Deserialize, Serialize};

/// Working hours of a week in one time zone, without holidays. A summer-time change within working hours counts
/// the hours that really passed.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Calendar {
    /// IANA name, such as "Europe/Brussels".
    pub zone: String,
    /// Monday first.
    pub days: [bool; 7],
    /// Minutes after midnight, `from_minute < to_minute <= 1440`.
    pub from_minute: u16,
    pub to_minute: u16,
    /// Days off.
    pub holidays: Vec<jiff::civil::Date>,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CalendarError {
    #[error("The time zone \"{0}\" is not known. Write one such as \"Europe/Brussels\".")]
    Zone(String),
    #[error("Working hours end before they begin. Swap the two.")]
    Hours,
}

impl Calendar {
    /// Monday to Friday, nine to five.
    pub fn weekdays(zone: &str) -> Self {
        Calendar {
            zone: zone.to_string(),
            days: [true, true, true, true, true, false, false],
            from_minute: 9 * 60,
            to_minute: 17 * 60,
            holidays: Vec::new(),
        }
    }

    /// Working seconds from one moment to a later one; negative when they are the other way round.
    pub fn working_seconds(&self, from: Micros, to: Micros) -> Result<f64, CalendarError> {
        let table = Table::new(self, from.min(to), from.max(to))?;
        Ok(table.span(from, to) as f64 / 1e6)
    }

    /// The latest moment since which this much working time has passed by `now`, in microseconds; `None` where a year of this
    /// calendar has less.
    pub fn since(&self, now: Micros, worked: Micros) -> Result<Option<Micros>, CalendarError> {
        let mut days = 14;
        while days <= 400 {
            let table = Table::new(self, now - days * DAY, now)?;
            if let Some(at) = table.back(now, worked) {
                return Ok(Some(at));
            }
            days *= 5;
        }
        Ok(None)
    }
}

/// Working time up to each local day between two moments, so that a span is two look-ups.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    first: Micros,
    /// For each UTC day from `first` on: working intervals that begin in it, with the working time before each.
    days: Vec<u32>,
    shifts: Vec<(Micros, Micros, Micros)>,
}

impl Table {
    pub fn new(calendar: &Calendar, from: Micros, to: Micros) -> Result<Self, CalendarError> {
        if calendar.from_minute >= calendar.to_minute || calendar.to_minute > 1440 {
            return Err(CalendarError::Hours);
        }
        let zone = jiff::tz::TimeZone::get(&calendar.zone)
            .map_err(|_| CalendarError::Zone(calendar.zone.clone()))?;
        let date = |t: Micros| {
            let t = jiff::Timestamp::from_microsecond(t).unwrap_or_default();
            t.to_zoned_datetime(zone.clone()).date()
        };
        let begin = |day: jiff::civil::Date| {
            let zoned = day.to_zoned_datetime(zone.clone()).ok()?;
            Some(zoned.timestamp())
        };
        let mut shifts = Vec::new();
        let mut worked = 0;
        let (mut day, last) = (date(from), date(to));
        loop {
            let weekday = day.weekday().to_monday_zero_offset() as usize;
            let next = day.tomorrow().ok();
            if calendar.days[weekday]
                && !calendar.holidays.contains(&day)
                && let (Some(morning), Some(midnight)) = (begin(day), next.and_then(begin))
            {
                // Between changes of its clocks a zone's wall is a fixed distance away, so working hours are one
                // stretch; a day on which clocks change has two.
                let as_utc = day
                    .at(0, 0, 0, 0)
                    .to_zoned_datetime(jiff::tz::TimeZone::UTC);
                let wall = as_utc.map_or(0, |z| z.timestamp().as_microsecond());
                let mut since = morning;
                while since < midnight {
                    let change = zone.following(since).next().map(|t| t.timestamp());
                    let until = change.filter(|t| *t < midnight).unwrap_or(midnight);
                    let offset = i64::from(zone.to_offset(since).seconds()) * SECOND;
                    let at = |minute: u16| wall + i64::from(minute) * MINUTE - offset;
                    let a = at(calendar.from_minute).max(since.as_microsecond());
                    let b = at(calendar.to_minute).min(until.as_microsecond());
                    if a < b {
                        shifts.push((a, b, worked));
                        worked += b - a;
                    }
                    since = until;
                }
            }
            match next {
                Some(next) if day < last => day = next,
                _ => break,
            }
        }
        let first = from.div_euclid(DAY) * DAY;
        let mut days = Vec::new();
        let mut at = 0;
        for day in 0..=(to - first) / DAY {
            while at < shifts.len() && shifts[at].0 < first + day * DAY {
                at += 1;
            }
            days.push(at as u32);
        }
        Ok(Table {
            first,
            days,
            shifts,
        })
    }

    /// Working time from `from` to `to`, both within the table's moments.
    pub fn span(&self, from: Micros, to: Micros) -> Micros {
        self.worked(to) - self.worked(from)
    }

    /// The moment from which on this much was worked until `to`, if all of it lies in the table.
    fn back(&self, to: Micros, worked: Micros) -> Option<Micros> {
        let before = self.worked(to) - worked;
        let shift = self.shifts.iter().rev().find(|s| s.2 <= before)?;
        (before >= 0).then(|| (shift.0 + before - shift.2).min(to))
    }

    fn worked(&self, t: Micros) -> Micros {
        let day = ((t - self.first) / DAY).clamp(0, self.days.len() as i64 - 1);
        let mut next = self.days[day as usize] as usize;
        while next < self.shifts.len() && self.shifts[next].0 <= t {
            next += 1;
        }
        match next.checked_sub(1).map(|at| self.shifts[at]) {
            Some((begin, end, before)) => before + t.min(end) - begin,
            None => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Counts minute by minute by asking the zone what the clock on the wall says.
    fn by_minutes(c: &Calendar, from: i64, to: i64) -> i64 {
        let zone = jiff::tz::TimeZone::get(&c.zone).unwrap();
        let works = |minute: &i64| {
            let wall = jiff::Timestamp::from_second(minute * 60)
                .unwrap()
                .to_zoned_datetime(zone.clone());
            let at = wall.hour() as u16 * 60 + wall.minute() as u16;
            c.days[wall.weekday().to_monday_zero_offset() as usize]
                && !c.holidays.contains(&wall.date())
                && at >= c.from_minute
                && at < c.to_minute
        };
        (from..to).filter(works).count() as i64
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]
        #[test]
        fn working_time_equals_counting_minutes(
            // Around the changes of March and April 2024, on both halves of the world.
            zone in proptest::sample::select(vec!["Europe/Brussels", "America/Los_Angeles", "Australia/Sydney", "Asia/Kathmandu", "Pacific/Kiritimati"]),
            start in 28_500_000i64..28_545_000, length in 0i64..14_000,
            days in any::<[bool; 7]>(), hours in (0u16..700, 1u16..700), holiday in 0i64..14,
        ) {
            let off = jiff::civil::date(2024, 3, 25).saturating_add(jiff::Span::new().days(holiday));
            let c = Calendar { zone: zone.into(), days, from_minute: hours.0 + 40, to_minute: hours.0 + 40 + hours.1, holidays: vec![off] };
            let seconds = c.working_seconds(start * MINUTE, (start + length) * MINUTE).unwrap();
            prop_assert_eq!(seconds as i64, by_minutes(&c, start, start + length) * MINUTE / SECOND);
        }
    }

    #[test]
    fn the_moment_since_which_so_much_was_worked_is_as_long_ago_as_was_worked() {
        let calendar = Calendar::weekdays("Europe/Brussels");
        let at = |text: &str| text.parse::<jiff::Timestamp>().unwrap().as_microsecond();
        for (now, hours, since) in [
            // Monday at ten in Brussels: an hour was worked today, another one on Friday.
            ("2026-03-02T09:00:00Z", 2, "2026-02-27T15:00:00Z"),
            ("2026-03-02T09:00:00Z", 1, "2026-03-02T08:00:00Z"),
            // On Sunday nothing is worked.
            ("2026-03-01T12:00:00Z", 8, "2026-02-27T08:00:00Z"),
            ("2026-03-03T20:00:00Z", 0, "2026-03-03T16:00:00Z"),
        ] {
            let found = calendar.since(at(now), hours * 60 * MINUTE).unwrap();
            assert_eq!(found, Some(at(since)), "{now}, {hours} h");
        }
        let off = Calendar {
            days: [false; 7],
            ..calendar
        };
        assert_eq!(off.since(at("2026-03-02T09:00:00Z"), MINUTE), Ok(None));
    }

    #[test]
    fn an_unknown_zone_is_named() {
        assert_eq!(
            Calendar::weekdays("Mars/Base").working_seconds(0, 1),
            Err(CalendarError::Zone("Mars/Base".into()))
        );
    }
}
