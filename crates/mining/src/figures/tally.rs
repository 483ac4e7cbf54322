use super::{Figures, Options, Selection, Steps};
use crate::EventLog;

/// Figures still to be finished: adds up over cases.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Tally {}

impl Figures {
    /// The figures of the selected cases.
    pub fn of(
        _log: &EventLog,
        _steps: &Steps,
        _selection: &Selection,
        _options: &Options,
    ) -> Figures {
        unimplemented!()
    }
}
