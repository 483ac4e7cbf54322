//! Systems of record: where the process lives. They are read, never written.

use crate::{Answer, Connector, Cursor, Micros, Page, Via};

#[derive(Debug, Clone, PartialEq)]
pub struct Stage {
    /// The source's own id of it.
    pub id: String,
    pub name: String,
    /// Where a case ends well, or ends otherwise.
    pub is_won: bool,
    pub is_lost: bool,
}

/// A way of working that the source knows: what becomes a process here.
#[derive(Debug, Clone, PartialEq)]
pub struct Pipeline {
    pub id: String,
    pub name: String,
    /// In the order they are gone through. Comparing them with those of the last time tells that the pipeline was edited.
    pub stages: Vec<Stage>,
}

/// How it is known when a case came to a stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum History {
    /// The source keeps it and tells it.
    Native,
    /// The source tells only how things are: the change was seen between two looks, and its time is that of the last change of the record.
    Snapshot,
}

/// A case came to a stage.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// The same however often it is told.
    pub id: String,
    /// What the source calls the case, and what people call it.
    pub case: String,
    pub case_name: String,
    /// Where the source shows the case.
    pub case_url: Option<String>,
    pub stage: String,
    pub at: Micros,
    /// Who moved it: an e-mail address where the source tells one, otherwise a name.
    pub by: Option<String>,
    pub history: History,
    /// Of the case as it is now: account, amount, owner, source.
    pub attributes: Vec<(String, String)>,
}

pub trait Source: Connector {
    fn pipelines<'a>(&'a self, via: &'a Via<'a>) -> Answer<'a, Vec<Pipeline>>;

    /// How many cases there are, where the source tells cheaply: for the bar of the first sync.
    fn count<'a>(&'a self, via: &'a Via<'a>, pipeline: &'a Pipeline) -> Answer<'a, Option<u64>> {
        let _ = (via, pipeline);
        Box::pin(async { Ok(None) })
    }

    /// What follows the cursor, in whatever order the source can be read to its end; without one, all of the history. A page is some hundred
    /// cases at most, so that a sync can stop and go on anywhere.
    fn poll<'a>(
        &'a self,
        via: &'a Via<'a>,
        pipeline: &'a Pipeline,
        from: Option<&'a Cursor>,
    ) -> Answer<'a, Page<Change>>;
}
