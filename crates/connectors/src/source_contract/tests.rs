//! The suite finds what it is for: a source that makes one mistake does not pass.

use super::*;
use crate::csv_url::CsvUrl;
use crate::csv_url::stand_in::Peer;
use crate::hubspot::HubSpot;
use crate::{About, Account, Answer, Connector, Note};

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

#[derive(Debug, Clone, Copy, PartialEq)]
enum Slip {
    WritesAtEveryTry,
    WritesWhenReading,
    WritesNothing,
    WritesWithoutTheLink,
    TakesAnotherForOurs,
    TakesRefusalsForFaults,
    TakesLostAnswersForRefusals,
    SaysItCannot,
}

/// A source that writes back, with one mistake.
struct Careless(HubSpot, Slip, AtomicUsize);

impl Careless {
    async fn put(&self, via: &Via<'_>, case: &str, note: &Note) -> Result<String, Fault> {
        let mut note = note.clone();
        match self.1 {
            Slip::WritesAtEveryTry => {
                let tries = self.2.fetch_add(1, Ordering::Relaxed);
                note.key += &format!("-{tries}");
            }
            Slip::WritesNothing => return Ok("n0".into()),
            Slip::WritesWithoutTheLink => note.url = String::new(),
            Slip::TakesAnotherForOurs => note.key = "tenon-".into(),
            _ => {}
        }
        let written = self.0.write_back(via, case, &note).await;
        match (written, self.1) {
            (Err(Fault::NotAllowed(said)), Slip::TakesRefusalsForFaults) => {
                Err(Fault::Unreached(said))
            }
            (Err(Fault::Unreached(said)), Slip::TakesLostAnswersForRefusals) => {
                Err(Fault::Refused(said))
            }
            (written, _) => written,
        }
    }
}

impl Connector for Careless {
    fn about(&self) -> About {
        self.0.about()
    }

    fn account<'a>(&'a self, via: &'a Via<'a>) -> Answer<'a, Account> {
        self.0.account(via)
    }
}

impl Source for Careless {
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
            let page = self.0.poll(via, pipeline, from).await?;
            if let (Slip::WritesWhenReading, Some(change)) = (self.1, page.items.first()) {
                let note = Note {
                    key: "tenon-1".into(),
                    title: String::new(),
                    url: String::new(),
                    text: String::new(),
                };
                self.0.write_back(via, &change.case, &note).await?;
            }
            Ok(page)
        })
    }

    fn writes_back(&self) -> Option<crate::source::Writes> {
        self.0
            .writes_back()
            .filter(|_| self.1 != Slip::SaysItCannot)
    }

    fn write_back<'a>(
        &'a self,
        via: &'a Via<'a>,
        case: &'a str,
        note: &'a Note,
    ) -> Answer<'a, String> {
        Box::pin(self.put(via, case, note))
    }
}

#[test]
fn each_mistake_in_writing_back_is_found() {
    use Slip::*;
    let all = [
        WritesAtEveryTry,
        WritesWhenReading,
        WritesNothing,
        WritesWithoutTheLink,
        TakesAnotherForOurs,
        TakesRefusalsForFaults,
        TakesLostAnswersForRefusals,
        SaysItCannot,
    ];
    for slip in all {
        let tried = std::panic::catch_unwind(|| {
            let make: Make = &|| {
                let source = Careless(HubSpot::with_page(4), slip, AtomicUsize::new(0));
                (
                    Box::new(source),
                    Box::new(crate::hubspot::stand_in::Peer::new()),
                )
            };
            match slip {
                WritesWhenReading => drop(whole(make)),
                _ => writing::check(make),
            }
        });
        assert!(tried.is_err(), "{slip:?} passes");
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
