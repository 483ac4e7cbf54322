//! What is asked of a process, as it stands in an address, so that a view can be shared:
//! `from=2026-03-01&team=North&attr.segment=Water`.

use super::Problem;
use mining::Micros;
use mining::figures::{Calendar, Filter, StateFilter};
use mining::time::DAY;

/// Which cases, and what time counts.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Asked {
    pub filter: Filter,
    /// Spans count only working hours of this calendar.
    pub calendar: Option<Calendar>,
}

impl Asked {
    /// The same text for the same question.
    pub fn canonical(&self) -> String {
        match &self.calendar {
            None => self.filter.canonical(),
            Some(calendar) => format!("{} on {}", self.filter.canonical(), calendar.zone),
        }
    }
}

/// Reads the question out of query pairs; keys that are none of its own are left alone, since addresses of pages pick up
/// others on their way. Days are in UTC; `to` is the
/// last day that counts. `working=Europe/Berlin` counts working hours there only, Monday to Friday, nine to five.
pub fn parse<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Asked, Problem> {
    parse_with(pairs, "")
}

/// Every condition there is.
const KEYS: [&str; 11] = [
    "from",
    "to",
    "team",
    "variant",
    "step",
    "activity",
    "edge_from",
    "edge_to",
    "person",
    "state",
    "working",
];

/// The same for programs: a key that is neither a condition nor one of `also` is refused, so that a slip is no filter
/// that lets everything through.
pub fn parse_only<'a>(
    pairs: impl Iterator<Item = (&'a str, &'a str)> + Clone,
    also: &[&str],
) -> Result<Asked, Problem> {
    let is_known = |key: &str| {
        KEYS.contains(&key)
            || also.contains(&key)
            || key.strip_prefix("attr.").is_some_and(|c| !c.is_empty())
    };
    if let Some((key, _)) = pairs.clone().find(|(key, _)| !is_known(key)) {
        let known: Vec<&str> = KEYS.iter().chain(also).copied().collect();
        return Err(Problem::bad_request(
            format!("There is no condition \"{key}\"."),
            format!("Use {}, or attr.NAME for a column.", known.join(", ")),
        ));
    }
    parse(pairs)
}

/// Reads a question written as in an address, strictly: `team=North&from=2026-03-01`.
pub fn parse_text(query: &str) -> Result<Asked, Problem> {
    let query = query.trim_start_matches('?').as_bytes();
    let pairs: Vec<_> = form_urlencoded::parse(query).collect();
    parse_only(pairs.iter().map(|(k, v)| (&**k, &**v)), &[])
}

/// The same for the second of two periods: `vs_from`, `vs_to`; all other conditions are shared.
pub fn parse_second<'a>(
    pairs: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Result<Asked, Problem> {
    parse_with(pairs, "vs_")
}

fn parse_with<'a>(
    pairs: impl IntoIterator<Item = (&'a str, &'a str)>,
    period: &str,
) -> Result<Asked, Problem> {
    let mut filter = Filter::default();
    let mut calendar = None;
    let (from_key, to_key) = (format!("{period}from"), format!("{period}to"));
    for (key, value) in pairs.into_iter().filter(|(_, v)| !v.is_empty()) {
        match key {
            _ if key == from_key => filter.from = Some(day(key, value)?),
            _ if key == to_key => filter.to = Some(day(key, value)? + DAY),
            "team" => filter.teams.push(value.into()),
            "variant" => filter.variant = Some(value.into()),
            "step" => filter.step = Some(value.into()),
            "activity" => filter.activity = Some(value.into()),
            "edge_from" => filter.edge.get_or_insert_default().0 = value.into(),
            "edge_to" => filter.edge.get_or_insert_default().1 = value.into(),
            "person" => filter.person = Some(value.into()),
            "state" => filter.state = Some(state(value)?),
            "working" => calendar = Some(working(value)?),
            _ => {
                if let Some(column) = key.strip_prefix("attr.") {
                    filter.attributes.push((column.into(), value.into()));
                }
            }
        }
    }
    Ok(Asked { filter, calendar })
}

fn working(zone: &str) -> Result<Calendar, Problem> {
    match jiff::tz::TimeZone::get(zone) {
        Ok(_) => Ok(Calendar::weekdays(zone)),
        Err(_) => Err(Problem::bad_request(
            format!("There is no time zone \"{zone}\" (in \"working\")."),
            "Write a name such as Europe/Berlin, or UTC.",
        )),
    }
}

