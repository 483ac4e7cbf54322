//! How a source is read, as its owner decides: looked at, tried out, and saved. What was read before is read anew in the transaction
//! that saves it, so that nothing of a decision is ever half done.

mod anew;
mod walk;

use super::{Connect, Connection};
use crate::processes::mapping::told::Told;
use crate::processes::mapping::{Changes, Choice, Mapping, Role, chosen};
use crate::processes::push::Attributes;
use crate::processes::reread;
use crate::settings::names_people;
use anew::{anew, concerns};
use base::activity::Kind;
use base::format;
use base::identity::{Actor, Directory};
use base::problem::Problem;
use mining::error::Place;
use mining::figures::TeamColumn;
use mining::{Micros, time::MISSING};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use store::connections::{ConnectionRow, SOURCE};
use store::improvements;
use store::processes::ProcessRow;
use store::pushed::PushedRow;
use store::source_mappings::{self, After, MappingRow, PersonRow};
use walk::Walk;

/// Rows that are looked at at once.
const ROWS: i64 = 5_000;
/// Fields and people that the record names one by one.
const IN_RECORD: usize = 100;
/// People that may be assigned.
const PEOPLE: usize = 5_000;

/// What is wanted of a mapping: what is not said is as the source tells it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Wanted {
    pub fields: Vec<Choice>,
    /// Somebody as the source tells her, and the id or handle of who she is here.
    pub people: Vec<(String, String)>,
    /// The version that was looked at, where another one is not to be overwritten.
    pub version: Option<i64>,
}

/// A source as it is read now.
pub struct Look {
    pub connection: Connection,
    pub process: ProcessRow,
    /// 0: nobody decided anything yet.
    pub version: i64,
    /// When it was last changed, and the id of by whom.
    pub changed: Option<(Micros, String)>,
    pub mapping: Mapping,
    /// Somebody as the source tells her, and the id of who she is here.
    pub assigned: BTreeMap<String, String>,
    pub told: Told,
    /// Nothing was taken in yet: this is what the source tells just now.
    pub is_live: bool,
    /// Why it could not be asked.
    pub fault: Option<Problem>,
}

/// What a decision would do, or did.
pub struct Tried {
    pub mapping: Mapping,
    pub version: i64,
    pub changes: Changes,
    /// Cases that it concerns.
    pub cases: u64,
    /// All of it in a sentence or two.
    pub told: String,
    /// What goes by something that changes.
    pub uses: Vec<String>,
    /// The latest cases as they look by it: their names, what happened last, by whom, and their attributes.
    pub latest: Vec<Shown>,
    /// Values that are no number in the field that is the amount.
    pub no_numbers: u64,
    people: Vec<PersonRow>,
}

/// A case as it looks by a mapping.
pub struct Shown {
    pub case: String,
    pub last: String,
    pub at: Option<Micros>,
    pub who: String,
    pub attributes: Attributes,
}

fn after(row: &PushedRow) -> After {
    (row.case_ref.clone(), row.kind.clone(), row.id.clone())
}

fn refused(field: String, what: String, remedy: String) -> Problem {
    let place = Place::default().in_field(field);
    Problem {
        place: Box::new(place),
        ..Problem::new(422, "bad_mapping", what, remedy)
    }
}

fn changed_meanwhile() -> Problem {
    Problem::new(
        409,
        "changed_meanwhile",
        "Somebody else changed the mapping meanwhile.",
        "Look at it as it is now, and say again what is to change.",
    )
}

