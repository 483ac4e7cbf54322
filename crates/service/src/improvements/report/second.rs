//! Numbers beside the verdict: the whole case, the other measures, and the same question by other methods.

use super::{Second, Step};
use crate::improvements::{MEASURES, Measure};
use mining::figures::Stay;
use mining::time::{DAY, Micros};
use stats::calendar::Calendar;
use stats::callaway_santanna::{Cell, Grid, Options as CsOptions};
use stats::cells::Cells;
use stats::cox::{Cox, Observations, Ties};
use stats::dist::{t_isf, t_sf};
use stats::imputation::{Design, Jackknife};
use stats::measure::{Good, Measure as Judged};
use stats::multiplicity::benjamini_hochberg;
use stats::rollout::Rollout;
use stats::survival::kaplan_meier;

/// Longest that a whole case is followed.
const LONGEST: Micros = 180 * DAY;
/// Cox fits one effect a team, so not with very many, and not on more cases than are read at once.
const MOST_COX_TEAMS: usize = 40;
const MOST_COX_CASES: usize = 200_000;

/// Time from entering the step to the end of the case, and the share won: always shown.
pub(super) fn whole(step: &Step, rollout: &Rollout, measure: Measure, wins: bool) -> Vec<Second> {
    let horizon = whole_horizon(step);
    let days = horizon as f64 / DAY as f64;
    let to_end = Judged::Number {
        name: "the time from here to the end of the case".into(),
        unit: "days".into(),
        good: Good::Less,
    };
    let end = |s: &Stay| {
        let end = s
            .ended
            .map_or(horizon, |e| (e - s.entered).clamp(0, horizon));
        end as f64 / DAY as f64
    };
    let mut rows = vec![row(
        &format!("From here to the end of the case, up to {days:.0} days"),
        true,
        &to_end,
        step,
        estimate(step, horizon, rollout, &end),
    )];
    if wins && measure != Measure::Won {
        let won = |s: &Stay| Measure::Won.of(s, horizon);
        rows.push(row(
            &format!("Won within {days:.0} days of coming here"),
            false,
            &Measure::Won.judged(),
            step,
            estimate(step, horizon, rollout, &won),
        ));
    }
    rows
}

/// Long enough for three cases in four to end, and not less than the step's own horizon.
fn whole_horizon(step: &Step) -> Micros {
    let mut spans: Vec<Micros> = step
        .stays
        .stays
        .iter()
        .filter_map(|s| Some(s.ended? - s.entered))
        .collect();
    spans.sort_unstable();
    let usual = spans.get(spans.len() * 3 / 4).copied().unwrap_or(0);
    let weeks = (usual / (7 * DAY) + 1) * 7 * DAY;
    weeks.clamp(step.imp.horizon(), LONGEST.max(step.imp.horizon()))
}

/// All other measures of the step, with false discoveries held to 5% among them.
pub(super) fn others(step: &Step, rollout: &Rollout, measure: Measure, wins: bool) -> Vec<Second> {
    let horizon = step.imp.horizon();
    let asked = MEASURES
        .into_iter()
        .filter(|&m| m != measure && (wins || m != Measure::Won))
        .filter(|m| measure.is_of_conversations() || !m.is_of_conversations());
    let found: Vec<(Measure, Option<Jackknife>)> = asked
        .map(|m| {
            let value = |s: &Stay| m.of(s, horizon);
            (m, estimate(&step.of(m), horizon, rollout, &value))
        })
        .collect();
    let share = |j: &Option<Jackknife>| {
        j.as_ref()
            .and_then(|j| Some(2.0 * t_sf(j.t()?.abs(), j.df)))
            .unwrap_or(1.0)
    };
    let shares: Vec<f64> = found.iter().map(|(_, j)| share(j)).collect();
    let adjusted = benjamini_hochberg(&shares);
    found
        .into_iter()
        .zip(adjusted)
        .map(|((m, j), p)| Second {
            stands_out: p <= 0.05,
            ..row(m.name(), m.is_days(), &m.judged(), step, j)
        })
        .collect()
}

