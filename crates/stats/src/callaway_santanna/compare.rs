//! One start, one period.

use super::doubly_robust::doubly_robust;
use super::panel::Units;
use super::{Controls, Options, Reason};

/// Units seen both in a period and in its base, and how each changed between them.
pub(super) struct Sample {
    pub(super) units: Vec<usize>,
    pub(super) treated: Vec<bool>,
    pub(super) change: Vec<f64>,
}

/// The effect, and the influence of every unit of the panel on it.
pub(super) fn compare(
    units: &Units,
    options: Options,
    group: i64,
    at: usize,
    base: usize,
) -> Result<(f64, Vec<f64>), Reason> {
    let mut influence = vec![0.0; units.starts.len()];
    if at == base {
        return Ok((0.0, influence));
    }
    let sample = sample(units, options, group, at, base);
    if !sample.treated.contains(&true) {
        return Err(Reason::NoTreated);
    }
    if !sample.treated.contains(&false) {
        return Err(Reason::NoControls);
    }
    let (value, own) = match units.covariates.is_empty() {
        true => difference(units, &sample),
        false => doubly_robust(units, &sample)?,
    };
    let scale = units.starts.len() as f64 / sample.units.len() as f64;
    for (&u, own) in sample.units.iter().zip(own) {
        influence[u] = own * scale;
    }
    Ok((value, influence))
}

fn sample(units: &Units, options: Options, group: i64, at: usize, base: usize) -> Sample {
    let anticipation = i64::from(options.anticipation);
    let beyond = match options.controls {
        Controls::NeverTreated => units.periods[units.periods.len() - 1],
        Controls::NotYetTreated => units.periods[at.max(base)],
    };
    let mut sample = Sample {
        units: Vec::new(),
        treated: Vec::new(),
        change: Vec::new(),
    };
    let (then, before) = (units.seen(at), units.seen(base));
    for (u, &start) in units.starts.iter().enumerate() {
        let treated = start == group;
        let control = !treated && start.saturating_sub(anticipation) > beyond;
        let change = then[u] - before[u];
        if (treated || control) && change.is_finite() {
            sample.units.push(u);
            sample.treated.push(treated);
            sample.change.push(change);
        }
    }
    sample
}

/// Without covariates: the mean change of the one less that of the others.
fn difference(units: &Units, sample: &Sample) -> (f64, Vec<f64>) {
    let (mut weight, mut sum) = ([0.0; 2], [0.0; 2]);
    for ((&u, &treated), change) in sample.units.iter().zip(&sample.treated).zip(&sample.change) {
        weight[usize::from(treated)] += units.weights[u];
        sum[usize::from(treated)] += units.weights[u] * change;
    }
    let mean = [sum[0] / weight[0], sum[1] / weight[1]];
    let n = sample.units.len() as f64;
    let influence = |((&u, &treated), change): ((&usize, &bool), &f64)| {
        let side = usize::from(treated);
        let sign = if treated { 1.0 } else { -1.0 };
        sign * n / weight[side] * units.weights[u] * (change - mean[side])
    };
    let own = sample.units.iter().zip(&sample.treated).zip(&sample.change);
    (mean[1] - mean[0], own.map(influence).collect())
}
