//! The channel, newest first, and then the answers in its last threads, which Slack does not show among the others.

use super::wire::{self, History, Message};
use super::{Place, ask, post};
use crate::back::Back;
use crate::channel::{Seen, What};
use crate::json::Item;
use crate::{Cursor, Fault, Incoming, Micros, Page, Via};
use serde::{Deserialize, Serialize};

const VERSION: u32 = 1;
/// Threads that are followed, and how many of them are looked at in one poll.
const THREADS: usize = 20;
const LOOKED_AT: usize = 3;

#[derive(Debug, Default, Serialize, Deserialize)]
struct State {
    me: String,
    back: Back,
    /// Since when what is new is asked for: the service's own word for it.
    oldest: String,
    /// Those that were looked at longest ago come first.
    #[serde(default)]
    threads: Vec<Thread>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Thread {
    ts: String,
    /// The last answer that was read.
    last: String,
}

pub(super) async fn poll(via: &Via<'_>, from: Option<&Cursor>) -> Result<Page<Incoming>, Fault> {
    let known = from.filter(|c| c.version == VERSION);
    let known = known.and_then(|c| State::deserialize(&c.state).ok());
    let mut state = known.unwrap_or_default();
    if state.me.is_empty() {
        let me: wire::Me = ask(via, post(via, "auth.test", &[])).await?.read()?;
        state.me = me.user_id;
    }
    let (messages, mut has_more) = history(via, &mut state).await?;
    let mut items = state.take(via, &messages);
    let mut wait_until = None;
    if !has_more {
        let answers = answers(via, &mut state).await?;
        items.extend(state.take(via, &answers.messages));
        has_more = answers.has_more;
        wait_until = answers.wait_until;
    }
    items.sort_by_key(|item| item.at);
    items.dedup_by(|a, b| a.id == b.id);
    Ok(Page {
        items,
        has_more,
        cursor: Cursor {
            version: VERSION,
            state: serde_json::to_value(&state).map_err(|e| Fault::Strange(e.to_string()))?,
        },
        wait_until,
    })
}

#[derive(Default)]
struct Answers {
    messages: Vec<Item<Message>>,
    has_more: bool,
    wait_until: Option<Micros>,
}

impl State {
    fn take(&mut self, via: &Via<'_>, messages: &[Item<Message>]) -> Vec<Incoming> {
        let place = Place {
            channel: via.settings.get("channel").trim(),
            me: &self.me,
            is_for_us: true,
            seen: Seen::Public,
        };
        let read = messages.iter().filter_map(|i| Some((i, i.read.as_ref()?)));
        read.filter_map(|(item, m)| place.incoming(m, What::Said, &item.raw))
            .collect()
    }

    fn follow(&mut self, message: &Message) {
        let is_first = message
            .thread_ts
            .as_ref()
            .is_none_or(|ts| *ts == message.ts);
        if is_first
            && wire::moment(&message.ts).is_some()
            && self.threads.iter().all(|t| t.ts != message.ts)
        {
            self.threads.push(Thread {
                ts: message.ts.clone(),
                last: message.ts.clone(),
            });
        }
        // The youngest are kept.
        while self.threads.len() > THREADS {
            let oldest = self
                .threads
                .iter()
                .enumerate()
                .min_by_key(|(_, t)| wire::moment(&t.last));
            match oldest.map(|(n, _)| n) {
                Some(n) => drop(self.threads.remove(n)),
                None => return,
            }
        }
    }
}

async fn history(via: &Via<'_>, state: &mut State) -> Result<(Vec<Item<Message>>, bool), Fault> {
    let mut query = vec![
        ("channel", via.settings.get("channel").trim()),
        ("limit", "100"),
    ];
    query.extend(state.back.page().map(|page| ("cursor", page)));
    if !state.oldest.is_empty() {
        query.push(("oldest", &state.oldest));
    }
    let answer = ask(via, post(via, "conversations.history", &query)).await;
    if matches!(answer, Err(Fault::Refused(_))) && state.back.lost_its_page() {
        return Ok((Vec::new(), true));
    }
    let list: History = answer?.read()?;
    let read = list.messages.iter().filter_map(|i| i.read.as_ref());
    let marks = read
        .clone()
        .filter_map(|m| wire::moment(&m.ts))
        .map(|at| at as u64);
    let marks: Vec<u64> = marks.collect();
    read.for_each(|message| state.follow(message));
    let has_more = state.back.read(&marks, list.response_metadata.next_cursor);
    if !has_more {
        let upto = state.back.upto();
        state.oldest = format!("{}.{:06}", upto / 1_000_000, upto % 1_000_000);
    }
    Ok((list.messages, has_more))
}

/// New answers in some of the threads. A few of them at a time: Slack may allow one question a minute.
async fn answers(via: &Via<'_>, state: &mut State) -> Result<Answers, Fault> {
    let mut answers = Answers::default();
    for _ in 0..LOOKED_AT.min(state.threads.len()) {
        let thread = state.threads.remove(0);
        let query = [
            ("channel", via.settings.get("channel").trim()),
            ("ts", &thread.ts),
            ("oldest", &thread.last),
            ("limit", "200"),
        ];
        let list: History = match ask(via, post(via, "conversations.replies", &query)).await {
            // The thread was taken back.
            Err(Fault::Gone(_)) => continue,
            // What was read before is not held up by it, and it is its turn again.
            Err(Fault::Wait { until, .. }) => {
                state.threads.insert(0, thread);
                answers.wait_until = Some(until);
                return Ok(answers);
            }
            other => other?.read()?,
        };
        let said = list.messages.iter().filter_map(|i| i.read.as_ref());
        let last = said
            .filter(|m| wire::moment(&m.ts).is_some())
            .map(|m| &m.ts)
            .max();
        let last = last.filter(|ts| **ts > thread.last).cloned();
        // Answers come oldest first, so the next page begins behind them.
        answers.has_more |= last.is_some()
            && list
                .response_metadata
                .next_cursor
                .is_some_and(|c| !c.is_empty());
        state.threads.push(Thread {
            last: last.unwrap_or(thread.last),
            ts: thread.ts,
        });
        answers.messages.extend(list.messages);
    }
    Ok(answers)
}
