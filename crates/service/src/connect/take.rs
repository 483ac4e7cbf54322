//! What was said on a channel becomes a thread: whose it is, what it is about, and whether a person looks at it first.

use super::listen::{Heard, Hearing};
use super::matching::{self, Found, Matcher};
use super::{CHANNEL_EVERY, Connect, Stopped, filter, token};
use base::activity::Kind;
use base::format;
use base::identity::secret::Digest;
use base::problem::Problem;
use connectors::channel::{Author, Delivered, Delivery, Hints, Proof, Seen, Verdict, What};
use connectors::{Account, Cursor, Incoming, Settings, Via};
use mining::Micros;
use serde_json::json;
use std::sync::Arc;
use store::connections::{self, CHANNEL, ConnectionRow, Looked, ON, SOURCE};
use store::desk::{
    self, About, ContactRow, DISMISSED, FOUND, HELD, HandleRow, OPEN, SaidRow, ThreadRow,
};
use store::{Tx, events, listen};

/// More of a message is not shown; the payload holds all of it.
const LONGEST: usize = 20_000;
/// More of a payload is not kept.
const RAW: usize = 256 * 1024;

/// Whose account it is, as it is kept.
pub(super) fn account_text(account: &Account) -> String {
    json!({ "id": account.id, "handle": account.handle, "name": account.name, "url": account.url, "may": account.may }).to_string()
}

pub(crate) fn account_of(row: &ConnectionRow) -> Account {
    let value: serde_json::Value = serde_json::from_str(&row.account).unwrap_or_default();
    let text = |name: &str| value[name].as_str().unwrap_or_default().to_string();
    let may = value["may"].as_array().into_iter().flatten();
    Account {
        id: text("id"),
        handle: text("handle"),
        name: text("name"),
        url: value["url"].as_str().map(String::from),
        may: may.filter_map(|m| m.as_str().map(String::from)).collect(),
    }
}

pub(super) fn not_genuine(fault: connectors::Fault) -> Problem {
    let said = format::short(&fault.to_string(), 200);
    Problem::new(
        403,
        "not_genuine",
        said,
        "Send what the service signed, as it was signed, at once.",
    )
}

impl Connect {
    pub(super) async fn look_at_channel(
        &self,
        row: &ConnectionRow,
        settings: &Settings,
    ) -> Result<(), Stopped> {
        let channel = self.channel(&row.kind)?;
        let wishes = match self.is_spent(row).await? {
            true => Vec::new(),
            false => self.wishes_on(row).await?,
        };
        let via = Via {
            wishes: &wishes,
            ..self.via(settings)
        };
        self.inner.bells.begin(&row.id);
        let cursor: Option<Cursor> = row
            .cursor
            .as_deref()
            .and_then(|c| serde_json::from_str(c).ok());
        let page = channel
            .poll(&via, cursor.as_ref())
            .await
            .map_err(Stopped::By)?;
        let hearing = self.hearing(row).await?;
        self.ready_for_tokens(row, hearing.matcher.as_ref(), &page.items)
            .await?;
        let now = self.clock().now();
        let mut tx = self.db().begin().await?;
        events::in_order(&mut tx).await?;
        let taken = self.take(&mut tx, row, &hearing, &page.items, now).await?;
        let text = serde_json::to_string(&page.cursor).map_err(anyhow::Error::from)?;
        let due = if page.has_more {
            now
        } else {
            self.inner.bells.due(&row.id, now, CHANNEL_EVERY)
        };
        let looked = Looked {
            id: &row.id,
            holder: &self.inner.node,
            cursor: &text,
            taken,
            is_whole: !page.has_more,
            due: page.wait_until.unwrap_or(due).max(due),
            held_until: 0,
        };
        if !connections::move_on(&mut tx, &looked, now).await? {
            return Ok(());
        }
        Ok(self.done(tx).await?)
    }

