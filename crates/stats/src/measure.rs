//! What an improvement should improve, and which way is good.

use serde::{Deserialize, Serialize};

/// Which way is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Good {
    /// The less, the better.
    Less,
    /// The more, the better.
    More,
}

/// A measure of cases at a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// Days in the step, at most the horizon. Fewer are better.
    DaysInStep,
    /// Share that goes on within the horizon. More are better.
    GoesOn,
    /// Any other share, between 0 and 1, said in points: "skip a step".
    Share {
        /// What the cases do, as in "more cases skip a step".
        name: String,
        /// Which way is good.
        good: Good,
    },
    /// Any other number.
    Number {
        /// What it is, as in "discount is 0.8 points lower".
        name: String,
        /// Its unit; may be empty.
        unit: String,
        /// Which way is good.
        good: Good,
    },
}

impl Measure {
    /// Which way is good.
    pub fn good(&self) -> Good {
        match self {
            Self::DaysInStep => Good::Less,
            Self::GoesOn => Good::More,
            Self::Share { good, .. } | Self::Number { good, .. } => *good,
        }
    }

    /// Whether an effect is for the better. None at all is not.
    pub fn is_better(&self, effect: f64) -> bool {
        match self.good() {
            Good::Less => effect < 0.0,
            Good::More => effect > 0.0,
        }
    }

    /// How many decimals are worth saying, given the width of the interval.
    pub fn decimals(&self, width: f64) -> usize {
        let width = width * self.scale();
        match width {
            w if w.is_nan() || w >= 0.25 => 1,
            w if w >= 0.025 => 2,
            w if w > 0.0 => 3,
            _ => 1,
        }
    }

    fn scale(&self) -> f64 {
        match self {
            Self::GoesOn | Self::Share { .. } => 100.0,
            _ => 1.0,
        }
    }

    /// An amount without its sign: "1.8", shares in points.
    pub fn amount(&self, effect: f64, decimals: usize) -> String {
        let size = effect.abs() * self.scale();
        if size.is_infinite() {
            "any amount".to_owned()
        } else {
            format!("{size:.decimals$}")
        }
    }

    /// An amount with its unit: "1.8 days", "1.0 day".
    pub fn with_unit(&self, effect: f64, decimals: usize) -> String {
        let amount = self.amount(effect, decimals);
        let one = amount.trim_end_matches('0') == "1.";
        let unit = match self {
            Self::DaysInStep if one => "day",
            Self::DaysInStep => "days",
            Self::GoesOn | Self::Share { .. } if one => "point",
            Self::GoesOn | Self::Share { .. } => "points",
            Self::Number { unit, .. } => unit,
        };
        format!("{amount} {unit}").trim_end().to_owned()
    }

    /// The word for the direction of an effect: sooner, later, more, fewer, higher, lower.
    pub fn direction(&self, effect: f64) -> &'static str {
        match (self, effect < 0.0) {
            (Self::DaysInStep, true) => "sooner",
            (Self::DaysInStep, false) => "later",
            (Self::GoesOn | Self::Share { .. }, true) => "fewer",
            (Self::GoesOn | Self::Share { .. }, false) => "more",
            (Self::Number { .. }, true) => "lower",
            (Self::Number { .. }, false) => "higher",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn good_follows_from_the_measure() {
        assert!(Measure::DaysInStep.is_better(-1.0));
        assert!(!Measure::DaysInStep.is_better(0.0));
        assert!(Measure::GoesOn.is_better(0.1));
    }

    #[test]
    fn amounts_read_as_people_say_them() {
        assert_eq!(Measure::DaysInStep.with_unit(-1.84, 1), "1.8 days");
        assert_eq!(Measure::DaysInStep.with_unit(-1.0, 1), "1.0 day");
        assert_eq!(Measure::GoesOn.with_unit(0.0806, 1), "8.1 points");
        assert_eq!(Measure::DaysInStep.decimals(1.8), 1);
        assert_eq!(Measure::DaysInStep.decimals(0.1), 2);
        assert_eq!(Measure::GoesOn.decimals(0.004), 1);
        assert_eq!(Measure::GoesOn.direction(-0.1), "fewer");
    }
}
