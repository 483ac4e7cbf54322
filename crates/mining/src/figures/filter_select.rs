use super::*;
use crate::EventLog;
pub(crate) fn select(
    _: &Filter,
    _: &EventLog,
    _: &Steps,
    _: &Options,
) -> Result<Selection, FilterError> {
    unimplemented!()
}
