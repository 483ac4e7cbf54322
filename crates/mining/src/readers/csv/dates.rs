//! Dates as tables write them.

use super::mapping::DateFormat;
use crate::readers::xes::{days_from_civil, days_in_month, parse_date};
use crate::time::{DAY, HOUR, MINUTE, Micros, SECOND};
use jiff::tz::TimeZone;

/// Two-digit years up to this one are of this century, the others of the last.
const PIVOT: i64 = 69;

/// Parses a date, with or without a time of day, in a known order. Times that name no zone are in `zone`.
pub(super) fn parse(text: &str, format: DateFormat, zone: &TimeZone) -> Option<Micros> {
    let text = text.trim();
    let scale = match format {
        DateFormat::EpochSeconds => Some(SECOND),
        DateFormat::EpochMillis => Some(1_000),
        DateFormat::EpochMicros => Some(1),
        _ => None,
    };
    if let Some(scale) = scale {
        return epoch(text, scale);
    }
    if format == DateFormat::Excel {
        return excel(text).and_then(|naive| to_utc(naive, zone));
    }
    // The common form by the short way: year first, with its zone.
    if format == DateFormat::Ymd
        && text.len() >= 20
        && names_zone(text)
        && let Some(moment) = parse_date(text.as_bytes())
    {
        return Some(moment);
    }
    let (date, rest) = date(text, format)?;
    let (time, offset) = time_of_day(rest)?;
    let naive = date * DAY + time;
    match offset {
        Some(offset) => Some(naive - offset),
        None => to_utc(naive, zone),
    }
}

fn names_zone(text: &str) -> bool {
    text.ends_with('Z') || text.bytes().skip(19).any(|b| matches!(b, b'+' | b'-'))
}

fn epoch(text: &str, scale: Micros) -> Option<Micros> {
    if let Ok(n) = text.parse::<i64>() {
        return n.checked_mul(scale);
    }
    let n: f64 = text.replace(',', ".").parse().ok()?;
    (n.is_finite() && n.abs() < 1e15).then_some((n * scale as f64).round() as Micros)
}

/// Days since the end of 1899; to the millisecond, which is what a spreadsheet's own digits carry.
fn excel(text: &str) -> Option<Micros> {
    const TO_1970: f64 = 25_569.0;
    let days: f64 = text.replace(',', ".").parse().ok()?;
    let real = days.is_finite() && (0.0..2_958_466.0).contains(&days);
    real.then(|| ((days - TO_1970) * 86_400_000.0).round() as Micros * 1_000)
}

/// A moment of a zone's clock in UTC. A moment that a change of clocks skips or repeats is taken as `jiff` does by
/// default: after the gap, the first of two.
fn to_utc(naive: Micros, zone: &TimeZone) -> Option<Micros> {
    if *zone == TimeZone::UTC {
        return Some(naive);
    }
    let civil = TimeZone::UTC.to_datetime(jiff::Timestamp::from_microsecond(naive).ok()?);
    zone.to_ambiguous_timestamp(civil)
        .compatible()
        .ok()
        .map(|t| t.as_microsecond())
}

