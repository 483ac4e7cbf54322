use std::fmt;

/// Why a panel cannot be read. Units and covariates count from 0 as they were given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PanelError {
    /// A slice is not as long as the panel wants it.
    Lengths {
        what: &'static str,
        expected: usize,
        found: usize,
    },
    /// Fewer than two periods, or periods that do not rise.
    Periods,
    /// A weight that is negative or not a finite number.
    Weight { unit: usize },
    /// A covariate that is not a finite number.
    Covariate { unit: usize, covariate: usize },
    /// No unit starts after the first period and by the last.
    NobodyStarts,
    /// Every unit starts, and only units that never do were to be compared with.
    NobodyToCompareWith,
    /// Two cells of one team in one week.
    TwoCells { team: usize, week: i64 },
    /// A cell of a team without an entry among the starts.
    UnknownTeam { team: usize },
}

impl fmt::Display for PanelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lengths {
                what,
                expected,
                found,
            } => {
                write!(f, "{what} has {found} entries where {expected} are needed")
            }
            Self::Periods => write!(f, "periods must rise, and be two at least"),
            Self::Weight { unit } => {
                write!(f, "the weight of unit {unit} is not a number from 0 up")
            }
            Self::Covariate { unit, covariate } => write!(
                f,
                "covariate {covariate} of unit {unit} is not a finite number; fill it or leave the unit out"
            ),
            Self::NobodyStarts => write!(
                f,
                "nobody starts between the first period and the last: there is no effect to estimate"
            ),
            Self::NobodyToCompareWith => write!(
                f,
                "everyone starts: compare with those that start later instead of those that never do"
            ),
            Self::TwoCells { team, week } => {
                write!(f, "team {team} has two cells in week {week}: add them up")
            }
            Self::UnknownTeam { team } => write!(
                f,
                "team {team} has cells but no start: say when or that it has none"
            ),
        }
    }
}

impl std::error::Error for PanelError {}

/// Why one start could not be compared in one period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// None that started then was seen both in the period and in its base.
    NoTreated,
    /// None to compare with was seen in both.
    NoControls,
    /// The covariates tell those that started then from all others: nobody is alike.
    NoOverlap,
    /// A covariate says nothing the others do not among those compared with.
    Collinear,
}