impl Connect {
    /// How a source is read, with what it told so far; before anything was taken in, with what it tells just now.
    pub async fn mapping(&self, id: &str) -> Result<Look, Problem> {
        let connection = self.find(id).await?;
        let row = &connection.row;
        let process = row.process.as_deref().filter(|_| row.what == SOURCE);
        let Some(process) = process else {
            return Err(Problem::new(
                409,
                "no_source",
                format!("{} is no system of record.", row.name),
                "Choose the connection of a system whose pipeline is read.",
            ));
        };
        let process = self.library().process(process).await?;
        let kept = source_mappings::find(self.db(), id).await?;
        let people = source_mappings::people(self.db(), id).await?;
        let assigned = people.iter().map(|p| (p.told.clone(), p.person.clone()));
        let assigned = assigned.collect();
        let mapping = reread::kept(kept.as_ref(), people)?;
        let mut walk = Walk::of(&mapping);
        let mut place = After::default();
        loop {
            let whose = (process.id.as_str(), id);
            let rows = source_mappings::told(self.db(), whose, &place, ROWS).await?;
            let Some(last) = rows.last() else { break };
            place = after(last);
            rows.iter().try_for_each(|row| walk.take(row))?;
        }
        let mut told = walk.done();
        let (mut is_live, mut fault) = (false, None);
        if told.cases == 0 {
            is_live = true;
            match self.told_now(&connection, &mapping).await {
                Ok(now) => told = now,
                Err(problem) => fault = Some(problem),
            }
        }
        Ok(Look {
            process,
            version: kept.as_ref().map_or(0, |k| k.version),
            changed: kept.map(|k| (k.at, k.by_person)),
            assigned,
            mapping,
            told,
            is_live,
            fault,
            connection,
        })
    }

    /// A page of what the source tells; nothing of it is kept.
    async fn told_now(&self, connection: &Connection, mapping: &Mapping) -> Result<Told, Problem> {
        let row: &ConnectionRow = &connection.row;
        let source = self.source(&row.kind)?;
        let pipeline = connection.pipeline.as_ref();
        let pipeline = pipeline.ok_or_else(|| Problem::not_found("pipeline"))?;
        let about = source.about();
        let settings = self.settings(row)?;
        let settings = self.fresh(row, settings).await;
        let settings = settings.map_err(|fault| super::told(&about, &fault))?;
        let page = source.poll(&self.via(&settings), pipeline, None).await;
        let mut changes = page.map_err(|fault| super::told(&about, &fault))?.items;
        changes.sort_by(|a, b| a.case.cmp(&b.case));
        let mut walk = Walk::of(mapping);
        changes.iter().for_each(|c| walk.take_live(pipeline, c));
        Ok(walk.done())
    }

    /// What a decision would do. Nothing is changed.
    pub async fn try_mapping(&self, look: &Look, wanted: &Wanted) -> Result<Tried, Problem> {
        let mut tried = self.checked(look, wanted).await?;
        if !look.is_live {
            tried.cases = self.concerned(look, &tried.mapping, &tried.changes).await?;
        }
        tried.told = sentence(&tried.changes, tried.cases);
        Ok(tried)
    }

    /// What is wanted, if it can be; which cases it concerns is not counted yet.
    async fn checked(&self, look: &Look, wanted: &Wanted) -> Result<Tried, Problem> {
        if wanted.version.is_some_and(|v| v != look.version) {
            return Err(changed_meanwhile());
        }
        let known = look.told.fields.keys().chain(look.mapping.fields.keys());
        let known: BTreeSet<String> = known.cloned().collect();
        let fields = chosen(&wanted.fields, &known).map_err(|w| {
            let field = format!("fields[{}].{}", w.at, w.part);
            refused(field, w.what, w.remedy)
        })?;
        let hides = |own: &String, name: &str| names_people(own) && !names_people(name);
        if let Some((own, field)) = fields.iter().find(|(own, f)| f.keep && hides(own, &f.name)) {
            let at = wanted.fields.iter().position(|c| c.field == *own);
            let part = if field.is.is_some() { "is" } else { "name" };
            let what = format!(
                "\"{}\" names people, and by its name figures of single people are held back.",
                format::short(own, 60)
            );
            let remedy = "Say that it is the person, use a name with a word such as owner or rep, or leave it out.";
            let field = format!("fields[{}].{part}", at.unwrap_or_default());
            return Err(refused(field, what, remedy.into()));
        }
        let directory = self.work().identity().directory().await?;
        let people = whom(&wanted.people, look, &directory)?;
        let mapping = Mapping {
            fields,
            people: people
                .iter()
                .map(|p| (p.told.clone(), p.name.clone()))
                .collect(),
        };
        let changes = Changes::between(&look.mapping, &mapping);
        let amount = mapping
            .fields
            .iter()
            .find(|(_, f)| f.is == Some(Role::Amount));
        let amount = amount.and_then(|(own, _)| look.told.fields.get(own));
        let latest = look.told.latest.iter().map(|case| Shown {
            case: case.case.clone(),
            last: case.last.clone(),
            at: Some(case.at).filter(|at| *at != MISSING),
            who: mapping.who(&case.who).into(),
            attributes: mapping.attributes(case.attributes.clone()),
        });
        Ok(Tried {
            told: sentence(&changes, 0),
            uses: self.uses(look, &mapping, &changes).await?,
            latest: latest.collect(),
            no_numbers: amount.map_or(0, |seen| seen.cases - seen.numbers),
            version: look.version,
            mapping,
            changes,
            cases: 0,
            people,
        })
    }

