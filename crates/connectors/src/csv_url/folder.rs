//! The same table in files of a folder on the server. Whoever drives it answers `folder:` addresses, and only of folders that the server
//! allows: the address alone lists the files, with the header `file` it is one of them.

use super::pipeline;
use super::table::{self, Columns, EVERY_FIELD, Row};
use crate::{
    About, Account, Answer, Change, Connector, Cursor, Fault, Field, Micros, Page, Pipeline,
    Request, Response, Settings, Source, Verified, Via, pass,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

pub struct CsvFolder {
    page: usize,
}

/// Of a folder with more files the newest are looked at.
const FILES: usize = 500;
/// The stages are read from so many of the newest, and from so much.
const NEWEST: usize = 50;
const BYTES: u64 = 32 << 20;

/// A file as the folder lists it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Listed {
    /// In microseconds since 1970.
    pub modified: Micros,
    pub name: String,
    pub size: u64,
}

impl Listed {
    /// Another one where the file became another.
    fn stamp(&self) -> String {
        format!("{} {}", self.modified, self.size)
    }
}

/// Which files were read, each as it was then; and how far into which.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct State {
    files: BTreeMap<String, String>,
    at: Option<At>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct At {
    file: String,
    digest: String,
    told: usize,
}

impl CsvFolder {
    pub const fn new() -> CsvFolder {
        CsvFolder::with_page(2000)
    }

    /// So many at once; a test wants several pages of little.
    pub const fn with_page(page: usize) -> CsvFolder {
        CsvFolder { page }
    }

    async fn ask(&self, via: &Via<'_>, file: Option<&str>) -> Result<Response, Fault> {
        let folder = via.settings.get("folder").trim();
        let mut request = Request::get(format!("folder:{folder}"));
        if let Some(file) = file {
            request = request.header("file", file);
        }
        let answer = via.http.send(request).await?;
        if !answer.is_success() {
            let said = String::from_utf8_lossy(&answer.body);
            let said = crate::text::line(&said.chars().take(300).collect::<String>());
            return Err(answer.fault(via.now, said));
        }
        let length = answer.header("content-length");
        if length.and_then(|l| l.parse().ok()) != Some(answer.body.len()) {
            return Err(Fault::Unreached("only a part of it came".into()));
        }
        Ok(answer)
    }

    /// The files, the oldest of the newest first.
    async fn files(&self, via: &Via<'_>) -> Result<Vec<Listed>, Fault> {
        let mut files: Vec<Listed> = self.ask(via, None).await?.read()?;
        files.sort();
        let beyond = files.len().saturating_sub(FILES);
        Ok(files.split_off(beyond))
    }

    async fn read(&self, via: &Via<'_>, file: &str) -> Result<(String, Vec<Row>), Fault> {
        let answer = self.ask(via, Some(file)).await?;
        let rows = table::rows(&answer.body, Columns::of(via.settings));
        let rows = rows.map_err(|fault| match fault {
            Fault::Strange(said) => Fault::Strange(format!("{}, {said}", crate::text::line(file))),
            fault => fault,
        })?;
        Ok((table::digest(&[&answer.body]), rows))
    }

    async fn page(&self, via: &Via<'_>, from: Option<&Cursor>) -> Result<Page<Change>, Fault> {
        let mut state: State = pass::read(from);
        let files = self.files(via).await?;
        state
            .files
            .retain(|name, _| files.iter().any(|f| f.name == *name));
        let begun = state.at.take();
        let waits = |f: &&Listed| state.files.get(&f.name) != Some(&f.stamp());
        let mut waiting = files.iter().filter(waits);
        let next = match &begun {
            Some(at) => files.iter().find(|f| f.name == at.file),
            None => None,
        };
        let Some(file) = next.or_else(|| waiting.clone().next()).cloned() else {
            return done(Vec::new(), &state, false);
        };
        let others = waiting.any(|f| f.name != file.name);
        let (digest, rows) = self.read(via, &file.name).await?;
        // A file that changed in between is begun anew: what was told has the same ids.
        let begun = begun.filter(|at| at.file == file.name && at.digest == digest);
        let told = begun.map_or(0, |at| at.told);
        let items = rows.iter().skip(told).take(self.page).map(Row::change);
        let items = items.collect();
        let has_more = rows.len() > told + self.page;
        match has_more {
            true => {
                state.at = Some(At {
                    file: file.name,
                    digest,
                    told: told + self.page,
                });
            }
            false => {
                let stamp = file.stamp();
                state.files.insert(file.name, stamp);
            }
        }
        done(items, &state, has_more || others)
    }

