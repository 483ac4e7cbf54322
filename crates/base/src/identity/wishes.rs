//! What a person wants to be told, and how often she may be asked. Kept as JSON at the person.

use crate::problem::Problem;
use serde::{Deserialize, Serialize};
use store::people::PersonRow;
use utoipa::ToSchema;

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Wishes {
    pub ask: AskWishes,
    pub mail: MailWishes,
}

/// Questions of the network.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AskWishes {
    /// No questions at all.
    pub off: bool,
    /// So many in a week, 1 to 50.
    pub a_week: i64,
}

/// Notifications by mail.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct MailWishes {
    /// No mail at all.
    pub off: bool,
    /// When the day's mail comes, in the person's zone: `08:00`.
    pub morning: String,
    /// What names her comes at once, and not with the day's mail.
    pub at_once: bool,
}

impl Default for AskWishes {
    fn default() -> Self {
        AskWishes {
            off: false,
            a_week: 3,
        }
    }
}

impl Default for MailWishes {
    fn default() -> Self {
        MailWishes {
            off: false,
            morning: "08:00".into(),
            at_once: true,
        }
    }
}

impl Wishes {
    /// What cannot be read counts as not said.
    pub fn of(person: &PersonRow) -> Wishes {
        let all: serde_json::Value = serde_json::from_str(&person.settings).unwrap_or_default();
        let part = |name: &str| all[name].clone();
        Wishes {
            ask: serde_json::from_value(part("ask")).unwrap_or_default(),
            mail: serde_json::from_value(part("mail")).unwrap_or_default(),
        }
    }

    pub fn checked(self) -> Result<Wishes, Problem> {
        if !(1..=50).contains(&self.ask.a_week) {
            return Err(Problem::bad_request(
                "Questions a week are a number from 1 to 50.",
                "Choose another number, or switch questions off.",
            ));
        }
        let is_time =
            self.mail.morning.len() == 5 && self.mail.morning.parse::<jiff::civil::Time>().is_ok();
        if !is_time {
            return Err(Problem::bad_request(
                "The morning is a time of day.",
                "Write it as 08:00.",
            ));
        }
        Ok(self)
    }

    /// The settings of a person with these in them; what other parts keep there stays.
    pub fn kept_in(&self, settings: &str) -> String {
        let mut all: serde_json::Map<String, serde_json::Value> =
            serde_json::from_str(settings).unwrap_or_default();
        let pairs = [
            ("ask", serde_json::to_value(&self.ask)),
            ("mail", serde_json::to_value(&self.mail)),
        ];
        for (name, value) in pairs {
            all.insert(name.into(), value.unwrap_or_default());
        }
        serde_json::Value::Object(all).to_string()
    }
}

/// A time zone as the IANA names it, written as it is known.
pub fn zone(text: &str) -> Result<String, Problem> {
    let found = jiff::tz::TimeZone::get(text.trim()).ok();
    let name = found.as_ref().and_then(|z| z.iana_name());
    name.map(String::from).ok_or_else(|| {
        Problem::bad_request(
            format!("\"{}\" is no time zone.", crate::format::short(text, 60)),
            "Write it as Europe/Copenhagen or America/New_York.",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wishes_leave_what_others_keep_beside_them() {
        let wishes = Wishes::default();
        let kept = wishes.kept_in("{\"seen\": 5, \"ask\": {\"off\": true}}");
        let kept: serde_json::Value = serde_json::from_str(&kept).unwrap();
        assert_eq!(
            kept,
            serde_json::json!({
                "seen": 5,
                "ask": {"off": false, "a_week": 3},
                "mail": {"off": false, "morning": "08:00", "at_once": true},
            })
        );
    }

    #[test]
    fn wishes_and_zones_are_checked() {
        for (morning, a_week, ok) in [
            ("08:00", 3, true),
            ("8", 3, false),
            ("25:00", 3, false),
            ("08:00", 0, false),
        ] {
            let mut wishes = Wishes::default();
            wishes.mail.morning = morning.into();
            wishes.ask.a_week = a_week;
            assert_eq!(wishes.checked().is_ok(), ok, "{morning} {a_week}");
        }
        assert_eq!(zone("europe/copenhagen").unwrap(), "Europe/Copenhagen");
        assert_eq!(zone("Middle/Earth").unwrap_err().status, 400);
    }
}
