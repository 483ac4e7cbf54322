//! The luck of teams, learnt from history.

use serde::{Deserialize, Serialize};

use crate::cells::Cells;
use crate::imputation::Design;
use crate::rollout::{Rollout, Span};

/// Where the error of an estimate comes from.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Luck {
    /// Variance from case to case within a team and period.
    pub of_cases: f64,
    /// Variance of what all cases of a team in a period share, beyond team and period.
    pub of_teams: f64,
    /// How much of a team's luck lasts to the next period, 0 to 0.9.
    pub lasting: f64,
}

/// Estimates luck from cells before any start. `None` with fewer than four periods, two teams, or without spread.
pub fn luck(history: &Cells) -> Option<Luck> {
    let (teams, periods) = (history.teams(), history.periods());
    if teams < 2 || periods < 4 {
        return None;
    }
    let (mut within, mut degrees) = (0.0, 0.0);
    for team in 0..teams {
        let (n, sum, squares) = (
            history.counts(team),
            history.sums(team),
            history.squares(team),
        );
        for ((n, sum), squares) in n.iter().zip(sum).zip(squares) {
            if *n > 0.0 {
                within += squares - sum * sum / n;
                degrees += n - 1.0;
            }
        }
    }
    let nobody = Rollout {
        spans: vec![Span::NEVER; teams],
    };
    let residuals = Design::new(history, &nobody, periods).residuals(None);
    let cases = history.cases();
    let cells = history.filled() as f64;
    let left = cells - (teams + periods) as f64 + 1.0;
    if left < 1.0 || cases <= 0.0 {
        return None;
    }
    let (mut squares, mut neighbours, mut pairs) = (0.0, 0.0, 0.0);
    for team in 0..teams {
        let (n, r) = (
            history.counts(team),
            &residuals[team * periods..(team + 1) * periods],
        );
        for period in 0..periods {
            squares += n[period] * r[period] * r[period];
            if period + 1 < periods && n[period] > 0.0 && n[period + 1] > 0.0 {
                neighbours += r[period] * r[period + 1];
                pairs += 1.0;
            }
        }
    }
    // With one case a cell nothing tells cases from teams: then all counts as luck of cases.
    let of_cases = if degrees >= 1.0 {
        (within / degrees).max(0.0)
    } else {
        squares / left
    };
    // Taking out team and period effects takes out part of the luck as well.
    let of_teams = ((squares - of_cases * left) / (cases * left / cells)).max(0.0);
    // Fitted team effects make neighbours look opposed, by about the variance over the number of periods.
    let total = of_teams + of_cases * cells / cases;
    let together = neighbours / f64::max(pairs, 1.0) + total / periods as f64;
    let lasting = if of_teams > 0.0 {
        (together / of_teams).clamp(0.0, 0.9)
    } else {
        0.0
    };
    (of_cases + of_teams > 0.0).then_some(Luck {
        of_cases,
        of_teams,
        lasting,
    })
}

impl Luck {
    /// Standard error of a sum of cell means with these weights (by team then period).
    pub fn error(&self, cells: &Cells, weights: &[f64], periods: usize) -> f64 {
        let mut variance = 0.0;
        for (team, weights) in weights.chunks(periods.max(1)).enumerate() {
            // What earlier periods of this team still carry into the current one.
            let mut carried = 0.0;
            for (&weight, &n) in weights.iter().zip(cells.counts(team)) {
                if n > 0.0 {
                    variance += self.of_cases * weight * weight / n;
                }
                variance += self.of_teams * weight * (weight + 2.0 * carried);
                carried = self.lasting * (carried + weight);
            }
        }
        variance.max(0.0).sqrt()
    }
}
