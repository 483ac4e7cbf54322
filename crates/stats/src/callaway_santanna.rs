//! What starting at different times did, one start and one period at a time.
//!
//! Callaway and Sant'Anna (2021, "Difference-in-differences with multiple time periods", J. Econometrics 225:200-230):
//! the effect on those that started in `g`, in period `t`, is how much more they changed since just before `g` than
//! those that had not started (eqs. 2.3 and 2.4 with the estimators of section 4). Nothing that has started is ever
//! compared with, so effects may grow and differ. Effects before the start should be none: they show what trends
//! there were. With covariates the comparison is doubly robust (Sant'Anna and Zhao 2020, J. Econometrics
//! 219:101-122). Errors come from influence functions, with units independent of each other.
//!
//! Agrees with R's `did` and with csdid, differences and diff-diff. Not here: bands over many effects at once, which
//! need a bootstrap. It looks at one period before the start only, so it is noisier than the verdict's own method.

mod aggregate;
mod cells;
mod compare;
mod doubly_robust;
mod error;
mod panel;

pub use aggregate::{Aggregate, Part};
pub use cells::{Cell, Grid};
pub use error::{PanelError, Reason};
pub use panel::Panel;

use compare::compare;
use panel::Units;

/// Who is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Controls {
    /// Units that do not start within the panel.
    NeverTreated,
    /// These and all that start later than the period looked at.
    #[default]
    NotYetTreated,
}

/// What effects before the start are measured from. Effects after it are measured from just before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Base {
    /// From the period before: jumps. The default of `did`, csdid and differences.
    #[default]
    Varying,
    /// From just before the start as well: one line through all periods, zero there.
    Universal,
}

/// How to compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Options {
    pub controls: Controls,
    pub base: Base,
    /// How many periods before a start are already touched by it, so that what comes before them is the base.
    pub anticipation: u32,
}

/// A number and how sure it is, in the unit of the outcome.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    pub value: f64,
    pub standard_error: f64,
}

/// The effect on those that started in `group`, in `period`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Effect {
    pub group: i64,
    pub period: i64,
    /// The base period itself ([`Base::Universal`]) is zero with no error.
    pub estimate: Estimate,
}

/// Effects by start and period, to be read one by one or brought together.
#[derive(Debug, Clone)]
pub struct Effects {
    /// By group, then period.
    pub effects: Vec<Effect>,
    /// What could not be compared, and why.
    pub skipped: Vec<(i64, i64, Reason)>,
    /// Units that had started when the panel begins: they say nothing and are left out.
    pub left_out: usize,
    units: Units,
    /// One vector per effect, one entry per unit; its mean square over their number is the squared error.
    influence: Vec<Vec<f64>>,
}

impl Effects {
    /// Compares every start with every period. Takes units times comparisons numbers of memory.
    ///
    /// # Errors
    /// When the panel cannot be read, nobody starts in it or there is nobody to compare with; see [`PanelError`].
    pub fn estimate(panel: &Panel, options: Options) -> Result<Self, PanelError> {
        let units = Units::new(panel, options)?;
        let mut result = Self {
            effects: Vec::new(),
            skipped: Vec::new(),
            left_out: units.left_out,
            influence: Vec::new(),
            units,
        };
        for (group, at, base) in comparisons(&result.units, options) {
            let period = result.units.periods[at];
            match compare(&result.units, options, group, at, base) {
                Ok((value, influence)) => {
                    let estimate = estimate(value, &influence);
                    result.effects.push(Effect {
                        group,
                        period,
                        estimate,
                    });
                    result.influence.push(influence);
                }
                Err(reason) => result.skipped.push((group, period, reason)),
            }
        }
        Ok(result)
    }
}

/// Group, index of the period and index of its base.
fn comparisons(units: &Units, options: Options) -> Vec<(i64, usize, usize)> {
    let first = usize::from(options.base == Base::Varying);
    let mut all = Vec::new();
    for &group in &units.groups {
        let before = |p: &i64| p + i64::from(options.anticipation) < group;
        let last = units.periods.partition_point(before) - 1;
        for (at, &period) in units.periods.iter().enumerate().skip(first) {
            let long = options.base == Base::Universal || period >= group;
            all.push((group, at, if long { last } else { at - 1 }));
        }
    }
    all
}

fn estimate(value: f64, influence: &[f64]) -> Estimate {
    let squares: f64 = influence.iter().map(|i| i * i).sum();
    Estimate {
        value,
        standard_error: squares.sqrt() / influence.len() as f64,
    }
}

#[cfg(test)]
mod tests;