    async fn concerned(
        &self,
        look: &Look,
        mapping: &Mapping,
        changes: &Changes,
    ) -> Result<u64, Problem> {
        let (mut cases, mut place) = (BTreeSet::new(), After::default());
        if changes.is_nothing() {
            return Ok(0);
        }
        loop {
            let whose = (look.process.id.as_str(), look.connection.row.id.as_str());
            let rows = source_mappings::told(self.db(), whose, &place, ROWS).await?;
            let Some(last) = rows.last() else { break };
            place = after(last);
            for row in rows {
                if concerns(&row, (&look.mapping, mapping), changes)? {
                    cases.insert(row.case_ref);
                }
            }
        }
        Ok(cases.len() as u64)
    }

    /// What goes by a field that is left out, renamed or read in another way.
    async fn uses(
        &self,
        look: &Look,
        mapping: &Mapping,
        changes: &Changes,
    ) -> Result<Vec<String>, Problem> {
        let loaded = self.library().load(&look.process.id).await?;
        let team = match &loaded.options.team {
            Some(TeamColumn::Case(name)) => Some(name.as_str()),
            _ => None,
        };
        let plugs = improvements::of_process(self.db(), &look.process.id).await?;
        let plugs = plugs.iter().filter(|p| p.ended.is_none()).count();
        let plugged = match plugs {
            0 => String::new(),
            n => format!(
                ", and {} rolled out team by team",
                format::many(n as u64, "plugged-in tool")
            ),
        };
        let renamed = changes.renamed.iter().map(|(from, _)| from);
        let gone = changes.left_out.iter().chain(renamed).chain(&changes.other);
        let mut uses = Vec::new();
        for name in gone {
            let shown = format::short(name, 60);
            if team == Some(name) {
                uses.push(format!(
                    "“{shown}” is the team: figures and filters go by it{plugged}."
                ));
            } else if loaded.attributes.iter().any(|a| a.name == *name)
                && !changes.other.contains(name)
            {
                uses.push(format!(
                    "Cases are filtered by “{shown}”: addresses that were shared with this filter do not work any more."
                ));
            }
            if name.eq_ignore_ascii_case(Role::Person.name()) {
                uses.push(format!(
                    "By “{shown}” the home page shows each colleague her cases."
                ));
            }
        }
        let is_team = |m: &Mapping| {
            let found = m.fields.iter().find(|(_, f)| f.is == Some(Role::Team));
            found.map(|(own, _)| own.clone())
        };
        let (before, now) = (is_team(&look.mapping), is_team(mapping));
        let is_team_already =
            |own: &str| team.is_some() && look.mapping.name_of(own).as_deref() == team;
        let is_other = |own: &String| before.as_ref() != Some(own) && !is_team_already(own);
        if let Some(own) = now.filter(is_other) {
            uses.push(format!(
                "Teams will be those of “{}”: figures and filters go by them{plugged}.",
                format::short(&own, 60)
            ));
        }
        Ok(uses)
    }

