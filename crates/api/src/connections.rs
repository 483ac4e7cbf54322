//! How a system of record is read, and whether links are written back to it.

use super::body::{self, Sent};
use super::problem::ApiError;
use super::talk::{Asked, query};
use axum::Json;
use axum::extract::{Path, State};
use base::identity::Actor;
use mining::Micros;
use serde::{Deserialize, Serialize};
use service::app::App;
use service::connect::mapping::{Look, Wanted};
use service::processes::Problem;
use service::processes::mapping::{Choice, Role};
use std::collections::BTreeSet;
use utoipa::{IntoParams, ToSchema};

/// How a source is read.
#[derive(Serialize, ToSchema)]
pub struct Mapping {
    /// One more with every change; 0: nobody changed anything yet.
    version: i64,
    /// When it was last changed, and the id of by whom.
    changed: Option<Micros>,
    changed_by: Option<String>,
    /// Cases the source told so far.
    cases: u64,
    /// Nothing was taken in yet: fields and people are those the source tells just now.
    live: bool,
    stages: Vec<MappedStage>,
    fields: Vec<MappedField>,
    people: Vec<MappedPerson>,
}

#[derive(Serialize, ToSchema)]
pub struct MappedStage {
    /// The source's own id of it.
    id: String,
    name: String,
    /// Where a case ends: `won` or `lost`.
    ends: Option<&'static str>,
    /// The step it belongs to; null where it ends a case, or belongs to none.
    step: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct MappedField {
    /// As the source calls it.
    field: String,
    keep: bool,
    /// What it is called here; null where it is left out.
    name: Option<String>,
    is: Option<Role>,
    /// The source told it for the first time since somebody decided.
    new: bool,
    /// Cases that have it.
    cases: u64,
    /// Some of its values, shortened.
    samples: Vec<String>,
}

#[derive(Serialize, ToSchema)]
pub struct MappedPerson {
    /// As the source tells her: an e-mail address or a name.
    told: String,
    /// Id of who she is here, as somebody said.
    person: Option<String>,
    /// Id of who she is here by her e-mail address or name.
    matched: Option<String>,
    /// Cases she is named in; null where it is known who she is.
    cases: Option<u64>,
}

/// What is wanted: what is not named is as the source tells it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WantedMapping {
    fields: Vec<WantedField>,
    #[serde(default)]
    people: Vec<WantedPerson>,
    /// The version that was looked at: where it is another one by now, nothing is changed.
    #[serde(default)]
    version: Option<i64>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WantedField {
    /// As the source calls it.
    field: String,
    /// `false`: not kept any more, and taken away from what was read already.
    #[serde(default = "yes")]
    keep: bool,
    /// What it is called here; without one as the source calls it. A role gives it a name.
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    is: Option<Role>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WantedPerson {
    /// As the source tells her.
    told: String,
    /// Id or handle of who she is here.
    person: String,
}

fn yes() -> bool {
    true
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Try {
    /// `true`: says what would change, and changes nothing.
    #[serde(default)]
    preview: bool,
}

/// What a mapping changed, or would.
#[derive(Serialize, ToSchema)]
pub struct MappingChange {
    /// Whether it is in force.
    saved: bool,
    version: i64,
    /// All of it in a sentence.
    told: String,
    /// Cases that it concerns.
    cases: u64,
    /// Names of fields that are left out from now on.
    left_out: Vec<String>,
    /// Fields that are taken in again, as the source calls them.
    taken_in_again: Vec<String>,
    /// From and to.
    renamed: Vec<(String, String)>,
    /// What goes by something that changes.
    uses: Vec<String>,
    /// Values of the amount that are no number and are left out.
    no_numbers: u64,
}

const REMEDY: &str = "Send {\"fields\": [{\"field\": \"source\", \"keep\": false}, {\"field\": \"region\", \"is\": \"team\"}], \"people\": [{\"told\": \"ib@halden.example\", \"person\": \"ines\"}]}.";

async fn shown(app: &App, look: Look) -> Result<Mapping, Problem> {
    let loaded = app.library.load(&look.process.id).await?;
    let directory = app.identity.directory().await?;
    let told = look.told.fields.keys();
    let all: BTreeSet<&String> = told.chain(look.mapping.fields.keys()).collect();
    let fields = all.into_iter().map(|own| {
        let seen = look.told.fields.get(own).cloned().unwrap_or_default();
        MappedField {
            keep: look.mapping.keeps(own),
            name: look.mapping.name_of(own).map(|n| n.into_owned()),
            is: look.mapping.fields.get(own).and_then(|f| f.is),
            new: look.mapping.is_new(own),
            cases: seen.cases,
            samples: seen.samples,
            field: own.clone(),
        }
    });
    let named = look.told.people.keys();
    let named: BTreeSet<&String> = named.chain(look.assigned.keys()).collect();
    let people = named.into_iter().map(|told| {
        let small = told.trim().to_lowercase();
        let mut here = directory.active();
        let matched = here.find(|p| p.email == small || p.name == *told);
        let cases = look.told.people.get(told).copied().unwrap_or_default();
        MappedPerson {
            person: look.assigned.get(told).cloned(),
            cases: matched.is_none().then_some(cases),
            matched: matched.map(|p| p.id.clone()),
            told: told.clone(),
        }
    });
    let stages = look.connection.pipeline.iter().flat_map(|p| &p.stages);
    let stages = stages.map(|s| {
        let mut steps = loaded.steps.steps.iter();
        let step = steps.find(|step| step.activities.contains(&s.name));
        MappedStage {
            id: s.id.clone(),
            name: s.name.clone(),
            ends: match (s.is_won, s.is_lost) {
                (true, _) => Some("won"),
                (_, true) => Some("lost"),
                _ => None,
            },
            step: step.map(|step| step.name.clone()),
        }
    });
    Ok(Mapping {
        version: look.version,
        changed: look.changed.as_ref().map(|c| c.0),
        changed_by: look.changed.as_ref().map(|c| c.1.clone()),
        cases: look.told.cases,
        live: look.is_live,
        stages: stages.collect(),
        fields: fields.collect(),
        people: people.collect(),
    })
}

/// How a source is read: its stages, its fields with some of their values, and whom it names.
#[utoipa::path(get, path = "/api/v1/connections/{connection}/mapping", tag = "connections",
    params(("connection" = String, Path)), responses((status = 200, body = Mapping), super::Refused))]
pub async fn get_mapping(
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<Json<Mapping>, ApiError> {
    let look = app.desk.connect().mapping(&id).await?;
    if let Some(fault) = look.fault {
        return Err(fault.into());
    }
    Ok(Json(shown(&app, look).await?))
}

/// Reads a source in another way from now on, and what it told already with it: all of it, or nothing. What is not named is as the source
/// tells it, so an empty list of fields goes back to that. What is wrong is told with its place, such as `fields[3].name`.
#[utoipa::path(put, path = "/api/v1/connections/{connection}/mapping", tag = "connections",
    params(("connection" = String, Path), Try), request_body = WantedMapping,
    responses((status = 200, body = MappingChange), super::Refused))]
