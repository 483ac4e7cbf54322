//! A customer: what she is called where she writes, and how the relationship goes.

use super::contacts::{Row, address};
use super::error::{PageError, page as render};
use super::shell::Shell;
use crate::asked::Form;
use askama::Template;
use axum::extract::{Path, State};
use axum::response::{Html, Redirect};
use base::format;
use base::identity::{Actor, Directory};
use mining::Micros;
use serde::Deserialize;
use service::app::App;
use service::desk::relation::{Knows, Month, Relation};
use service::processes::Problem;
use std::fmt::Write;
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
    /// It can be undone.
    is_merge_kept: bool,
    case: Option<(String, String, String)>,
    handles: Vec<HandleRow>,
    threads: Vec<Line>,
    knows: Vec<Known>,
    /// Her company: where it is shown, and who else of it writes.
    account: Option<(String, String, Vec<Row>)>,
    /// What was merged into her: id, and what it is.
    parts: Vec<(String, String)>,
    told: String,
    /// What is known of the relationship: what, and how it is.
    facts: Vec<(&'static str, String)>,
    /// By month, oldest first: label, what she said, what we said.
    months: Vec<(String, u64, u64)>,
    drawn: String,
    /// When she objected, if it stands.
    objected: Option<String>,
    /// What she said of being kept and answered: what, how, who noted it and when.
    consents: Vec<(&'static str, String, String)>,
}

/// A colleague who knows a customer.
pub(super) struct Known {
    pub name: String,
    pub how: String,
    pub initials: String,
    pub hue: u32,
}

pub(super) fn known(all: &[Knows], directory: &Directory) -> Vec<Known> {
    let known = all.iter().map(|k| {
        let name = directory.name(&k.person).to_string();
        let last = format::date(k.last);
        let fast = k.fast.map(super::desk::age);
        let fast = fast.map_or(String::new(), |fast| format!(", half within {fast}"));
        Known {
            how: match k.replies {
                1 => format!("1 reply, on {last}{fast}"),
                n => format!("{n} replies, the last on {last}{fast}"),
            },
            initials: format::initials(&name),
            hue: format::hue(&name),
            name,
        }
    });
    known.collect()
}

pub(super) fn labelled(months: &[Month]) -> Vec<(String, u64, u64)> {
    let all = months.iter().map(|m| (label(m.at), m.hers, m.ours));
    all.collect()
}

/// What they said and what we said by month, as bars beside one another; nothing of a single month.
pub(super) fn drawn(months: &[Month], they: &str) -> String {
    if months.len() < 2 {
        return String::new();
    }
    let most = months.iter().map(|m| m.hers.max(m.ours)).max().unwrap_or(0);
    let most = most.max(1) as f64;
    let wide = 620.0 / months.len().max(6) as f64;
    let mut svg = format!(
        "<svg class=\"chart\" viewBox=\"0 -6 620 104\" role=\"img\" aria-label=\"By month: what {they} said and what we said, {most:.0} at most\">"
    );
    for (i, month) in months.iter().enumerate() {
        let (x, bar) = (i as f64 * wide, (wide * 0.4).min(28.0));
        for (n, (said, class)) in [(month.hers, "bar"), (month.ours, "bar is-ours")]
            .into_iter()
            .enumerate()
        {
            let tall = said as f64 / most * 74.0;
            let left = x + n as f64 * (bar + 1.0);
            let _ = write!(
                svg,
                "<rect class=\"{class}\" x=\"{left:.1}\" y=\"{:.1}\" width=\"{bar:.1}\" height=\"{tall:.1}\"/>",
                76.0 - tall
            );
        }
    }
    svg.push_str("<path class=\"axis\" d=\"M0 76.5h620\"/>");
    if let (Some(first), Some(last)) = (months.first(), months.last()) {
        let _ = write!(
            svg,
            "<text x=\"0\" y=\"94\">{}</text><text x=\"{:.1}\" y=\"94\" text-anchor=\"end\">{}</text>",
            label(first.at),
            (months.len() as f64 * wide).max(180.0),
            label(last.at)
        );
    }
    svg + "</svg>"
}

fn label(at: Micros) -> String {
    format::date(at).chars().skip(3).collect()
}

pub async fn page(
    actor: Actor,
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<Html<String>, PageError> {
    let (row, handles, threads) = app.desk.contact(&actor, &id).await?;
    let directory = app.identity.directory().await?;
    let relation = app.desk.relation(&actor, &row).await?;
    let replied = threads.iter().filter_map(|t| Some(t.replied? - t.created));
    let mut times: Vec<Micros> = replied.collect();
    times.sort_unstable();
    let replies: i64 = relation.knows.iter().map(|k| k.replies).sum();
    let fast = match times.get(times.len() / 2) {
        Some(median) => format!(
            " Half of the first replies came within {}.",
            super::desk::age(*median)
        ),
        None => String::new(),
    };
    let told = format!(
        "{}, {} from us.{fast}",
        format::many(threads.len() as i64, "conversation"),
        match replies {
            1 => "1 reply".to_string(),
            n => format!("{} replies", format::count(n)),
        },
    );
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
    let account = match &relation.account {
        Some((_, name)) => {
            let mut others = app.desk.contacts_of(name, 11).await?;
            others.retain(|c| c.id != id);
            others.truncate(10);
            let others = others.into_iter().map(Row::of).collect();
            Some((address(name), name.clone(), others))
        }
        None => None,
    };
    let parts = app.desk.merged_contacts(&id).await?;
    let parts = parts.into_iter().map(|(merge, name)| {
        let by = directory.name(&merge.by_person);
        let told = format!("{name}, merged by {by} on {}", format::date(merge.at));
        (merge.contact, told)
    });
    let parts = parts.collect();
    render(ContactPage {
        shell: Shell::new(&app, &actor, &row.name, "contacts", None).await?,
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
        knows: known(&relation.knows, &directory),
        facts: facts(&relation),
        drawn: drawn(&relation.months, "she"),
        months: labelled(&relation.months),
        account,
        parts,
        objected: row.objected.map(format::date),
        consents: relation
            .consents
            .iter()
            .map(|c| {
                let what = match c.what.as_str() {
                    "objected" => "Objected",
                    "lifted" => "Objection lifted",
                    "consented" => "Agreed",
                    _ => "Took her agreement back",
                };
                let by = directory.name(&c.by_person);
                (what, c.how.clone(), format!("{by}, {}", format::date(c.at)))
            })
            .collect(),
        is_merge_kept: app.desk.is_merge_kept(&row).await?,
        merged: row.merged_into,
        email: row.email,
        name: row.name,
        handles,
        told,
        case,
        id,
    })
}

/// First and last contact, where she writes, and the company she belongs to.
fn facts(relation: &Relation) -> Vec<(&'static str, String)> {
    let mut all = Vec::new();
    if let (Some(first), Some(last)) = (relation.first, relation.last) {
        all.push(("First contact", format::date(first)));
        all.push(("Last contact", format::date(last)));
    }
    let said: u64 = relation.months.iter().map(|m| m.hers).sum();
    let ours: u64 = relation.months.iter().map(|m| m.ours).sum();
    all.push(("She said", format::many(said as i64, "message")));
    all.push(("We said", format::many(ours as i64, "message")));
    let channels = relation
        .channels
        .iter()
        .map(|(kind, n)| format!("{kind} ({n})"));
    let channels: Vec<String> = channels.collect();
    if !channels.is_empty() {
        all.push(("On", channels.join(", ")));
    }
    all
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Act {
    how: String,
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
            app.desk.merge(&actor, &id, &into).await?
        }
        "undo" => {
            app.desk.unmerge(&actor, &id).await?;
            id
        }
        "erase" => {
            app.desk.erase(&actor, &id).await?;
            return Ok(Redirect::to("/desk"));
        }
        "object" | "lift" => {
            let is_objected = action == "object";
            let done = app.desk.set_objected(&actor, &id, is_objected, &form.how);
            done.await?;
            id
        }
        "agree" | "take-back" => {
            let is_given = action == "agree";
            app.desk
                .set_consent(&actor, &id, is_given, &form.how)
                .await?;
            id
        }
        "split" => app.desk.split(&actor, &form.kind, &form.author).await?,
        _ => return Err(Problem::not_found("action").into()),
    };
    Ok(Redirect::to(&format!("/contacts/{to}")))
}
