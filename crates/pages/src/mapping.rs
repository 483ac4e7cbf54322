//! How a source is read: its stages and fields, whom it names, and how the latest cases look by that, before it is saved.

use super::error::{PageError, page as render};
use super::shell::Shell;
use crate::asked::{Form, Query};
use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use base::format;
use base::identity::{Actor, Directory};
use mining::figures::Steps;
use serde::Deserialize;
use serde_json::Value;
use service::app::App;
use service::connect::mapping::{Look, Tried, Wanted};
use service::processes::Problem;
use service::processes::mapping::{Choice, Role, TITLE, URL};
use std::collections::{BTreeMap, BTreeSet};
use store::connections::{ON, PAUSED};

/// Fields and people that are shown; the others stay as they are.
const SHOWN: usize = 300;
/// Attributes of a case in the preview.
const ATTRIBUTES: usize = 40;

/// A stage of the source.
struct Stage {
    name: String,
    /// `won`, `lost` or nothing.
    end: &'static str,
    becomes: String,
}

/// A field of the source.
struct Line {
    own: String,
    keep: bool,
    name: String,
    is: &'static str,
    is_new: bool,
    is_fixed: bool,
    cases: String,
    samples: String,
    /// The part of it that is wrong, or nothing.
    wrong: String,
}

/// Somebody whom the source names.
struct Who {
    told: String,
    /// Who she is here without anybody having said so, and why.
    matched: String,
    cases: String,
    person: String,
}

/// Latest cases, side by side.
struct Preview {
    cases: Vec<(String, String)>,
    /// What happened last and by whom, then the attributes by name.
    rows: Vec<(String, Vec<String>)>,
}

#[derive(Template)]
#[template(path = "mapping.html")]
struct MappingPage {
    shell: Shell,
    id: String,
    name: String,
    title: String,
    slug: String,
    process: String,
    version: i64,
    changed: String,
    cases: String,
    is_live: bool,
    is_paused: bool,
    is_syncing: bool,
    fault: Option<Problem>,
    stages: Vec<Stage>,
    lines: Vec<Line>,
    more_lines: usize,
    roles: [(&'static str, &'static str); 4],
    people: Vec<Who>,
    more_people: usize,
    colleagues: Vec<(String, String)>,
    preview: Preview,
    /// What a decision that is not saved yet would do.
    tried: Option<Decision>,
    saved: Option<i64>,
    problem: Option<Problem>,
}

struct Decision {
    told: String,
    uses: Vec<String>,
    no_numbers: u64,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Saved {
    saved: Option<i64>,
}

/// The choices that are in force; of what is as it is told, nothing is said.
fn in_force(look: &Look) -> Vec<Choice> {
    let fields = look.mapping.fields.iter();
    let chosen = fields.filter(|(own, f)| !f.keep || f.is.is_some() || f.name != **own);
    let known = chosen.map(|(own, f)| Choice {
        field: own.clone(),
        keep: f.keep,
        name: Some(f.name.clone()),
        is: f.is,
    });
    known.collect()
}

/// What the form says: `f.N` is a field, `k.N` that it is kept, `n.N` its name, `r.N` its role; `t.N` is somebody, `p.N` who she is. What is
/// not in it stays as it is.
fn wanted(look: &Look, form: &[(String, String)]) -> Wanted {
    let mut by_key: BTreeMap<&str, &str> = BTreeMap::new();
    by_key.extend(form.iter().map(|(k, v)| (k.as_str(), v.as_str())));
    let get = |part: &str, n: &str| by_key.get(format!("{part}.{n}").as_str()).copied();
    let numbered = |part: &'static str| {
        let all = form.iter();
        all.filter_map(move |(k, v)| Some((k.strip_prefix(part)?, v.as_str())))
    };
    let mut fields = Vec::new();
    for (n, own) in numbered("f.") {
        let is = get("r", n).and_then(Role::parse);
        let before = look.mapping.fields.get(own).and_then(|f| f.is);
        let name = get("n", n).unwrap_or(own);
        // Who says that it is not the team any more has not called it "team" by that.
        let is_left_over = is.is_none() && before.is_some_and(|role| role.name() == name);
        fields.push(Choice {
            field: own.into(),
            keep: get("k", n).is_some(),
            name: Some(name.to_string()).filter(|_| !is_left_over),
            is,
        });
    }
    let said: BTreeSet<String> = fields.iter().map(|c| c.field.clone()).collect();
    let others = in_force(look).into_iter();
    fields.extend(others.filter(|c| !said.contains(&c.field)));
    let mut people: Vec<(String, String)> = Vec::new();
    let mut seen = BTreeSet::new();
    for (n, told) in numbered("t.") {
        seen.insert(told);
        let person = get("p", n).unwrap_or_default();
        if !person.is_empty() {
            people.push((told.into(), person.into()));
        }
    }
    let others = look.assigned.iter();
    let others = others.filter(|(told, _)| !seen.contains(told.as_str()));
    people.extend(others.map(|(told, person)| (told.clone(), person.clone())));
    Wanted {
        fields,
        people,
        version: by_key.get("version").and_then(|v| v.parse().ok()),
    }
}