    /// Takes a webhook's delivery: genuine or nothing. What is answered, with its content type. Whoever sends what is not genuine
    /// again and again from one place (`from`) is not looked at for the rest of a minute; others at that place are.
    pub async fn delivered(
        &self,
        secret: &str,
        delivery: &Delivery<'_>,
        from: &str,
    ) -> Result<(&'static str, String), Problem> {
        let (now, intake) = (self.clock().now(), &self.inner.intake);
        let row = connections::by_hook(self.db(), &Digest::of(secret).text()).await?;
        let row = row.filter(|r| matches!(r.what.as_str(), CHANNEL | SOURCE) && r.state == ON);
        let whose = format!("{from} {}", row.as_ref().map_or("", |r| r.id.as_str()));
        intake.admit(&whose, now)?;
        let done = match row {
            Some(row) if row.what == SOURCE => self.rung(&row, delivery).await,
            Some(row) => self.genuine(row, delivery).await,
            None => Err(Problem::not_found("webhook")),
        };
        if done.as_ref().is_err_and(|p| matches!(p.status, 403 | 404)) {
            intake.refuse(&whose, now);
        }
        done
    }

    async fn genuine(
        &self,
        row: ConnectionRow,
        delivery: &Delivery<'_>,
    ) -> Result<(&'static str, String), Problem> {
        let (channel, settings) = (self.channel(&row.kind)?, self.settings(&row)?);
        if let Some(answer) = self.commanded(&row, (channel, &settings), delivery).await {
            return answer;
        }
        let account = account_of(&row);
        let read = channel.deliver(&settings, &account, delivery, self.clock().now());
        let read = read.ok_or_else(|| Problem::not_found("webhook"))?;
        match read.map_err(not_genuine)? {
            Delivered::Handshake(kind, text) => Ok((kind, text)),
            Delivered::Said(items) => {
                self.take_in(row, items).await?;
                Ok(("text/plain", String::new()))
            }
        }
    }

    /// Keeps what is new of what came at a moment (`received`); how much that was.
    pub(crate) async fn take(
        &self,
        tx: &mut Tx,
        row: &ConnectionRow,
        hearing: &Hearing,
        items: &[Incoming],
        received: Micros,
    ) -> Result<i64, Problem> {
        let account = account_of(row);
        let hints_of = self.hints(row);
        let mut taken = 0;
        for item in items {
            let hints = hints_of(item);
            let one = self.take_one(tx, row, (&account, hearing), item, &hints, received);
            taken += i64::from(one.await?);
        }
        Ok(taken)
    }

