//! One date for all: a segmented regression (Wagner et al. 2002, J. Clin. Pharm. Ther. 27:299-309).
//!
//! With nobody to compare with, all that can be said is whether the series bends at that date more than at dates when
//! nothing happened. Its errors follow Newey and West (1987); even so it cries wolf one time in five when there are
//! seasons, so it never gives a verdict.

use serde::{Deserialize, Serialize};

use crate::calendar::Every;
use crate::cells::Cells;
use crate::dist::t_critical;
use crate::imputation::Interval;
use crate::linalg::{Ldl, dot};

/// The jump at a date.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Jump {
    /// Change of the level, in the unit of the outcome.
    pub effect: f64,
    /// Its 95% interval by Newey and West.
    pub interval: Interval,
    /// Effect in standard errors.
    pub t: f64,
    /// Share of dates, this one among them, that jump as much; small when it stands out.
    pub placebo_share: f64,
    /// Dates tried before the start, where nothing happened.
    pub placebos: usize,
}

impl Jump {
    /// Whether its interval leaves none out and no date before jumps as much, of at least five.
    pub fn stands_out(&self) -> bool {
        let alone = self.placebo_share * (self.placebos + 1) as f64;
        self.placebos >= 5 && alone < 1.5 && !self.interval.holds(0.0)
    }
}

/// Fewest periods on either side of a date.
const FEWEST: usize = 6;

/// The jump of the mean of all teams between the periods before `until` and those from `from` on. `None` when either
/// side has fewer than six periods with cases.
pub fn segmented(cells: &Cells, until: usize, from: usize) -> Option<Jump> {
    let series = Series::of(cells);
    let all = series.jump(until, from, cells.periods())?;
    let gap = from - until;
    let placebo = |at: usize| series.jump(at, at + gap, until);
    let placebos: Vec<f64> = (1..until)
        .filter_map(placebo)
        .map(|found| found.1.abs())
        .collect();
    let as_much = placebos.iter().filter(|&&t| t >= all.1.abs()).count();
    let (effect, t, half) = (all.0, all.1, all.2);
    Some(Jump {
        effect,
        t,
        interval: Interval {
            low: effect - half,
            high: effect + half,
            level: 0.95,
        },
        placebo_share: (as_much + 1) as f64 / (placebos.len() + 1) as f64,
        placebos: placebos.len(),
    })
}

/// Counts and means of all teams together, by period.
struct Series {
    n: Vec<f64>,
    mean: Vec<f64>,
    year: f64,
}

impl Series {
    fn of(cells: &Cells) -> Self {
        let total = |of: &dyn Fn(usize) -> f64| (0..cells.teams()).map(of).sum::<f64>();
        let periods = 0..cells.periods();
        let n: Vec<f64> = periods
            .clone()
            .map(|p| total(&|team| cells.counts(team)[p]))
            .collect();
        let sums = periods.map(|p| total(&|team| cells.sums(team)[p]));
        Self {
            mean: sums.zip(&n).map(|(sum, n)| sum / n.max(1.0)).collect(),
            n,
            year: match cells.calendar.every() {
                Every::Week => 365.25 / 7.0,
                Every::Month => 12.0,
            },
        }
    }

    /// Change of level, its t, and half its 95% interval, from periods before `end`.
    fn jump(&self, until: usize, from: usize, end: usize) -> Option<(f64, f64, f64)> {
        let used: Vec<usize> = (0..end.min(self.n.len()))
            .filter(|&p| self.n[p] > 0.0 && (p < until || p >= from))
            .collect();
        let before = used.iter().filter(|&&p| p < until).count();
        if before < FEWEST || used.len() - before < FEWEST {
            return None;
        }
        let seasons = used.len() as f64 >= 1.5 * self.year;
        let row = |p: usize| {
            let angle = std::f64::consts::TAU * p as f64 / self.year;
            let mut row = vec![1.0, p as f64, f64::from(u8::from(p >= from))];
            if seasons {
                row.extend([angle.sin(), angle.cos()]);
            }
            row
        };
        let rows: Vec<Vec<f64>> = used.iter().map(|&p| row(p)).collect();
        let k = rows[0].len();
        let mut ldl = Ldl::default();
        let matrix = ldl.start(k);
        let mut right = vec![0.0; k];
        for (x, &p) in rows.iter().zip(&used) {
            for i in 0..k {
                right[i] += self.n[p] * x[i] * self.mean[p];
                for j in 0..=i {
                    matrix[i * k + j] += self.n[p] * x[i] * x[j];
                }
            }
        }
        if ldl.factor() > 0 {
            return None;
        }
        ldl.solve(&mut right);
        let mut unit = vec![0.0; k];
        unit[2] = 1.0;
        ldl.solve(&mut unit);
        // What each period adds to the estimate; their autocovariances give the variance.
        let score = |(x, &p): (&Vec<f64>, &usize)| {
            self.n[p] * dot(&unit, x) * (self.mean[p] - dot(&right, x))
        };
        let scores: Vec<f64> = rows.iter().zip(&used).map(score).collect();
        let lags = (4.0 * (scores.len() as f64 / 100.0).powf(2.0 / 9.0)) as usize;
        let mut variance: f64 = scores.iter().map(|s| s * s).sum();
        for lag in 1..=lags {
            let weight = 1.0 - lag as f64 / (lags + 1) as f64;
            let together: f64 = scores.iter().zip(&scores[lag..]).map(|(a, b)| a * b).sum();
            variance += 2.0 * weight * together;
        }
        let df = (scores.len() - k) as f64;
        let se = (variance * scores.len() as f64 / df.max(1.0))
            .max(0.0)
            .sqrt();
        (se > 0.0 && df >= 1.0).then(|| (right[2], right[2] / se, t_critical(0.95, df) * se))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::Calendar;
    use crate::rng::Rng;

    fn series(jump: f64) -> Cells {
        let mut rng = Rng::new(11);
        let mut cells = Cells::empty(Calendar::from(Every::Week, 0), 1, 60);
        for period in 0..60 {
            let level = 5.0 + 0.02 * period as f64 + if period >= 40 { jump } else { 0.0 };
            cells.set(0, period, 20.0, level + 0.2 * rng.normal(), 0.0);
        }
        cells
    }

    #[test]
    fn a_jump_is_found_and_stands_out_among_dates() {
        let found = segmented(&series(-2.0), 38, 40).unwrap();
        assert!((found.effect + 2.0).abs() < 0.4, "{found:?}");
        assert!(!found.interval.holds(0.0));
        assert!(found.placebo_share < 0.1);
    }

    #[test]
    fn too_short_a_series_gives_nothing() {
        assert_eq!(segmented(&series(0.0), 3, 5), None);
        assert_eq!(segmented(&series(0.0), 56, 58), None);
    }
}
