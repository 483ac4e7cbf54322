//! Moments and spans, in whole microseconds.

/// A moment in microseconds since 1970-01-01T00:00:00Z, or [`MISSING`]. Differences are spans in microseconds.
pub type Micros = i64;

/// Stands for "no time was given". Never invented, never compared: check before computing.
pub const MISSING: Micros = i64::MIN;

pub const SECOND: Micros = 1_000_000;
pub const MINUTE: Micros = 60 * SECOND;
pub const HOUR: Micros = 60 * MINUTE;
pub const DAY: Micros = 24 * HOUR;
pub const WEEK: Micros = 7 * DAY;

/// A span as seconds.
pub fn seconds(span: Micros) -> f64 {
    span as f64 / SECOND as f64
}

/// A span as days of 24 hours.
pub fn days(span: Micros) -> f64 {
    span as f64 / DAY as f64
}
