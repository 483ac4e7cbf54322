//! Outgoing webhooks: an address outside is told of what happens.
//!
//! Each hook has its place in the record and is told of what stands behind it, so an outage on either side loses nothing.
//! What is sent has the form of Standard Webhooks (standardwebhooks.com): any of its libraries checks it. An attempt whose
//! answer was lost is made again under the same `webhook-id`; a receiver that keeps those ids sees each event once.

use super::Delivery;
use super::queue::Failed;
use super::sign::mac;
use base::activity::{self, Kind};
use base::identity::{Actor, Role};
use base::outbound::{Request, SHORT};
use base::problem::Problem;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use hyper::Method;
use serde_json::{Value, json};
use store::events::{self, Event};
use store::hooks::{self, DeliveryRow, HookRow};
use store::jobs::{self, JobRow};
use store::{Tx, work};

pub const KIND: &str = "hook";
/// Events that are looked at at once for a hook.
const AT_ONCE: i64 = 500;
/// With so many waiting the record waits too: it keeps them at no cost.
const MOST_WAITING: i64 = 500;
/// How the secret of a hook begins, as its libraries expect it.
const SECRET: &str = "whsec_";

/// What a hook is to be.
#[derive(Debug, Clone, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewHook {
    /// What it is for.
    pub name: String,
    pub url: String,
    /// Kinds of events, or beginnings of kinds such as `question.`, with blanks between them; empty for all.
    #[serde(default)]
    pub kinds: String,
    /// `json` (the default), or `chat`: a line of text, as incoming webhooks of Slack and Mattermost take it.
    #[serde(default)]
    pub form: String,
    /// Off: nothing is told, and what happens meanwhile is told when it is on again.
    #[serde(default)]
    pub off: bool,
}

impl NewHook {
    fn form(&self) -> &str {
        match self.form.as_str() {
            "chat" => "chat",
            _ => "json",
        }
    }

    fn checked(&self, delivery: &Delivery) -> Result<(), Problem> {
        let length = self.name.trim().chars().count();
        if !(1..=100).contains(&length) {
            return Err(Problem::bad_request(
                "A hook has a name of 1 to 100 characters.",
                "Say what it is for.",
            ));
        }
        let is_kind = |w: &str| {
            w.chars()
                .all(|c| c.is_ascii_lowercase() || ".-_".contains(c))
        };
        if self.kinds.len() > 1000 || !self.kinds.split_whitespace().all(is_kind) {
            return Err(Problem::bad_request(
                "Kinds of events are words such as message.posted, or beginnings such as question.",
                "Write them with blanks between them, or leave them out for all.",
            ));
        }
        if !matches!(self.form.as_str(), "" | "json" | "chat") {
            return Err(Problem::bad_request(
                "A hook tells as json or as chat.",
                "Leave form out for json.",
            ));
        }
        delivery.outbound().check(&self.url).map_err(|e| {
            Problem::bad_request(
                format!("Nothing can be sent there: {e}."),
                "Give an address that is reached from the internet.",
            )
        })
    }
}

impl Delivery {
    pub async fn hooks(&self) -> Result<Vec<HookRow>, Problem> {
        Ok(hooks::all(self.db()).await?)
    }

    pub async fn hook(&self, id: &str) -> Result<HookRow, Problem> {
        let row = hooks::find(self.db(), id).await?;
        row.ok_or_else(|| Problem::not_found("hook"))
    }

    /// Makes a hook; its secret is shown now and never again. It is told of what happens from here on.
    pub async fn make_hook(
        &self,
        actor: &Actor,
        new: &NewHook,
    ) -> Result<(HookRow, String), Problem> {
        new.checked(self)?;
        let key = self.clock().secret()?;
        let secret = format!("{SECRET}{}", STANDARD.encode(key));
        let mut tx = self.db().begin().await?;
        events::in_order(&mut tx).await?;
        let id = format!("hook_{}", self.clock().id().simple());
        let payload = json!({ "hook": id, "url": new.url });
        let seq = self.changed(&mut tx, actor, &payload).await?;
        let row = HookRow {
            id,
            person: actor.id().into(),
            name: new.name.trim().into(),
            url: new.url.clone(),
            secret: secret.clone(),
            kinds: words(&new.kinds),
            form: new.form().into(),
            state: state(new.off),
            created: self.clock().now(),
            upto: seq,
        };
        hooks::put(&mut tx, &row).await?;
        tx.commit().await?;
        Ok((row, secret))
    }

