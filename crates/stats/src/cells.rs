//! Team by period cells of an outcome that is fixed when a case enters the step.
//!
//! Only periods all of whose cases entered at least a horizon ago are counted, and every case is read at the same
//! horizon. So it does not matter which cases happen to be closed by now, and a cell never changes once it is there.

use serde::{Deserialize, Serialize};

use crate::calendar::{Calendar, DAY, Micros};

/// One stay in the step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Case {
    /// Index of the team it belonged to when it entered; a case that moves stays with its first team.
    pub team: u32,
    /// When it entered the step.
    pub entered: Micros,
    /// When it left; `None` while it is there.
    pub left: Option<Micros>,
    /// Whether it left for the next step, rather than being lost.
    pub went_on: bool,
    /// Any other number of this case (an amount, used the tool or not); not a number where it is not known.
    pub value: f64,
}

/// What is averaged in a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Days in the step, at most the horizon: the restricted mean (Royston and Parmar 2013).
    DaysInStep,
    /// 1 when it went on within the horizon.
    GoesOn,
    /// [`Case::value`].
    Value,
}

/// How cases become cells.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spec {
    /// What is averaged.
    pub outcome: Outcome,
    /// Number of teams; cases of other teams count as unreadable.
    pub teams: usize,
    /// Weeks or months, numbered.
    pub calendar: Calendar,
    /// How long after entry a case is read.
    pub horizon: Micros,
    /// The moment as of which things are known; what happened later is not looked at.
    pub as_of: Micros,
}

impl Spec {
    /// Number of periods that are mature: they ended at least a horizon before `as_of`.
    pub fn mature_periods(&self) -> usize {
        let running = self
            .calendar
            .period(self.as_of.saturating_sub(self.horizon));
        usize::try_from(running).unwrap_or(0)
    }
}

/// Cases that are in no cell, by reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct LeftOut {
    /// Entered too lately to be read at the horizon. Nothing is wrong with these.
    pub immature: u64,
    /// Entered before the first period.
    pub early: u64,
    /// Unreadable: no such team, left before it entered, or no value.
    pub unreadable: u64,
}

/// Counts and sums of each team in each period; they add up, so shards can be [merged](Cells::merge).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cells {
    /// How periods are numbered.
    pub calendar: Calendar,
    teams: usize,
    periods: usize,
    n: Vec<f64>,
    sum: Vec<f64>,
    sum_sq: Vec<f64>,
    /// Cases that are in no cell.
    pub left_out: LeftOut,
}

impl Cells {
    /// Cells of nothing.
    pub fn empty(calendar: Calendar, teams: usize, periods: usize) -> Self {
        let zeros = vec![0.0; teams * periods];
        Self {
            calendar,
            teams,
            periods,
            n: zeros.clone(),
            sum: zeros.clone(),
            sum_sq: zeros,
            left_out: LeftOut::default(),
        }
    }

    /// Counts cases in one pass.
    pub fn of(cases: impl IntoIterator<Item = Case>, spec: &Spec) -> Self {
        let mut cells = Self::empty(spec.calendar, spec.teams, spec.mature_periods());
        let end = spec.calendar.start(cells.periods as i64);
        let horizon_days = spec.horizon as f64 / DAY as f64;
        for case in cases {
            if case.entered >= end {
                cells.left_out.immature += 1;
                continue;
            }
            let left = case.left.filter(|&left| left <= spec.as_of);
            let stayed = left.map(|left| left - case.entered);
            let value = match spec.outcome {
                Outcome::DaysInStep => stayed.map_or(horizon_days, |stayed| {
                    (stayed as f64 / DAY as f64).min(horizon_days)
                }),
                Outcome::GoesOn => f64::from(u8::from(
                    case.went_on && stayed.is_some_and(|stayed| stayed <= spec.horizon),
                )),
                Outcome::Value => case.value,
            };
            let backwards = stayed.is_some_and(|stayed| stayed < 0);
            if case.team as usize >= spec.teams || backwards || !value.is_finite() {
                cells.left_out.unreadable += 1;
                continue;
            }
            match usize::try_from(spec.calendar.period(case.entered)) {
                Ok(period) => cells.add(case.team as usize, period, value),
                Err(_) => cells.left_out.early += 1,
            }
        }
        cells
    }

    /// Counts one case more. Does nothing outside the table.
    pub fn add(&mut self, team: usize, period: usize, value: f64) {
        if team < self.teams && period < self.periods {
            let at = team * self.periods + period;
            self.n[at] += 1.0;
            self.sum[at] += value;
            self.sum_sq[at] += value * value;
        }
    }