fn estimate(
    step: &Step,
    horizon: Micros,
    rollout: &Rollout,
    value: &dyn Fn(&Stay) -> f64,
) -> Option<Jackknife> {
    let cells = step.cells(horizon, value);
    Design::new(&cells, rollout, cells.periods()).jackknife()
}

fn row(
    name: &str,
    is_days: bool,
    judged: &Judged,
    step: &Step,
    found: Option<Jackknife>,
) -> Second {
    let nothing = || Second {
        name: name.into(),
        is_days,
        estimate: None,
        low: None,
        high: None,
        sentence: "Nothing can be compared yet.".into(),
        stands_out: false,
    };
    let Some(found) = found.filter(|j| j.df >= 1.0) else {
        return nothing();
    };
    let interval = found.interval(0.95);
    if !interval.low.is_finite() || !interval.high.is_finite() {
        return nothing();
    }
    let decimals = judged.decimals(interval.high - interval.low);
    let side = |end: f64| {
        let amount = judged.with_unit(end, decimals);
        format!("{amount} {}", judged.direction(end))
    };
    Second {
        estimate: Some(found.effect),
        low: Some(interval.low),
        high: Some(interval.high),
        sentence: format!(
            "{}, from {} to {} (95% interval), in the teams that had it at {}.",
            side(found.effect),
            side(interval.low),
            side(interval.high),
            step.imp.step
        ),
        stands_out: !interval.holds(0.0),
        ..nothing()
    }
}

/// The same question by Callaway and Sant'Anna, and by Cox for time in the step. They may contradict; they confirm nothing.
pub(super) fn methods(
    step: &Step,
    cells: &Cells,
    starts: &[Option<Micros>],
    measure: Measure,
) -> Vec<Second> {
    let mut rows = Vec::new();
    rows.extend(callaway_santanna(step, cells, starts, measure));
    if measure == Measure::DaysInStep {
        rows.extend(cox(step, starts, cells.calendar));
    }
    rows
}

fn callaway_santanna(
    step: &Step,
    cells: &Cells,
    starts: &[Option<Micros>],
    measure: Measure,
) -> Option<Second> {
    let mut grid = Vec::new();
    for team in 0..cells.teams() {
        for period in 0..cells.periods() {
            if let Some(mean) = cells.mean(team, period) {
                grid.push(Cell {
                    team,
                    week: period as i64,
                    mean,
                    cases: cells.n(team, period),
                });
            }
        }
    }
    // The week of a start inside it is the first treated one here.
    let weeks: Vec<Option<i64>> = starts
        .iter()
        .map(|s| s.map(|s| cells.calendar.period(s)))
        .collect();
    let grid = Grid::new(&grid, &weeks).ok()?;
    let options = CsOptions::default();
    let effects = stats::callaway_santanna::Effects::estimate(&grid.panel(), options).ok()?;
    let effect = effects.simple()?.value;
    let se = grid.jackknife(options).ok()??;
    let df = cells.teams().saturating_sub(1).max(1) as f64;
    let found = Jackknife {
        effect,
        se,
        df,
        without: Vec::new(),
        cases: cells.cases(),
        teams: cells.teams(),
    };
    Some(row(
        "Callaway and Sant'Anna (one base week, so less exact)",
        measure.is_days(),
        &measure.judged(),
        step,
        Some(found),
    ))
}

