//! One thread as it is worked on: what was said, who has it, drafts to read, and what is known of the customer.

use super::super::error::PageError;
use base::format;
use base::identity::{Actor, Directory, Role};
use mining::Micros;
use service::app::App;
use service::desk::Thread;
use service::desk::merge::Became;
use service::work::ask::Similar;
use store::desk::{
    CannedRow, DISMISSED, FAILED, FOUND, HELD, OPEN, QUEUED, RETURNED, REVIEW, ReplyRow, SaidRow,
    ThreadRow,
};

#[derive(Default)]
pub struct Post {
    /// Not a message: what colleagues did with the thread at that moment.
    pub line: Option<String>,
    /// What of it stayed with another thread: that thread, and what.
    pub left: Option<(String, String)>,
    pub at: Micros,
    /// Where it was said, if the thread is made of several: letter, kind and title of the channel.
    pub channel: Option<(String, String, String)>,
    pub name: String,
    pub handle: String,
    pub initials: String,
    pub hue: u32,
    pub time: String,
    pub body: String,
    pub url: Option<String>,
    pub is_ours: bool,
    /// Who of us wrote it.
    pub by: String,
    pub is_edited: bool,
    pub is_deleted: bool,
    pub held: Option<String>,
    /// What is known of who sent it: the sentence, what it rests on, and whether somebody should look.
    pub proof: Option<(&'static str, String, bool)>,
}

/// What the mail server found of a sender, in plain words.
fn proof(said: &SaidRow) -> Option<(&'static str, String, bool)> {
    let by = said.proof_by.clone().unwrap_or_default();
    match said.proof.as_deref()? {
        "passed" => Some(("The sender's domain confirms this mail", by, false)),
        "failed" => Some(("The sender's domain does not confirm this mail", by, true)),
        _ => Some(("Nobody says whether this mail is from there", by, false)),
    }
}

/// A reply that is not out yet.
pub struct Draft {
    pub id: String,
    pub by: String,
    pub initials: String,
    pub hue: u32,
    pub body: String,
    pub note: String,
    pub error: String,
    pub may_review: bool,
    pub is_returned: bool,
    pub is_queued: bool,
    pub is_failed: bool,
    /// Until when the service wants nothing to be sent, in words.
    pub waits: String,
    pub signed: String,
    pub longest: usize,
    /// What may be wrong with it.
    pub hint: Option<&'static str>,
}

/// Where a reply may go.
pub struct Target {
    pub id: String,
    /// The thread that shows it, where what is written is kept.
    pub thread: String,
    pub told: String,
    /// What is answered there.
    pub words: String,
    pub is_chosen: bool,
    /// As the reader signs there, and the longest she may write.
    pub signed: String,
    pub longest: usize,
}

impl Target {
    /// As it goes on within a sentence.
    pub fn lower(&self) -> String {
        self.told.replacen("As ", "as ", 1)
    }
}

pub struct Note {
    pub by: String,
    pub time: String,
    pub body: String,
}

pub struct ThreadPart {
    pub id: String,
    pub title: String,
    pub kind: String,
    pub letter: String,
    pub channel: String,
    pub told: String,
    pub ours: String,
    /// The longest the reader may write, wherever it goes.
    pub longest: usize,
    pub posts: Vec<Post>,
    /// One for each conversation that the thread is made of.
    pub targets: Vec<Target>,
    /// What was merged into it: id, and what it is.
    pub merged: Vec<(String, String)>,
    /// What it may be merged into.
    pub could: Vec<(String, String)>,
    /// The message that is vouched for.
    pub message: String,
    pub drafts: Vec<Draft>,
    pub notes: Vec<Note>,
    /// Who else has it, and since when.
    pub holder: Option<(String, String, u32)>,
    pub is_mine: bool,
    pub is_open: bool,
    pub is_held: Option<String>,
    pub is_snoozed: bool,
    /// Found by listening, and not said to us.
    pub is_found: bool,
    pub is_dismissed: bool,
    /// By what it was found, and for which step.
    pub found_by: Vec<(String, String)>,
    /// What a colleague said of whoever began it: in words.
    pub voice: Option<String>,
    pub is_marked: bool,
    /// Who may not be answered: her page and her name.
    pub objected: Option<(String, String)>,
    pub may_write: bool,
    pub draft: String,
    pub client: String,
    /// The process's id, and its address.
    pub process: Option<String>,
    pub slug: Option<String>,
    pub case: Option<(String, String)>,
    /// Whose mail lands on the case.
    pub addresses: Vec<String>,
    pub step: Option<String>,
    pub reason: String,
    pub sure: i64,
    pub by: Option<String>,
    pub contact: Option<(String, String)>,
    /// The company its case is about, or hers: where it is shown, and its name.
    pub account: Option<(String, String)>,
    /// Whose address it says it is from, where nobody said yet that it is.
    pub unconfirmed: Option<String>,
    pub knows: Vec<(String, String, String, u32)>,
    pub similar: Vec<Similar>,
    pub canned: Vec<CannedRow>,
    pub people: Vec<(String, String)>,
    pub is_reviewed: bool,
    /// The post of ours that it answers.
    pub post: Option<String>,
}

/// Words that promise what nobody can keep.
const PROMISES: [&str; 6] = [
    "guarantee",
    "never again",
    "will not happen again",
    "it will not",
    "100 %",
    "definitely",
];

fn hint(body: &str) -> Option<&'static str> {
    let body = body.to_lowercase();
    PROMISES
        .iter()
        .any(|p| body.contains(p))
        .then_some("It promises a result.")
}

