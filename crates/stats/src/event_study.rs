//! The effect by time since the start, and the same reckoned for the time before it.

use serde::{Deserialize, Serialize};

use crate::cells::Cells;
use crate::imputation::{Design, Interval, Jackknife};
use crate::rollout::{NEVER, Rollout, Span};

/// The effect in some periods since (or before) the start of each team.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Point {
    /// First period of the bin, counted from the start: 0 is the period of the start, -1 the last one before it.
    pub from: i64,
    /// Last period of the bin.
    pub to: i64,
    /// Mean effect.
    pub effect: f64,
    /// Its interval, by leaving out one team at a time.
    pub interval: Interval,
    /// Cases it rests on.
    pub cases: f64,
    /// Teams it rests on.
    pub teams: usize,
}

/// Effects in bins of `width` periods: up to `before` periods before the start and all after it.
///
/// Before the start, the last `before` comparison periods of each team are left out of the fit and imputed from the
/// earlier ones, so that these points are reckoned as those after the start are. (A test on the residuals of the fit
/// itself would be pulled toward zero: Borusyak, Jaravel and Spiess 2024, section 4.4.) The wash-out has no point: -1 is
/// the last period that served as comparison.
pub fn event_study(
    cells: &Cells,
    rollout: &Rollout,
    periods: usize,
    width: usize,
    before: usize,
    level: f64,
) -> Vec<Point> {
    let width = width.max(1);
    let lead_bins = before.div_ceil(width);
    let held_back = held_back(rollout, u32::try_from(lead_bins * width).unwrap_or(NEVER));
    let lead = |team: usize, period: usize| {
        let span = rollout.spans[team];
        if span.from == NEVER || !span.compares(period) {
            return None;
        }
        let bin = (span.until as usize - 1 - period) / width;
        (bin < lead_bins).then_some(bin)
    };
    let design = Design::new(cells, &held_back, periods);
    let leads = design.jackknife_by(lead_bins, lead);
    let first = rollout.first_start().unwrap_or(periods).min(periods);
    let since = |team: usize, period: usize| {
        let span = rollout.spans[team];
        let treated = span.treated(period);
        treated.then(|| (period - span.from as usize) / width)
    };
    let design = Design::new(cells, rollout, periods);
    let after = design.jackknife_by((periods - first).div_ceil(width), since);

    let point = |from: i64, found: &Jackknife| Point {
        from,
        to: from + width as i64 - 1,
        effect: found.effect,
        interval: found.interval(level),
        cases: found.cases,
        teams: found.teams,
    };
    let leads = leads.iter().enumerate().rev().filter_map(|(bin, found)| {
        Some(point(-((bin as i64 + 1) * width as i64), found.as_ref()?))
    });
    let after = after
        .iter()
        .enumerate()
        .filter_map(|(bin, found)| Some(point((bin * width) as i64, found.as_ref()?)));
    leads.chain(after).collect()
}

/// The roll-out with comparison ending `periods` earlier in the teams that start.
fn held_back(rollout: &Rollout, periods: u32) -> Rollout {
    let earlier = |span: &Span| match span.from {
        NEVER => Span::NEVER,
        from => Span {
            until: span.until.saturating_sub(periods),
            from,
        },
    };
    Rollout {
        spans: rollout.spans.iter().map(earlier).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::{Calendar, Every};

    #[test]
    fn without_noise_points_are_the_effects_themselves() {
        let rollout = Rollout::of_periods(&[Some(10), Some(10), Some(14), Some(14), None, None], 2);
        let mut cells = Cells::empty(Calendar::from(Every::Week, 0), 6, 20);
        for team in 0..6 {
            for period in 0..20 {
                let span = rollout.spans[team];
                let growth = if span.treated(period) {
                    -0.1 * f64::from(period as u32 - span.from + 1)
                } else {
                    0.0
                };
                let level = team as f64 + (period as f64).sin();
                cells.set(team, period, 5.0 + team as f64, level + growth, 0.0);
            }
        }
        let points = event_study(&cells, &rollout, 20, 2, 4, 0.95);
        let shown: Vec<(i64, i64, i64)> = points
            .iter()
            .map(|p| (p.from, p.to, (p.effect * 1000.0).round() as i64))
            .collect();
        let expected = [
            (-4, -3, 0),
            (-2, -1, 0),
            (0, 1, -150),
            (2, 3, -350),
            (4, 5, -550),
            (6, 7, -750),
            (8, 9, -950),
        ];
        assert_eq!(shown, expected);
        assert_eq!((points[0].teams, points[6].teams), (4, 2));
    }
}
