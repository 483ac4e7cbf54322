use std::fmt;

/// Why there is no estimate, in words a person can act on. Rows and covariates count from 0 as they were given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CoxError {
    /// No covariate was given.
    NoCovariates,
    /// Nothing ended.
    NoEvents,
    /// A slice has not one entry per row.
    Lengths {
        what: &'static str,
        expected: usize,
        found: usize,
    },
    /// A time that is not a number.
    Time { row: usize },
    /// A covariate that is not a finite number.
    Covariate { row: usize, covariate: usize },
    /// A row that stops where or before it starts.
    EmptyInterval { row: usize },
    /// A covariate that is the same for all who were watched together.
    DoesNotVary { covariate: usize },
    /// A covariate that those before it explain exactly.
    Collinear { covariate: usize },
    /// A covariate that sorts who ends from who goes on without exception.
    Separation { covariate: usize },
    /// The likelihood would not rise, or not settle.
    NotConverged { iterations: usize },
    /// Errors by cluster need at least two.
    TooFewClusters { clusters: usize },
}

impl fmt::Display for CoxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoCovariates => write!(f, "there is no covariate: give at least one column"),
            Self::NoEvents => write!(
                f,
                "nothing ended while it was watched: wait until some have"
            ),
            Self::Lengths {
                what,
                expected,
                found,
            } => write!(
                f,
                "{what} has {found} entries where there are {expected} rows: give one per row"
            ),
            Self::Time { row } => write!(f, "row {row}: a time is not a number"),
            Self::Covariate { row, covariate } => write!(
                f,
                "row {row}: covariate {covariate} is not a finite number; fill it or leave the row out"
            ),
            Self::EmptyInterval { row } => write!(
                f,
                "row {row} stops where or before it starts: leave it out or correct its times"
            ),
            Self::DoesNotVary { covariate } => write!(
                f,
                "covariate {covariate} is the same for all who were watched together: leave it out"
            ),
            Self::Collinear { covariate } => write!(
                f,
                "covariate {covariate} says nothing that those before it do not say: leave it out"
            ),
            Self::Separation { covariate } => write!(
                f,
                "covariate {covariate} sorts who ends from who goes on without exception, so that its effect has \
                 no bound: leave it out, or compare curves instead"
            ),
            Self::NotConverged { iterations } => write!(
                f,
                "no maximum was found in {iterations} steps: look for covariates with extreme values"
            ),
            Self::TooFewClusters { clusters } => write!(
                f,
                "errors by cluster need at least two clusters, here are {clusters}"
            ),
        }
    }
}

impl std::error::Error for CoxError {}