    async fn take_one(
        &self,
        tx: &mut Tx,
        row: &ConnectionRow,
        (account, hearing): (&Account, &Hearing),
        item: &Incoming,
        hints: &Hints,
        now: Micros,
    ) -> Result<bool, Problem> {
        // A clock that runs ahead does not make a customer wait in the future.
        let at = item.at.min(now);
        if let Some(known) = desk::said_in(tx, &row.id, &item.id).await? {
            return self.told_again(tx, row, &known, item, at).await;
        }
        if let Some(room) = Box::pin(self.room_of(tx, row, item)).await? {
            return Box::pin(self.say_inside(tx, row, &room, item)).await;
        }
        if Box::pin(self.was_inside(tx, row, item)).await? {
            return Ok(false);
        }
        if item.what == What::Deleted {
            self.take_back(tx, &row.id, &item.id).await?;
        }
        if item.what == What::Deleted || item.id.is_empty() {
            return Ok(false);
        }
        let says_ours = item.is_ours || item.author.id == account.id && !account.id.is_empty();
        let doubt = hints
            .proof
            .as_ref()
            .filter(|p| p.verdict == Verdict::Failed);
        // Who writes as us from elsewhere is not us.
        let is_ours = says_ours && doubt.is_none();
        // What we published is kept as a post, whoever answers it.
        if is_ours
            && store::share::by_source(tx, &row.id, &item.id)
                .await?
                .is_some()
        {
            return Ok(false);
        }
        let found = self.thread_of(tx, row, item, hints).await?;
        // Something of our own that answers nobody is no conversation with a customer.
        if found.is_none() && is_ours {
            return Ok(false);
        }
        if let Some(deleted) = self.taken_back(tx, &row.id, &item.id).await? {
            // What would begin a thread is not there: nobody ever saw it.
            if let Some(thread) = found.filter(|_| is_ours || item.is_for_us) {
                let said = SaidRow {
                    deleted: Some(deleted),
                    ..said_row(row, item, hints, (&thread.id, is_ours), (at, now))
                };
                desk::keep_said(tx, &said).await?;
            }
            return Ok(false);
        }
        // Nobody is known by an address alone that its own domain does not confirm: a person says who that is.
        let contact = match is_ours || doubt.is_some() {
            true => None,
            false => Some(self.contact_of(tx, row, &item.author, now).await?),
        };
        // What is only found, of somebody who does not want to be kept, is not kept.
        let has_objected = contact.as_ref().is_some_and(|c| c.objected.is_some());
        if has_objected && !item.is_for_us {
            return Ok(false);
        }
        let matcher = hearing.matcher.as_deref();
        let addressed = match matcher {
            Some(matcher) if !is_ours => matcher.addressed(&hints.tokens),
            _ => None,
        };
        let found = match (found, &addressed, &contact, matcher) {
            (None, Some(case), Some(contact), Some(matcher)) => {
                let of = (matcher.process(), case.as_str());
                desk::thread_of_case_in(tx, &row.id, &contact.id, of).await?
            }
            (found, ..) => found,
        };
        let met = match is_ours {
            true => Vec::new(),
            false => hearing.met(item, account),
        };
        let of = (hearing, met.as_slice());
        let held = match (is_ours, hints.machine) {
            (true, _) => None,
            (false, _) if says_ours => Some("it says that it is from us".to_string()),
            // A machine is one in a known thread, too.
            (false, Some(machine)) => Some(machine.to_string()),
            (false, None) => {
                self.why_held(tx, row, account, item, found.as_ref(), of)
                    .await?
            }
        };
        // It stays with the thread it belongs to, and is worked on as part of the one that this was merged into.
        let (own, found) = match found {
            Some(own) => {
                let (id, replied) = (own.id.clone(), own.replied);
                let shown = desk::shown_in(tx, own).await?;
                let replied = shown.replied.or(replied);
                (Some(id), Some(ThreadRow { replied, ..shown }))
            }
            None => (None, None),
        };
        let thread = match found {
            // Found before, and now said to us.
            Some(thread) if is_found(&thread) && item.is_for_us && held.is_none() => {
                self.say_to_us(tx, thread, at).await?
            }
            Some(thread) => match (addressed, matcher) {
                (Some(case), Some(matcher)) if thread.case_ref.is_none() => {
                    let about = matcher.about(matching::addressed_to(case), at, None);
                    desk::set_about(tx, &thread.id, &about).await?;
                    ThreadRow {
                        process: about.process,
                        case_ref: about.case_ref,
                        step: about.step,
                        team: about.team,
                        ..thread
                    }
                }
                _ => thread,
            },
            None => {
                let new = New {
                    contact: contact.as_ref(),
                    held: held.as_deref(),
                    at,
                    title: hints.title.as_deref(),
                    addressed,
                    doubt,
                };
                let thread = self.open(tx, row, of, item, new).await?;
                if !item.is_for_us || !met.is_empty() {
                    self.keep_finds(tx, row, item, (&thread, &met), now).await?;
                }
                thread
            }
        };
        let own = own.unwrap_or_else(|| thread.id.clone());
        // It was begun under her address by nobody knew whom, and she goes on with it; another who joins is not who began it.
        if let (None, Some(contact)) = (&thread.contact, &contact) {
            let began = desk::begun_by(tx, &own).await?;
            if began.is_none_or(|author| author == item.author.id) {
                desk::set_contact(tx, &own, &contact.id).await?;
            }
        }
        let said = SaidRow {
            body: body_of(row, item),
            // In a thread that is open only this one of it is held.
            held: held.clone().filter(|_| thread.state != HELD),
            raw: raw_of(item),
            ..said_row(row, item, hints, (&own, is_ours), (at, now))
        };
        if !desk::keep_said(tx, &said).await? {
            return Ok(false);
        }
        if is_ours {
            desk::we_said(tx, &own, at).await?;
            return Ok(true);
        }
        if said.held.is_none() {
            desk::customer_said(tx, &own, at).await?;
        }
        // What was only found is told as such, and once.
        if is_found(&thread) || thread.state == HELD && !item.is_for_us {
            return Ok(true);
        }
        let payload = json!({ "case": thread.case_ref, "step": thread.step, "team": thread.team, "channel": row.kind, "held": held });
        let process = thread.process.as_deref();
        let by = contact.map(|c| c.id).unwrap_or_default();
        events::append(
            tx,
            now,
            Kind::CustomerSaid.word(),
            &by,
            process,
            Some(&thread.id),
            &payload,
        )
        .await?;
        Ok(true)
    }

