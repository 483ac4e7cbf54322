//! What a tool truly does in the invented company, and when which team has it.

use super::company::{STEPS, team};
use super::improvement::{ParseError, parts, share, step};
use crate::improvements::{Improvement, State, Tool};
use mining::Micros;
use serde::{Deserialize, Serialize};

/// The true effect on a case that enters the step while its team has the tool.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Effect {
    /// Relative change of time in step: -0.15 is 15% shorter.
    pub days: f64,
    /// Added to the share that goes on, such as 0.05.
    pub goes_on: f64,
}

impl Effect {
    /// What a tool of a kind does unless told otherwise; docs/sample.md has the same table.
    pub fn usual(tool: Tool) -> Effect {
        let (days, goes_on) = match tool {
            Tool::Ask => (-0.15, 0.0),
            Tool::Playbook => (-0.10, 0.02),
            Tool::Room => (-0.06, 0.05),
            Tool::Lesson => (0.0, 0.0),
            Tool::Listen => (-0.08, 0.02),
            Tool::Desk => (-0.12, 0.0),
            Tool::Share => (0.0, 0.01),
            Tool::Own => (-0.05, 0.0),
        };
        Effect { days, goes_on }
    }
}

/// An effect somebody wants: `step=Propose,tool=playbook,effect=-15%,goes_on=2%`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rule {
    pub step: usize,
    /// Of this tool only.
    pub tool: Option<String>,
    /// Of what is called so only.
    pub name: Option<String>,
    pub effect: Effect,
    /// For cases that enter at this moment or later: what has happened stays as it happened.
    pub since: Micros,
}

impl Rule {
    fn is_of(&self, imp: &Improvement) -> bool {
        STEPS[self.step].name == imp.step
            && self.tool.as_deref().is_none_or(|t| t == imp.tool.word())
            && self.name.as_deref().is_none_or(|n| n == imp.name)
    }
}

impl std::str::FromStr for Rule {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let mut rule = Rule {
            step: usize::MAX,
            tool: None,
            name: None,
            effect: Effect::default(),
            since: Micros::MIN,
        };
        for (key, value) in parts(text)? {
            match key {
                "step" => rule.step = step(value)?,
                "tool" if Tool::parse(value).is_some() => rule.tool = Some(value.into()),
                "tool" => return Err(ParseError::of(format!("There is no tool \"{value}\"."))),
                "name" => rule.name = Some(value.into()),
                "effect" => rule.effect.days = share(key, value)?,
                "goes_on" => rule.effect.goes_on = share(key, value)?,
                _ => return Err(ParseError::of(format!("\"{key}\" is not known."))),
            }
        }
        if rule.step == usize::MAX {
            return Err(ParseError::of("A step is needed.".into()));
        }
        if rule.effect.days <= -1.0 {
            return Err(ParseError::of(
                "An effect of -100% or less leaves no time.".into(),
            ));
        }
        Ok(rule)
    }
}

/// A tool at a step with the times at which each team has it.
#[derive(Debug, Clone, PartialEq)]
pub struct Treated {
    pub step: usize,
    /// By number of the team.
    pub starts: Vec<Option<Micros>>,
    /// Times in which nobody had it; without an end while one lasts.
    pub pauses: Vec<(Micros, Option<Micros>)>,
    pub ended: Option<Micros>,
    /// Effects from a moment on, first to last.
    pub effects: Vec<(Micros, Effect)>,
}

impl Treated {
    /// What an improvement that is kept does. `None` while it is only planned, or where the company has no such step.
    pub fn of(imp: &Improvement, rules: &[Rule], teams: usize) -> Option<Treated> {
        if imp.state == State::Planned {
            return None;
        }
        let step = STEPS.iter().position(|s| s.name == imp.step)?;
        let start = |number: usize| {
            let name = team(number);
            imp.teams.iter().find(|t| t.team == name)?.start()
        };
        let wanted = rules
            .iter()
            .filter(|r| r.is_of(imp))
            .map(|r| (r.since, r.effect));
        let mut effects = vec![(Micros::MIN, Effect::usual(imp.tool))];
        effects.extend(wanted);
        effects.sort_by_key(|(since, _)| *since);
        Some(Treated {
            step,
            starts: (0..teams).map(start).collect(),
            pauses: imp.plan.pauses.iter().map(|p| (p.from, p.to)).collect(),
            ended: imp.ended,
            effects,
        })
    }

    /// The effect on a case of a team that enters the step now; `None` when the team does not have the tool.
    pub fn at(&self, team: usize, moment: Micros) -> Option<Effect> {
        let has = self
            .starts
            .get(team)
            .copied()
            .flatten()
            .is_some_and(|s| s <= moment)
            && self.ended.is_none_or(|e| moment < e)
            && !self
                .pauses
                .iter()
                .any(|(from, to)| *from <= moment && to.is_none_or(|t| moment < t));
        let (_, effect) = self.effects.iter().rfind(|(since, _)| *since <= moment)?;
        has.then_some(*effect)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_team_has_the_tool_from_its_start_but_not_in_a_pause_or_after_the_end() {
        let (first, then) = (
            Effect {
                days: -0.1,
                goes_on: 0.0,
            },
            Effect {
                days: -0.3,
                goes_on: 0.1,
            },
        );
        let tool = Treated {
            step: 0,
            starts: vec![Some(10), None],
            pauses: vec![(20, Some(30)), (60, None)],
            ended: Some(70),
            effects: vec![(Micros::MIN, first), (40, then)],
        };
        let seen = [9, 10, 19, 20, 29, 30, 40, 60, 75].map(|at| tool.at(0, at));
        let (f, t) = (Some(first), Some(then));
        assert_eq!(seen, [None, f, f, None, None, f, t, None, None]);
        assert_eq!(tool.at(1, 50), None);
    }

    #[test]
    fn a_rule_is_read_from_a_line_and_a_wrong_one_says_what_is_wrong() {
        let rule: Rule = "step=close,tool=room,effect=12%,goes_on=-0.02"
            .parse()
            .unwrap();
        assert_eq!(
            (rule.step, rule.tool.as_deref(), rule.effect),
            (
                4,
                Some("room"),
                Effect {
                    days: 0.12,
                    goes_on: -0.02
                }
            )
        );
        for (text, part) in [
            ("effect=-5%", "step is needed"),
            ("step=Close,tool=hammer", "no tool"),
            ("step=Close,effect=-100%", "no time"),
            ("step=Close,colour=red", "not known"),
        ] {
            assert!(
                text.parse::<Rule>().unwrap_err().to_string().contains(part),
                "{text}"
            );
        }
    }
}