fn time(at: Micros) -> String {
    format!("{} UTC", format::date_time(at))
}

/// What is written, with an answer behind it that is to be used.
async fn drafted(app: &App, actor: &Actor, id: &str, used: &str) -> Result<String, PageError> {
    let draft = app.desk.draft(actor, id).await?;
    let answer = match used {
        "" => None,
        _ => app.desk.answer_to_use(actor, used).await?,
    };
    Ok(match answer {
        Some(answer) if draft.contains(&answer) => draft,
        Some(answer) if draft.is_empty() => answer,
        Some(answer) => format!("{draft}\n\n{answer}"),
        None => draft,
    })
}

pub async fn part(app: &App, actor: &Actor, id: &str, used: &str) -> Result<ThreadPart, PageError> {
    let now = app.library.clock().now();
    let thread = app.desk.thread(actor, id).await?;
    let directory = app.identity.directory().await?;
    let row = &thread.row;
    let picture = |name: &str| (format::initials(name), format::hue(name));
    let connect = app.desk.connect();
    let channel_of = |kind: &str| channel(app, kind);
    let is_reviewed = app.desk.is_reviewed(actor.id()).await?;
    let shown = |r: &&ReplyRow| {
        matches!(r.state.as_str(), REVIEW | QUEUED | FAILED)
            || (r.state == RETURNED && r.person == actor.id())
    };
    let drafts = thread.replies.iter().filter(shown).map(|r| {
        let by = directory.name(&r.person).to_string();
        let (initials, hue) = picture(&by);
        let part = thread.parts.iter().find(|p| p.row.id == r.thread);
        let asked = part.filter(|p| r.state == QUEUED && p.sends_from > now);
        Draft {
            waits: asked.map_or(String::new(), |p| {
                let channel = channel_of(&p.connection.kind);
                format!(
                    "{channel} asked us to wait: it goes out after {}.",
                    time(p.sends_from)
                )
            }),
            signed: part.map_or(String::new(), |p| p.sign(&by)),
            longest: part.map_or(0, |p| p.room(&by)),
            id: r.id.clone(),
            body: r.body.clone(),
            note: r.note.clone().unwrap_or_default(),
            error: r.error.clone().unwrap_or_default(),
            may_review: r.state == REVIEW && r.person != actor.id() && !is_reviewed,
            is_returned: r.state == RETURNED,
            is_queued: r.state == QUEUED,
            is_failed: r.state == FAILED,
            hint: hint(&r.body),
            by,
            initials,
            hue,
        }
    });
    let drafts: Vec<Draft> = drafts.collect();
    let holder = holder(row, now);
    let others = holder.filter(|by| *by != actor.id()).map(|by| {
        let name = directory.name(by).to_string();
        let (initials, hue) = picture(&name);
        (name, initials, hue)
    });
    let loaded = match &row.process {
        Some(process) => Some(app.library.load(process).await?),
        None => None,
    };
    let (mut knows, mut similar) = (Vec::new(), Vec::new());
    let newest = thread.said.iter().rev().find(|s| s.is_ours == 0);
    let words = newest.map_or("", |s| s.body.as_str());
    for (person, topic) in app.desk.who_knows(words).await? {
        let name = directory.name(&person).to_string();
        let (initials, hue) = picture(&name);
        knows.push((name, format!("Registered for {topic}"), initials, hue));
    }
    if let (Some(loaded), Some(step)) = (&loaded, &row.step) {
        let experts = app.work.experts(actor.id(), loaded, step).await?;
        for e in experts.into_iter().take(3) {
            let (initials, hue) = picture(&e.name);
            if !knows.iter().any(|(name, ..)| *name == e.name) {
                knows.push((e.name, e.reason, initials, hue));
            }
        }
        similar = app.work.similar(&loaded.row.id, step, words, 3).await?;
    }
    let voice = app.desk.voice_of(id).await?;
    let goes_to = thread.part_of_newest();
    let answered = goes_to.map_or(row, |p| &p.row);
    let objected = app.desk.objector(answered).await?.map(|c| (c.id, c.name));
    let mut posts = posts(&thread, &directory, &channel_of);
    for line in lines(app, &thread.row.id, &channel_of).await? {
        let at = posts.iter().position(|p| p.at > line.at);
        posts.insert(at.unwrap_or(posts.len()), line);
    }
    let hers = thread.contact.as_ref();
    let hers = hers.and_then(|c| c.process.as_ref().zip(c.case_ref.as_ref()));
    let about = row.process.as_ref().zip(row.case_ref.as_ref()).or(hers);
    let account = match about {
        Some((process, case)) => app.desk.account_of(process, case).await?,
        None => None,
    };
    let could = app.desk.could_be_one(actor, row).await?;
    let connections = connect.list().await?;
    let could = could.iter().map(|other| {
        let kind = connections.iter().find(|c| c.row.id == other.connection);
        let kind = kind.map_or("", |c| c.row.kind.as_str());
        (other.id.clone(), named(other, &channel_of(kind)))
    });
    let merged = thread.merges.iter().filter_map(|m| {
        let part = thread.parts.iter().find(|p| p.row.id == m.thread)?;
        Some((
            m.thread.clone(),
            named(&part.row, &channel_of(&part.connection.kind)),
        ))
    });
    let me = directory.name(actor.id());
    let draft = drafted(app, actor, id, used).await?;
    let about = app.desk.draft_about(actor, &row.id).await?;
    let targets = targets(&thread, (me, about.as_deref()), &channel_of);
    let ours = goes_to
        .map_or(&thread.account, |p| &p.account)
        .handle
        .clone();
    let goes = goes_to.map_or(&thread.connection, |p| &p.connection);
    let slug = loaded.as_ref().map(|l| l.row.slug.clone());
    let about = thread.connection.name.clone();
    let title = channel_of(&thread.connection.kind);
    Ok(ThreadPart {
        id: row.id.clone(),
        title: row.title.clone(),
        kind: thread.connection.kind.clone(),
        letter: super::letter(&thread.connection.kind),
        told: format!(
            "{} on {title}, {about}; the newest {} ago",
            if row.seen == "direct" {
                "Direct message"
            } else {
                "Public thread"
            },
            super::age(now - row.last)
        ),
        channel: channel_of(&goes.kind),
        ours,
        longest: targets.iter().map(|t| t.longest).max().unwrap_or(0),
        posts,
        targets,
        merged: merged.collect(),
        could: could.collect(),
        message: newest.map_or(String::new(), |s| s.source.clone()),
        notes: thread
            .notes
            .iter()
            .map(|n| Note {
                by: directory.name(&n.person).into(),
                time: time(n.at),
                body: n.body.clone(),
            })
            .collect(),
        is_mine: holder == Some(actor.id()),
        is_open: row.state == OPEN,
        is_held: Some(row.held.clone().unwrap_or_default()).filter(|_| row.state == HELD),
        is_snoozed: row.snoozed.is_some_and(|until| until > now),
        is_found: row.state == FOUND,
        is_dismissed: row.state == DISMISSED,
        found_by: app.desk.found_by(id).await?,
        is_marked: voice.is_some(),
        voice: voice.map(|v| {
            let what = match v.mark.as_str() {
                "blocked" => "All of this account is held",
                "ours" => "This account is one of us",
                _ => "This account is let through",
            };
            format!("{what}, said {}.", directory.name(&v.by_person))
        }),
        may_write: locked(app, actor, &directory, &thread).await?.is_none(),
        objected,
        holder: others,
        drafts,
        draft,
        client: app.library.clock().id().simple().to_string(),
        process: row.process.clone(),
        case: row.case_ref.clone().map(|case| {
            let slug = slug.clone().unwrap_or_default();
            (format!("/p/{slug}/case/{}", format::urlencode(&case)), case)
        }),
        slug,
        addresses: match (&row.process, &row.case_ref) {
            (Some(process), Some(case)) => app.desk.addresses(actor, process, case).await?,
            _ => Vec::new(),
        },
        step: row.step.clone(),
        reason: row.reason.clone(),
        sure: row.sure,
        by: row
            .matched_by
            .as_deref()
            .map(|by| directory.name(by).into()),
        unconfirmed: newest
            .filter(|s| row.contact.is_none() && s.proof.as_deref() == Some("failed"))
            .map(|s| s.handle.clone()),
        contact: thread.contact.map(|c| (c.id, c.name)),
        account: account.map(|(_, name)| (crate::contacts::address(&name), name)),
        knows,
        similar,
        canned: app.desk.canned().await?,
        people: directory
            .active()
            .filter(|p| p.id != actor.id() && Role::parse(&p.role) >= Some(Role::Member))
            .map(|p| (p.id.clone(), p.name.clone()))
            .collect(),
        is_reviewed,
        post: app.share().of_thread(id).await?,
    })
}

