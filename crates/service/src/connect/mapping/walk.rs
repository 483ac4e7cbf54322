//! What a source told, gathered case by case: of what is kept, or of what it tells just now.

use crate::connect::source::attributes_of;
use crate::processes::mapping::Mapping;
use crate::processes::mapping::told::{Case, Told};
use crate::processes::push::{self, Event};
use base::problem::Problem;
use connectors::{Change, Pipeline};
use mining::time::MISSING;
use store::pushed::{CASE, PushedRow};

/// The rows of a case come one behind the other.
pub(super) struct Walk<'a> {
    told: Told,
    case: Option<Case>,
    mapping: &'a Mapping,
}

impl Walk<'_> {
    pub(super) fn of(mapping: &Mapping) -> Walk<'_> {
        Walk {
            told: Told::default(),
            case: None,
            mapping,
        }
    }

    fn begin(&mut self, name: &str) -> &mut Case {
        if self.case.as_ref().is_none_or(|c| c.case != name) {
            self.end();
        }
        self.case.get_or_insert_with(|| Case::new(name))
    }

    fn end(&mut self) {
        if let Some(case) = self.case.take() {
            self.told.add(case, self.mapping);
        }
    }

    pub(super) fn take(&mut self, row: &PushedRow) -> Result<(), Problem> {
        let case = self.begin(&row.case_ref);
        if row.kind == CASE {
            case.attributes = push::read(&row.body)?;
            return Ok(());
        }
        let event: Event = push::read(&row.body)?;
        let at = push::moment(&event.time).unwrap_or(MISSING);
        let who = event.resource.unwrap_or_default();
        case.happened(&event.activity, at, &who);
        Ok(())
    }

    pub(super) fn take_live(&mut self, pipeline: &Pipeline, change: &Change) {
        let stage = pipeline.stages.iter().find(|s| s.id == change.stage);
        let stage = stage.map_or(change.stage.as_str(), |s| s.name.as_str());
        let attributes = attributes_of(change, self.mapping);
        let by = change.by.as_deref().unwrap_or_default();
        let case = self.begin(&change.case);
        case.attributes = attributes;
        case.happened(stage, change.at, by);
    }

    pub(super) fn done(mut self) -> Told {
        self.end();
        self.told
    }
}
