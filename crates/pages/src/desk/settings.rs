//! How the desk is run: what is promised and when it is open, whose replies are read first, who knows what, answers to use again.

use super::super::error::{PageError, page as render};
use super::super::shell::Shell;
use crate::asked::Form;
use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use base::identity::{Actor, Role};
use mining::figures::Calendar;
use service::app::App;
use service::desk::Promise;
use service::processes::Problem;
use store::desk::{CannedRow, DeskPersonRow};

const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

struct Hours {
    is_on: bool,
    zone: String,
    days: Vec<(&'static str, usize, bool)>,
    from: String,
    to: String,
    holidays: String,
}

#[derive(Template)]
#[template(path = "desk-settings.html")]
struct SettingsPage {
    shell: Shell,
    problem: Option<Problem>,
    topics: String,
    canned: Vec<CannedRow>,
    /// For managers: what is promised, the hours, and people with whether theirs are read first.
    promise: Option<(i64, Hours)>,
    people: Vec<(String, String, bool)>,
}

pub async fn page(actor: Actor, State(app): State<App>) -> Result<Html<String>, PageError> {
    show(&app, &actor, None).await
}

async fn show(
    app: &App,
    actor: &Actor,
    problem: Option<Problem>,
) -> Result<Html<String>, PageError> {
    let kept = app.desk.people().await?;
    let row = |id: &str| kept.iter().find(|p| p.person == id);
    let is_manager = actor.is_at_least(Role::Manager);
    let mut people = Vec::new();
    if is_manager {
        let directory = app.identity.directory().await?;
        people = directory
            .active()
            .filter(|p| Role::parse(&p.role) >= Some(Role::Member))
            .map(|p| {
                let is_reviewed = row(&p.id).is_some_and(|r| r.is_reviewed != 0);
                (p.id.clone(), p.name.clone(), is_reviewed)
            })
            .collect();
    }
    let promise = match is_manager {
        true => {
            let promise = app.desk.promise().await?;
            Some((promise.minutes, hours(promise.hours.as_ref())))
        }
        false => None,
    };
    render(SettingsPage {
        shell: Shell::new(app, actor, "How the desk is run", "desk", None).await?,
        problem,
        topics: row(actor.id()).map_or(String::new(), |r| r.topics.clone()),
        canned: app.desk.canned().await?,
        promise,
        people,
    })
}

fn hours(kept: Option<&Calendar>) -> Hours {
    let usual = Calendar::weekdays("UTC");
    let shown = kept.unwrap_or(&usual);
    let clock = |minute: u16| format!("{:02}:{:02}", minute / 60, minute % 60);
    let holidays: Vec<String> = shown.holidays.iter().map(ToString::to_string).collect();
    Hours {
        is_on: kept.is_some(),
        zone: shown.zone.clone(),
        days: DAYS
            .into_iter()
            .enumerate()
            .map(|(n, name)| (name, n, shown.days[n]))
            .collect(),
        from: clock(shown.from_minute),
        to: clock(shown.to_minute),
        holidays: holidays.join("\n"),
    }
}

/// What was sent, by names that may stand there more than once.
struct Sent(Vec<(String, String)>);

impl Sent {
    fn get(&self, name: &str) -> &str {
        let found = self.0.iter().find(|(n, _)| n == name);
        found.map_or("", |(_, value)| value.trim())
    }