pub fn channel(app: &App, kind: &str) -> String {
    let about = app.desk.connect().about(kind);
    about.map_or(kind.to_string(), |about| about.title.into())
}

fn holder(row: &ThreadRow, now: Micros) -> Option<&str> {
    let is_now = row.claimed_until.is_some_and(|until| until > now);
    row.claimed_by.as_deref().filter(|_| is_now)
}

/// Why nothing can be said to the customer just now, if so.
pub async fn locked(
    app: &App,
    actor: &Actor,
    directory: &Directory,
    thread: &Thread,
) -> Result<Option<String>, PageError> {
    let row = &thread.row;
    let answered = thread.part_of_newest().map_or(row, |p| &p.row);
    let now = app.library.clock().now();
    let others = holder(row, now).filter(|by| *by != actor.id());
    Ok(if row.state == HELD {
        Some("The filter holds it.".into())
    } else if let Some(contact) = app.desk.objector(answered).await? {
        Some(format!("{} objected to being answered.", contact.name))
    } else if thread.answerable().next().is_none() {
        Some("Its channel is not connected any more.".into())
    } else if thread.replies.iter().any(|r| r.state == QUEUED) {
        Some("A reply is on its way.".into())
    } else if let Some(by) = others {
        let is_reviewed = app.desk.is_reviewed(actor.id()).await?;
        (!is_reviewed).then(|| format!("{} is replying.", directory.name(by)))
    } else {
        None
    })
}

