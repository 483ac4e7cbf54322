//! XES dates (xs:dateTime) to microseconds, without allocating.

use crate::time::{DAY, HOUR, MINUTE, Micros, SECOND};

/// Days from 1970-01-01 to a date of the proleptic Gregorian calendar (Howard Hinnant, "chrono-compatible
/// low-level date algorithms", `days_from_civil`).
pub(crate) fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let y = if month <= 2 { year - 1 } else { year };
    let era = y.div_euclid(400);
    let yoe = y - era * 400;
    let doy = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    let doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    era * 146_097 + doe - 719_468
}

/// Length of a month.
pub(crate) fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        _ if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        _ => 28,
    }
}

fn digits(text: &[u8]) -> Option<i64> {
    text.iter().try_fold(0i64, |n, b| {
        b.is_ascii_digit().then(|| n * 10 + i64::from(b - b'0'))
    })
}

/// Parses `YYYY-MM-DD[T ]hh:mm[:ss[.f…]][Z|±hh[:]mm]`; a time without a zone is UTC. Digits past the microsecond are cut.
pub(crate) fn parse(text: &[u8]) -> Option<Micros> {
    let text = text.trim_ascii();
    if text.len() < 10 || text[4] != b'-' || text[7] != b'-' {
        return None;
    }
    let (year, month, day) = (
        digits(&text[..4])?,
        digits(&text[5..7])?,
        digits(&text[8..10])?,
    );
    if !(1..=12).contains(&month) || day < 1 || day > days_in_month(year, month) {
        return None;
    }
    let mut at = days_from_civil(year, month, day) * DAY;
    let rest = &text[10..];
    if rest.is_empty() {
        return Some(at);
    }
    if !(rest[0] == b'T' || rest[0] == b' ') || rest.len() < 6 || rest[3] != b':' {
        return None;
    }
    let (hour, minute) = (digits(&rest[1..3])?, digits(&rest[4..6])?);
    if hour > 24 || minute > 59 || (hour == 24 && minute > 0) {
        return None;
    }
    at += hour * HOUR + minute * MINUTE;
    let mut rest = &rest[6..];
    if rest.first() == Some(&b':') {
        let second = digits(rest.get(1..3)?)?;
        if second > 60 {
            return None;
        }
        at += second * SECOND;
        rest = &rest[3..];
        if matches!(rest.first(), Some(b'.' | b',')) {
            let len = rest[1..].iter().take_while(|b| b.is_ascii_digit()).count();
            if len == 0 {
                return None;
            }
            let mut unit = SECOND / 10;
            for b in &rest[1..=len.min(6)] {
                at += i64::from(b - b'0') * unit;
                unit /= 10;
            }
            rest = &rest[1 + len..];
        }
    }
    Some(at - zone(rest)?)
}

fn zone(text: &[u8]) -> Option<Micros> {
    let text = text.trim_ascii();
    let sign = match text.first() {
        None | Some(b'Z' | b'z') if text.len() <= 1 => return Some(0),
        Some(b'+') => 1,
        Some(b'-') => -1,
        _ => return None,
    };
    let (hour, minute) = match text.len() {
        3 => (digits(&text[1..3])?, 0),
        5 => (digits(&text[1..3])?, digits(&text[3..5])?),
        6 if text[3] == b':' => (digits(&text[1..3])?, digits(&text[4..6])?),
        _ => return None,
    };
    (hour <= 18 && minute <= 59).then_some(sign * (hour * HOUR + minute * MINUTE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_with_and_without_fraction_and_zone() {
        let same = [
            "2011-10-11T11:45:40.276Z",
            "2011-10-11T13:45:40.276+02:00",
            "2011-10-11 13:45:40.276000+0200",
        ];
        for text in same {
            assert_eq!(
                parse(text.as_bytes()),
                Some(1_318_333_540_276_000),
                "{text}"
            );
        }
        assert_eq!(parse(b"1970-01-01"), Some(0));
        assert_eq!(parse(b"1969-12-31T23:59:59.999999Z"), Some(-1));
    }

    #[test]
    fn what_is_no_date_is_refused() {
        for text in [
            "",
            "2011-13-01",
            "2011-02-29",
            "2011-10-11T25:00:00",
            "2011-10-11T10:00:00.Z",
            "yesterday!",
            "2011-10-11T10:00+99:00",
        ] {
            assert_eq!(parse(text.as_bytes()), None, "{text}");
        }
    }
}
