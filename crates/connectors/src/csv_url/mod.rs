//! A table of stage changes at an address: whatever writes such a file is a source. The file is asked for anew each time,
//! and read again only where it became another.

mod folder;
pub mod table;

#[cfg(any(test, feature = "testing"))]
pub mod stand_in;
#[cfg(test)]
mod tests;

use crate::{
    About, Account, Answer, Change, Connector, Cursor, Fault, Field, Micros, Page, Pipeline,
    Request, Response, Settings, Source, Stage, Verified, Via, pass,
};
pub use folder::{CsvFolder, Listed};
use table::{Columns, Row};

pub struct CsvUrl {
    page: usize,
}

/// How far a file was read, and which state of it that was.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize, serde::Deserialize)]
struct State {
    etag: Option<String>,
    modified: Option<String>,
    /// A digest of the file, where the server names its states in no other way.
    digest: String,
    /// Rows that were told; none: all of them.
    told: Option<usize>,
}

impl CsvUrl {
    pub const fn new() -> CsvUrl {
        CsvUrl::with_page(2000)
    }

    /// So many at once; a test wants several pages of little.
    pub const fn with_page(page: usize) -> CsvUrl {
        CsvUrl { page }
    }

    /// The file; none where it is as it was.
    async fn file(&self, via: &Via<'_>, known: Option<&State>) -> Result<Option<Response>, Fault> {
        let mut request = Request::get(via.settings.get("url").trim())
            .header("accept", "text/csv, text/plain;q=0.9, */*;q=0.1");
        let key = via.settings.get("authorization").trim();
        if !key.is_empty() {
            request = request.header("authorization", key);
        }
        if let Some(etag) = known.and_then(|k| k.etag.as_ref()) {
            request = request.header("if-none-match", etag);
        }
        if let Some(modified) = known.and_then(|k| k.modified.as_ref()) {
            request = request.header("if-modified-since", modified);
        }
        let answer = via.http.send(request).await?;
        if answer.status == 304 {
            return Ok(None);
        }
        if !answer.is_success() {
            return Err(answer.fault(via.now, format!("the address answered {}", answer.status)));
        }
        let length = answer
            .header("content-length")
            .and_then(|l| l.parse::<usize>().ok());
        if length.is_some_and(|l| l != answer.body.len()) {
            return Err(Fault::Unreached("only a part of the file came".into()));
        }
        Ok(Some(answer))
    }

    async fn rows(&self, via: &Via<'_>) -> Result<Vec<Row>, Fault> {
        match self.file(via, None).await? {
            Some(answer) => table::rows(&answer.body, Columns::of(via.settings)),
            None => Err(Fault::Strange("unchanged, but never read".into())),
        }
    }

    async fn page(&self, via: &Via<'_>, from: Option<&Cursor>) -> Result<Page<Change>, Fault> {
        let before: State = pass::read(from);
        let is_read = from.is_some() && before.told.is_none();
        let Some(answer) = self.file(via, is_read.then_some(&before)).await? else {
            return end(Vec::new(), &before, false);
        };
        let digest = table::digest(&[&answer.body]);
        if is_read && digest == before.digest {
            return end(Vec::new(), &before, false);
        }
        // A file that changed in between is begun anew: what was told has the same ids.
        let told = before.told.filter(|_| digest == before.digest).unwrap_or(0);
        let rows = table::rows(&answer.body, Columns::of(via.settings))?;
        let items = rows
            .iter()
            .skip(told)
            .take(self.page)
            .map(Row::change)
            .collect();
        let has_more = rows.len() > told + self.page;
        let header = |name| answer.header(name).map(String::from);
        let state = State {
            etag: header("etag"),
            modified: header("last-modified"),
            digest,
            told: has_more.then_some(told + self.page),
        };
        end(items, &state, has_more)
    }
}

fn end(items: Vec<Change>, state: &State, has_more: bool) -> Result<Page<Change>, Fault> {
    Ok(Page {
        items,
        cursor: pass::cursor(state)?,
        has_more,
        wait_until: None,
    })
}

/// What the rows of a table tell of the stages.
fn pipeline(id: &str, name: String, rows: &[Row]) -> Pipeline {
    let stage = |name: String| Stage {
        id: name.clone(),
        is_won: name.eq_ignore_ascii_case("won"),
        is_lost: name.eq_ignore_ascii_case("lost"),
        name,
    };
    Pipeline {
        id: id.into(),
        name,
        stages: table::stages(rows).into_iter().map(stage).collect(),
    }
}

/// What the file is called, without its folder and its ending.
fn name(url: &str) -> String {
    let parsed = url::Url::parse(url.trim()).ok();
    let last = parsed
        .as_ref()
        .and_then(|u| u.path_segments()?.next_back().map(String::from));
    let last = last.unwrap_or_default();
    let name = last
        .rsplit_once('.')
        .map_or(last.as_str(), |(name, _)| name);
    crate::text::line(if name.is_empty() { "Table" } else { name })
}

impl Default for CsvUrl {
    fn default() -> CsvUrl {
        CsvUrl::new()
    }
}

impl Connector for CsvUrl {
    fn about(&self) -> About {
        About {
            name: "csv",
            title: "A CSV file at an address",
            guide: "One row for each time a case came to a stage: which case, which stage, and when; columns called name and by are used where they are there. Times without a zone are UTC.",
            rights: &["to read the file"],
            fields: &[
                Field {
                    name: "url",
                    label: "Address",
                    hint: "https://files.example.org/deals.csv",
                    is_secret: false,
                    is_required: true,
                },
                Field {
                    name: "authorization",
                    label: "Authorization",
                    hint: "Such as: Bearer abc. Empty where the file is open to all who know its address",
                    is_secret: true,
                    is_required: false,
                },
                table::EVERY_FIELD,
                table::CASE,
                table::STAGE,
                table::TIME,
            ],
            verified: Verified::Contract,
            verified_by: "RFC 4180 and RFC 9110 (conditional requests), with a stand-in",
        }
    }

    fn account<'a>(&'a self, via: &'a Via<'a>) -> Answer<'a, Account> {
        Box::pin(async {
            table::every(via.settings)?;
            let rows = self.rows(via).await?;
            let url = via.settings.get("url").trim();
            Ok(Account {
                id: url.into(),
                handle: name(url),
                name: format!("{} ({} rows)", name(url), rows.len()),
                url: Some(url.into()),
                may: vec!["read".into()],
            })
        })
    }
}

impl Source for CsvUrl {
    fn pipelines<'a>(&'a self, via: &'a Via<'a>) -> Answer<'a, Vec<Pipeline>> {
        Box::pin(async {
            let rows = self.rows(via).await?;
            Ok(vec![pipeline("file", name(via.settings.get("url")), &rows)])
        })
    }

    fn every(&self, settings: &Settings) -> Option<Micros> {
        table::every(settings).ok()
    }

    fn has_seen_stages(&self) -> bool {
        true
    }

    fn sample<'a>(&'a self, via: &'a Via<'a>) -> Answer<'a, Option<Vec<u8>>> {
        Box::pin(async { Ok(self.file(via, None).await?.map(|answer| answer.body)) })
    }

    fn poll<'a>(
        &'a self,
        via: &'a Via<'a>,
        _: &'a Pipeline,
        from: Option<&'a Cursor>,
    ) -> Answer<'a, Page<Change>> {
        Box::pin(self.page(via, from))
    }
}
