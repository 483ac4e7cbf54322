//! One printable page a goal, for those who decide and read no more.

use super::list::{GoalCard, card};
use super::tabs::address;
use super::{aside, sign};
use crate::asked::Form;
use crate::error::{PageError, page as render};
use crate::shell::Shell;
use askama::Template;
use axum::extract::{Path, State};
use axum::response::{Html, Redirect};
use base::format;
use base::identity::Actor;
use service::app::App;
use service::improvements::{Mark, Summary};
use service::processes::Problem;
use service::processes::filter_query::Asked;

#[derive(Template)]
#[template(path = "goal.html")]
struct GoalPage {
    shell: Shell,
    slug: String,
    process: String,
    goal: GoalCard,
    as_of: String,
    lead: String,
    rows: Vec<Row>,
    decisions: Vec<(String, String, String)>,
}

struct Row {
    href: String,
    name: String,
    step: String,
    mark: &'static str,
    sign: &'static str,
    said: &'static str,
    aside: String,
    sentence: String,
    cautions: Vec<String>,
}

pub async fn page(
    actor: Actor,
    State(app): State<App>,
    Path((process, id)): Path<(String, String)>,
) -> Result<Html<String>, PageError> {
    let view = app.library.view(&process, &Asked::default()).await?;
    let row = &view.process.row;
    let goals = app.improvements.goals(&row.id).await?;
    let goal = goals
        .iter()
        .find(|g| g.id == id)
        .ok_or_else(|| Problem::not_found("goal"))?;
    let ledger = app.improvements.ledger(&row.id).await?;
    let serving: Vec<&Summary> = ledger
        .all
        .iter()
        .filter(|s| s.imp.goal.as_deref() == Some(id.as_str()))
        .collect();
    let mut decisions = Vec::new();
    for one in &serving {
        for event in app.improvements.events(&one.imp.id).await? {
            if event.kind == "improvement.decided" {
                let payload: serde_json::Value =
                    serde_json::from_str(&event.payload).unwrap_or_default();
                let decision = payload["decision"]
                    .as_str()
                    .and_then(service::improvements::Decision::parse);
                decisions.push((
                    format::date(event.at),
                    format!(
                        "{}: {}",
                        one.imp.name,
                        decision.map_or("decided", |d| d.said())
                    ),
                    payload["why"].as_str().unwrap_or_default().to_string(),
                ));
            }
        }
    }
    let count = |mark| serving.iter().filter(|s| s.mark == mark).count();
    let lead = match serving.len() {
        0 => "No improvement serves this goal yet.".to_string(),
        n => {
            let mut parts = Vec::new();
            for mark in [
                Mark::Better,
                Mark::Worse,
                Mark::Same,
                Mark::Open,
                Mark::Void,
                Mark::Planned,
            ] {
                let n = count(mark);
                if n > 0 {
                    parts.push(format!("{n} {}", mark.said().to_lowercase()));
                }
            }
            let plugs = if n == 1 {
                "improvement serves"
            } else {
                "improvements serve"
            };
            format!("{n} {plugs} this goal: {}.", parts.join(", "))
        }
    };
    render(GoalPage {
        shell: Shell::new(
            &app,
            &actor,
            &goal.name,
            "improvements",
            Some((&row.name, &row.slug)),
        )
        .await?,
        goal: card(&row.slug, goal, &ledger, &view.figures),
        as_of: view
            .figures
            .counts
            .as_of
            .map(format::date)
            .unwrap_or_default(),
        lead,
        rows: serving
            .iter()
            .map(|s| Row {
                href: address(&row.slug, &s.imp.id),
                name: s.imp.name.clone(),
                step: s.imp.step.clone(),
                mark: s.mark.word(),
                sign: sign(s.mark),
                said: s.mark.said(),
                aside: aside(s),
                sentence: s
                    .report
                    .as_ref()
                    .map(|r| r.verdict.sentence.clone())
                    .or_else(|| s.imp.plan.outlook.clone())
                    .unwrap_or_default(),
                cautions: s
                    .report
                    .as_ref()
                    .map(|r| {
                        let speaks =
                            |c: &&stats::checks::Check| c.status != stats::checks::Status::Holds;
                        r.verdict
                            .checks
                            .iter()
                            .filter(speaks)
                            .map(|c| c.sentence.clone())
                            .collect()
                    })
                    .unwrap_or_default(),
            })
            .collect(),
        decisions,
        process: row.name.clone(),
        slug: row.slug.clone(),
    })
}

/// Sets a goal, or changes its target.
pub async fn save(
    actor: Actor,
    State(app): State<App>,
    Path(process): Path<String>,
    Form(form): Form<Vec<(String, String)>>,
) -> Result<Redirect, PageError> {
    let get = |key: &str| {
        form.iter()
            .find(|(k, _)| k == key)
            .map_or("", |(_, v)| v.trim())
    };
    let target = match get("target") {
        "" => None,
        text => Some(text.replace(',', ".").parse().map_err(|_| {
            Problem::bad_request(
                format!("\"{text}\" is no number."),
                "Write a number of days, or a share in percent.",
            )
        })?),
    };
    app.improvements
        .put_goal(&process, get("name"), get("measure"), target, actor.id())
        .await?;
    let row = app.library.process(&process).await?;
    Ok(Redirect::to(&format!("/p/{}/improvements", row.slug)))
}
