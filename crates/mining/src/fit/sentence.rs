//! A case's deviation as data, and in one plain sentence.

use super::alignment::Move;
use crate::log::Dict;
use serde::Serialize;

/// An activity or step, and how often.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Times {
    pub name: String,
    pub times: u32,
}

/// How one trace differs from the nearest run of a model. An activity that was left out in one place and done in another
/// was done out of order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Deviations {
    pub left_out: Vec<Times>,
    pub out_of_order: Vec<Times>,
    pub unexpected: Vec<Times>,
}

impl Deviations {
    pub fn of(moves: &[Move], names: &Dict) -> Deviations {
        let mut counts: Vec<(u32, u32, u32)> = Vec::new();
        for step in moves {
            let (code, log, model) = match *step {
                Move::Synchronous(_) => continue,
                Move::Log(code) => (code, 1, 0),
                Move::Model(code) => (code, 0, 1),
            };
            match counts.iter_mut().find(|c| c.0 == code) {
                Some(count) => (count.1, count.2) = (count.1 + log, count.2 + model),
                None => counts.push((code, log, model)),
            }
        }
        let mut deviations = Deviations::default();
        let mut note = |list: fn(&mut Deviations) -> &mut Vec<Times>, code, times| {
            if times > 0 {
                list(&mut deviations).push(Times {
                    name: names.get(code).to_string(),
                    times,
                });
            }
        };
        for (code, log, model) in counts {
            let moved = log.min(model);
            note(|d| &mut d.left_out, code, model - moved);
            note(|d| &mut d.out_of_order, code, moved);
            note(|d| &mut d.unexpected, code, log - moved);
        }
        deviations
    }

    pub fn is_empty(&self) -> bool {
        self.left_out.is_empty() && self.out_of_order.is_empty() && self.unexpected.is_empty()
    }

    /// "Left out 'Check credit'; did 'Call client' twice where the process does not expect it."
    pub fn sentence(&self) -> String {
        let mut parts = Vec::new();
        if !self.left_out.is_empty() {
            parts.push(format!("left out {}", list(&self.left_out)));
        }
        if !self.out_of_order.is_empty() {
            parts.push(format!("did {} out of order", list(&self.out_of_order)));
        }
        if !self.unexpected.is_empty() {
            let it = if self.unexpected.len() == 1 {
                "it"
            } else {
                "them"
            };
            let what = list(&self.unexpected);
            parts.push(format!("did {what} where the process does not expect {it}"));
        }
        if parts.is_empty() {
            return "Ran as the process says.".to_string();
        }
        finish(&parts.join("; "))
    }
}

/// Names beyond this many are counted, not listed: a sentence is read in one breath.
const NAMED: usize = 4;

fn list(items: &[Times]) -> String {
    let named = items.iter().take(NAMED);
    let mut words: Vec<String> = named
        .map(|item| format!("'{}'{}", item.name, how_often(item.times)))
        .collect();
    if items.len() > NAMED {
        words.push(format!("{} more", items.len() - NAMED));
    }
    join(&words)
}

/// "", " twice", " 3 times".
pub(super) fn how_often(times: u32) -> String {
    match times {
        0 | 1 => String::new(),
        2 => " twice".to_string(),
        n => format!(" {n} times"),
    }
}

/// "a", "a and b", "a, b and c".
pub(super) fn join(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// With a capital and a full stop.
pub(super) fn finish(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars
        .next()
        .map(|c| c.to_uppercase().to_string())
        .unwrap_or_default();
    format!("{first}{}.", chars.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deviations_read_as_one_sentence() {
        let names: Dict = ["Check credit", "Call client", "Sign", "Ship"]
            .into_iter()
            .collect();
        use Move::{Log, Model, Synchronous};
        let table: &[(&[Move], &str)] = &[
            (&[Synchronous(0)], "Ran as the process says."),
            (&[Model(0)], "Left out 'Check credit'."),
            (
                &[Model(0), Log(1), Log(1)],
                "Left out 'Check credit'; did 'Call client' twice where the process does not expect it.",
            ),
            (
                &[Log(2), Synchronous(0), Model(2)],
                "Did 'Sign' out of order.",
            ),
            (
                &[Model(0), Model(1), Model(3)],
                "Left out 'Check credit', 'Call client' and 'Ship'.",
            ),
            (
                &[Log(0), Log(0), Log(0), Log(1)],
                "Did 'Check credit' 3 times and 'Call client' where the process does not expect them.",
            ),
        ];
        for (moves, sentence) in table {
            assert_eq!(Deviations::of(moves, &names).sentence(), *sentence);
        }
    }
}