    /// Sets a cell from its count, mean and sum of squares. Does nothing outside the table.
    pub fn set(&mut self, team: usize, period: usize, n: f64, mean: f64, sum_sq: f64) {
        if team < self.teams && period < self.periods {
            let at = team * self.periods + period;
            (self.n[at], self.sum[at], self.sum_sq[at]) = (n, n * mean, sum_sq);
        }
    }

    /// Adds the cases of another shard. False, and nothing done, when the tables do not have the same shape.
    pub fn merge(&mut self, other: &Self) -> bool {
        let shape = |c: &Self| (c.calendar, c.teams, c.periods);
        if shape(self) != shape(other) {
            return false;
        }
        for (mine, theirs) in [
            (&mut self.n, &other.n),
            (&mut self.sum, &other.sum),
            (&mut self.sum_sq, &other.sum_sq),
        ] {
            mine.iter_mut().zip(theirs).for_each(|(a, b)| *a += b);
        }
        self.left_out.immature += other.left_out.immature;
        self.left_out.early += other.left_out.early;
        self.left_out.unreadable += other.left_out.unreadable;
        true
    }

    /// Number of teams.
    pub fn teams(&self) -> usize {
        self.teams
    }

    /// Number of mature periods.
    pub fn periods(&self) -> usize {
        self.periods
    }

    /// Cases of a team, a number a period.
    pub fn counts(&self, team: usize) -> &[f64] {
        &self.n[team * self.periods..(team + 1) * self.periods]
    }

    /// Sums of the outcome of a team, a number a period.
    pub fn sums(&self, team: usize) -> &[f64] {
        &self.sum[team * self.periods..(team + 1) * self.periods]
    }

    /// Sums of the squared outcome of a team, a number a period.
    pub fn squares(&self, team: usize) -> &[f64] {
        &self.sum_sq[team * self.periods..(team + 1) * self.periods]
    }

    /// Cases in a cell; 0 outside the table.
    pub fn n(&self, team: usize, period: usize) -> f64 {
        if team < self.teams && period < self.periods {
            self.n[team * self.periods + period]
        } else {
            0.0
        }
    }

    /// Mean of a cell; `None` when it is empty.
    pub fn mean(&self, team: usize, period: usize) -> Option<f64> {
        let n = self.n(team, period);
        (n > 0.0).then(|| self.sum[team * self.periods + period] / n)
    }

    /// Cases in all cells.
    pub fn cases(&self) -> f64 {
        self.n.iter().sum()
    }

    /// Cells with cases.
    pub fn filled(&self) -> usize {
        self.n.iter().filter(|&&n| n > 0.0).count()
    }

    /// The first `periods` periods only: the cells as they were known earlier.
    pub fn up_to(&self, periods: usize) -> Self {
        let periods = periods.min(self.periods);
        let mut cells = Self::empty(self.calendar, self.teams, periods);
        cells.left_out = self.left_out;
        for team in 0..self.teams {
            for period in 0..periods {
                let (from, to) = (team * self.periods + period, team * periods + period);
                cells.n[to] = self.n[from];
                cells.sum[to] = self.sum[from];
                cells.sum_sq[to] = self.sum_sq[from];
            }
        }
        cells
    }

    /// The same without the cells that `keep(team, period)` refuses.
    pub fn only(&self, keep: impl Fn(usize, usize) -> bool) -> Self {
        let mut cells = self.clone();
        for team in 0..self.teams {
            for period in 0..self.periods {
                if !keep(team, period) {
                    cells.set(team, period, 0.0, 0.0, 0.0);
                }
            }
        }
        cells
    }

    /// The cells before each team unplugged the tool: the period of the stop and all later ones of that team are dropped.
    pub fn before_stops(&self, stops: &[Option<Micros>]) -> Self {
        self.only(|team, period| {
            let stop = stops.get(team).copied().flatten();
            stop.is_none_or(|stop| self.calendar.start(period as i64 + 1) <= stop)
        })
    }

    /// Cells whose outcome is the number of cases, each team-period weighted alike: shows whether cases were moved
    /// between teams.
    pub fn intake(&self) -> Self {
        let mut cells = self.clone();
        for team in 0..self.teams {
            for period in 0..self.periods {
                let n = self.n(team, period);
                cells.set(team, period, 1.0, n, n * n);
            }
        }
        cells
    }
}

#[cfg(test)]
mod tests;
