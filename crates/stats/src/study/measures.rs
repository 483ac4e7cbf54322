//! What is noted down of one replication.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;

use crate::cells::Cells;
use crate::checks::{Beside, Kind, Overlap, Status};
use crate::claim::Order;
use crate::dist::{normal_isf, t_critical};
use crate::equivalence::{Sameness, unchanged};
use crate::imputation::Design;
use crate::measure::Measure;
use crate::planning::{Proposal, forecast};
use crate::rollout::Rollout;
use crate::simulate::{Simulated, WASHOUT, horizon};
use crate::verdict::{Answer, Input, Plan, Verdict, judge};

use super::scenarios::Scenario;

/// Named numbers of one replication; shares are 0 or 1.
pub type Finding = BTreeMap<&'static str, f64>;

impl Scenario {
    /// Simulates once and looks at the result in every way that the study compares.
    pub fn find(&self, seed: u64) -> Finding {
        let drawn = crate::simulate::simulate(&self.setting, seed);
        let mut finding = Finding::new();
        let verdict = judged(self, &drawn, seed);
        note_verdict(&mut finding, &verdict, drawn.truth);
        note_checks(&mut finding, &verdict);
        let rollout = Rollout::new(&drawn.starts, drawn.days.calendar, WASHOUT);
        if self.compare {
            note_weekly(&mut finding, &drawn.days, &rollout, drawn.truth);
            note_naive(&mut finding, &drawn.days, &rollout);
            note_two_way(&mut finding, &drawn.days, &rollout, drawn.truth);
        }
        if self.order == Order::DrawnByLot {
            let proposal = Proposal {
                starts: drawn.starts.clone(),
                horizon: horizon(),
                washout: WASHOUT,
                ends: drawn.days.calendar.start(self.setting.weeks as i64) + horizon(),
                order: self.order,
                alpha: 0.05,
            };
            // Planned two weeks before the first start, from what is mature by then.
            let planned = forecast(&drawn.days.up_to(12), &proposal);
            let detectable = planned.and_then(|planned| planned.detectable());
            finding.extend(detectable.map(|d| ("planned: would be found four times in five", d)));
        }
        if self.setting.by_use {
            let [(others, of_others), (users, of_users)] = drawn.by_use;
            finding.insert(
                "users less others",
                of_users / users.max(1.0) - of_others / others.max(1.0),
            );
        }
        if self.setting.open_cases_too {
            let without = Rollout::new(&drawn.starts, drawn.days.calendar, 0);
            let found = Design::new(&drawn.days, &without, drawn.days.periods()).estimate();
            finding.extend(found.map(|e| ("bias without wash-out", e.effect - drawn.truth)));
        }
        let stays = |zone: f64| unchanged("on", &drawn.on, &rollout, zone).answer;
        let (narrow, wide) = (stays(0.05), stays(0.10));
        finding.insert("same within 5 points", share(narrow == Sameness::Same));
        finding.insert("same within 10 points", share(wide == Sameness::Same));
        finding.insert("goes on changed", share(narrow == Sameness::Changed));
        finding
    }
}

fn share(is: bool) -> f64 {
    f64::from(u8::from(is))
}

fn judged(scenario: &Scenario, drawn: &Simulated, seed: u64) -> Verdict {
    let beside = Beside {
        used: scenario.setting.by_use.then_some(&drawn.used),
        overlaps: if scenario.lesson {
            vec![Overlap {
                name: "a lesson",
                ended: None,
                starts: &drawn.starts,
            }]
        } else {
            Vec::new()
        },
        ..Beside::default()
    };
    judge(&Input {
        measure: Measure::DaysInStep,
        step: "the step",
        cells: &drawn.days,
        starts: &drawn.starts,
        horizon: horizon(),
        washout: WASHOUT,
        plan: Plan {
            order: scenario.order,
            ..Plan::drawn(seed)
        },
        beside,
        threads: NonZeroUsize::MIN,
    })
}

fn note_verdict(finding: &mut Finding, verdict: &Verdict, truth: f64) {
    let crossed = verdict.looks.iter().any(|look| look.crossed);
    finding.insert("truth", truth);
    finding.insert("stands out, weekly", share(crossed));
    finding.insert("improved", share(verdict.verdict == Answer::Improved));
    finding.insert("made worse", share(verdict.verdict == Answer::MadeWorse));
    finding.insert("no verdict", share(verdict.verdict == Answer::NoVerdict));
    if let Some(effect) = verdict.estimate {
        finding.insert("effect", effect);
        finding.insert("bias", effect - truth);
    }
    if let Some(p) = verdict.permutation_p {
        finding.insert("stands out, once", share(p <= 0.05));
    }
    if let Some(interval) = verdict.interval {
        finding.insert("holds the truth, once", share(interval.holds(truth)));
        if interval.low.is_finite() && interval.high.is_finite() {
            finding.insert("width, once", interval.high - interval.low);
        }
    }
    if let Some(shown) = verdict.shown {
        finding.insert(
            "holds the truth, weekly",
            share(shown.interval.holds(truth)),
        );
        if shown.interval.low.is_finite() && shown.interval.high.is_finite() {
            finding.insert("width, weekly", shown.interval.high - shown.interval.low);
        }
    }
    if let Some(interval) = verdict.jackknife_interval {
        finding.insert("jackknife holds the truth", share(interval.holds(truth)));
        finding.insert("jackknife stands out, once", share(!interval.holds(0.0)));
    }
    if let Some(per_user) = verdict.per_user.and_then(|p| p.effect) {
        finding.insert("effect per user", per_user);
    }
    let first = verdict.looks.iter().find(|look| look.crossed);
    if let Some((effect, periods)) = first.and_then(|l| Some((l.effect?, l.periods))) {
        finding.insert("weeks to verdict", periods as f64 - 16.0);
        if truth.abs() > 1e-6 {
            finding.insert("effect when found over truth", effect / truth);
        }
    }
}

