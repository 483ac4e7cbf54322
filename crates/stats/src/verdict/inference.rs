//! From cells to an interval and looks, each design in its own way.

use std::num::NonZeroUsize;

use super::{Input, Look, Lot, Shown};
use crate::claim::{Claim, MIN_TREATED};
use crate::dist::{normal_sf, t_isf, t_to_z};
use crate::imputation::{Design, Interval, Jackknife};
use crate::lots::{Lots, Readings, interval, read, sequence, share_as_extreme};
use crate::planning::planned_information;
use crate::rollout::Rollout;
use crate::segmented::segmented;
use crate::spending::mixture;
use crate::watch::Watch;

/// What the cases say under one kind of claim.
#[derive(Default)]
pub(super) struct Inference {
    pub(super) effect: Option<f64>,
    pub(super) interval: Option<Interval>,
    pub(super) shown: Option<Shown>,
    pub(super) share: Option<f64>,
    pub(super) lot: Option<Lot>,
    pub(super) looks: Vec<Look>,
    /// Effect stands out, without being a verdict.
    pub(super) leans: bool,
}

impl Inference {
    /// The first look at which the effect stood out.
    pub(super) fn decided(&self) -> Option<&Look> {
        self.looks.iter().find(|look| look.crossed)
    }
}

pub(super) struct Scene<'a> {
    pub(super) input: &'a Input<'a>,
    pub(super) rollout: &'a Rollout,
    pub(super) watch: Watch,
    pub(super) jackknife: Option<&'a Jackknife>,
}

pub(super) fn infer(scene: &Scene<'_>, claim: Claim) -> Inference {
    match claim {
        Claim::DrawnByLot => by_lot(scene),
        Claim::Observational => observational(scene),
        Claim::Indicative => indicative(scene),
        Claim::ConsistentWith => consistent(scene),
        Claim::CannotBeAnswered => Inference::default(),
    }
}

impl Scene<'_> {
    fn now(&self) -> usize {
        self.input.cells.periods()
    }

    fn level(&self) -> f64 {
        1.0 - self.input.plan.alpha
    }

    fn look(&self, periods: usize) -> Look {
        Look {
            periods,
            until: self.input.cells.calendar.start(periods as i64),
            effect: None,
            spent: None,
            statistic: None,
            boundary: None,
            crossed: false,
        }
    }
}

/// The lot, with spending over the calendar.
fn by_lot(scene: &Scene<'_>) -> Inference {
    let Input {
        cells,
        plan,
        threads,
        ..
    } = scene.input;
    let lots = Lots::usual(scene.rollout, plan.seed);
    let orders = lots.orders().len() as f64;
    let watched = scene.watch.looks(scene.now());
    let spent = |end: usize| scene.watch.spent(end, plan.alpha);
    // A look that allows no order more to be rejected cannot change anything.
    let room = |end: usize| (spent(end) * orders + 1e-9).floor() as usize;
    let mut needed: Vec<usize> = Vec::new();
    let mut used = 0;
    for &end in &watched {
        if room(end) > used || watched.last() == Some(&end) {
            used = room(end);
            needed.push(end);
        }
    }
    let mut ends = needed.clone();
    if ends.last() != Some(&scene.now()) {
        ends.push(scene.now());
    }
    let mut readings = read(cells, lots.orders(), &ends, *threads);
    let once = readings.looks.last().cloned().unwrap_or_default();
    readings.looks.truncate(needed.len());
    readings.ends.truncate(needed.len());
    let spending: Vec<f64> = needed.iter().map(|&end| spent(end)).collect();
    let sequence = sequence(&readings, &spending, 0.0);
    let real = read(cells, &lots.orders()[..1], &watched, NonZeroUsize::MIN);
    let look = |(number, &end): (usize, &usize)| {
        let known = real.looks[number][0];
        let at = needed.iter().position(|&n| n == end);
        Look {
            effect: known.map(|k| k.effect),
            spent: Some(spent(end)),
            statistic: known.map(|k| k.statistic(0.0)),
            boundary: at.and_then(|at| sequence.boundary[at]),
            crossed: at.is_some() && at == sequence.rejected_at,
            ..scene.look(end)
        }
    };
    Inference {
        effect: once.first().copied().flatten().map(|real| real.effect),
        interval: interval(&once, scene.level()),
        shown: shown_by_lot(&readings, &spending, scene.level()),
        share: share_as_extreme(&once),
        lot: Some(Lot {
            compared: lots.orders().len(),
            possible: lots.possible,
            exact: lots.exact,
        }),
        looks: watched.iter().enumerate().map(look).collect(),
        leans: false,
    }
}

