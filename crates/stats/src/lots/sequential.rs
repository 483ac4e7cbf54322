//! Looking again and again at the same lot.
//!
//! At each look the orders not yet rejected are ranked, and the most extreme are rejected as long as the share rejected
//! so far stays within what may be spent by then. Under no effect the real order is any of them with the same chance, so
//! it is rejected, over all looks together, with at most the share spent in the end. (The boundary of Lan and DeMets
//! 1983 with the lot in place of the normal curve; Zhang and Rosenberger 2008 do so for drawn patients.)

use super::{Readings, TIE, interval};
use crate::imputation::Interval;

/// What repeated looking gives.
#[derive(Debug, Clone, PartialEq)]
pub struct Sequence {
    /// Number of the first look at which the real order was rejected.
    pub rejected_at: Option<usize>,
    /// At each look, the smallest statistic that was rejected; `None` where nothing was.
    pub boundary: Vec<Option<f64>>,
}

/// Looks at the readings in turn, after taking a constant effect off the cases treated in reality. `spent` is the share
/// of orders that may have been rejected by each look, rising.
pub fn sequence(readings: &Readings, spent: &[f64], constant: f64) -> Sequence {
    let mut result = Sequence {
        rejected_at: None,
        boundary: Vec::with_capacity(spent.len()),
    };
    walk(readings, spent, constant, |number, most| {
        if most.iter().any(|&(_, order)| order == 0) {
            result.rejected_at.get_or_insert(number);
        }
        result
            .boundary
            .push(most.iter().map(|m| m.0).reduce(f64::min));
        true
    });
    result
}

/// Whether any look rules a constant effect out.
fn rules_out(readings: &Readings, spent: &[f64], constant: f64) -> bool {
    let mut out = false;
    walk(readings, spent, constant, |_, most| {
        out = most.iter().any(|&(_, order)| order == 0);
        !out
    });
    out
}

/// Calls `at(number, rejected)` for each look until it says stop.
fn walk(
    readings: &Readings,
    spent: &[f64],
    constant: f64,
    mut at: impl FnMut(usize, &[(f64, usize)]) -> bool,
) {
    let orders = readings.looks.first().map_or(0, Vec::len);
    let mut rejected = vec![false; orders];
    let mut count = 0;
    let mut ranked: Vec<(f64, usize)> = Vec::with_capacity(orders);
    for (number, (look, &spent)) in readings.looks.iter().zip(spent).enumerate() {
        let room = ((spent * orders as f64 + 1e-9).floor() as usize).saturating_sub(count);
        ranked.clear();
        if room > 0 {
            let standing = look.iter().enumerate().filter(|(o, _)| !rejected[*o]);
            ranked.extend(standing.filter_map(|(o, r)| Some((r.as_ref()?.statistic(constant), o))));
        }
        let most = most_extreme(&mut ranked, room);
        for &(_, order) in most {
            rejected[order] = true;
        }
        count += most.len();
        if !at(number, most) {
            return;
        }
    }
}

/// The largest, at most `room`; of those that tie, all or none.
fn most_extreme(ranked: &mut [(f64, usize)], room: usize) -> &[(f64, usize)] {
    if room == 0 || ranked.is_empty() {
        return &[];
    }
    if ranked.len() <= room {
        return ranked;
    }
    ranked.select_nth_unstable_by(room, |a, b| b.0.total_cmp(&a.0));
    let next = ranked[room].0;
    let most = &mut ranked[..room];
    most.sort_unstable_by(|a, b| b.0.total_cmp(&a.0));
    let clear = most.iter().take_while(|m| m.0 > next + TIE).count();
    &most[..clear]
}

impl Readings {
    /// The constant effects that no look so far has ruled out. `None` when the real order gives no estimate at the last
    /// look, or when the looks rule out every value near the estimates.
    pub fn interval(&self, spent: &[f64], level: f64) -> Option<Interval> {
        let ruled_out = |constant: f64| rules_out(self, spent, constant);
        let real = self.looks.last()?.first()?.as_ref()?;
        let seen = self.looks.iter().rev();
        let effects = seen.filter_map(|look| Some(look.first()?.as_ref()?.effect));
        let inside = effects.into_iter().find(|&effect| !ruled_out(effect))?;
        // Where the last look alone would put the ends: a good first guess.
        let guess = interval(self.looks.last()?, level)?;
        let width = guess.high - guess.low;
        let step = if width.is_finite() && width > 0.0 {
            width / 2.0
        } else {
            real.variance.sqrt()
        };
        let edge = |sign: f64| {
            let (mut near, mut far) = (0.0, step);
            while !ruled_out(inside + sign * far) {
                near = far;
                far *= 2.0;
                if far > step * 1e9 {
                    return f64::INFINITY;
                }
            }
            while far - near > 2e-7 * step.max(near) {
                let middle = 0.5 * (near + far);
                if ruled_out(inside + sign * middle) {
                    far = middle;
                } else {
                    near = middle;
                }
            }
            near
        };
        Some(Interval {
            low: inside - edge(-1.0),
            high: inside + edge(1.0),
            level,
        })
    }
}