    pub async fn change_hook(
        &self,
        actor: &Actor,
        id: &str,
        new: &NewHook,
    ) -> Result<HookRow, Problem> {
        new.checked(self)?;
        let row = HookRow {
            name: new.name.trim().into(),
            url: new.url.clone(),
            kinds: words(&new.kinds),
            form: new.form().into(),
            state: state(new.off),
            ..self.hook(id).await?
        };
        let mut tx = self.db().begin().await?;
        hooks::put(&mut tx, &row).await?;
        let payload = json!({ "hook": id, "url": new.url, "state": row.state });
        self.changed(&mut tx, actor, &payload).await?;
        tx.commit().await?;
        Ok(row)
    }

    pub async fn delete_hook(&self, actor: &Actor, id: &str) -> Result<(), Problem> {
        let mut tx = self.db().begin().await?;
        if !hooks::delete(&mut tx, id).await? {
            return Err(Problem::not_found("hook"));
        }
        let payload = json!({ "hook": id, "state": "deleted" });
        self.changed(&mut tx, actor, &payload).await?;
        Ok(tx.commit().await?)
    }

    pub(super) async fn changed(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        what: &Value,
    ) -> Result<i64, Problem> {
        let (now, kind) = (self.clock().now(), Kind::SettingChanged);
        Ok(activity::record_installation(tx, now, kind, actor.id(), what).await?)
    }

    /// What was told and what was not, newest first.
    pub async fn deliveries(&self, hook: &str) -> Result<Vec<DeliveryRow>, Problem> {
        Ok(hooks::deliveries(self.db(), &self.hook(hook).await?.id, 200).await?)
    }

    /// Tells an event again, whatever became of it.
    pub async fn send_again(&self, hook: &str, seq: i64) -> Result<DeliveryRow, Problem> {
        let row = hooks::delivery(self.db(), hook, seq).await?;
        let row = row.ok_or_else(|| Problem::not_found("delivery"))?;
        let now = self.clock().now();
        let row = DeliveryRow {
            status: "waiting".into(),
            at: now,
            ..row
        };
        let mut tx = self.db().begin().await?;
        let key = key(hook, seq);
        if !jobs::again(&mut tx, &key, now).await? {
            // Swept after a while; or still waiting, and then nothing is added.
            self.queue()
                .add(&mut tx, KIND, &key, &payload(hook, seq), now)
                .await?;
        }
        hooks::tried(&mut tx, &row).await?;
        tx.commit().await?;
        self.inner.work.live().wake();
        Ok(row)
    }

    /// Queues what each hook has not been told yet.
    pub(super) async fn plan_hooks(&self) -> Result<(), Problem> {
        for hook in hooks::all(self.db()).await? {
            if hook.state == "on" {
                self.plan_hook(&hook).await?;
            }
        }
        Ok(())
    }

    async fn plan_hook(&self, hook: &HookRow) -> Result<(), Problem> {
        let new = events::after(self.db(), hook.upto, AT_ONCE).await?;
        let Some(last) = new.last().map(|e| e.seq) else {
            return Ok(());
        };
        if hooks::waiting(self.db(), &hook.id).await? >= MOST_WAITING {
            return Ok(());
        }
        let now = self.clock().now();
        let mut tx = self.db().begin().await?;
        if !hooks::move_on(&mut tx, &hook.id, hook.upto, last).await? {
            // Another node was here.
            return Ok(());
        }
        for event in new.iter().filter(|e| is_wanted(&hook.kinds, &e.kind)) {
            let of = (event.seq, event.kind.as_str());
            if hooks::add_delivery(&mut tx, &hook.id, of, now).await? {
                let what = payload(&hook.id, event.seq);
                let key = key(&hook.id, event.seq);
                self.queue().add(&mut tx, KIND, &key, &what, now).await?;
            }
        }
        Ok(tx.commit().await?)
    }

