//! A customer: what she is called where she writes, and how the relationship goes.

use super::error::{PageError, page as render};
use super::shell::Shell;
use askama::Template;
use axum::Form;
use axum::extract::{Path, State};
use axum::response::{Html, Redirect};
use base::format;
use base::identity::Actor;
use mining::Micros;
use serde::Deserialize;
use service::app::App;
use service::processes::Problem;
use store::desk::HandleRow;

struct Line {
    id: String,
    title: String,
    when: String,
    state: String,
    answered: String,
}

#[derive(Template)]
#[template(path = "contact.html")]
struct ContactPage {
    shell: Shell,
    id: String,
    name: String,
    email: Option<String>,
    merged: Option<String>,
    case: Option<(String, String, String)>,
    handles: Vec<HandleRow>,
    threads: Vec<Line>,
    /// Colleagues who answered her, with how often.
    knows: Vec<(String, u64, String, u32)>,
    told: String,
    /// Threads by month, oldest first: label and number.
    months: Vec<(String, usize)>,
}

pub async fn page(
    actor: Actor,
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<Html<String>, PageError> {
    let (row, handles, threads) = app.desk.contact(&actor, &id).await?;
    let directory = app.identity.directory().await?;
    let (mut knows, mut times): (Vec<(String, u64)>, Vec<Micros>) = Default::default();
    for thread in &threads {
        if let Some(replied) = thread.replied {
            times.push(replied - thread.created);
        }
        for reply in store::desk::replies(app.library.db(), &thread.id)
            .await
            .map_err(Problem::from)?
        {
            if reply.sent.is_some() {
                match knows.iter_mut().find(|k| k.0 == reply.person) {
                    Some(known) => known.1 += 1,
                    None => knows.push((reply.person, 1)),
                }
            }
        }
    }
    times.sort_unstable();
    let replies: u64 = knows.iter().map(|k| k.1).sum();
    let fast = match times.get(times.len() / 2) {
        Some(median) => format!(
            " Half of the first replies came within {}.",
            super::desk::age(*median)
        ),
        None => String::new(),
    };
    let told = format!(
        "{} {}, {} {} from us.{fast}",
        threads.len(),
        if threads.len() == 1 {
            "conversation"
        } else {
            "conversations"
        },
        replies,
        if replies == 1 { "reply" } else { "replies" }
    );
    let mut months: Vec<(String, usize)> = Vec::new();
    for thread in threads.iter().rev() {
        let month: String = format::date(thread.created).chars().skip(3).collect();
        match months.last_mut() {
            Some(last) if last.0 == month => last.1 += 1,
            _ => months.push((month, 1)),
        }
    }
    let case = match (&row.process, &row.case_ref) {
        (Some(process), Some(case)) => {
            let process = app.library.process(process).await?;
            Some((
                format!("/p/{}/case/{}", process.slug, format::urlencode(case)),
                case.clone(),
                process.name,
            ))
        }
        _ => None,
    };
    render(ContactPage {
        shell: Shell::new(&app, &actor, &row.name, "desk", None).await?,
        threads: threads
            .into_iter()
            .map(|t| Line {
                when: format!("{} UTC", format::date_time(t.created)),
                answered: t.replied.map_or("not answered".into(), |r| {
                    format!("answered after {}", super::desk::age(r - t.created))
                }),
                id: t.id,
                title: t.title,
                state: t.state,
            })
            .collect(),
        knows: knows
            .into_iter()
            .map(|(person, n)| {
                let name = directory.name(&person).to_string();
                let picture = (format::initials(&name), format::hue(&name));
                (name, n, picture.0, picture.1)
            })
            .collect(),
        merged: row.merged_into,
        email: row.email,
        name: row.name,
        months,
        handles,
        told,
        case,
        id,
    })
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Act {
    into: String,
    kind: String,
    author: String,
}

pub async fn act(
    actor: Actor,
    State(app): State<App>,
    Path((id, action)): Path<(String, String)>,
    Form(form): Form<Act>,
) -> Result<Redirect, PageError> {
    let to = match action.as_str() {
        "merge" => {
            // An address of her page will do as well.
            let into = form
                .into
                .trim()
                .rsplit('/')
                .next()
                .unwrap_or_default()
                .to_string();
            app.desk.merge(&actor, &id, &into).await?;
            into
        }
        "erase" => {
            app.desk.erase(&actor, &id).await?;
            return Ok(Redirect::to("/desk"));
        }
        "split" => app.desk.split(&actor, &form.kind, &form.author).await?,
        _ => return Err(Problem::not_found("action").into()),
    };
    Ok(Redirect::to(&format!("/contacts/{to}")))
}