fn stages(look: &Look, steps: &Steps) -> Vec<Stage> {
    let all = look.connection.pipeline.iter().flat_map(|p| &p.stages);
    let place = |name: &String| {
        if steps.won.contains(name) {
            return "Outcome: won".into();
        }
        if steps.lost.contains(name) {
            return "Outcome: lost".into();
        }
        let step = steps.steps.iter().find(|s| s.activities.contains(name));
        step.map_or("No case came to it yet, or in no step".into(), |s| {
            s.name.clone()
        })
    };
    all.map(|s| Stage {
        becomes: place(&s.name),
        end: match (s.is_won, s.is_lost) {
            (true, _) => "won",
            (_, true) => "lost",
            _ => "",
        },
        name: s.name.clone(),
    })
    .collect()
}

/// The fields with what is chosen of each, new ones first, then those that most cases have.
fn lines(look: &Look, wanted: &Wanted, problem: Option<&Problem>) -> Vec<Line> {
    let wrong = problem.and_then(|p| p.place.field.as_deref());
    let wrong_at = |own: &str| -> String {
        let at = wanted.fields.iter().position(|c| c.field == own);
        let part = at.and_then(|at| wrong?.strip_prefix(&format!("fields[{at}].")));
        part.unwrap_or_default().into()
    };
    let chosen: BTreeMap<&str, &Choice> = wanted
        .fields
        .iter()
        .map(|c| (c.field.as_str(), c))
        .collect();
    let told = look.told.fields.keys().map(String::as_str);
    let all: BTreeSet<&str> = told.chain(chosen.keys().copied()).collect();
    let mut lines: Vec<(bool, u64, Line)> = Vec::new();
    for own in all {
        let seen = look.told.fields.get(own).cloned().unwrap_or_default();
        let choice = chosen.get(own);
        let is = choice.and_then(|c| c.is);
        let name = match (is, choice.and_then(|c| c.name.clone())) {
            (Some(role), _) => role.name().into(),
            (None, Some(name)) => name,
            (None, None) => look
                .mapping
                .name_of(own)
                .map_or(own.into(), |n| n.into_owned()),
        };
        let is_new = look.mapping.is_new(own);
        let line = Line {
            keep: choice.is_none_or(|c| c.keep),
            name,
            is: is.map_or("", Role::word),
            is_new,
            is_fixed: own == TITLE || own == URL,
            cases: format::count(seen.cases),
            samples: seen.samples.join(" · "),
            wrong: wrong_at(own),
            own: own.into(),
        };
        lines.push((!is_new, u64::MAX - seen.cases, line));
    }
    lines.sort_by(|a, b| (a.0, a.1, &a.2.own).cmp(&(b.0, b.1, &b.2.own)));
    lines.into_iter().map(|(.., line)| line).collect()
}

/// Those whom nobody here is, first.
fn people(look: &Look, wanted: &Wanted, directory: &Directory) -> Vec<Who> {
    let chosen: BTreeMap<&str, &str> = wanted
        .people
        .iter()
        .map(|(t, p)| (t.as_str(), p.as_str()))
        .collect();
    let told = look.told.people.keys().map(String::as_str);
    let all: BTreeSet<&str> = told
        .chain(look.assigned.keys().map(String::as_str))
        .collect();
    let mut people: Vec<Who> = all
        .into_iter()
        .map(|told| {
            let mut here = directory.people().iter().filter(|p| p.state == "active");
            let small = told.trim().to_lowercase();
            let found = here.find(|p| p.email == small || p.name == told);
            let matched = found.map_or(String::new(), |p| {
                let why = if p.name == told {
                    "name"
                } else {
                    "e-mail address"
                };
                format!("{}, by the {why}", p.name)
            });
            let cases = look.told.people.get(told).copied().unwrap_or_default();
            Who {
                told: told.into(),
                person: chosen.get(told).copied().unwrap_or_default().into(),
                // How many cases somebody has is nobody's business here, once it is known who she is.
                cases: match matched.is_empty() {
                    true => format::many(cases, "case"),
                    false => String::new(),
                },
                matched,
            }
        })
        .collect();
    people.sort_by_key(|w| (!w.matched.is_empty(), w.told.clone()));
    people
}

fn shown(value: &Value) -> String {
    let text = match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    format::short(&text, 80)
}

fn preview(tried: &Tried) -> Preview {
    let latest = &tried.latest;
    let names: BTreeSet<&String> = latest.iter().flat_map(|c| c.attributes.keys()).collect();
    let when = |at: Option<i64>| at.map_or(String::new(), |at| format!(", {}", format::date(at)));
    let last = latest.iter().map(|c| format!("{}{}", c.last, when(c.at)));
    let mut rows = vec![
        ("Happened last".to_string(), last.collect::<Vec<_>>()),
        ("By".into(), latest.iter().map(|c| c.who.clone()).collect()),
    ];
    for name in names.into_iter().take(ATTRIBUTES) {
        let values = latest
            .iter()
            .map(|c| c.attributes.get(name).map(shown).unwrap_or_default());
        rows.push((format::short(name, 80), values.collect()));
    }
    let cases = latest.iter().map(|c| {
        let title = c.attributes.get(TITLE).map(shown);
        (c.case.clone(), title.unwrap_or_default())
    });
    Preview {
        cases: cases.collect(),
        rows,
    }
}