    fn has(&self, name: &str, value: &str) -> bool {
        self.0.iter().any(|(n, v)| n == name && v == value)
    }
}

pub async fn save(
    actor: Actor,
    State(app): State<App>,
    Path(action): Path<String>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Response, PageError> {
    let sent = Sent(pairs);
    let done = match action.as_str() {
        "promise" => match promise(&sent) {
            Ok(promise) => app.desk.set_promise(&actor, &promise).await,
            Err(problem) => Err(problem),
        },
        "reviewed" => reviewed(&app, &actor, &sent).await,
        "topics" => topics(&app, &actor, &sent).await,
        "canned" => {
            let id = Some(sent.get("id")).filter(|id| !id.is_empty());
            let (title, body) = (sent.get("title"), sent.get("body"));
            app.desk.put_canned(&actor, id, title, body).await
        }
        "forget" => app.desk.remove_canned(&actor, sent.get("id")).await,
        _ => Err(Problem::not_found("action")),
    };
    match done {
        Ok(()) => Ok(Redirect::to("/desk/settings").into_response()),
        Err(problem) if problem.status == 400 => {
            let page = show(&app, &actor, Some(problem)).await?;
            Ok((StatusCode::BAD_REQUEST, page).into_response())
        }
        Err(problem) => Err(problem.into()),
    }
}

fn promise(sent: &Sent) -> Result<Promise, Problem> {
    let minutes = sent.get("minutes").parse().map_err(|_| {
        Problem::bad_request(
            "That is no number of minutes.",
            "Write how many minutes a first reply may take, such as 60.",
        )
    })?;
    let hours = match sent.has("hours", "1") {
        false => None,
        true => Some(Calendar {
            zone: sent.get("zone").into(),
            days: std::array::from_fn(|n| sent.has("day", &n.to_string())),
            from_minute: minute(sent.get("from"))?,
            to_minute: minute(sent.get("to"))?,
            holidays: holidays(sent.get("holidays"))?,
        }),
    };
    Ok(Promise { minutes, hours })
}

/// Minutes after midnight of a time such as 08:30; 24:00 is the end of the day.
fn minute(text: &str) -> Result<u16, Problem> {
    let wrong = || {
        Problem::bad_request(
            format!("\"{text}\" is no time of a day."),
            "Write hours and minutes, such as 08:30.",
        )
    };
    let (hours, minutes) = text.split_once(':').ok_or_else(wrong)?;
    match (
        hours.parse::<u16>(),
        minutes.get(..2).unwrap_or(minutes).parse::<u16>(),
    ) {
        (Ok(hours), Ok(minutes)) if minutes < 60 && hours * 60 + minutes <= 1440 => {
            Ok(hours * 60 + minutes)
        }
        _ => Err(wrong()),
    }
}

fn holidays(text: &str) -> Result<Vec<jiff::civil::Date>, Problem> {
    let days = text.split([',', '\n', ' ', '\r']).filter(|d| !d.is_empty());
    let days = days.take(400).map(|day| {
        day.parse::<jiff::civil::Date>().map_err(|_| {
            Problem::bad_request(
                format!("\"{}\" is no day.", base::format::short(day, 40)),
                "Write days off as year-month-day, such as 2026-12-25, one a line.",
            )
        })
    });
    days.collect()
}

/// Keeps whose replies are read first; only what differs is written.
async fn reviewed(app: &App, actor: &Actor, sent: &Sent) -> Result<(), Problem> {
    let kept = app.desk.people().await?;
    let directory = app.identity.directory().await?;
    for person in directory.active() {
        let row = kept.iter().find(|r| r.person == person.id);
        let is_reviewed = i64::from(sent.has("person", &person.id));
        if row.map_or(0, |r| r.is_reviewed) != is_reviewed {
            let row = DeskPersonRow {
                person: person.id.clone(),
                is_reviewed,
                topics: row.map_or(String::new(), |r| r.topics.clone()),
            };
            app.desk.set_person(actor, &row).await?;
        }
    }
    Ok(())
}

async fn topics(app: &App, actor: &Actor, sent: &Sent) -> Result<(), Problem> {
    let kept = app.desk.people().await?;
    let row = kept.into_iter().find(|r| r.person == actor.id());
    let written = service::desk::topics(sent.get("topics"));
    let row = DeskPersonRow {
        person: actor.id().into(),
        is_reviewed: row.map_or(0, |r| r.is_reviewed),
        topics: written.join(", "),
    };
    app.desk.set_person(actor, &row).await
}
