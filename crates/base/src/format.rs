//! Numbers, spans and dates as people read them. Nothing else formats.

use mining::Micros;

/// `12,345`.
pub fn count(n: impl TryInto<i64>) -> String {
    let n: i64 = n.try_into().unwrap_or(i64::MAX);
    let digits = n.unsigned_abs().to_string();
    let mut out = String::new();
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    if n < 0 { format!("−{out}") } else { out }
}

/// `1 case`, `1,284 cases`.
pub fn many(n: impl TryInto<i64>, one: &str) -> String {
    let n: i64 = n.try_into().unwrap_or(i64::MAX);
    let word = match one.strip_suffix('y') {
        _ if n == 1 => one.to_string(),
        Some(stem) if !stem.ends_with(['a', 'e', 'o']) => format!("{stem}ies"),
        _ => format!("{one}s"),
    };
    format!("{} {word}", count(n))
}

/// `77%`; shares under one in a hundred keep a digit, and only all or nothing is 100% or 0%.
pub fn percent(share: f64) -> String {
    let p = share * 100.0;
    if p > 0.0 && p < 1.0 {
        return if p < 0.1 {
            "<0.1%".into()
        } else {
            format!("{p:.1}%")
        };
    }
    if p < 100.0 && p > 99.0 {
        return if p > 99.9 {
            ">99.9%".into()
        } else {
            format!("{p:.1}%")
        };
    }
    format!("{p:.0}%")
}

/// A name on one line, cut with an ellipsis when it has more than `max` characters.
pub fn short(text: &str, max: usize) -> String {
    let mut out = String::new();
    let mut n = 0;
    let mut gap = false;
    for c in text.chars() {
        // Control characters would move a terminal's cursor.
        if c.is_whitespace() || c.is_control() {
            gap = n > 0;
            continue;
        }
        if n + usize::from(gap) >= max {
            while n >= max.max(1) {
                out.pop();
                n -= 1;
            }
            out.push('…');
            return out;
        }
        if gap {
            out.push(' ');
            n += 1;
            gap = false;
        }
        out.push(c);
        n += 1;
    }
    out
}

/// Bytes as lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// A span as number and unit: (`7.1`, `d`).
pub fn span(seconds: f64) -> (String, &'static str) {
    let pick = |n: f64| {
        if n < 9.95 {
            format!("{n:.1}")
        } else {
            count(n.round() as i64)
        }
    };
    match seconds {
        s if s < 0.5 => ("0".into(), "s"),
        s if s < 90.0 => (format!("{s:.0}"), "s"),
        s if s < 90.0 * 60.0 => (format!("{:.0}", s / 60.0), "min"),
        s if s < 36.0 * 3600.0 => (pick(s / 3600.0), "h"),
        s if s < 99.5 * 86_400.0 => (format!("{:.1}", s / 86_400.0), "d"),
        s => (count((s / 86_400.0).round() as i64), "d"),
    }
}

/// A span in one piece: `7.1 d`.
pub fn span_text(seconds: f64) -> String {
    let (n, unit) = span(seconds);
    format!("{n} {unit}")
}

/// Days in one piece.
pub fn days(days: f64) -> String {
    span_text(days * 86_400.0)
}

fn civil(moment: Micros) -> Option<jiff::civil::DateTime> {
    Some(jiff::tz::TimeZone::UTC.to_datetime(jiff::Timestamp::from_microsecond(moment).ok()?))
}

/// `3 Mar 2026`.
pub fn date(moment: Micros) -> String {
    civil(moment)
        .map(|t| t.strftime("%-d %b %Y").to_string())
        .unwrap_or_default()
}

/// `28 Apr`.
pub fn day_month(moment: Micros) -> String {
    civil(moment)
        .map(|t| t.strftime("%-d %b").to_string())
        .unwrap_or_default()
}

/// A day as it stands in addresses (`2026-03-01`), as people write it; anything else stays as it is.
pub fn day(text: &str) -> String {
    text.parse::<jiff::civil::Date>().map_or_else(
        |_| text.to_string(),
        |d| d.strftime("%-d %b %Y").to_string(),
    )
}