    /// Tells one event to one hook.
    pub(super) async fn deliver(&self, job: &JobRow) -> Result<Tx, Failed> {
        let of: Value = serde_json::from_str(&job.payload).map_err(Failed::never)?;
        let (id, seq) = (
            of["hook"].as_str().unwrap_or_default(),
            of["seq"].as_i64().unwrap_or(0),
        );
        let hook = hooks::find(self.db(), id).await?;
        let event = hooks::event(self.db(), seq).await?;
        let row = hooks::delivery(self.db(), id, seq).await?;
        let (Some(hook), Some(event), Some(row)) = (hook, event, row) else {
            return Err(Failed::never("the hook or the event is gone"));
        };
        let begun = std::time::Instant::now();
        let sent = match self.may_be_told(&hook).await? {
            Ok(()) => self.tell_hook(&hook, &event).await,
            Err(why) => Err((Failed::never(why), None)),
        };
        let ms = i64::try_from(begun.elapsed().as_millis()).ok();
        let is_last = job.attempts >= super::queue::ATTEMPTS;
        let (status, error, code) = match &sent {
            Ok(code) => ("sent", None, Some(*code)),
            Err((failed, code)) if failed.is_final || is_last => {
                ("failed", Some(&failed.why), *code)
            }
            Err((failed, code)) => ("waiting", Some(&failed.why), *code),
        };
        let tried = DeliveryRow {
            status: status.into(),
            attempts: row.attempts + 1,
            at: self.clock().now(),
            error: error.cloned(),
            code: code.map(i64::from),
            ms,
            ..row
        };
        let mut tx = self.db().begin().await?;
        hooks::tried(&mut tx, &tried).await?;
        let Err((failed, code)) = sent else {
            return Ok(tx);
        };
        if code == Some(410) {
            let off = HookRow {
                state: state(true),
                ..hook
            };
            hooks::put(&mut tx, &off).await?;
        }
        tx.commit().await?;
        Err(failed)
    }

