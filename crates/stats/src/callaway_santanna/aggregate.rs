//! Effects brought together.
//!
//! Callaway and Sant'Anna (2021), section 3.1: weights are shares of units by start, and being estimated they add to
//! the error (section 4.2), as in `aggte` of R's `did`.

use super::panel::Units;
use super::{Effect, Effects, Estimate, estimate};

/// Effects by start, by time since the start or by period, and their mean.
#[derive(Debug, Clone, PartialEq)]
pub struct Aggregate {
    pub overall: Estimate,
    /// Rising by `at`.
    pub parts: Vec<Part>,
}

/// One of them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Part {
    /// The start, the periods since the start (negative before it) or the period.
    pub at: i64,
    pub estimate: Estimate,
}

/// A value and every unit's influence on it.
struct Sum {
    value: f64,
    influence: Vec<f64>,
}

impl Sum {
    fn estimate(&self) -> Estimate {
        estimate(self.value, &self.influence)
    }
}

fn after(e: &Effect) -> bool {
    e.period >= e.group
}

impl Effects {
    /// The mean effect over all periods after all starts, by how many units there are. `None` without any.
    pub fn simple(&self) -> Option<Estimate> {
        Some(self.weigh(after)?.estimate())
    }

    /// By start: the mean effect over its periods; overall by how many units started then.
    pub fn by_group(&self) -> Option<Aggregate> {
        let kept = |group: i64| move |e: &Effect| after(e) && e.group == group;
        let groups = self.units.groups.iter().copied();
        let parts: Vec<(i64, Sum)> = groups
            .filter_map(|g| Some((g, self.weigh(kept(g))?)))
            .collect();
        let overall = weigh(
            &self.units,
            parts.iter().map(|(g, s)| (*g, s.value, &s.influence)),
        )?;
        Some(aggregate(overall, &parts))
    }

    /// By periods since the start, before it too; overall the plain mean from the start on.
    pub fn by_exposure(&self) -> Option<Aggregate> {
        self.by(|e| e.period - e.group, |_| true, |at| at >= 0)
    }

    /// By period; overall the plain mean over periods.
    pub fn by_period(&self) -> Option<Aggregate> {
        self.by(|e| e.period, after, |_| true)
    }

    fn by(
        &self,
        key: impl Fn(&Effect) -> i64,
        kept: impl Fn(&Effect) -> bool,
        counts: impl Fn(i64) -> bool,
    ) -> Option<Aggregate> {
        let mut keys: Vec<i64> = self.effects.iter().filter(|e| kept(e)).map(&key).collect();
        keys.sort_unstable();
        keys.dedup();
        let part = |&at: &i64| Some((at, self.weigh(|e| kept(e) && key(e) == at)?));
        let parts: Vec<(i64, Sum)> = keys.iter().filter_map(part).collect();
        let overall = plain_mean(parts.iter().filter(|(at, _)| counts(*at)).map(|(_, s)| s))?;
        Some(aggregate(overall, &parts))
    }

    fn weigh(&self, kept: impl Fn(&Effect) -> bool) -> Option<Sum> {
        let all = self.effects.iter().zip(&self.influence);
        let kept = all.filter(|(e, _)| kept(e));
        weigh(
            &self.units,
            kept.map(|(e, influence)| (e.group, e.estimate.value, influence)),
        )
    }
}

fn aggregate(overall: Sum, parts: &[(i64, Sum)]) -> Aggregate {
    let part = |(at, sum): &(i64, Sum)| Part {
        at: *at,
        estimate: sum.estimate(),
    };
    Aggregate {
        overall: overall.estimate(),
        parts: parts.iter().map(part).collect(),
    }
}

/// The mean by shares of units, which are themselves known from the units only.
fn weigh<'a>(units: &Units, of: impl Iterator<Item = (i64, f64, &'a Vec<f64>)>) -> Option<Sum> {
    let of: Vec<_> = of.collect();
    let n = units.starts.len();
    let members = |group: i64| (0..n).filter(move |&u| units.starts[u] == group);
    let share = |group: i64| members(group).map(|u| units.weights[u]).sum::<f64>() / n as f64;
    let shares: Vec<f64> = of.iter().map(|(group, ..)| share(*group)).collect();
    let all: f64 = shares.iter().sum();
    if of.is_empty() {
        return None;
    }
    let value = of
        .iter()
        .zip(&shares)
        .map(|((_, v, _), s)| v * s)
        .sum::<f64>()
        / all;
    let mut influence = vec![0.0; n];
    for ((group, part, own), share) in of.iter().zip(&shares) {
        let differs = (part - value) / all;
        for (sum, own) in influence.iter_mut().zip(*own) {
            *sum += share / all * own - differs * share;
        }
        members(*group).for_each(|u| influence[u] += differs * units.weights[u]);
    }
    Some(Sum { value, influence })
}

fn plain_mean<'a>(sums: impl Iterator<Item = &'a Sum>) -> Option<Sum> {
    let (mut count, mut value, mut influence) = (0.0, 0.0, Vec::new());
    for sum in sums {
        count += 1.0;
        value += sum.value;
        influence.resize(sum.influence.len(), 0.0);
        influence
            .iter_mut()
            .zip(&sum.influence)
            .for_each(|(i, s)| *i += s);
    }
    influence.iter_mut().for_each(|i| *i /= count);
    (count > 0.0).then(|| Sum {
        value: value / count,
        influence,
    })
}
