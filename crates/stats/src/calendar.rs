//! Weeks and months as numbered periods. Moments are whole microseconds since 1970 in whatever zone the caller counts
//! in; a caller who wants local weeks shifts the moments first.

use serde::{Deserialize, Serialize};

/// Microseconds since 1970-01-01.
pub type Micros = i64;

/// Microseconds in a day.
pub const DAY: Micros = 86_400_000_000;
/// Microseconds in a week.
pub const WEEK: Micros = 7 * DAY;

/// How long a period is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Every {
    /// Monday to Sunday.
    Week,
    /// A calendar month.
    Month,
}

/// Numbers periods from the one that holds a first moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Calendar {
    every: Every,
    /// Monday 00:00 for weeks; months since year 0 for months.
    origin: i64,
}

impl Calendar {
    /// Period 0 is the Monday week or the month in which `first` lies.
    pub fn from(every: Every, first: Micros) -> Self {
        let origin = match every {
            // 1970-01-01 was a Thursday: the Monday before is day -3.
            Every::Week => (first + 3 * DAY).div_euclid(WEEK) * WEEK - 3 * DAY,
            Every::Month => month_of(first),
        };
        Self { every, origin }
    }

    /// How long its periods are.
    pub fn every(self) -> Every {
        self.every
    }

    /// The number of the period in which `moment` lies; negative before the first.
    pub fn period(self, moment: Micros) -> i64 {
        match self.every {
            Every::Week => (moment - self.origin).div_euclid(WEEK),
            Every::Month => month_of(moment) - self.origin,
        }
    }

    /// The first moment of a period.
    pub fn start(self, period: i64) -> Micros {
        match self.every {
            Every::Week => self.origin + period * WEEK,
            Every::Month => first_of_month(self.origin + period),
        }
    }

    /// The first period that begins at `moment` or later.
    pub fn period_from(self, moment: Micros) -> i64 {
        let period = self.period(moment);
        if self.start(period) == moment {
            period
        } else {
            period + 1
        }
    }
}

/// Months since year 0 of the month that holds a moment.
fn month_of(moment: Micros) -> i64 {
    // Days to a civil date: H. Hinnant, "chrono-compatible low-level date algorithms", civil_from_days.
    let day = moment.div_euclid(DAY) + 719_468;
    let era = day.div_euclid(146_097);
    let of_era = day.rem_euclid(146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * of_year + 2) / 153;
    // `shifted` counts from March; January and February belong to the next civil year.
    (era * 400 + year) * 12 + shifted + 2
}

/// The first moment of a month given as months since year 0.
fn first_of_month(month: i64) -> Micros {
    // Hinnant, days_from_civil, for the first day; the year begins in March.
    let from_march = month - 2;
    let (year, shifted) = (from_march.div_euclid(12), from_march.rem_euclid(12));
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * shifted + 2) / 5;
    let day = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468;
    day * DAY
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2024-01-01 00:00, a Monday.
    const JANUARY_2024: Micros = 19_723 * DAY;

    #[test]
    fn weeks_begin_on_monday() {
        let weeks = Calendar::from(Every::Week, JANUARY_2024 + 3 * DAY + 5);
        assert_eq!(weeks.start(0), JANUARY_2024);
        assert_eq!(weeks.period(JANUARY_2024 + WEEK - 1), 0);
        assert_eq!(weeks.period(JANUARY_2024 + WEEK), 1);
        assert_eq!(weeks.period(JANUARY_2024 - 1), -1);
        assert_eq!(weeks.period_from(JANUARY_2024 + 1), 1);
        assert_eq!(weeks.period_from(JANUARY_2024), 0);
    }

    #[test]
    fn months_follow_the_calendar_through_leap_years() {
        let months = Calendar::from(Every::Month, JANUARY_2024 + DAY);
        let lengths: Vec<i64> = (0..14)
            .map(|m| (months.start(m + 1) - months.start(m)) / DAY)
            .collect();
        assert_eq!(
            lengths,
            [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31, 31, 28]
        );
        for period in -30..30 {
            assert_eq!(months.period(months.start(period)), period);
            assert_eq!(months.period(months.start(period + 1) - 1), period);
        }
    }
}