/// The page with what is chosen, whether it is saved or not.
async fn look_at(
    app: &App,
    actor: &Actor,
    look: Look,
    (wanted, is_new): (&Wanted, bool),
    said: (Option<i64>, Option<Problem>),
) -> Result<Html<String>, PageError> {
    let (saved, mut problem) = said;
    let connect = app.desk.connect();
    // What is wrong is told, and beside it the cases as they are.
    let force = Wanted {
        fields: in_force(&look),
        people: look.assigned.clone().into_iter().collect(),
        version: None,
    };
    let tried = match connect.try_mapping(&look, wanted).await {
        Ok(tried) => tried,
        Err(wrong) => {
            problem.get_or_insert(wrong);
            connect.try_mapping(&look, &force).await?
        }
    };
    let directory = app.identity.directory().await?;
    let loaded = app.library.load(&look.process.id).await?;
    let row = &look.connection.row;
    let mut lines = lines(&look, wanted, problem.as_ref());
    let more_lines = lines.len().saturating_sub(SHOWN);
    lines.truncate(SHOWN);
    let mut people = people(&look, wanted, &directory);
    let more_people = people.len().saturating_sub(SHOWN);
    people.truncate(SHOWN);
    let colleagues = directory.colleagues();
    let mut colleagues: Vec<(String, String)> =
        colleagues.map(|p| (p.id.clone(), p.name.clone())).collect();
    // Who was assigned and has left stays chosen.
    for who in &people {
        if !who.person.is_empty() && !colleagues.iter().any(|(id, _)| *id == who.person) {
            let name = directory.name(&who.person).to_string();
            colleagues.push((who.person.clone(), name));
        }
    }
    let changed = look.changed.as_ref();
    let changed = changed
        .map(|(at, by)| format!("{} UTC, by {}", format::date_time(*at), directory.name(by)));
    let about = look.connection.about;
    let is_ill = problem.is_some();
    render(MappingPage {
        shell: Shell::new(app, actor, "How it is read", "settings", None).await?,
        id: row.id.clone(),
        name: row.name.clone(),
        title: about.map_or(row.kind.clone(), |a| a.title.into()),
        slug: look.process.slug.clone(),
        process: look.process.name.clone(),
        version: wanted.version.filter(|_| !is_ill).unwrap_or(look.version),
        changed: changed.unwrap_or_default(),
        cases: format::many(look.told.cases, "case"),
        is_live: look.is_live,
        is_paused: row.state == PAUSED,
        is_syncing: row.state == ON && row.synced.is_none(),
        stages: stages(&look, &loaded.steps),
        lines,
        more_lines,
        roles: [
            ("", "an attribute"),
            ("team", "the team"),
            ("person", "the person (owner)"),
            ("amount", "the amount"),
        ],
        people,
        more_people,
        colleagues,
        preview: preview(&tried),
        tried: (is_new && !is_ill).then_some(Decision {
            told: tried.told,
            uses: tried.uses,
            no_numbers: tried.no_numbers,
        }),
        saved,
        problem,
        fault: look.fault,
    })
}

pub async fn page(
    actor: Actor,
    State(app): State<App>,
    Path(id): Path<String>,
    Query(asked): Query<Saved>,
) -> Result<Html<String>, PageError> {
    let look = app.desk.connect().mapping(&id).await?;
    let force = Wanted {
        fields: in_force(&look),
        people: look.assigned.clone().into_iter().collect(),
        version: None,
    };
    look_at(&app, &actor, look, (&force, false), (asked.saved, None)).await
}

/// Shows what a decision would do, saves it, or goes back to how the source tells it.
pub async fn save(
    actor: Actor,
    State(app): State<App>,
    Path(id): Path<String>,
    Form(form): Form<Vec<(String, String)>>,
) -> Result<Response, PageError> {
    let connect = app.desk.connect();
    let look = connect.mapping(&id).await?;
    let act = form
        .iter()
        .find(|(k, _)| k == "act")
        .map(|(_, v)| v.as_str());
    let said = wanted(&look, &form);
    let wanted = match act {
        Some("reset") => Wanted {
            version: said.version,
            ..Wanted::default()
        },
        Some("preview" | "save") => said,
        _ => return Err(Problem::not_found("action").into()),
    };
    if act == Some("preview") {
        let page = look_at(&app, &actor, look, (&wanted, true), (None, None)).await?;
        return Ok(page.into_response());
    }
    match connect.set_mapping(&actor, &id, &wanted).await {
        Ok(tried) => {
            let to = format!("/connections/{id}/mapping?saved={}", tried.version);
            Ok(Redirect::to(&to).into_response())
        }
        Err(problem) => {
            let status = StatusCode::from_u16(problem.status);
            let status = status.unwrap_or(StatusCode::BAD_REQUEST);
            let page = look_at(&app, &actor, look, (&wanted, true), (None, Some(problem))).await?;
            Ok((status, page).into_response())
        }
    }
}
