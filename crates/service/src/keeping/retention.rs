//! How long what is said, and who did what, is kept. By default for ever.

use base::activity::{self, Kind};
use base::clock::Clock;
use base::problem::Problem;
use mining::time::DAY;
use serde_json::json;
use std::time::Duration;
use store::erase::{self, Removed};
use store::{Db, Tx, arrivals, connections, settings, sign_ins};

const MESSAGES: &str = "retention.messages_days";
const AUDIT: &str = "retention.audit_days";
/// A message a colleague wrote yesterday is not old, whatever is set.
const LEAST: i64 = 7;
const MOST: i64 = 36_500;
const AT_ONCE: i64 = 1_000;

/// After how many days something is removed; `None`: never.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Retention {
    /// What colleagues wrote, with what was attached.
    pub messages: Option<i64>,
    /// Lines of the record that tell of no process.
    pub audit: Option<i64>,
}

/// Reads a number of days as a person writes it; nothing is never.
pub fn days(text: &str) -> Result<Option<i64>, Problem> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let days = text.parse().ok().filter(|d| (LEAST..=MOST).contains(d));
    days.map(Some).ok_or_else(|| {
        Problem::bad_request(
            format!(
                "\"{}\" is no number of days to keep something.",
                base::format::short(text, 40)
            ),
            format!("Write {LEAST} to {MOST}, or nothing to keep it for ever."),
        )
    })
}

/// What was set on the settings page.
pub async fn kept(db: &Db) -> Result<Retention, Problem> {
    let read = async |name| -> Result<Option<i64>, Problem> {
        Ok(settings::get(db, name).await?.and_then(|t| t.parse().ok()))
    };
    Ok(Retention {
        messages: read(MESSAGES).await?,
        audit: read(AUDIT).await?,
    })
}

/// Sets it, for the whole installation.
pub async fn set(db: &Db, clock: &dyn Clock, to: Retention, by: &str) -> Result<(), Problem> {
    let before = kept(db).await?;
    let mut tx = db.begin().await?;
    for (name, was, is) in [
        (MESSAGES, before.messages, to.messages),
        (AUDIT, before.audit, to.audit),
    ] {
        if was != is {
            let text = is.map_or(String::new(), |d| d.to_string());
            settings::put(&mut tx, name, &text).await?;
            let payload = json!({ "setting": name, "value": is });
            let kind = Kind::SettingChanged;
            activity::record_installation(&mut tx, clock.now(), kind, by, &payload).await?;
        }
    }
    Ok(tx.commit().await?)
}

/// Removes what is older than it may be; what was removed is counted in the record.
pub async fn apply(db: &Db, clock: &dyn Clock, by: Retention) -> Result<Removed, Problem> {
    let now = clock.now();
    let mut all = Removed::default();
    if let Some(days) = by.messages {
        let before = now - days * DAY;
        loop {
            let mut tx = erase::alone(db).await?;
            let some = erase::old_messages(&mut tx, before, AT_ONCE).await?;
            all.messages += some.messages;
            all.attachments += some.attachments;
            let is_last = some.messages == 0;
            if is_last {
                all.conversations = erase::empty_conversations(&mut tx, before).await?;
            }
            tx.commit().await?;
            if is_last {
                break;
            }
        }
    }
    let mut tx = db.begin().await?;
    sign_ins::forget_over(&mut tx, now).await?;
    arrivals::forget(&mut tx, now - arrivals::REMEMBERED).await?;
    tx.commit().await?;
    for (channel, said, raw) in connections::forgetful(db).await? {
        if let Some(days) = said {
            all.said += forget(db, &channel, now - days * DAY).await?;
        }
        if let Some(days) = raw {
            let mut tx = erase::alone(db).await?;
            all.raw += erase::old_raw(&mut tx, &channel, now - days * DAY).await?;
            tx.commit().await?;
        }
    }
    let mut tx = erase::alone(db).await?;
    if let Some(days) = by.audit {
        all.events = erase::old_events(&mut tx, now - days * DAY).await?;
    }
    if all != Removed::default() {
        told(&mut tx, now, all).await?;
    }
    tx.commit().await?;
    Ok(all)
}

/// Removes what was said on a channel before a moment; in how many threads.
async fn forget(db: &Db, channel: &str, before: mining::Micros) -> Result<u64, Problem> {
    let mut all = 0;
    loop {
        let mut tx = erase::alone(db).await?;
        let some = erase::old_threads(&mut tx, channel, before, AT_ONCE).await?;
        tx.commit().await?;
        all += some;
        if some < AT_ONCE as u64 {
            return Ok(all);
        }
    }
}

async fn told(tx: &mut Tx, now: mining::Micros, all: Removed) -> sqlx::Result<()> {
    let payload = json!({ "messages": all.messages, "attachments": all.attachments,
        "conversations": all.conversations, "events": all.events, "threads": all.said, "raw": all.raw });
    let kind = Kind::RetentionApplied;
    activity::record_installation(tx, now, kind, "retention", &payload).await?;
    Ok(())
}

/// Applies it once a day. What the one who runs the machine says (`over`) goes before what is set on the page. Never ends.
pub async fn keep(db: Db, clock: std::sync::Arc<dyn Clock>, over: Retention) {
    loop {
        match kept(&db).await {
            Ok(set) => {
                let by = Retention {
                    messages: over.messages.or(set.messages),
                    audit: over.audit.or(set.audit),
                };
                match apply(&db, &*clock, by).await {
                    Ok(removed) if removed == Removed::default() => {}
                    Ok(removed) => tracing::info!(?removed, "removed what is older than it may be"),
                    Err(problem) => {
                        tracing::warn!(%problem, "what is too old could not be removed")
                    }
                }
            }
            Err(problem) => tracing::warn!(%problem, "how long things are kept could not be read"),
        }
        tokio::time::sleep(Duration::from_secs(24 * 3600)).await;
    }
}
