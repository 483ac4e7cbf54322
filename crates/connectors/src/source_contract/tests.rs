//! The suite finds what it is for: a source that makes one mistake does not pass.

use super::*;
use crate::csv_url::CsvUrl;
use crate::csv_url::stand_in::Peer;
use crate::{About, Account, Answer, Connector};

#[derive(Debug, Clone, Copy, PartialEq)]
enum Mistake {
    Loses,
    MakesUp,
    OtherIds,
    ForgetsWhere,
    SkipsOnFaults,
    TakesStormsForRefusals,
    TakesClosedDoorsForFaults,
}

struct Wrong(CsvUrl, Mistake);

impl Connector for Wrong {
    fn about(&self) -> About {
        self.0.about()
    }

    fn account<'a>(&'a self, via: &'a Via<'a>) -> Answer<'a, Account> {
        self.0.account(via)
    }
}

impl Source for Wrong {
    fn pipelines<'a>(&'a self, via: &'a Via<'a>) -> Answer<'a, Vec<Pipeline>> {
        self.0.pipelines(via)
    }

    fn poll<'a>(
        &'a self,
        via: &'a Via<'a>,
        pipeline: &'a Pipeline,
        from: Option<&'a Cursor>,
    ) -> Answer<'a, Page<Change>> {
        Box::pin(async move {
            let mut page = match (self.0.poll(via, pipeline, from).await, self.1) {
                (Err(Fault::Unreached(_)), Mistake::SkipsOnFaults) if from.is_some() => {
                    skipped(from)
                }
                (Err(Fault::Wait { said, .. }), Mistake::TakesStormsForRefusals) => {
                    return Err(Fault::Refused(said));
                }
                (Err(Fault::SignedOut(said)), Mistake::TakesClosedDoorsForFaults) => {
                    return Err(Fault::Unreached(said));
                }
                (page, _) => page?,
            };
            match self.1 {
                Mistake::Loses => drop(page.items.pop()),
                Mistake::MakesUp => page
                    .items
                    .iter_mut()
                    .for_each(|c| c.at += i64::from(page.has_more)),
                Mistake::OtherIds => page
                    .items
                    .iter_mut()
                    .for_each(|c| c.id += if from.is_some() { "+" } else { "" }),
                Mistake::ForgetsWhere => page.cursor.version += 1,
                _ => {}
            }
            Ok(page)
        })
    }
}

/// As if what could not be read had been read.
fn skipped(from: Option<&Cursor>) -> Page<Change> {
    let mut cursor = from.cloned().unwrap();
    let told = cursor.state["told"].as_u64().unwrap_or(0);
    cursor.state["told"] = (told + 5).into();
    Page {
        items: Vec::new(),
        cursor,
        has_more: true,
        wait_until: None,
    }
}

#[test]
fn each_mistake_is_found() {
    use Mistake::*;
    let all = [
        Loses,
        MakesUp,
        OtherIds,
        ForgetsWhere,
        SkipsOnFaults,
        TakesStormsForRefusals,
        TakesClosedDoorsForFaults,
    ];
    for mistake in all {
        let tried = std::panic::catch_unwind(|| {
            check(&|| {
                (
                    Box::new(Wrong(CsvUrl::with_page(5), mistake)),
                    Box::new(Peer::new()),
                )
            });
        });
        assert!(tried.is_err(), "{mistake:?} passes");
    }
}