    /// Why something of a customer is held, if it is.
    async fn why_held(
        &self,
        tx: &mut Tx,
        row: &ConnectionRow,
        account: &Account,
        item: &Incoming,
        found: Option<&ThreadRow>,
        (hearing, met): (&Hearing, &[&Heard]),
    ) -> Result<Option<String>, Problem> {
        let now = self.clock().now();
        let mark = listen::voice_in(tx, &row.id, &item.author.id).await?;
        let mark = mark.map(|v| v.mark);
        let is_known = found.is_some_and(|t| t.replied.is_some());
        let known = hearing.known(item, is_known, mark.as_deref());
        let held = filter::held(item, account, &known).map(String::from);
        // A conversation that goes on is no crowd.
        if found.is_some() || mark.as_deref() == Some(listen::ALLOWED) {
            return Ok(held);
        }
        let same = self.same_text(tx, row, item, now).await?;
        if held.is_some() || item.is_for_us {
            return Ok(held.or(same));
        }
        let crowd = self.piled_on(tx, row, item, met, now).await?;
        Ok(crowd.or(same))
    }

    /// What was found is said to us by now: somebody waits.
    async fn say_to_us(
        &self,
        tx: &mut Tx,
        thread: ThreadRow,
        at: Micros,
    ) -> Result<ThreadRow, Problem> {
        desk::set_thread_state(tx, &thread.id, OPEN, None, Some(at)).await?;
        Ok(ThreadRow {
            state: OPEN.into(),
            waiting: Some(at),
            ..thread
        })
    }

    /// The same message once more: changed, taken back, or as it was.
    async fn told_again(
        &self,
        tx: &mut Tx,
        row: &ConnectionRow,
        known: &SaidRow,
        item: &Incoming,
        at: Micros,
    ) -> Result<bool, Problem> {
        if item.what == What::Deleted {
            desk::delete_said(tx, known, self.clock().now()).await?;
            if known.is_ours == 0 && known.deleted.is_none() {
                desk::settle(tx, &known.thread).await?;
            }
            return Ok(false);
        }
        // It was found first, and is told now as said to us.
        if item.is_for_us
            && known.is_ours == 0
            && let Some(thread) = desk::thread_in(tx, &known.thread).await?
            && is_found(&thread)
        {
            self.say_to_us(tx, thread, known.at).await?;
        }
        // Its edit was told first.
        if item.what == What::Said && known.edited.is_some() && at < known.at {
            desk::said_at(tx, known, at).await?;
        }
        let body = body_of(row, item);
        // What was changed later than this was told: an older telling does not bring its words back.
        let is_older = known.edited.is_some_and(|edited| edited > at) || item.what != What::Edited;
        if !is_older && body != known.body {
            desk::edit_said(tx, known, &body, &raw_of(item), at).await?;
        }
        Ok(false)
    }

