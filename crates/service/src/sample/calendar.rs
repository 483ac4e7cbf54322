//! When work is done: Monday to Friday, eight to six, less around the new year and in August.

use super::random::Random;
use mining::Micros;
use mining::time::{DAY, HOUR, MINUTE};

const OPENS: Micros = 8 * HOUR;
const CLOSES: Micros = 18 * HOUR;

/// 0 Monday to 6 Sunday. 1970-01-01 was a Thursday.
pub fn weekday(moment: Micros) -> i64 {
    (moment.div_euclid(DAY) + 3).rem_euclid(7)
}

/// The moment itself if people work then, or the nearest at which they do, some minutes into or before the end of a
/// day: neither earlier nor later on average, so that medians stay what they are.
pub fn working(moment: Micros, random: &mut Random) -> Micros {
    let mut day = moment.div_euclid(DAY);
    let time = moment.rem_euclid(DAY);
    let aside = (random.share() * 60.0) as Micros * MINUTE;
    let time = match weekday(moment) {
        5 => CLOSES - aside,
        6 => OPENS + aside,
        _ if time < OPENS => OPENS + aside,
        _ if time >= CLOSES => CLOSES - aside,
        _ => time,
    };
    match weekday(moment) {
        5 => day -= 1,
        6 => day += 1,
        _ => {}
    }
    day * DAY + time
}

/// How many leads come on a day, as a share of the usual.
pub fn leads(day_start: Micros) -> f64 {
    let of_week = [1.1, 1.15, 1.05, 1.0, 0.7, 0.0, 0.0][weekday(day_start) as usize];
    let date = jiff::Timestamp::from_microsecond(day_start)
        .map(|t| jiff::tz::TimeZone::UTC.to_datetime(t).date());
    let of_year = date.map_or(1.0, |d| match (d.month(), d.day()) {
        (12, 22..) | (1, ..=5) => 0.3,
        (8, _) => 0.75,
        _ => 1.0,
    });
    of_week * of_year
}