/// The pairs of a question, in a fixed order.
pub fn pairs(asked: &Asked) -> Vec<(String, String)> {
    let filter = &asked.filter;
    let mut out: Vec<(String, String)> = Vec::new();
    let mut put = |key: &str, value: String| out.push((key.to_string(), value));
    filter.from.iter().for_each(|t| put("from", show_day(*t)));
    filter.to.iter().for_each(|t| put("to", show_day(*t - DAY)));
    filter.teams.iter().for_each(|t| put("team", t.clone()));
    filter
        .attributes
        .iter()
        .for_each(|(c, v)| put(&format!("attr.{c}"), v.clone()));
    filter
        .variant
        .iter()
        .for_each(|v| put("variant", v.clone()));
    filter.step.iter().for_each(|v| put("step", v.clone()));
    filter
        .activity
        .iter()
        .for_each(|v| put("activity", v.clone()));
    filter.edge.iter().for_each(|(a, b)| {
        put("edge_from", a.clone());
        put("edge_to", b.clone());
    });
    filter
        .state
        .iter()
        .for_each(|s| put("state", state_word(*s).into()));
    filter.person.iter().for_each(|p| put("person", p.clone()));
    asked
        .calendar
        .iter()
        .for_each(|c| put("working", c.zone.clone()));
    out
}

/// A day as `YYYY-MM-DD`, of its first moment in UTC.
fn day(key: &str, value: &str) -> Result<Micros, Problem> {
    let date: jiff::civil::Date = value.parse().map_err(|_| {
        Problem::bad_request(
            format!("\"{value}\" is no day (in \"{key}\")."),
            "Write it as year-month-day, such as 2026-03-01.",
        )
    })?;
    let zoned = date
        .to_zoned_datetime(jiff::tz::TimeZone::UTC)
        .map_err(|e| Problem::bad_request(e.to_string(), "Choose another day."))?;
    Ok(zoned.timestamp().as_microsecond())
}

/// The UTC day of a moment.
pub fn show_day(moment: Micros) -> String {
    jiff::Timestamp::from_microsecond(moment)
        .map(|t| {
            t.to_zoned_datetime(jiff::tz::TimeZone::UTC)
                .date()
                .to_string()
        })
        .unwrap_or_default()
}

fn state(value: &str) -> Result<StateFilter, Problem> {
    serde_json::from_value(serde_json::Value::String(value.into())).map_err(|_| {
        Problem::bad_request(
            format!("\"{value}\" is no state of a case."),
            "Use open, closed, won or lost.",
        )
    })
}

fn state_word(state: StateFilter) -> &'static str {
    match state {
        StateFilter::Open => "open",
        StateFilter::Closed => "closed",
        StateFilter::Won => "won",
        StateFilter::Lost => "lost",
    }
}

/// Pairs as a query, percent-encoded, without the question mark.
pub fn encode(pairs: &[(String, String)]) -> String {
    let one = |text: &str| {
        text.bytes().fold(String::new(), |mut out, b| {
            match b {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                    out.push(b as char)
                }
                _ => out.push_str(&format!("%{b:02X}")),
            }
            out
        })
    };
    pairs
        .iter()
        .map(|(k, v)| format!("{}={}", one(k), one(v)))
        .collect::<Vec<_>>()
        .join("&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_comes_back_as_it_was() {
        let query = [
            ("from", "2026-03-01"),
            ("to", "2026-08-31"),
            ("team", "A"),
            ("attr.city", "Köln & Ulm"),
            ("edge_from", "a"),
            ("edge_to", "b"),
            ("state", "open"),
            ("working", "Europe/Berlin"),
            ("tab", "map"),
        ];
        let filter = parse(query).unwrap();
        let shown = pairs(&filter);
        let again = parse(shown.iter().map(|(k, v)| (k.as_str(), v.as_str()))).unwrap();
        assert_eq!(filter, again);
        assert!(encode(&shown).contains("attr.city=K%C3%B6ln%20%26%20Ulm"));
        assert_eq!(
            shown.iter().find(|(k, _)| k == "to").unwrap().1,
            "2026-08-31"
        );
    }

    #[test]
    fn an_unknown_condition_is_refused_but_left_alone_in_the_address_of_a_page() {
        assert!(parse([("utm_source", "mail"), ("team", "A")]).is_ok());
        assert_eq!(
            parse_text("?team=A&attr.city=Ulm"),
            parse([("team", "A"), ("attr.city", "Ulm")])
        );
        for wrong in ["foo=bar", "team=A&foo=", "attr.=x", "offset=1"] {
            let refused = parse_text(wrong).unwrap_err();
            assert!(refused.remedy.contains("from, to, team"), "{wrong}");
        }
        assert!(parse_only([("offset", "1")].into_iter(), &["offset"]).is_ok());
    }

    #[test]
    fn nonsense_is_refused_with_what_to_write() {
        assert!(
            parse([("from", "yesterday")])
                .unwrap_err()
                .remedy
                .contains("2026-03-01")
        );
        assert_eq!(parse([("state", "lost in space")]).unwrap_err().status, 400);
        assert_eq!(parse([("working", "Atlantis")]).unwrap_err().status, 400);
    }
}
