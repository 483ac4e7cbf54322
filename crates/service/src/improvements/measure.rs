//! What an improvement should improve, read from a stay in its step.

use mining::figures::Stay;
use mining::time::{DAY, Micros};
use serde::{Deserialize, Serialize};
use stats::measure::{Good, Measure as Judged};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Measure {
    DaysInStep,
    GoesOn,
    Won,
    Rework,
    Skips,
    FirstResponse,
    FirstReply,
    Answered,
}

/// What a measure is a number of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    Days,
    Hours,
    /// Between 0 and 1, told in points.
    Share,
}

impl Unit {
    pub fn short(self) -> &'static str {
        match self {
            Unit::Days => "d",
            Unit::Hours => "h",
            Unit::Share => "pt",
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Unit::Days => "days",
            Unit::Hours => "hours",
            Unit::Share => "points",
        }
    }

    /// What a value is multiplied by to be told in this unit.
    pub fn scale(self) -> f64 {
        match self {
            Unit::Days | Unit::Hours => 1.0,
            Unit::Share => 100.0,
        }
    }
}

pub const MEASURES: [Measure; 8] = [
    Measure::DaysInStep,
    Measure::GoesOn,
    Measure::Won,
    Measure::Rework,
    Measure::Skips,
    Measure::FirstResponse,
    Measure::FirstReply,
    Measure::Answered,
];

impl Measure {
    /// As it is written in addresses, files and the API.
    pub fn word(self) -> &'static str {
        match self {
            Measure::DaysInStep => "days-in-step",
            Measure::GoesOn => "goes-on",
            Measure::Won => "won",
            Measure::Rework => "rework",
            Measure::Skips => "skips",
            Measure::FirstResponse => "first-response",
            Measure::FirstReply => "first-reply",
            Measure::Answered => "answered",
        }
    }

    pub fn parse(word: &str) -> Option<Measure> {
        MEASURES.into_iter().find(|m| m.word() == word)
    }

    pub fn name(self) -> &'static str {
        match self {
            Measure::DaysInStep => "Days in the step",
            Measure::GoesOn => "Goes on to a later step",
            Measure::Won => "Is won",
            Measure::Rework => "Goes back or comes again",
            Measure::Skips => "Skips a later step",
            Measure::FirstResponse => "Days to the first response",
            Measure::FirstReply => "Hours to the first reply to a customer",
            Measure::Answered => "Customers who reach an answer",
        }
    }

    /// "The fewer, the better", for the form.
    pub fn wish(self) -> &'static str {
        match self {
            Measure::DaysInStep => "Cases leave the step sooner.",
            Measure::GoesOn => "More cases go on instead of stopping here.",
            Measure::Won => "More of the cases that come here are won in the end.",
            Measure::Rework => "Fewer cases go back or come here again.",
            Measure::Skips => "Fewer cases jump over a step that follows.",
            Measure::FirstResponse => "The next thing happens sooner after a case arrives.",
            Measure::FirstReply => "Customers who write on a channel are answered sooner.",
            Measure::Answered => "More of the customers who write on a channel are answered.",
        }
    }

    /// The same for the statistics.
    pub fn judged(self) -> Judged {
        let share = |name: &str, good| Judged::Share {
            name: name.into(),
            good,
        };
        match self {
            Measure::DaysInStep => Judged::DaysInStep,
            Measure::GoesOn => Judged::GoesOn,
            Measure::Won => share("are won", Good::More),
            Measure::Rework => share("go back or come again", Good::Less),
            Measure::Skips => share("skip a step", Good::Less),
            Measure::FirstResponse => Judged::Number {
                name: "the time to the first response".into(),
                unit: "days".into(),
                good: Good::Less,
            },
            Measure::FirstReply => Judged::Number {
                name: "the time to the first reply".into(),
                unit: "hours".into(),
                good: Good::Less,
            },
            Measure::Answered => share("reach an answer", Good::More),
        }
    }

    pub fn unit(self) -> Unit {
        match self {
            Measure::DaysInStep | Measure::FirstResponse => Unit::Days,
            Measure::FirstReply => Unit::Hours,
            _ => Unit::Share,
        }
    }

    /// Days rather than a share.
    pub fn is_days(self) -> bool {
        self.unit() == Unit::Days
    }

    /// Whether it is read from conversations with customers rather than from stays of cases.
    pub fn is_of_conversations(self) -> bool {
        matches!(self, Measure::FirstReply | Measure::Answered)
    }

    /// What a stay shows a horizon after it began: days or hours up to the horizon, or 1 for yes and 0 for no. A
    /// conversation is a stay that begins with the customer's first words and is left with our first reply.
    pub fn of(self, stay: &Stay, horizon: Micros) -> f64 {
        let within = |moment: Option<Micros>| moment.filter(|&m| m - stay.entered <= horizon);
        let share = |yes: bool| f64::from(u8::from(yes));
        let days = |moment: Option<Micros>| {
            let span = moment.map_or(horizon, |m| (m - stay.entered).clamp(0, horizon));
            span as f64 / DAY as f64
        };
        match self {
            Measure::DaysInStep => days(stay.left),
            Measure::FirstResponse => days(stay.next_event),
            Measure::FirstReply => days(stay.left) * 24.0,
            Measure::Answered => share(within(stay.left).is_some()),
            Measure::GoesOn => share(within(stay.went_on).is_some()),
            Measure::Won => share(within(stay.won).is_some()),
            Measure::Rework => {
                share(within(stay.went_back).is_some() || within(stay.came_back).is_some())
            }
            Measure::Skips => share(within(stay.skipped).is_some()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stay_is_read_at_its_horizon() {
        let stay = Stay {
            case: 0,
            team: 0,
            entered: 10 * DAY,
            left: Some(15 * DAY),
            went_on: Some(30 * DAY),
            went_back: Some(15 * DAY),
            came_back: None,
            skipped: None,
            won: Some(40 * DAY),
            lost: None,
            next_event: None,
            began: 0,
            ended: None,
        };
        let read = |days: i64| MEASURES.map(|m| m.of(&stay, days * DAY));
        assert_eq!(read(4), [4.0, 0.0, 0.0, 0.0, 0.0, 4.0, 96.0, 0.0]);
        assert_eq!(read(20), [5.0, 1.0, 0.0, 1.0, 0.0, 20.0, 120.0, 1.0]);
        assert_eq!(read(30), [5.0, 1.0, 1.0, 1.0, 0.0, 30.0, 120.0, 1.0]);
    }
}