    /// What the channel itself says of something beside its words.
    fn hints(&self, row: &ConnectionRow) -> impl Fn(&Incoming) -> Hints + use<> {
        let known = self.channel(&row.kind).ok().zip(self.settings(row).ok());
        move |item| match &known {
            Some((channel, settings)) => channel.hints(settings, item),
            None => Hints::default(),
        }
    }

    /// Where something may carry a token of ours, the tokens of all cases are made before anything is written.
    async fn ready_for_tokens(
        &self,
        row: &ConnectionRow,
        matcher: Option<&Arc<Matcher>>,
        items: &[Incoming],
    ) -> Result<(), Problem> {
        let Some(matcher) = matcher else {
            return Ok(());
        };
        let hints_of = self.hints(row);
        let mut all = items.iter().flat_map(|item| hints_of(item).tokens);
        if all.any(|t| token::may_be_one(&t)) {
            let (matcher, key) = (matcher.clone(), *self.token_key().await?);
            let made = tokio::task::spawn_blocking(move || matcher.make_tokens(&key)).await;
            made.map_err(anyhow::Error::from)?;
        }
        Ok(())
    }

    /// The thread it belongs to: that of what it answers, then by what the service says, then that of anything else it follows.
    async fn thread_of(
        &self,
        tx: &mut Tx,
        row: &ConnectionRow,
        item: &Incoming,
        hints: &Hints,
    ) -> Result<Option<ThreadRow>, Problem> {
        if let Some(reply_to) = &item.reply_to
            && let Some(answered) = desk::said_in(tx, &row.id, reply_to).await?
        {
            return Ok(desk::thread_in(tx, &answered.thread).await?);
        }
        let topic = match self.post_answered(tx, row, item).await? {
            Some(post) => post.topic(item),
            None => topic(item).to_string(),
        };
        if let Some(thread) = desk::thread_of_topic(tx, &row.id, &topic).await? {
            return Ok(Some(thread));
        }
        for id in &hints.kin {
            if let Some(known) = desk::said_in(tx, &row.id, id).await? {
                return Ok(desk::thread_in(tx, &known.thread).await?);
            }
        }
        Ok(None)
    }

    pub(crate) async fn contact_of(
        &self,
        tx: &mut Tx,
        row: &ConnectionRow,
        author: &Author,
        now: Micros,
    ) -> Result<ContactRow, Problem> {
        let known = desk::handle_in(tx, &row.kind, &author.id).await?;
        let contact = match &known {
            Some(handle) => desk::contact_in(tx, &handle.contact).await?,
            None => None,
        };
        let contact = match contact {
            Some(contact) => contact,
            None => {
                let name = [&author.name, &author.handle, &author.id];
                let name = name.into_iter().find(|n| !n.trim().is_empty());
                let contact = ContactRow {
                    id: self.id("con"),
                    name: format::short(name.map_or("", |n| n.trim()), 200),
                    email: Some(author.handle.to_lowercase())
                        .filter(|h| row.kind == "mail" && h.contains('@')),
                    created: now,
                    process: None,
                    case_ref: None,
                    matched_by: None,
                    merged_into: None,
                    objected: None,
                };
                desk::insert_contact(tx, &contact).await?;
                contact
            }
        };
        let handle = HandleRow {
            kind: row.kind.clone(),
            author: author.id.clone(),
            contact: contact.id.clone(),
            handle: format::short(&author.handle, 200),
            name: format::short(&author.name, 200),
            url: author.url.clone().filter(|u| is_web(u)),
        };
        if known.as_ref() != Some(&handle) {
            desk::put_handle(tx, &handle).await?;
        }
        Ok(contact)
    }