fn shown_by_lot(readings: &Readings, spending: &[f64], level: f64) -> Option<Shown> {
    let effect = readings.looks.last()?.first()?.as_ref()?.effect;
    let interval = readings.interval(spending, level).or_else(|| {
        // The looks contradict one another: what the last one alone allows.
        interval(readings.looks.last()?, level)
    })?;
    Some(Shown { effect, interval })
}

/// Teams left out one at a time, inside an always-valid sequence.
fn observational(scene: &Scene<'_>) -> Inference {
    let Input { cells, plan, .. } = scene.input;
    let mut inference = Inference {
        effect: scene.jackknife.map(|j| j.effect),
        interval: scene.jackknife.map(|j| j.interval(scene.level())),
        ..Inference::default()
    };
    let tuned_to = planned_information(cells, scene.rollout, &scene.watch);
    for end in scene.watch.looks(scene.now()) {
        let mut look = scene.look(end);
        let design = Design::new(cells, scene.rollout, end);
        if let (Some(found), Some(known)) = (design.jackknife(), design.estimate()) {
            look.effect = Some(found.effect);
            let boundary = mixture(1.0 / known.design_variance, tuned_to, plan.alpha);
            if let Some(t) = found.t().filter(|_| found.teams >= MIN_TREATED) {
                let z = t_to_z(t, found.df).abs();
                look.statistic = Some(z);
                look.boundary = Some(boundary);
                look.crossed = z > boundary;
                let half = t_isf(normal_sf(boundary), found.df) * found.se;
                inference.shown =
                    Some(narrowed(inference.shown, found.effect, half, scene.level()));
            }
        }
        inference.looks.push(look);
    }
    inference
}

/// What all looks so far leave; the last alone when they contradict one another.
fn narrowed(before: Option<Shown>, effect: f64, half: f64, level: f64) -> Shown {
    let own = Interval {
        low: effect - half,
        high: effect + half,
        level,
    };
    let all = before.map_or(own, |before| Interval {
        low: own.low.max(before.interval.low),
        high: own.high.min(before.interval.high),
        level,
    });
    let interval = if all.low < all.high { all } else { own };
    Shown { effect, interval }
}

/// Pretends that other teams had the tool instead.
fn indicative(scene: &Scene<'_>) -> Inference {
    let Input {
        cells,
        plan,
        threads,
        ..
    } = scene.input;
    let lots = Lots::usual(scene.rollout, plan.seed);
    let readings = read(cells, lots.orders(), &[scene.now()], *threads);
    let look = &readings.looks[0];
    let share = share_as_extreme(look);
    let effect = look.first().copied().flatten().map(|real| real.effect);
    let interval = interval(look, scene.level());
    Inference {
        effect,
        interval,
        shown: effect
            .zip(interval)
            .map(|(effect, interval)| Shown { effect, interval }),
        share,
        lot: Some(Lot {
            compared: lots.orders().len(),
            possible: lots.possible,
            exact: lots.exact,
        }),
        looks: Vec::new(),
        leans: share.is_some_and(|share| share <= 0.1),
    }
}

/// A bend in the series at the one date.
fn consistent(scene: &Scene<'_>) -> Inference {
    let span = scene.rollout.spans.iter().min();
    let found =
        span.and_then(|span| segmented(scene.input.cells, span.until as usize, span.from as usize));
    let shown = found.map(|jump| Shown {
        effect: jump.effect,
        interval: jump.interval,
    });
    Inference {
        effect: found.map(|jump| jump.effect),
        interval: found.map(|jump| jump.interval),
        shown,
        leans: found.is_some_and(|jump| jump.stands_out()),
        ..Inference::default()
    }
}