    async fn newest(&self, via: &Via<'_>) -> Result<Vec<Row>, Fault> {
        let (mut rows, mut bytes) = (Vec::new(), 0);
        for file in self.files(via).await?.iter().rev().take(NEWEST) {
            bytes += file.size;
            if bytes > BYTES && !rows.is_empty() {
                break;
            }
            rows.extend(self.read(via, &file.name).await?.1);
        }
        Ok(rows)
    }
}

fn done(items: Vec<Change>, state: &State, has_more: bool) -> Result<Page<Change>, Fault> {
    Ok(Page {
        items,
        cursor: pass::cursor(state)?,
        has_more,
        wait_until: None,
    })
}

fn name(folder: &str) -> String {
    let last = folder.trim().trim_end_matches('/').rsplit('/').next();
    crate::text::line(last.filter(|l| !l.is_empty()).unwrap_or("Folder"))
}

impl Default for CsvFolder {
    fn default() -> CsvFolder {
        CsvFolder::new()
    }
}

impl Connector for CsvFolder {
    fn about(&self) -> About {
        About {
            name: "folder",
            title: "A folder of CSV files",
            guide: "A folder on the server that TENON_CSV_FOLDERS allows. Each file whose name ends in .csv has one row for each time a case came to a stage: which case, which stage, and when. Write a file under another ending and rename it when it is whole.",
            rights: &["to read the folder"],
            fields: &[
                Field {
                    name: "folder",
                    label: "Folder",
                    hint: "/srv/tenon/deals",
                    is_secret: false,
                    is_required: true,
                },
                EVERY_FIELD,
                table::CASE,
                table::STAGE,
                table::TIME,
            ],
            verified: Verified::Live,
            verified_by: "files on a disk, and the suite of sources with a stand-in",
        }
    }

    fn account<'a>(&'a self, via: &'a Via<'a>) -> Answer<'a, Account> {
        Box::pin(async {
            table::every(via.settings)?;
            let folder = via.settings.get("folder").trim();
            let files = self.files(via).await?;
            if let Some(last) = files.last() {
                self.read(via, &last.name).await?;
            }
            Ok(Account {
                id: folder.into(),
                handle: name(folder),
                name: match files.len() {
                    1 => format!("{} (1 file)", name(folder)),
                    many => format!("{} ({many} files)", name(folder)),
                },
                url: None,
                may: vec!["read".into()],
            })
        })
    }
}

impl Source for CsvFolder {
    fn pipelines<'a>(&'a self, via: &'a Via<'a>) -> Answer<'a, Vec<Pipeline>> {
        Box::pin(async {
            let rows = self.newest(via).await?;
            Ok(vec![pipeline(
                "folder",
                name(via.settings.get("folder")),
                &rows,
            )])
        })
    }

    fn poll<'a>(
        &'a self,
        via: &'a Via<'a>,
        _: &'a Pipeline,
        from: Option<&'a Cursor>,
    ) -> Answer<'a, Page<Change>> {
        Box::pin(self.page(via, from))
    }

    fn every(&self, settings: &Settings) -> Option<Micros> {
        table::every(settings).ok()
    }

    fn has_seen_stages(&self) -> bool {
        true
    }

    fn sample<'a>(&'a self, via: &'a Via<'a>) -> Answer<'a, Option<Vec<u8>>> {
        Box::pin(async {
            let files = self.files(via).await?;
            match files.last() {
                Some(last) => Ok(Some(self.ask(via, Some(&last.name)).await?.body)),
                None => Ok(None),
            }
        })
    }
}

#[cfg(test)]
mod tests;