pub async fn put_mapping(
    actor: Actor,
    State(app): State<App>,
    Path(id): Path<String>,
    asked: Asked<Try>,
    sent: Sent<WantedMapping>,
) -> Result<Json<MappingChange>, ApiError> {
    let preview = query(asked, "Use preview=true, or nothing.")?.preview;
    let sent = body::read(sent, REMEDY)?;
    let fields = sent.fields.into_iter().map(|f| Choice {
        field: f.field,
        keep: f.keep,
        name: f.name,
        is: f.is,
    });
    let people = sent.people.into_iter().map(|p| (p.told, p.person));
    let wanted = Wanted {
        fields: fields.collect(),
        people: people.collect(),
        version: sent.version,
    };
    let connect = app.desk.connect();
    let tried = match preview {
        true => {
            let look = connect.mapping(&id).await?;
            connect.try_mapping(&look, &wanted).await?
        }
        false => connect.set_mapping(&actor, &id, &wanted).await?,
    };
    Ok(Json(MappingChange {
        saved: !preview,
        version: tried.version,
        told: tried.told,
        cases: tried.cases,
        left_out: tried.changes.left_out,
        taken_in_again: tried.changes.back,
        renamed: tried.changes.renamed,
        uses: tried.uses,
        no_numbers: tried.no_numbers,
    }))
}

/// How links to cases are written back to a source.
#[derive(Serialize, ToSchema)]
pub struct WritingBack {
    on: bool,
    /// Since when.
    since: Option<Micros>,
    /// What is made there, once for each case that colleagues work on, and the right it needs beside those of reading.
    what: &'static str,
    right: &'static str,
    /// Links that were written, wait, or were given up; when the last was written.
    written: i64,
    waiting: i64,
    given_up: i64,
    last: Option<Micros>,
    /// Up to 20 that could not be written, and why.
    unwritten: Vec<UnwrittenLink>,
}

#[derive(Serialize, ToSchema)]
pub struct UnwrittenLink {
    case: String,
    /// When it was given up; null: it is tried again.
    given_up: Option<Micros>,
    error: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WriteBack {
    on: bool,
}

async fn writing(app: &App, id: &str) -> Result<WritingBack, Problem> {
    let connect = app.desk.connect();
    let Some(w) = connect.writing(id).await? else {
        let name = connect.find(id).await?.row.name;
        return Err(service::connect::cannot_write(&name));
    };
    let unwritten = w.unwritten.into_iter().map(|link| UnwrittenLink {
        case: link.case_ref,
        given_up: link.failed,
        error: link.error.unwrap_or_default(),
    });
    Ok(WritingBack {
        on: w.since.is_some(),
        since: w.since,
        what: w.writes.what,
        right: w.writes.right,
        written: w.counts.written,
        waiting: w.counts.waiting,
        given_up: w.counts.failed,
        last: w.counts.last,
        unwritten: unwritten.collect(),
    })
}

/// Whether links are written back to a source, and how that goes. 409 `cannot_write` where nothing can be written.
#[utoipa::path(get, path = "/api/v1/connections/{connection}/writing", tag = "connections",
    params(("connection" = String, Path)), responses((status = 200, body = WritingBack), super::Refused))]
pub async fn get_writing(
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<Json<WritingBack>, ApiError> {
    Ok(Json(writing(&app, &id).await?))
}

/// Writes links back from now on, or not any more: what waits then is forgotten. Saying it again changes nothing.
#[utoipa::path(put, path = "/api/v1/connections/{connection}/writing", tag = "connections",
    params(("connection" = String, Path)), request_body = WriteBack,
    responses((status = 200, body = WritingBack), super::Refused))]
pub async fn put_writing(
    actor: Actor,
    State(app): State<App>,
    Path(id): Path<String>,
    sent: Sent<WriteBack>,
) -> Result<Json<WritingBack>, ApiError> {
    let on = body::read(sent, "Send {\"on\": true} or {\"on\": false}.")?.on;
    app.desk.connect().set_writing(&actor, &id, on).await?;
    Ok(Json(writing(&app, &id).await?))
}
