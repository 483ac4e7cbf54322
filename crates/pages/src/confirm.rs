//! Before a file is read: what its columns are, or which of its objects are the cases.

use super::error::{PageError, page as render};
use super::shell::Shell;
use crate::asked::{Form, Query};
use askama::Template;
use axum::extract::{Path, State};
use axum::response::{Html, IntoResponse, Redirect, Response};
use base::format;
use base::identity::Actor;
use mining::readers::csv::{self, DateFormat, Decimal, Mapping, Preview, Shape, ShapeKind};
use mining::readers::ocel::OcelPreview;
use service::app::App;
use service::processes::Problem;
use service::processes::files::{self, Question, ReadOptions};
use service::processes::uploads::Upload;

/// Rows of a table that are shown.
const ROWS: usize = 8;

type Pairs = Vec<(String, String)>;

/// A list to choose from.
struct Choice {
    key: &'static str,
    label: &'static str,
    /// Why one would choose something else.
    hint: &'static str,
    /// Value, text, whether it is chosen.
    options: Vec<(String, String, bool)>,
}

#[derive(Template)]
#[template(path = "confirm-columns.html")]
struct ColumnsPage {
    shell: Shell,
    upload: Upload,
    /// Said already for this header, so nothing is guessed.
    remembered: bool,
    reasons: Vec<String>,
    ambiguity: Option<csv::Ambiguity>,
    choices: Vec<Choice>,
    details: Vec<Choice>,
    zone: String,
    encoding: String,
    /// Columns with what they were taken for.
    columns: Vec<(String, &'static str)>,
    rows: Vec<Vec<String>>,
}

#[derive(Template)]
#[template(path = "confirm-objects.html")]
struct ObjectsPage {
    shell: Shell,
    upload: Upload,
    events: String,
    types: Vec<ObjectType>,
}

struct ObjectType {
    name: String,
    objects: String,
    events: String,
    told: String,
    proposed: bool,
}

pub async fn page(
    actor: Actor,
    State(app): State<App>,
    Path(upload): Path<String>,
    Query(query): Query<Pairs>,
) -> Result<Response, PageError> {
    let upload = app.uploads.find(&upload)?;
    let options = options(&query)?;
    // Who has changed something on the page has said all of it.
    let (asked, remembered) = match query.is_empty() {
        true => {
            let path = app.uploads.path(&upload.id);
            let asked = app.library.question(&path, &upload.file_name, &options.csv);
            let asked = asked.await?;
            (asked.question, asked.remembered)
        }
        false => (ask(&app, &upload, &options).await?, false),
    };
    let shell = Shell::new(&app, &actor, "Import a process", "import", None).await?;
    Ok(match asked {
        Question::Nothing => start_import(&app, upload, options).into_response(),
        Question::Objects(preview) => objects(shell, upload, &preview)?.into_response(),
        Question::Columns(preview) => columns(shell, upload, *preview, remembered)?.into_response(),
    })
}

/// Starts the import as it was confirmed.
pub async fn start(
    State(app): State<App>,
    Path(upload): Path<String>,
    Form(form): Form<Pairs>,
) -> Result<Redirect, PageError> {
    let upload = app.uploads.find(&upload)?;
    let options = options(&form)?;
    // What cannot be is said here, where it can be put right; the file stays.
    ask(&app, &upload, &options).await?;
    Ok(start_import(&app, upload, options))
}

fn start_import(app: &App, upload: Upload, options: ReadOptions) -> Redirect {
    Redirect::to(&format!(
        "/jobs/{}",
        service::intake::start(app, upload, options).id
    ))
}

fn options(pairs: &Pairs) -> Result<ReadOptions, Problem> {
    let mut options = ReadOptions::default();
    for (key, value) in pairs {
        options.take(key, value.trim())?;
    }
    Ok(options)
}

async fn ask(app: &App, upload: &Upload, options: &ReadOptions) -> Result<Question, Problem> {
    let path = app.uploads.path(&upload.id);
    let (name, said) = (upload.file_name.clone(), options.csv.clone());
    tokio::task::spawn_blocking(move || files::question(&path, &name, &said, None))
        .await
        .map_err(anyhow::Error::from)?
}

fn objects(shell: Shell, upload: Upload, preview: &OcelPreview) -> Result<Html<String>, PageError> {
    let types = preview.types.iter().map(|t| {
        let left_out = preview.events - t.events;
        let twice = t.flattened.saturating_sub(t.events);
        let mut told = Vec::new();
        if left_out > 0 {
            told.push(format!("{} left out", format::many(left_out, "event")));
        }
        if twice > 0 {
            told.push(format!(
                "{} in more than one case",
                format::many(twice, "event")
            ));
        }
        ObjectType {
            name: t.name.clone(),
            objects: format::count(t.objects),
            events: format::count(t.flattened),
            told: match told.is_empty() {
                true => "Every event stands in one case.".into(),
                false => format!("{}.", told.join("; ")),
            },
            proposed: preview.proposed.as_ref() == Some(&t.name),
        }
    });
    let types = types.collect();
    render(ObjectsPage {
        shell,
        upload,
        events: format::many(preview.events, "event"),
        types,
    })
}

fn columns(
    shell: Shell,
    upload: Upload,
    preview: Preview,
    remembered: bool,
) -> Result<Html<String>, PageError> {
    let Preview {
        columns,
        rows,
        mapping,
        reasons,
        ambiguity,
        ..
    } = preview;
    let names: Vec<&str> = columns.iter().map(|c| c.name.as_str()).collect();
    let roles = roles(&mapping);
    let role = |name: &str| {
        let found = roles.iter().find(|(n, _)| n == name);
        found.map_or("kept as an attribute", |(_, role)| *role)
    };
    render(ColumnsPage {
        shell,
        upload,
        remembered,
        reasons,
        ambiguity,
        choices: choices(&mapping, &names),
        details: details(&mapping),
        zone: mapping.zone.clone(),
        encoding: mapping.encoding.clone(),
        columns: names.iter().map(|n| (n.to_string(), role(n))).collect(),
        rows: rows.into_iter().take(ROWS).collect(),
    })
}

/// Which column is taken for what.
fn roles(mapping: &Mapping) -> Vec<(String, &'static str)> {
    let mut roles = vec![(mapping.case.clone(), "case")];
    match &mapping.shape {
        Shape::Events {
            activity,
            time,
            start,
        } => {
            roles.push((activity.clone(), "activity"));
            roles.extend(time.clone().map(|t| (t, "time")));
            roles.extend(start.clone().map(|t| (t, "begin")));
        }
        Shape::StageHistory { from, to, time } => {
            roles.extend(from.clone().map(|f| (f, "stage before")));
            roles.push((to.clone(), "stage"));
            roles.push((time.clone(), "time"));
        }
        Shape::Snapshot { stages } => roles.extend(
            stages
                .iter()
                .map(|(column, _)| (column.clone(), "date of a stage")),
        ),
    }
    roles.extend(mapping.resource.clone().map(|r| (r, "person")));
    roles.extend(mapping.team.clone().map(|t| (t, "team")));
    roles
}

fn choices(mapping: &Mapping, names: &[&str]) -> Vec<Choice> {
    let column = |key, label, hint, chosen: Option<&str>, none: Option<&str>| {
        let none = none.map(|text| (String::new(), text.to_string(), chosen.is_none()));
        let names = names
            .iter()
            .map(|n| (n.to_string(), n.to_string(), chosen == Some(*n)));
        Choice {
            key,
            label,
            hint,
            options: none.into_iter().chain(names).collect(),
        }
    };
    let kind = mapping.shape.kind();
    let kinds = [
        (ShapeKind::Events, "something that happened (an event)"),
        (ShapeKind::StageHistory, "a change of stage"),
        (ShapeKind::Snapshot, "a case, with a date for each stage"),
    ];
    let mut choices = vec![
        Choice {
            key: "csv_rows",
            label: "Each row is",
            hint: "",
            options: kinds
                .iter()
                .map(|(k, text)| (k.word().to_string(), text.to_string(), *k == kind))
                .collect(),
        },
        column(
            "csv_case",
            "Case",
            "What runs through the process: a deal, an order, a ticket.",
            Some(&mapping.case),
            None,
        ),
    ];
    match &mapping.shape {
        Shape::Events {
            activity,
            time,
            start,
        } => {
            choices.push(column(
                "csv_activity",
                "Activity",
                "What was done.",
                Some(activity),
                None,
            ));
            choices.push(column(
                "csv_time",
                "Time",
                "When it was done.",
                time.as_deref(),
                Some("There is none"),
            ));
            choices.push(column(
                "csv_start",
                "Begin",
                "When it was begun, if that is known too.",
                start.as_deref(),
                Some("There is none"),
            ));
        }
        Shape::StageHistory { to, time, .. } => {
            choices.push(column(
                "csv_activity",
                "Stage",
                "The stage a case went to.",
                Some(to),
                None,
            ));
            choices.push(column(
                "csv_time",
                "Time",
                "When it went there.",
                Some(time),
                None,
            ));
        }
        Shape::Snapshot { .. } => {}
    }
    let none = Some("There is none");
    choices.push(column(
        "csv_resource",
        "Person",
        "Who did it.",
        mapping.resource.as_deref(),
        none,
    ));
    choices.push(column(
        "csv_team",
        "Team",
        "",
        mapping.team.as_deref(),
        none,
    ));
    choices
}

fn details(mapping: &Mapping) -> Vec<Choice> {
    let dates = DateFormat::ALL.map(|f| {
        let text = match f {
            DateFormat::Ymd => "year first: 2024-03-04",
            DateFormat::Dmy => "day first: 4.3.2024",
            DateFormat::Mdy => "month first: 3/4/2024",
            DateFormat::EpochSeconds => "seconds since 1970",
            DateFormat::EpochMillis => "milliseconds since 1970",
            DateFormat::EpochMicros => "microseconds since 1970",
            DateFormat::Excel => "days as a spreadsheet counts them: 45000.5",
        };
        (
            f.word().to_string(),
            text.to_string(),
            f == mapping.date_format,
        )
    });
    let decimals = [
        (Decimal::Point, "point", "1234.5"),
        (Decimal::Comma, "comma", "1234,5"),
    ];
    let delimiters = [
        (',', "comma"),
        (';', "semicolon"),
        ('\t', "tab"),
        ('|', "bar"),
    ];
    let mut delimiters: Vec<_> = delimiters
        .iter()
        .map(|(c, text)| {
            let value = if *c == '\t' {
                "tab".into()
            } else {
                c.to_string()
            };
            (value, text.to_string(), *c == mapping.delimiter)
        })
        .collect();
    if delimiters.iter().all(|(_, _, chosen)| !chosen) {
        let c = mapping.delimiter.to_string();
        delimiters.push((c.clone(), c, true));
    }
    vec![
        Choice {
            key: "csv_date_format",
            label: "Dates are written",
            hint: "",
            options: dates.to_vec(),
        },
        Choice {
            key: "csv_decimal",
            label: "Numbers are written",
            hint: "",
            options: decimals
                .iter()
                .map(|(d, word, text)| (word.to_string(), text.to_string(), *d == mapping.decimal))
                .collect(),
        },
        Choice {
            key: "csv_delimiter",
            label: "Columns are parted by",
            hint: "",
            options: delimiters,
        },
    ]
}
