//! Means by team and week as a panel: the same figures the verdict is made of, read by another method.

use super::{Effects, Options, Panel, PanelError};

/// The mean outcome of a team's cases that entered in a week.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cell {
    /// An index into the starts.
    pub team: usize,
    pub week: i64,
    pub mean: f64,
    /// How many cases it is the mean of.
    pub cases: f64,
}

/// Cells laid out by team and week. A team counts by its cases per week of the span, whichever week is looked at, so
/// that a comparison is of the same teams on the same scale in both weeks.
#[derive(Debug, Clone, PartialEq)]
pub struct Grid {
    weeks: Vec<i64>,
    outcomes: Vec<f64>,
    starts: Vec<Option<i64>>,
    weights: Vec<f64>,
}

impl Grid {
    /// Lays cells out; `starts` has the first week of each team's use, in the weeks of the cells. Weeks without any
    /// cell are no periods; a team's week without a cell is one in which it was not seen.
    ///
    /// # Errors
    /// When a team has two cells in a week, or no entry among the starts.
    pub fn new(cells: &[Cell], starts: &[Option<i64>]) -> Result<Self, PanelError> {
        let mut weeks: Vec<i64> = cells.iter().map(|c| c.week).collect();
        weeks.sort_unstable();
        weeks.dedup();
        let mut grid = Self {
            outcomes: vec![f64::NAN; starts.len() * weeks.len()],
            weights: vec![0.0; starts.len()],
            starts: starts.to_vec(),
            weeks,
        };
        for cell in cells.iter().filter(|c| c.cases > 0.0 && !c.mean.is_nan()) {
            let Cell {
                team,
                week,
                mean,
                cases,
            } = *cell;
            if team >= starts.len() {
                return Err(PanelError::UnknownTeam { team });
            }
            let at = team * grid.weeks.len() + grid.weeks.partition_point(|w| *w < week);
            if !grid.outcomes[at].is_nan() {
                return Err(PanelError::TwoCells { team, week });
            }
            grid.outcomes[at] = mean;
            grid.weights[team] += cases;
        }
        Ok(grid)
    }

    /// The panel to estimate from.
    pub fn panel(&self) -> Panel<'_> {
        Panel {
            periods: &self.weeks,
            outcomes: &self.outcomes,
            starts: &self.starts,
            weights: Some(&self.weights),
            covariates: &[],
        }
    }

    /// The standard error of [`Effects::simple`] by leaving out one team after the other, which with few teams is
    /// more honest than the influence function: the root of `(n - 1) / n` times the sum of squared differences from
    /// the estimate with all. `None` when some team cannot be spared.
    ///
    /// # Errors
    /// As [`Effects::estimate`] with all teams.
    pub fn jackknife(&self, options: Options) -> Result<Option<f64>, PanelError> {
        let simple = |weights: &[f64]| {
            let panel = Panel {
                weights: Some(weights),
                ..self.panel()
            };
            Effects::estimate(&panel, options).map(|e| e.simple().map(|e| e.value))
        };
        let Some(all) = simple(&self.weights)? else {
            return Ok(None);
        };
        let (mut teams, mut squares) = (0.0, 0.0);
        for team in (0..self.weights.len()).filter(|&t| self.weights[t] > 0.0) {
            let mut weights = self.weights.clone();
            weights[team] = 0.0;
            let Ok(Some(without)) = simple(&weights) else {
                return Ok(None);
            };
            teams += 1.0;
            squares += (without - all) * (without - all);
        }
        Ok(Some((squares * (teams - 1.0) / teams).sqrt()))
    }
}