    /// Reads a source in another way from now on, and what it told already with it: all of that, or nothing.
    pub async fn set_mapping(
        &self,
        actor: &Actor,
        id: &str,
        wanted: &Wanted,
    ) -> Result<Tried, Problem> {
        let look = self.mapping(id).await?;
        let mut tried = self.checked(&look, wanted).await?;
        if tried.mapping == look.mapping && look.version > 0 {
            return Ok(tried);
        }
        let process = look.process.id.as_str();
        // What is read from the disk, or from another node, is there before anybody waits.
        self.library().load(process).await?;
        let now = self.clock().now();
        let mut tx = self.db().begin().await?;
        source_mappings::hold(&mut tx, id).await?;
        let (version, before) = reread::mapping_in(&mut tx, id).await?;
        if version != look.version {
            return Err(changed_meanwhile());
        }
        let mut file = None;
        if !tried.changes.is_nothing() {
            let both = (&before, &tried.mapping);
            let (anew, cases) = anew(&mut tx, (process, id), both, &tried.changes).await?;
            tried.cases = cases;
            tried.told = sentence(&tried.changes, cases);
            file = self.library().reread(&mut tx, process, anew).await?;
        }
        let row = MappingRow {
            connection: id.into(),
            version: version + 1,
            at: now,
            by_person: actor.id().into(),
            fields: serde_json::to_string(&tried.mapping.fields).map_err(anyhow::Error::from)?,
        };
        source_mappings::put(&mut tx, &row, &tried.people).await?;
        if !tried.changes.back.is_empty() {
            source_mappings::read_anew(&mut tx, id, now).await?;
        }
        let by_told = |told: &String| tried.people.iter().find(|p| p.told == *told);
        let people = tried.changes.people.iter();
        let people = people.map(|(told, _)| json!([told, by_told(told).map(|p| &p.person)]));
        let payload = json!({
            "mapping": row.version,
            "told": tried.told,
            "left_out": some(&tried.changes.left_out),
            "taken_in_again": some(&tried.changes.back),
            "renamed": some(&tried.changes.renamed),
            "read_otherwise": some(&tried.changes.other),
            "people": people.take(IN_RECORD).collect::<Vec<_>>(),
        });
        let kind = Kind::ConnectionChanged;
        self.note(&mut tx, actor.id(), &look.connection.row, kind, payload)
            .await?;
        self.done(tx).await?;
        tried.version = row.version;
        if let Some(file) = file {
            self.library().forget_reading(process, &file).await?;
        }
        self.wake();
        Ok(tried)
    }
}

/// The first of a list, as many as are said one by one in the record; all of them are counted there.
fn some<T>(all: &[T]) -> &[T] {
    &all[..all.len().min(IN_RECORD)]
}

fn sentence(changes: &Changes, cases: u64) -> String {
    let told = changes.told(cases);
    match changes.back.is_empty() {
        true => told,
        false => format!(
            "{told} What is taken in again is not here any more, so the source is read once more from the beginning."
        ),
    }
}

/// Who somebody is here, of those whom the source names.
fn whom(
    wanted: &[(String, String)],
    look: &Look,
    directory: &Directory,
) -> Result<Vec<PersonRow>, Problem> {
    if wanted.len() > PEOPLE {
        let what = format!("There are {} people; {PEOPLE} are the most.", wanted.len());
        return Err(refused("people".into(), what, "Send fewer.".into()));
    }
    let mut people: Vec<PersonRow> = Vec::new();
    let mut seen = BTreeSet::new();
    for (at, (told, person)) in wanted.iter().enumerate() {
        let bad = |part: &str, what: &str, remedy: &str| {
            Err(refused(
                format!("people[{at}].{part}"),
                what.into(),
                remedy.into(),
            ))
        };
        if told.is_empty() || told.contains('\0') || told.chars().count() > 500 {
            return bad(
                "told",
                "This is nobody a source names.",
                "Send her as she was shown to you.",
            );
        }
        if !seen.insert(told) {
            let what = "She is there twice.";
            return bad("told", what, "Say once who she is.");
        }
        let is_as_before = look.assigned.get(told) == Some(person);
        let mut all = directory.people().iter();
        let found = all.find(|p| p.id == *person || p.handle == *person);
        let found = found.filter(|p| p.state == "active" || is_as_before);
        let Some(found) = found.filter(|p| !p.name.trim().is_empty()) else {
            let what = "There is no such person here who can sign in.";
            return bad("person", what, "Choose one of GET /api/v1/people.");
        };
        people.push(PersonRow {
            told: told.clone(),
            person: found.id.clone(),
            name: found.name.clone(),
        });
    }
    people.sort_by(|a, b| a.told.cmp(&b.told));
    Ok(people)
}

#[cfg(test)]
mod tests;