/// `3 Mar 2026, 14:05`.
pub fn date_time(moment: Micros) -> String {
    civil(moment)
        .map(|t| t.strftime("%-d %b %Y, %H:%M").to_string())
        .unwrap_or_default()
}

/// `14:05`.
pub fn time(moment: Micros) -> String {
    civil(moment)
        .map(|t| t.strftime("%H:%M").to_string())
        .unwrap_or_default()
}

/// How long ago, roughly: `12 minutes ago`.
pub fn ago(moment: Micros, now: Micros) -> String {
    let seconds = mining::time::seconds(now - moment).max(0.0);
    let say = |n: f64, unit: &str| format!("{} ago", many(n.round() as i64, unit));
    match seconds {
        s if s < 60.0 => "just now".into(),
        s if s < 3600.0 => say(s / 60.0, "minute"),
        s if s < 36.0 * 3600.0 => say(s / 3600.0, "hour"),
        s if s < 60.0 * 86_400.0 => say(s / 86_400.0, "day"),
        _ => format!("on {}", date(moment)),
    }
}

/// `12.3 MB`.
pub fn bytes(n: f64) -> String {
    match n {
        n if n < 1e3 => format!("{n:.0} B"),
        n if n < 1e6 => format!("{:.0} kB", n / 1e3),
        n if n < 1e9 => format!("{:.1} MB", n / 1e6),
        n => format!("{:.2} GB", n / 1e9),
    }
}

/// Up to two letters that stand for a person.
pub fn initials(name: &str) -> String {
    let mut words = name
        .split(|c: char| c.is_whitespace() || c == '.' || c == '@' || c == '_')
        .filter(|w| !w.is_empty());
    let first = words.next().and_then(|w| w.chars().next());
    let second = words
        .next()
        .and_then(|w| w.chars().next())
        .or_else(|| name.chars().rfind(|c| c.is_alphanumeric()));
    first
        .into_iter()
        .chain(second)
        .flat_map(char::to_uppercase)
        .collect()
}

/// A hue for a person's picture, the same for the same name.
pub fn hue(name: &str) -> u32 {
    name.bytes()
        .fold(7u32, |h, b| h.wrapping_mul(31).wrapping_add(u32::from(b)))
        % 360
}

/// A name as one part of an address.
pub fn urlencode(name: &str) -> String {
    let bytes = name.bytes().map(|b| match b {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
            (b as char).to_string()
        }
        b => format!("%{b:02X}"),
    });
    bytes.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_take_the_unit_a_person_would() {
        let shown: Vec<String> = [0.0, 45.0, 1800.0, 7200.0, 86_400.0 * 2.0, 86_400.0 * 400.0]
            .map(span_text)
            .to_vec();
        assert_eq!(shown, ["0 s", "45 s", "30 min", "2.0 h", "2.0 d", "400 d"]);
    }

    #[test]
    fn shares_near_the_ends_are_not_rounded_to_all_or_nothing() {
        assert_eq!(
            [0.0, 0.0004, 0.004, 0.5, 0.996, 0.9999, 1.0].map(percent),
            ["0%", "<0.1%", "0.4%", "50%", "99.6%", ">99.9%", "100%"]
        );
    }

    #[test]
    fn names_are_cut_and_kept_on_one_line() {
        let long = "x".repeat(1_000_000);
        assert_eq!(
            [
                short("two\r\nlines\u{1b}[2J", 40),
                short("  as it is  ", 40),
                short("exactly ten", 11),
                short("one too many", 11),
                short("Größe prüfen", 6),
            ],
            [
                "two lines [2J",
                "as it is",
                "exactly ten",
                "one too ma…",
                "Größe…"
            ]
        );
        assert_eq!(short(&long, 60).chars().count(), 60);
    }

    #[test]
    fn counts_and_names() {
        assert_eq!(
            [count(0), count(1284), count(-1_200_780)],
            ["0", "1,284", "−1,200,780"]
        );
        assert_eq!(
            [many(1, "case"), many(0, "day"), many(1284, "activity")],
            ["1 case", "0 days", "1,284 activities"]
        );
        assert_eq!(
            [
                initials("Maren Voss"),
                initials("Resource21"),
                initials("x")
            ],
            ["MV", "R1", "XX"]
        );
    }
}