    async fn open(
        &self,
        tx: &mut Tx,
        row: &ConnectionRow,
        of: (&Hearing, &[&Heard]),
        item: &Incoming,
        new: New<'_>,
    ) -> Result<ThreadRow, Problem> {
        let New {
            contact, held, at, ..
        } = new;
        let text = match new.title {
            Some(title) => format!("{title}\n{}", item.text),
            None => item.text.clone(),
        };
        let about = match (contact, new.addressed, of.0.matcher.as_deref()) {
            (Some(_), Some(case), Some(matcher)) => {
                matcher.about(matching::addressed_to(case), at, None)
            }
            (Some(contact), ..) => about(of, item, &text, contact, at),
            (None, addressed, Some(matcher)) if new.doubt.is_some() => {
                let found = match addressed {
                    Some(case) => matching::addressed_to(case),
                    None => matcher.find(&Author::default(), None, &text),
                };
                let hers = matcher.find(&item.author, Some(&item.author.handle), "");
                let why = doubted(new.doubt);
                matcher.about(matching::doubted(found, hers, &why), at, None)
            }
            (None, ..) => About {
                reason: doubted(new.doubt),
                ..About::default()
            },
        };
        let post = self.post_answered(tx, row, item).await?;
        let about = match &post {
            Some(post) => post.about(about),
            None => about,
        };
        let body = words(row, item);
        let words: Vec<&str> = body
            .split_whitespace()
            .filter(|w| !w.starts_with('@'))
            .collect();
        let title = match new.title {
            Some(title) => format::short(title, 80),
            None => format::short(&words.join(" "), 80),
        };
        let thread = ThreadRow {
            id: self.id("thr"),
            connection: row.id.clone(),
            topic: post
                .as_ref()
                .map_or_else(|| topic(item).to_string(), |p| p.topic(item)),
            contact: contact.map(|c| c.id.clone()),
            title: if title.is_empty() {
                "No words".into()
            } else {
                title
            },
            seen: match item.seen {
                Seen::Public => "public",
                Seen::Direct => "direct",
            }
            .into(),
            process: about.process.clone(),
            case_ref: about.case_ref.clone(),
            step: about.step.clone(),
            team: about.team.clone(),
            reason: about.reason.clone(),
            sure: about.sure,
            matched_by: None,
            state: match (held, item.is_for_us) {
                (Some(_), _) => HELD,
                (None, true) => OPEN,
                (None, false) => FOUND,
            }
            .into(),
            held: held.map(String::from),
            created: at,
            waiting: Some(at),
            replied: None,
            last: at,
            claimed_by: None,
            claimed_until: None,
            snoozed: None,
            merged_into: None,
        };
        desk::insert_thread(tx, &thread).await?;
        if let Some(post) = &post {
            post.tie(tx, &thread.id).await?;
        }
        if let (Some(contact), Some(case)) = (contact, &about.case_ref)
            && contact.case_ref.is_none()
        {
            desk::set_case(
                tx,
                &contact.id,
                (about.process.as_deref(), Some(case)),
                None,
            )
            .await?;
        }
        Ok(thread)
    }
}

/// What a new thread begins with.
struct New<'a> {
    contact: Option<&'a ContactRow>,
    held: Option<&'a str>,
    at: Micros,
    title: Option<&'a str>,
    /// The case whose address it was sent to.
    addressed: Option<String>,
    /// Why it may be from somebody else.
    doubt: Option<&'a Proof>,
}

/// Why somebody may not be who she says, in a sentence; nothing where nobody doubts it.
fn doubted(doubt: Option<&Proof>) -> String {
    match doubt {
        Some(proof) => format!(
            "The sender's domain does not confirm this mail ({}).",
            proof.by
        ),
        None => String::new(),
    }
}

