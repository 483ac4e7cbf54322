//! What a person wants of mail.

use jiff::ToSpan;
use jiff::civil::Time;
use jiff::tz::TimeZone;
use mining::Micros;
use mining::time::DAY;
use serde::{Deserialize, Serialize};
use serde_json::Value;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Preferences {
    /// No mail at all.
    pub off: bool,
    /// When her morning is, in her own zone, such as 08:00.
    pub morning: String,
    /// What means her leaves within minutes; otherwise it waits for the morning too.
    pub at_once: bool,
}

impl Default for Preferences {
    fn default() -> Self {
        Preferences {
            off: false,
            morning: "08:00".into(),
            at_once: true,
        }
    }
}

impl Preferences {
    /// As kept in a person's settings.
    pub fn of(settings: &str) -> Preferences {
        let all: Value = serde_json::from_str(settings).unwrap_or_default();
        serde_json::from_value(all["mail"].clone()).unwrap_or_default()
    }

    /// The settings with these among them.
    pub fn within(&self, settings: &str) -> String {
        let all: Value = serde_json::from_str(settings).unwrap_or_default();
        let mut all = match all {
            Value::Object(all) => all,
            _ => serde_json::Map::new(),
        };
        let mail = serde_json::to_value(self).unwrap_or_default();
        all.insert("mail".into(), mail);
        Value::Object(all).to_string()
    }

    fn time(&self) -> Option<Time> {
        let (hour, minute) = self.morning.split_once(':')?;
        Time::new(hour.parse().ok()?, minute.parse().ok()?, 0, 0).ok()
    }

    /// The first morning after a moment. Where a clock change leaves that time out, the next there is.
    pub fn next_morning(&self, after: Micros, zone: &str) -> Micros {
        let find = || {
            let zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
            let now = jiff::Timestamp::from_microsecond(after).ok()?;
            let now = now.to_zoned_datetime(zone.clone());
            let time = self.time().or_else(|| Time::new(8, 0, 0, 0).ok())?;
            let today = now
                .date()
                .to_datetime(time)
                .to_zoned_datetime(zone.clone())
                .ok()?;
            if today > now {
                return Some(today.timestamp().as_microsecond());
            }
            let tomorrow = now.date().checked_add(1.day()).ok()?;
            let tomorrow = tomorrow.to_datetime(time).to_zoned_datetime(zone).ok()?;
            Some(tomorrow.timestamp().as_microsecond())
        };
        find().unwrap_or(after + DAY)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_morning_is_that_of_the_person_also_where_the_clock_changes() {
        let wish = Preferences::default();
        for (after, zone, expected) in [
            (
                "2026-03-02T06:59:00Z",
                "Europe/Berlin",
                "2026-03-02T07:00:00Z",
            ),
            (
                "2026-03-02T07:00:00Z",
                "Europe/Berlin",
                "2026-03-03T07:00:00Z",
            ),
            (
                "2026-03-28T12:00:00Z",
                "Europe/Berlin",
                "2026-03-29T06:00:00Z",
            ),
            (
                "2026-03-02T12:00:00Z",
                "America/New_York",
                "2026-03-02T13:00:00Z",
            ),
            (
                "2026-03-02T12:00:00Z",
                "Nowhere/Land",
                "2026-03-03T08:00:00Z",
            ),
        ] {
            let after: jiff::Timestamp = after.parse().unwrap();
            let next = wish.next_morning(after.as_microsecond(), zone);
            let next = jiff::Timestamp::from_microsecond(next).unwrap();
            assert_eq!(next.to_string(), expected, "{zone}");
        }
    }

    #[test]
    fn what_else_a_person_set_stays() {
        let off = Preferences {
            off: true,
            ..Preferences::default()
        };
        let kept = off.within("{\"theme\":\"dark\"}");
        assert_eq!(Preferences::of(&kept), off);
        assert!(kept.contains("\"theme\":\"dark\""));
        assert_eq!(Preferences::of("not json"), Preferences::default());
        let odd = Preferences {
            morning: "25:00".into(),
            ..off
        };
        assert_eq!(odd.next_morning(0, "UTC"), 8 * mining::time::HOUR);
    }
}