/// How much faster cases leave at any moment: Cox with one effect a team, a stratum a month, errors by team.
fn cox(step: &Step, starts: &[Option<Micros>], calendar: Calendar) -> Option<Second> {
    let teams = step.teams.len();
    if !(3..=MOST_COX_TEAMS).contains(&teams) {
        return None;
    }
    let place: Vec<Option<usize>> = step
        .stays
        .teams
        .iter()
        .map(|t| step.teams.iter().position(|x| x == t))
        .collect();
    let horizon = step.imp.horizon();
    let mut rows: Vec<(f64, bool, Vec<f64>, usize, usize)> = Vec::new();
    for stay in &step.stays.stays {
        let Some(team) = place[stay.team as usize] else {
            continue;
        };
        let watched = (step.as_of - stay.entered).min(horizon);
        let until = stay
            .left
            .map_or(watched, |l| (l - stay.entered).min(watched));
        if until <= 0 {
            continue;
        }
        let start = starts[team];
        if start.is_some_and(|s| stay.entered < s && stay.entered >= s - step.imp.washout()) {
            continue;
        }
        let ended = stay.left.is_some_and(|l| l - stay.entered <= watched);
        let mut x = vec![0.0; teams];
        x[0] = f64::from(u8::from(start.is_some_and(|s| stay.entered >= s)));
        if team > 0 {
            x[team] = 1.0;
        }
        let month = usize::try_from(calendar.period(stay.entered) / 4).unwrap_or(0);
        rows.push((until as f64 / DAY as f64, ended, x, team, month));
    }
    if rows.len() > MOST_COX_CASES {
        return None;
    }
    let stop: Vec<f64> = rows.iter().map(|r| r.0).collect();
    let event: Vec<bool> = rows.iter().map(|r| r.1).collect();
    let covariates: Vec<Vec<f64>> = (0..teams)
        .map(|k| rows.iter().map(|r| r.2[k]).collect())
        .collect();
    let covariates: Vec<&[f64]> = covariates.iter().map(Vec::as_slice).collect();
    let clusters: Vec<usize> = rows.iter().map(|r| r.3).collect();
    let strata: Vec<usize> = rows.iter().map(|r| r.4).collect();
    let fit = Cox::fit(
        &observations(&stop, &event, &covariates, &strata),
        Ties::Efron,
    )
    .ok()?;
    let se = *fit.clustered_standard_errors(&clusters).ok()?.first()?;
    let b = *fit.coefficients.first()?;
    let reach = se * t_isf(0.025, (teams - 1) as f64);
    let ratio = |x: f64| x.exp();
    Some(Second {
        name: "Cox, pace of leaving (1 is none, over 1 is faster)".into(),
        is_days: false,
        estimate: None,
        low: None,
        high: None,
        sentence: format!(
            "At any moment, cases with the tool leave {:.2} times as fast (95% interval {:.2} to {:.2}), with open cases counted as far as they have come.",
            ratio(b),
            ratio(b - reach),
            ratio(b + reach)
        ),
        stands_out: (b - reach) * (b + reach) > 0.0,
    })
}

fn observations<'a>(
    stop: &'a [f64],
    event: &'a [bool],
    covariates: &'a [&'a [f64]],
    strata: &'a [usize],
) -> Observations<'a> {
    Observations {
        start: None,
        stop,
        event,
        covariates,
        strata: Some(strata),
    }
}

/// Median days in the step before and since, of the teams that start (Kaplan-Meier, so open cases count).
pub(super) fn medians(
    step: &Step,
    rollout: &Rollout,
    calendar: Calendar,
) -> (Option<f64>, Option<f64>) {
    let place: Vec<Option<usize>> = step
        .stays
        .teams
        .iter()
        .map(|t| step.teams.iter().position(|x| x == t))
        .collect();
    let mut sides = [(Vec::new(), Vec::new()), (Vec::new(), Vec::new())];
    for stay in &step.stays.stays {
        let Some(team) = place[stay.team as usize] else {
            continue;
        };
        let Ok(period) = usize::try_from(calendar.period(stay.entered)) else {
            continue;
        };
        let span = rollout.spans[team];
        let side = match (span.compares(period), span.treated(period)) {
            _ if span.from == stats::rollout::NEVER => continue,
            (true, _) => 0,
            (_, true) => 1,
            _ => continue,
        };
        let until = stay.left.unwrap_or(step.as_of);
        sides[side]
            .0
            .push((until - stay.entered) as f64 / DAY as f64);
        sides[side].1.push(stay.left.is_some());
    }
    let [before, now] = sides.map(|(days, ended)| {
        (days.len() >= 20)
            .then(|| kaplan_meier(&days, &ended).median())
            .flatten()
    });
    (before, now)
}