/// Days since 1970 and what stands behind the date.
fn date(text: &str, format: DateFormat) -> Option<(i64, &str)> {
    let bytes = text.as_bytes();
    let digits = bytes.iter().take_while(|b| b.is_ascii_digit()).count();
    if digits == 8 && format == DateFormat::Ymd {
        let n = |r: std::ops::Range<usize>| text[r].parse::<i64>().ok();
        return civil(n(0..4)?, n(4..6)?, n(6..8)?).map(|d| (d, &text[8..]));
    }
    let mut parts: [Option<Part>; 3] = [None, None, None];
    let mut at = 0;
    for slot in &mut parts {
        while bytes
            .get(at)
            .is_some_and(|b| matches!(b, b'-' | b'/' | b'.' | b' ' | b','))
        {
            at += 1;
        }
        let from = at;
        if bytes.get(at)?.is_ascii_digit() {
            while bytes.get(at).is_some_and(u8::is_ascii_digit) {
                at += 1;
            }
            *slot = Some(Part::Number(text[from..at].parse().ok()?, at - from));
        } else {
            while text[at..].chars().next().is_some_and(char::is_alphabetic) {
                at += text[at..].chars().next().map_or(1, char::len_utf8);
            }
            *slot = Some(Part::Month(month(&text[from..at])?));
        }
    }
    let [Some(a), Some(b), Some(c)] = parts else {
        return None;
    };
    let (year, month, day) = match (a, b, c, format) {
        (
            Part::Number(d, _),
            Part::Month(m),
            Part::Number(y, len),
            DateFormat::Dmy | DateFormat::Mdy,
        ) => (full_year(y, len)?, m, d),
        (
            Part::Month(m),
            Part::Number(d, _),
            Part::Number(y, len),
            DateFormat::Dmy | DateFormat::Mdy,
        ) => (full_year(y, len)?, m, d),
        (Part::Number(y, 4), Part::Month(m), Part::Number(d, _), DateFormat::Ymd) => (y, m, d),
        (Part::Number(y, 4), Part::Number(m, _), Part::Number(d, _), DateFormat::Ymd) => (y, m, d),
        (Part::Number(d, 1 | 2), Part::Number(m, 1 | 2), Part::Number(y, len), DateFormat::Dmy) => {
            (full_year(y, len)?, m, d)
        }
        (Part::Number(m, 1 | 2), Part::Number(d, 1 | 2), Part::Number(y, len), DateFormat::Mdy) => {
            (full_year(y, len)?, m, d)
        }
        _ => return None,
    };
    civil(year, month, day).map(|d| (d, &text[at..]))
}

enum Part {
    /// Value and number of digits.
    Number(i64, usize),
    Month(i64),
}

fn full_year(year: i64, digits: usize) -> Option<i64> {
    match digits {
        4 => Some(year),
        2 if year <= PIVOT => Some(2000 + year),
        2 => Some(1900 + year),
        _ => None,
    }
}

fn civil(year: i64, month: i64, day: i64) -> Option<i64> {
    let real = (1..=12).contains(&month)
        && day >= 1
        && day <= days_in_month(year, month)
        && (1..=9999).contains(&year);
    real.then(|| days_from_civil(year, month, day))
}

fn month(word: &str) -> Option<i64> {
    const SHORT: [&str; 12] = [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ];
    const GERMAN: [(&str, i64); 4] = [("mär", 3), ("mai", 5), ("okt", 10), ("dez", 12)];
    let word = word.to_lowercase();
    let known = SHORT
        .iter()
        .position(|m| word.starts_with(m))
        .map(|i| i as i64 + 1);
    known.or_else(|| {
        GERMAN
            .iter()
            .find(|(m, _)| word.starts_with(m))
            .map(|(_, n)| *n)
    })
}

/// Time since midnight, and the offset from UTC when one is named.
fn time_of_day(text: &str) -> Option<(Micros, Option<Micros>)> {
    let text = text.trim_start_matches([',', ' ', 'T', 't']).trim();
    if text.is_empty() {
        return Some((0, None));
    }
    let (hour, rest) = number(text)?;
    let rest = rest.strip_prefix([':', '.', 'h'])?;
    let (minute, mut rest) = number(rest)?;
    let mut time = minute * MINUTE;
    if let Some(after) = rest.strip_prefix([':']) {
        let (second, after) = number(after)?;
        time += second * SECOND;
        rest = after;
        if second > 60 {
            return None;
        }
        if let Some(fraction) = rest.strip_prefix(['.', ',']) {
            let len = fraction.bytes().take_while(u8::is_ascii_digit).count();
            let mut unit = SECOND / 10;
            for b in fraction.bytes().take(len.min(6)) {
                time += i64::from(b - b'0') * unit;
                unit /= 10;
            }
            rest = &fraction[len..];
        }
    }
    let rest = rest.trim();
    let upper = rest.to_ascii_uppercase();
    let (hour, rest) = match upper.get(..2) {
        Some("AM") if (1..=12).contains(&hour) => (hour % 12, rest[2..].trim()),
        Some("PM") if (1..=12).contains(&hour) => (hour % 12 + 12, rest[2..].trim()),
        _ => (hour, rest),
    };
    if hour > 23 || minute > 59 {
        return None;
    }
    let offset = match rest {
        "" => None,
        "Z" | "z" | "UTC" | "GMT" => Some(0),
        _ => Some(zone_offset(
            rest.strip_prefix("UTC")
                .or_else(|| rest.strip_prefix("GMT"))
                .unwrap_or(rest),
        )?),
    };
    Some((time + hour * HOUR, offset))
}

