//! A tool plugged into a step, team by team, that truly changes how long cases take there or how many go on.

use super::Plan;
use super::company::STEPS;
use super::random::Random;
use mining::Micros;
use mining::time::{DAY, WEEK};
use serde::{Deserialize, Serialize};

/// An improvement with its true effect.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Improvement {
    pub step: usize,
    pub tool: String,
    /// Relative change of time in step for cases that enter it after their team's start: -0.15 is 15% shorter.
    pub effect: f64,
    /// Added to the share that goes on, such as 0.05.
    pub goes_on: f64,
    pub first: Micros,
    /// Weeks between one team's start and the next one's.
    pub every: u32,
    /// Teams that never start.
    pub never: usize,
}

/// What is wrong with an improvement as written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} Write it as step=Propose,tool=playbook,effect=-15%,start=2026-03-02,every=2w.")]
pub struct ParseError {
    what: String,
}

impl ParseError {
    pub(super) fn of(what: String) -> ParseError {
        ParseError { what }
    }
}

/// The parts of a line such as `step=Propose,effect=-15%`.
pub(super) fn parts(text: &str) -> Result<Vec<(&str, &str)>, ParseError> {
    text.split(',')
        .map(|part| match part.split_once('=') {
            Some((key, value)) => Ok((key.trim(), value.trim())),
            None => Err(ParseError::of(format!("\"{part}\" has no \"=\"."))),
        })
        .collect()
}

/// A share such as -15% or -0.15.
pub(super) fn share(key: &str, value: &str) -> Result<f64, ParseError> {
    let (digits, scale) = value.strip_suffix('%').map_or((value, 1.0), |d| (d, 0.01));
    let number: Option<f64> = digits.parse().ok();
    number
        .filter(|n| n.is_finite())
        .map(|n| n * scale)
        .ok_or_else(|| ParseError::of(format!("\"{value}\" is no number (in {key}).")))
}

/// The number of a step, by its name.
pub(super) fn step(value: &str) -> Result<usize, ParseError> {
    let found = STEPS
        .iter()
        .position(|s| s.name.eq_ignore_ascii_case(value));
    let names: Vec<&str> = STEPS.iter().map(|s| s.name).collect();
    found.ok_or_else(|| {
        ParseError::of(format!(
            "There is no step \"{value}\"; there are {}.",
            names.join(", ")
        ))
    })
}

impl Improvement {
    /// Moment at which each team starts, in an order drawn by lot; `None` for teams that never do.
    pub fn starts(&self, plan: &Plan) -> Vec<Option<Micros>> {
        let mut order: Vec<usize> = (0..plan.teams).collect();
        let mut random = Random::new(plan.seed, u64::MAX - self.step as u64);
        for i in (1..order.len()).rev() {
            order.swap(i, random.below(i + 1));
        }
        let mut starts = vec![None; plan.teams];
        for (turn, &team) in order
            .iter()
            .enumerate()
            .take(plan.teams.saturating_sub(self.never))
        {
            starts[team] = Some(self.first + turn as Micros * Micros::from(self.every) * WEEK);
        }
        starts
    }
}

impl std::str::FromStr for Improvement {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let wrong = ParseError::of;
        let mut out = Improvement {
            step: usize::MAX,
            tool: "tool".into(),
            effect: 0.0,
            goes_on: 0.0,
            first: Micros::MIN,
            every: 2,
            never: 0,
        };
        for (key, value) in parts(text)? {
            match key {
                "step" => out.step = step(value)?,
                "tool" => out.tool = value.into(),
                "effect" => out.effect = share(key, value)?,
                "goes_on" => out.goes_on = share(key, value)?,
                "start" => {
                    let date: jiff::civil::Date = value
                        .parse()
                        .map_err(|_| wrong(format!("\"{value}\" is no day.")))?;
                    let days = date
                        .since(jiff::civil::date(1970, 1, 1))
                        .map_err(|_| wrong(format!("\"{value}\" is too far.")))?;
                    out.first = Micros::from(days.get_days()) * DAY;
                }
                "every" => {
                    let weeks = value.strip_suffix('w').unwrap_or(value);
                    out.every = weeks
                        .parse()
                        .map_err(|_| wrong(format!("\"{value}\" is no number of weeks.")))?;
                }
                "never" => {
                    out.never = value
                        .parse()
                        .map_err(|_| wrong(format!("\"{value}\" is no number of teams.")))?
                }
                _ => return Err(wrong(format!("\"{key}\" is not known."))),
            }
        }
        if out.step == usize::MAX || out.first == Micros::MIN {
            return Err(wrong("A step and a start are needed.".into()));
        }
        if out.effect <= -1.0 {
            return Err(wrong("An effect of -100% or less leaves no time.".into()));
        }
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_improvement_is_read_from_a_line() {
        let i: Improvement =
            "step=propose,tool=playbook,effect=-15%,start=1970-01-12,every=3w,never=1"
                .parse()
                .unwrap();
        assert_eq!(
            (i.step, i.effect, i.first, i.every, i.never),
            (2, -0.15, 11 * DAY, 3, 1)
        );
    }

    #[test]
    fn a_wrong_line_says_what_is_wrong() {
        for (text, part) in [
            ("step=Nap,start=2026-01-01", "no step"),
            ("effect=x,step=Close", "no number"),
            ("step=Close", "needed"),
            ("hello", "\"=\""),
        ] {
            assert!(
                text.parse::<Improvement>()
                    .unwrap_err()
                    .to_string()
                    .contains(part),
                "{text}"
            );
        }
    }
}