/// Which case something new is about, looked for where the channel's customers are and where it was listened for; without one it
/// belongs to the step whose wish found it.
fn about(
    (hearing, met): (&Hearing, &[&Heard]),
    item: &Incoming,
    text: &str,
    contact: &ContactRow,
    at: Micros,
) -> About {
    let own = hearing.matcher.as_deref().into_iter();
    let matchers = own.chain(met.iter().filter_map(|h| h.matcher.as_deref()));
    let mut first: Option<About> = None;
    for matcher in matchers {
        let about = of_case(matcher, item, text, contact, at);
        if first.is_none() || about.case_ref.is_some() {
            let is_found = about.case_ref.is_some();
            first = Some(about);
            if is_found {
                break;
            }
        }
    }
    let mut about = first.unwrap_or_default();
    if let Some(heard) = met
        .first()
        .filter(|_| !item.is_for_us || about.case_ref.is_none())
    {
        about.reason = format!("{} {}", about.reason, heard.reason()).trim().into();
        if about.case_ref.is_none() && !heard.step.is_empty() {
            about.process = Some(heard.process.clone());
            about.step = Some(heard.step.clone());
        }
    }
    about
}

fn of_case(
    matcher: &Matcher,
    item: &Incoming,
    text: &str,
    contact: &ContactRow,
    at: Micros,
) -> About {
    let is_here = contact.process.as_deref() == Some(matcher.process());
    let hers = contact.case_ref.clone();
    let found = match hers.filter(|case| is_here && matcher.has(case)) {
        Some(case) => Found {
            case: Some(case),
            reason: "What she wrote before is about this case.".into(),
            sure: if contact.matched_by.is_some() {
                100
            } else {
                85
            },
        },
        None => matcher.find(&item.author, contact.email.as_deref(), text),
    };
    matcher.about(found, at, None)
}

/// Whether it waits for a look, or had it, and not for an answer.
fn is_found(thread: &ThreadRow) -> bool {
    thread.state == FOUND || thread.state == DISMISSED
}

/// What all of a thread share.
fn topic(item: &Incoming) -> &str {
    let told = item.thread.as_deref().or(item.reply_to.as_deref());
    told.filter(|t| !t.is_empty()).unwrap_or(&item.id)
}

/// Something as it is kept, without its words.
fn said_row(
    row: &ConnectionRow,
    item: &Incoming,
    hints: &Hints,
    (thread, is_ours): (&str, bool),
    (at, received): (Micros, Micros),
) -> SaidRow {
    SaidRow {
        connection: row.id.clone(),
        source: item.id.clone(),
        thread: thread.into(),
        at,
        received,
        author: item.author.id.clone(),
        is_ours: i64::from(is_ours),
        handle: format::short(&item.author.handle, 200),
        name: format::short(&item.author.name, 200),
        body: String::new(),
        url: item.url.clone().filter(|u| is_web(u)),
        reply: None,
        edited: Some(at).filter(|_| item.what == What::Edited),
        deleted: None,
        held: None,
        raw: String::new(),
        proof: hints.proof.as_ref().map(|p| p.verdict.word().into()),
        proof_by: hints.proof.as_ref().map(|p| format::short(&p.by, 200)),
    }
}

fn body_of(row: &ConnectionRow, item: &Incoming) -> String {
    cut(&words(row, item), LONGEST)
}

fn raw_of(item: &Incoming) -> String {
    cut(&item.raw.replace('\0', ""), RAW)
}

/// What was said, with what came beside the words named: what it is, and how its author describes it. None of it is fetched. A mail names
/// what is attached itself.
pub(super) fn words(row: &ConnectionRow, item: &Incoming) -> String {
    let mut words = clean(&item.text);
    for media in item.media.iter().filter(|_| row.kind != "mail").take(20) {
        let what = match media.kind.split('/').next().unwrap_or_default() {
            "image" | "photo" => "a picture",
            "video" | "gifv" | "animated_gif" => "a video",
            "audio" => "a sound",
            _ => "a file",
        };
        let described = format::short(&clean(&media.description), 500);
        let colon = if described.is_empty() { "" } else { ": " };
        words = format!("{words}\n\n[{what}{colon}{described}]");
    }
    words.trim_start().into()
}

/// Text that can be kept on both engines.
fn clean(text: &str) -> String {
    text.replace('\0', "").trim().to_string()
}

fn cut(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}

/// Only addresses of the web become links.
fn is_web(url: &str) -> bool {
    url.len() <= 2_000 && (url.starts_with("https://") || url.starts_with("http://"))
}