/// What was said, oldest first.
pub fn posts(
    thread: &Thread,
    directory: &Directory,
    channel_of: &impl Fn(&str) -> String,
) -> Vec<Post> {
    let of_reply = |id: &Option<String>| {
        let found = thread.replies.iter().find(|r| Some(&r.id) == id.as_ref());
        found.map_or(String::new(), |r| directory.name(&r.person).to_string())
    };
    let posts = thread.said.iter().map(|s| {
        let part = thread.parts.iter().find(|p| p.row.id == s.thread);
        let part = part.filter(|_| thread.parts.len() > 1);
        let name = match s.name.is_empty() {
            true => s.handle.clone(),
            false => s.name.clone(),
        };
        Post {
            line: None,
            left: None,
            at: s.at,
            channel: part.map(|p| {
                let kind = &p.connection.kind;
                (super::letter(kind), kind.clone(), channel_of(kind))
            }),
            handle: s.handle.clone(),
            time: time(s.at),
            body: s.body.clone(),
            url: s.url.clone(),
            is_ours: s.is_ours == 1,
            by: of_reply(&s.reply),
            is_edited: s.edited.is_some(),
            is_deleted: s.deleted.is_some(),
            held: s.held.clone(),
            proof: proof(s),
            initials: format::initials(&name),
            hue: format::hue(&name),
            name,
        }
    });
    posts.collect()
}