    /// A hook sees what its owner sees; one who is no owner any more sees nothing by it.
    async fn may_be_told(&self, hook: &HookRow) -> Result<Result<(), &'static str>, Problem> {
        let directory = self.inner.work.identity().directory().await?;
        let owner = directory.person(&hook.person);
        let is_owner = owner.is_some_and(|p| p.state == "active" && p.role == Role::Owner.word());
        Ok(match (hook.state == "on", is_owner) {
            (true, true) => Ok(()),
            (false, _) => Err("the hook is switched off"),
            (_, false) => Err("whose hook this is, is no owner here any more"),
        })
    }

    async fn tell_hook(&self, hook: &HookRow, event: &Event) -> Result<u16, (Failed, Option<u16>)> {
        let body = match hook.form.as_str() {
            "chat" => self.line(event).await,
            _ => self.told(event).await,
        };
        let body = body.map_err(|e| (Failed::from(e), None))?.to_string();
        let id = format!("{}_{}", hook.id, event.seq);
        let time = (self.clock().now() / 1_000_000).to_string();
        let signature = signature(&hook.secret, &id, &time, &body);
        let request = Request {
            method: Method::POST,
            url: &hook.url,
            headers: vec![
                ("content-type", "application/json".into()),
                ("webhook-id", id),
                ("webhook-timestamp", time),
                ("webhook-signature", signature),
            ],
            body: Bytes::from(body),
            longest: SHORT,
        };
        match self.outbound().send(request).await {
            Ok(answer) if (200..300).contains(&answer.status) => Ok(answer.status),
            Ok(answer) if answer.status == 410 => {
                let why = "answered 410 Gone: the hook is switched off";
                Err((Failed::never(why), Some(410)))
            }
            Ok(answer) => {
                let why = format!("answered {}", answer.status);
                Err((Failed::again(why), Some(answer.status)))
            }
            Err(e) if e.is_final() => Err((Failed::never(e), None)),
            Err(e) => Err((Failed::again(e), None)),
        }
    }

    /// An event as a line of a chat, with the address of where it happened.
    async fn line(&self, event: &Event) -> Result<Value, Problem> {
        let directory = self.inner.work.identity().directory().await?;
        let who = match directory.name(&event.actor) {
            "" => "Somebody",
            name => name,
        };
        let payload: Value = serde_json::from_str(&event.payload).unwrap_or_default();
        let text = |name: &str| payload[name].as_str().unwrap_or_default();
        let site = self.inner.site.url();
        let subject = event.subject.as_deref().unwrap_or_default();
        let mut place = match (text("case"), text("step")) {
            ("", "") => String::new(),
            (case, "") => format!(" about {case}"),
            ("", step) => format!(" at {step}"),
            (case, step) => format!(" about {case}, at {step}"),
        };
        let mut said = String::new();
        let mut address = format!("{site}/q/{subject}");
        if is_post(&event.kind) {
            let message = work::message(self.db(), event.seq).await?;
            if let Some(m) = message.filter(|m| m.deleted.is_none()) {
                let of = work::find(self.db(), &m.conversation).await?;
                if let Some(case) = of.as_ref().and_then(|p| p.case_ref.as_deref()) {
                    place = format!(" about {case}");
                    // A case's room is on the page of the case.
                    let process = event.process.as_deref().unwrap_or_default();
                    if let ("message.posted", Ok(row)) = (
                        event.kind.as_str(),
                        self.inner.work.library().process(process).await,
                    ) {
                        let case = base::format::urlencode(case);
                        address = format!("{site}/p/{}/case/{case}", row.slug);
                    }
                } else if let Some(step) = of.as_ref().and_then(|p| p.step.as_deref()) {
                    place = format!(" at {step}");
                }
                said = format!(": {}", crate::work::markdown::plain(&m.body, 200));
            }
        }
        let line = match event.kind.as_str() {
            "question.asked" => format!("{who} asks{place}{said} {address}"),
            "question.answered" => format!("{who} answered{place}{said} {address}"),
            "message.posted" => format!("{who} wrote{place}{said} {address}"),
            "customer.said" => format!(
                "A customer wrote on {}{place}. {site}/desk/{subject}",
                text("channel")
            ),
            "desk.failed" => format!("A reply could not be sent{place}. {site}/desk/{subject}"),
            kind => format!("{who}: {}{place}", kind.replace(['.', '_'], " ")),
        };
        // What others wrote is no markup there, and calls nobody.
        let line = line.replace('&', "&amp;").replace('<', "&lt;");
        let line = line.replace('>', "&gt;").replace('@', "@\u{200b}");
        Ok(json!({ "text": line }))
    }

    /// An event as it is told to others.
    async fn told(&self, event: &Event) -> Result<Value, Problem> {
        let directory = self.inner.work.identity().directory().await?;
        let mut data = json!({
            "seq": event.seq,
            "actor": { "id": event.actor, "name": directory.name(&event.actor) },
            "process": event.process,
            "subject": event.subject,
            "payload": serde_json::from_str::<Value>(&event.payload).unwrap_or_default(),
        });
        if is_post(&event.kind) {
            let message = work::message(self.db(), event.seq).await?;
            // Taken away meanwhile: the event is told, the text is not.
            if let Some(m) = message.filter(|m| m.deleted.is_none()) {
                let place = work::find(self.db(), &m.conversation).await?;
                data["message"] = json!({ "id": m.id, "kind": m.kind, "body": m.body });
                data["case"] = json!(place.as_ref().and_then(|p| p.case_ref.clone()));
                data["step"] = json!(place.and_then(|p| p.step));
            }
        }
        let at = jiff::Timestamp::from_microsecond(event.at).map(|t| t.to_string());
        Ok(json!({ "type": event.kind, "timestamp": at.unwrap_or_default(), "data": data }))
    }
}

fn key(hook: &str, seq: i64) -> String {
    format!("hook:{hook}:{seq}")
}

fn payload(hook: &str, seq: i64) -> Value {
    json!({ "hook": hook, "seq": seq })
}

fn state(off: bool) -> String {
    if off { "off" } else { "on" }.into()
}

fn words(kinds: &str) -> String {
    kinds.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn is_wanted(kinds: &str, kind: &str) -> bool {
    let mut words = kinds.split_whitespace();
    kinds.is_empty() || words.any(|w| w == kind || (w.ends_with('.') && kind.starts_with(w)))
}

/// `v1,` and the base64 of an HMAC-SHA256 over id, time and body.
pub fn signature(secret: &str, id: &str, time: &str, body: &str) -> String {
    let key = STANDARD.decode(secret.trim_start_matches(SECRET));
    let text = format!("{id}.{time}.{body}");
    let mac = mac(&key.unwrap_or_default(), text.as_bytes());
    format!("v1,{}", STANDARD.encode(mac))
}

/// Whether an event brings a message.
fn is_post(kind: &str) -> bool {
    matches!(
        kind,
        "message.posted" | "question.asked" | "question.answered"
    )
}