fn zone_offset(text: &str) -> Option<Micros> {
    let sign = match text.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let digits: String = text[1..].chars().filter(|c| *c != ':').collect();
    if digits.is_empty() || digits.len() > 4 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let (hours, minutes) = if digits.len() <= 2 {
        (digits.parse().ok()?, 0)
    } else {
        (
            digits[..digits.len() - 2].parse().ok()?,
            digits[digits.len() - 2..].parse().ok()?,
        )
    };
    let (hours, minutes): (i64, i64) = (hours, minutes);
    (hours <= 18 && minutes < 60).then_some(sign * (hours * HOUR + minutes * MINUTE))
}

fn number(text: &str) -> Option<(i64, &str)> {
    let len = text.bytes().take_while(u8::is_ascii_digit).count();
    (1..=2)
        .contains(&len)
        .then(|| (text[..len].parse().unwrap_or(0), &text[len..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, format: DateFormat, zone: &str) -> Option<String> {
        let zone = TimeZone::get(zone).unwrap();
        parse(text, format, &zone)
            .map(|t| jiff::Timestamp::from_microsecond(t).unwrap().to_string())
    }

    #[test]
    fn dates_are_read_in_the_order_they_are_said_to_have() {
        use DateFormat::*;
        let table = [
            ("2024-03-12", Ymd, "2024-03-12T00:00:00Z"),
            ("2024/03/12 9:05", Ymd, "2024-03-12T09:05:00Z"),
            ("20240312", Ymd, "2024-03-12T00:00:00Z"),
            (
                "2011-12-06 13:41:31.788000+01:00",
                Ymd,
                "2011-12-06T12:41:31.788Z",
            ),
            ("2011-12-06T13:41:31Z", Ymd, "2011-12-06T13:41:31Z"),
            ("03/04/2024", Dmy, "2024-04-03T00:00:00Z"),
            ("03/04/2024", Mdy, "2024-03-04T00:00:00Z"),
            ("12.03.2024 14:05:06,5", Dmy, "2024-03-12T14:05:06.5Z"),
            ("3/4/24 9:05 PM", Mdy, "2024-03-04T21:05:00Z"),
            ("12/31/69 12:00 AM", Mdy, "2069-12-31T00:00:00Z"),
            ("1/1/70", Mdy, "1970-01-01T00:00:00Z"),
            ("12-Mar-2024", Dmy, "2024-03-12T00:00:00Z"),
            ("Mar 12, 2024 8:00 am", Mdy, "2024-03-12T08:00:00Z"),
            ("12. März 2024", Dmy, "2024-03-12T00:00:00Z"),
            ("1710201600", EpochSeconds, "2024-03-12T00:00:00Z"),
            ("1710201600123", EpochMillis, "2024-03-12T00:00:00.123Z"),
            ("45000.5", Excel, "2023-03-15T12:00:00Z"),
            ("45363,4166666667", Excel, "2024-03-12T10:00:00Z"),
        ];
        for (text, format, expected) in table {
            assert_eq!(
                shown(text, format, "UTC").as_deref(),
                Some(expected),
                "{text}"
            );
        }
    }

    #[test]
    fn a_time_without_a_zone_is_of_the_zone_named_for_the_file() {
        assert_eq!(
            shown("2024-07-01 12:00", DateFormat::Ymd, "Europe/Berlin").as_deref(),
            Some("2024-07-01T10:00:00Z")
        );
        assert_eq!(
            shown("2024-07-01 12:00Z", DateFormat::Ymd, "Europe/Berlin").as_deref(),
            Some("2024-07-01T12:00:00Z")
        );
    }

    #[test]
    fn what_is_no_date_is_refused() {
        for text in [
            "",
            "31/02/2024",
            "13/13/2024",
            "hello",
            "2024-03-12 25:00",
            "99",
            "12-Foo-2024",
            "ü",
            "1/2/3",
            "2024-03-12 9:05 XM",
        ] {
            for format in [DateFormat::Ymd, DateFormat::Dmy, DateFormat::Mdy] {
                assert_eq!(shown(text, format, "UTC"), None, "{text}");
            }
        }
    }
}
