//! What leaves and what comes back, for owners: the queue, webhooks out and in.

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
use service::delivery::hooks::NewHook;
use service::delivery::mailbox::Health;
use service::processes::Problem;
use store::hooks::{HookRow, IncomingRow};
use store::mailboxes::RefusedRow;

/// A job as it stands in the list.
struct JobLine {
    id: String,
    what: String,
    state: &'static str,
    attempts: i64,
    when: String,
    error: String,
    is_dead: bool,
    /// What the button says.
    again: &'static str,
}

#[derive(Template)]
#[template(path = "delivery.html")]
struct DeliveryPage {
    shell: Shell,
    has_mail: bool,
    mail: Vec<(&'static str, i64)>,
    mailbox: Option<MailboxPart>,
    counts: store::jobs::JobCounts,
    jobs: Vec<JobLine>,
    hooks: Vec<HookRow>,
    incoming: Vec<IncomingLine>,
}

/// The mailbox answers are fetched from, in words.
struct MailboxPart {
    name: String,
    is_connected: bool,
    state: String,
    last_mail: String,
    error: Option<String>,
    refused: Vec<RefusedLine>,
}

struct RefusedLine {
    when: String,
    sender: String,
    why: String,
}

impl MailboxPart {
    fn of(health: Health) -> MailboxPart {
        let row = health.row;
        let connected = row.as_ref().and_then(|r| r.connected);
        let last = row.as_ref().and_then(|r| r.last_mail);
        let error = row.and_then(|r| Some((r.error?, r.error_at?)));
        let line = |r: RefusedRow| RefusedLine {
            when: when(r.at),
            sender: r.sender,
            why: r.why,
        };
        MailboxPart {
            name: health.name,
            is_connected: connected.is_some(),
            state: connected.map_or("not connected".into(), |at| {
                format!("connected since {}", when(at))
            }),
            last_mail: last.map_or("none yet".into(), when),
            error: error.map(|(why, at)| format!("{}: {why}", when(at))),
            refused: health.refused.into_iter().map(line).collect(),
        }
    }
}

struct IncomingLine {
    row: IncomingRow,
    process: String,
    used: String,
}

/// What is shown once.
#[derive(Template)]
#[template(path = "delivery-made.html")]
struct Made {
    shell: Shell,
    told: &'static str,
    secret: String,
}

struct DeliveryLine {
    seq: i64,
    kind: String,
    status: String,
    attempts: i64,
    when: String,
    answer: String,
}

#[derive(Template)]
#[template(path = "delivery-hook.html")]
struct HookPage {
    shell: Shell,
    hook: HookRow,
    log: Vec<DeliveryLine>,
}

fn when(at: Micros) -> String {
    format!("{} UTC", format::date_time(at))
}

fn mail_to(payload: &str, directory: &Directory) -> String {
    let payload: serde_json::Value = serde_json::from_str(payload).unwrap_or_default();
    let person = payload["person"].as_str().unwrap_or_default();
    format!("Mail to {}", directory.name(person))
}

pub async fn page(actor: Actor, State(app): State<App>) -> Result<Html<String>, PageError> {
    let (queue, now) = (app.delivery.queue(), app.library.clock().now());
    let directory = app.identity.directory().await?;
    let jobs = queue.open().await?.into_iter().map(|job| {
        let (state, at) = match (job.dead, job.claimed) {
            (Some(at), _) if job.begun.is_some() => ("Outcome not known", at),
            (Some(at), _) => ("Given up", at),
            (None, Some(until)) if until > now => ("Running", job.due),
            _ => ("Waiting", job.due),
        };
        JobLine {
            what: match job.kind.as_str() {
                "hook" => "Webhook".into(),
                "mail" => mail_to(&job.payload, &directory),
                "escalate" => "Unanswered questions".into(),
                _ => job.kind.clone(),
            },
            again: match job.begun {
                Some(_) => "Send again",
                None => "Try again",
            },
            state,
            attempts: job.attempts,
            when: when(at),
            error: job.error.unwrap_or_default(),
            is_dead: job.dead.is_some(),
            id: job.id,
        }
    });
    let jobs = jobs.collect();
    let processes = app.library.list().await?;
    let incoming = app.delivery.incoming().await?.into_iter().map(|row| {
        let process = processes.iter().find(|p| p.id == row.process);
        IncomingLine {
            process: process.map(|p| p.name.clone()).unwrap_or_default(),
            used: row.used.map_or("never".into(), when),
            row,
        }
    });
    let counted = app.delivery.mail_counts().await?.into_iter();
    let counted = counted.map(|(what, n)| match what.as_str() {
        "posted" => ("Mail in, posted", n),
        "automatic" => ("Mail in, automatic", n),
        "refused" => ("Mail in, refused", n),
        _ => ("Mail out, outcome not known", n),
    });
    render(DeliveryPage {
        has_mail: app.delivery.has_mail(),
        mail: counted.collect(),
        mailbox: app.delivery.mailbox().await?.map(MailboxPart::of),
        counts: queue.counts().await?,
        jobs,
        hooks: app.delivery.hooks().await?,
        incoming: incoming.collect(),
        shell: Shell::new(&app, &actor, "Delivery", "settings", None).await?,
    })
}

pub async fn job(
    State(app): State<App>,
    Path((job, action)): Path<(String, String)>,
) -> Result<Redirect, PageError> {
    match action.as_str() {
        "retry" => _ = app.delivery.queue().requeue(&job).await?,
        "drop" => app.delivery.queue().drop_dead(&job).await?,
        _ => return Err(Problem::not_found("action").into()),
    }
    Ok(Redirect::to("/delivery"))
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct HookForm {
    name: String,
    url: String,
    kinds: String,
    form: String,
    off: Option<String>,
    #[serde(rename = "do")]
    what: String,
}

impl HookForm {
    fn hook(self) -> NewHook {
        NewHook {
            name: self.name,
            url: self.url,
            kinds: self.kinds,
            form: self.form,
            off: self.off.is_some(),
        }
    }
}

pub async fn make_hook(
    actor: Actor,
    State(app): State<App>,
    Form(form): Form<HookForm>,
) -> Result<Html<String>, PageError> {
    let (_, secret) = app.delivery.make_hook(&actor, &form.hook()).await?;
    render(Made {
        shell: Shell::new(&app, &actor, "The hook is made", "settings", None).await?,
        told: "This is what its deliveries are signed with. Give it to the program that receives them.",
        secret,
    })
}

pub async fn hook(
    actor: Actor,
    State(app): State<App>,
    Path(hook): Path<String>,
) -> Result<Html<String>, PageError> {
    let hook = app.delivery.hook(&hook).await?;
    let log = app
        .delivery
        .deliveries(&hook.id)
        .await?
        .into_iter()
        .map(|d| {
            let took = d.ms.map_or(String::new(), |ms| format!(" after {ms} ms"));
            DeliveryLine {
                seq: d.seq,
                kind: d.kind,
                attempts: d.attempts,
                when: when(d.at),
                answer: match (d.error, d.code) {
                    (Some(error), _) => format!("{error}{took}"),
                    (None, Some(code)) => format!("{code}{took}"),
                    (None, None) => String::new(),
                },
                status: d.status,
            }
        });
    render(HookPage {
        log: log.collect(),
        shell: Shell::new(&app, &actor, &hook.name, "settings", None).await?,
        hook,
    })
}

pub async fn change_hook(
    actor: Actor,
    State(app): State<App>,
    Path(hook): Path<String>,
    Form(form): Form<HookForm>,
) -> Result<Redirect, PageError> {
    if form.what == "delete" {
        app.delivery.delete_hook(&actor, &hook).await?;
        return Ok(Redirect::to("/delivery"));
    }
    app.delivery
        .change_hook(&actor, &hook, &form.hook())
        .await?;
    Ok(Redirect::to(&format!("/delivery/hooks/{hook}")))
}

pub async fn send_again(
    State(app): State<App>,
    Path((hook, seq)): Path<(String, String)>,
) -> Result<Redirect, PageError> {
    let seq = seq.parse().map_err(|_| Problem::not_found("delivery"))?;
    let row = app.delivery.send_again(&hook, seq).await?;
    Ok(Redirect::to(&format!("/delivery/hooks/{}", row.hook)))
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct IncomingForm {
    name: String,
    process: String,
}

pub async fn make_incoming(
    actor: Actor,
    State(app): State<App>,
    Form(form): Form<IncomingForm>,
) -> Result<Html<String>, PageError> {
    let made = app
        .delivery
        .make_incoming(&actor, &form.process, &form.name);
    let (_, address) = made.await?;
    render(Made {
        shell: Shell::new(&app, &actor, "The address is made", "settings", None).await?,
        told: "Whoever knows it can write notes to cases of this process, as you. A program sends {\"case\": \"…\", \"text\": \"…\"} there.",
        secret: address,
    })
}

pub async fn revoke_incoming(
    actor: Actor,
    State(app): State<App>,
    Path(incoming): Path<String>,
) -> Result<Redirect, PageError> {
    app.delivery.revoke_incoming(&actor, &incoming).await?;
    Ok(Redirect::to("/delivery"))
}