fn note_checks(finding: &mut Finding, verdict: &Verdict) {
    for check in &verdict.checks {
        let (seen, fails) = match check.kind {
            Kind::TrendBeforehand => ("trend check sees it", "trend check fails"),
            Kind::PlaceboDate => ("placebo date sees it", "placebo date fails"),
            Kind::SameNumberOfCases => ("number of cases sees it", "number of cases fails"),
            Kind::NothingElse => ("overlap check sees it", "overlap check fails"),
            _ => continue,
        };
        let outside = check.interval.is_some_and(|i| !i.holds(0.0));
        let sees = match check.kind {
            Kind::NothingElse => check.status != Status::Holds,
            _ => outside,
        };
        finding.insert(seen, share(sees));
        finding.insert(fails, share(check.status == Status::Fails));
    }
}

/// Looks every week with the jackknife alone, and inside the always-valid sequence.
fn note_weekly(finding: &mut Finding, cells: &Cells, rollout: &Rollout, truth: f64) {
    let watch = crate::watch::Watch::new(16, cells.periods());
    let tuned_to = crate::planning::planned_information(cells, rollout, &watch);
    let (mut plain, mut always, mut held) = (false, false, true);
    for end in watch.looks(cells.periods()) {
        let design = Design::new(cells, rollout, end);
        let (Some(found), Some(known)) = (design.jackknife(), design.estimate()) else {
            continue;
        };
        let Some(t) = found.t().filter(|_| found.teams >= 2) else {
            continue;
        };
        plain |= t.abs() > t_critical(0.95, found.df);
        let boundary = crate::spending::mixture(1.0 / known.design_variance, tuned_to, 0.05);
        always |= crate::dist::t_to_z(t, found.df).abs() > boundary;
        let off = (found.effect - truth) / found.se;
        held &= crate::dist::t_to_z(off, found.df).abs() <= boundary;
    }
    finding.insert("jackknife without boundary, weekly", share(plain));
    finding.insert("always-valid sequence, weekly", share(always));
    finding.insert("always-valid holds the truth", share(held));
}

/// Before against after in the teams that start, as it is usually done, by all mature cases.
fn note_naive(finding: &mut Finding, cells: &Cells, rollout: &Rollout) {
    let once = naive(cells, rollout, cells.periods());
    let ever = (17..=cells.periods()).any(|end| naive(cells, rollout, end).is_some_and(|z| z));
    finding.extend(once.map(|out| ("before and after, once", share(out))));
    finding.insert("before and after, weekly", share(ever));
}

fn naive(cells: &Cells, rollout: &Rollout, end: usize) -> Option<bool> {
    let mut groups = [(0.0, 0.0, 0.0); 2];
    for (team, span) in rollout
        .spans
        .iter()
        .enumerate()
        .filter(|(_, s)| s.from < 1000)
    {
        for period in 0..end {
            let group = &mut groups[usize::from(span.treated(period))];
            group.0 += cells.counts(team)[period];
            group.1 += cells.sums(team)[period];
            group.2 += cells.squares(team)[period];
        }
    }
    let part = |(n, sum, squares): (f64, f64, f64)| {
        let mean = sum / n;
        (mean, (squares / n - mean * mean) / n)
    };
    if groups.iter().any(|g| g.0 < 2.0) {
        return None;
    }
    let [(before, a), (after, b)] = groups.map(part);
    Some((after - before).abs() > normal_isf(0.025) * (a + b).sqrt())
}

/// Two-way fixed effects, to show what growing and different effects do to it.
fn note_two_way(finding: &mut Finding, cells: &Cells, rollout: &Rollout, truth: f64) {
    let mut treated = cells.clone();
    for (team, span) in rollout.spans.iter().enumerate() {
        for period in 0..cells.periods() {
            let n = cells.n(team, period);
            treated.set(team, period, n, share(span.treated(period)), 0.0);
        }
    }
    let nobody = Rollout::of_periods(&vec![None; cells.teams()], 0);
    let residuals = Design::new(&treated, &nobody, cells.periods()).residuals(None);
    let (mut together, mut alone) = (0.0, 0.0);
    for (at, residual) in residuals.into_iter().enumerate() {
        let (team, period) = (at / cells.periods(), at % cells.periods());
        together += residual * cells.sums(team)[period];
        alone += residual * residual * cells.n(team, period);
    }
    finding.insert("bias of two-way fixed effects", together / alone - truth);
}