/// What a thread is called among others of the same customer.
fn named(row: &ThreadRow, channel: &str) -> String {
    format!(
        "{channel}, {}: {}",
        format::date_time(row.created),
        format::short(&row.title, 60)
    )
}

/// Where a reply may go: to what the customer said last in each conversation that the thread is made of.
/// What is begun to be written to one of them goes there.
pub fn targets(
    thread: &Thread,
    (me, about): (&str, Option<&str>),
    channel_of: &impl Fn(&str) -> String,
) -> Vec<Target> {
    let begun = thread
        .answerable()
        .find(|p| Some(p.row.id.as_str()) == about);
    let chosen = begun.or(thread.part_of_newest());
    let chosen = chosen.map(|p| p.row.id.as_str());
    let all = thread.answerable().map(|p| {
        let said = thread.said.iter().rev();
        let mut said = said.filter(|s| s.thread == p.row.id && s.is_ours == 0 && s.held.is_none());
        let answered = said.find(|s| s.deleted.is_none());
        let channel = channel_of(&p.connection.kind);
        let seen = match p.row.seen.as_str() {
            "direct" => "directly",
            _ => "in public",
        };
        Target {
            id: p.row.id.clone(),
            thread: thread.row.id.clone(),
            told: format!("As {} on {channel}, {seen}", p.account.handle),
            words: answered.map_or(String::new(), |s| format::short(&s.body, 80)),
            is_chosen: chosen == Some(p.row.id.as_str()),
            signed: p.sign(me),
            longest: p.room(me),
        }
    });
    all.collect()
}

/// Who merged and split what, as lines among the messages.
async fn lines(
    app: &App,
    id: &str,
    channel_of: &impl Fn(&str) -> String,
) -> Result<Vec<Post>, PageError> {
    let directory = app.identity.directory().await?;
    let mut lines = Vec::new();
    for told in app.desk.merges_told(id).await? {
        let what = match app.desk.called(&told.other).await? {
            Some((kind, title)) => format!("\u{201c}{title}\u{201d} from {}", channel_of(&kind)),
            None => "a thread that is gone".into(),
        };
        let by = directory.name(&told.by);
        let line = match told.became {
            Became::Joined => format!("{by} merged {what} into this thread"),
            Became::Left => format!("{by} split {what} from this thread"),
            Became::Apart { .. } => format!("{by} took this thread out of {what}"),
        };
        let left = match told.became {
            Became::Apart { notes: 0 } | Became::Joined | Became::Left => None,
            Became::Apart { notes } => {
                let are = if notes == 1 { "is" } else { "are" };
                Some(format!(
                    "{} of that time {are} there",
                    format::many(notes, "note")
                ))
            }
        };
        lines.push(Post {
            line: Some(line),
            left: left.map(|left| (told.other, left)),
            at: told.at,
            time: time(told.at),
            ..Post::default()
        });
    }
    Ok(lines)
}
