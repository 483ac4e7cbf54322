//! Messages as pages show them, and what is done to one.

use super::error::{PageError, page as render};
use super::shell::Shell;
use crate::asked::Form;
use askama::Template;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{Html, IntoResponse, Redirect, Response};
use base::format;
use base::identity::{Actor, Directory, Role};
use base::policy::may;
use mining::Micros;
use serde::Deserialize;
use service::app::App;
use service::processes::Problem;
use service::work::talk::{EMOJI, Followed};
use service::work::{Place, markdown};
use store::attachments::{self, AttachmentRow};
use store::work::{self, ConversationRow, MessageRow};

/// So many messages of a room are shown; older ones are found by search.
const SHOWN: i64 = 200;

/// One message.
#[derive(Clone)]
pub struct Said {
    pub id: i64,
    pub at: Micros,
    pub name: String,
    pub initials: String,
    pub hue: u32,
    pub teams: String,
    pub time: String,
    pub html: String,
    pub body: String,
    pub is_edited: bool,
    pub is_deleted: bool,
    pub is_pinned: bool,
    pub is_mine: bool,
    pub may_delete: bool,
    /// Emoji, how many, who, and whether I am among them.
    pub reactions: Vec<(String, usize, String, bool)>,
    pub emoji: &'static [&'static str],
    /// Id, name and size.
    pub files: Vec<(String, String, String)>,
}

/// A question with its answers.
pub struct Asked {
    pub id: String,
    pub question: Said,
    pub title: String,
    pub step: String,
    pub asked: usize,
    /// Who accepted, and the answer.
    pub accepted: Option<Said>,
    pub answers: Vec<Said>,
    pub may_accept: bool,
}

/// What was said on a case.
pub struct Talk {
    pub notes: Vec<Said>,
    pub questions: Vec<Asked>,
}

impl Talk {
    /// The number of the newest note.
    pub fn last(&self) -> Option<i64> {
        self.notes.iter().map(|n| n.id).max()
    }

    pub fn pinned(&self) -> Vec<Said> {
        let pinned = self.notes.iter().filter(|n| n.is_pinned && !n.is_deleted);
        pinned.cloned().collect()
    }

    /// Names of the guests who read along.
    pub async fn guests(
        &self,
        app: &App,
        directory: &Directory,
        room: &Place,
    ) -> Result<Vec<String>, Problem> {
        let case = room.case.as_deref().unwrap_or_default();
        let all = work::guests_of_case(app.work.db(), &room.process, case).await?;
        let guests = all.iter().filter(|id| {
            directory
                .person(id)
                .is_some_and(|p| p.role == Role::Guest.word())
        });
        Ok(guests.map(|id| directory.name(id).to_string()).collect())
    }
}

/// Makes messages ready to be shown.
pub struct Maker<'a> {
    pub directory: &'a Directory,
    pub actor: &'a Actor,
    pub reactions: Vec<(i64, String, String)>,
    pub files: Vec<AttachmentRow>,
}

impl Maker<'_> {
    pub fn said(&self, row: &MessageRow) -> Said {
        let name = self.directory.name(&row.author);
        let teams = self.directory.teams_of(&row.author);
        let teams: Vec<&str> = teams.iter().map(|t| t.name.as_str()).collect();
        let mut reactions: Vec<(String, usize, String, bool)> = Vec::new();
        for (_, emoji, person) in self.reactions.iter().filter(|r| r.0 == row.id) {
            let who = self.directory.name(person);
            let is_me = person == self.actor.id();
            match reactions.iter_mut().find(|r| r.0 == *emoji) {
                Some(r) => {
                    r.1 += 1;
                    r.2 = format!("{}, {who}", r.2);
                    r.3 |= is_me;
                }
                None => reactions.push((emoji.clone(), 1, who.into(), is_me)),
            }
        }
        Said {
            id: row.id,
            at: row.at,
            name: name.into(),
            initials: format::initials(name),
            hue: format::hue(name),
            teams: teams.join(", "),
            time: format::time(row.at),
            html: markdown::html(&row.body, self.directory),
            body: row.body.clone(),
            is_edited: row.edited.is_some(),
            is_deleted: row.deleted.is_some(),
            is_pinned: row.pinned.is_some(),
            is_mine: row.author == self.actor.id(),
            may_delete: may::delete_message(self.actor, &row.author).is_ok(),
            reactions,
            emoji: &EMOJI,
            files: self
                .files
                .iter()
                .filter(|f| f.message == Some(row.id))
                .map(|f| (f.id.clone(), f.name.clone(), format::bytes(f.size as f64)))
                .collect(),
        }
    }

    /// A question from its messages, newest first.
    pub fn asked(
        &self,
        row: &ConversationRow,
        messages: &[MessageRow],
        asked: usize,
    ) -> Option<Asked> {
        let question = messages.iter().rfind(|m| m.kind == "question")?;
        let answers = messages.iter().rev().filter(|m| m.kind == "answer");
        let (accepted, answers): (Vec<Said>, Vec<Said>) = answers
            .map(|m| self.said(m))
            .partition(|m| Some(m.id) == row.accepted);
        Some(Asked {
            id: row.id.clone(),
            question: self.said(question),
            title: row.title.clone(),
            step: row.step.clone().unwrap_or_default(),
            asked,
            accepted: accepted.into_iter().next(),
            answers,
            may_accept: may::accept_answer(self.actor, &row.created_by).is_ok(),
        })
    }
}

/// What was said in the room of a case, and the questions asked on it.
pub async fn of_case(
    app: &App,
    actor: &Actor,
    directory: &Directory,
    room: &Place,
) -> Result<Talk, Problem> {
    let db = app.work.db();
    let rows = work::before(db, &room.id, i64::MAX, SHOWN).await?;
    let mut maker = Maker {
        directory,
        actor,
        reactions: work::reactions(db, &room.id).await?,
        files: attachments::of_conversation(db, &room.id).await?,
    };
    let notes = rows.iter().map(|r| maker.said(r)).collect();
    let mut questions = Vec::new();
    let case = room.case.as_deref().unwrap_or_default();
    for row in work::questions_of_case(db, &room.process, case).await? {
        let messages = work::before(db, &row.id, i64::MAX, SHOWN).await?;
        let asked = work::asked_of(db, &row.id).await?.len();
        maker.reactions = work::reactions(db, &row.id).await?;
        maker.files = attachments::of_conversation(db, &row.id).await?;
        questions.extend(maker.asked(&row, &messages, asked));
    }
    Ok(Talk { notes, questions })
}

/// A file, to be kept and never shown: what it holds is none of our pages.
pub async fn file(
    actor: Actor,
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<Response, PageError> {
    let (row, content) = app.work.file(&actor, &id).await?;
    let name = format::urlencode(&row.name);
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream".to_string()),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename*=UTF-8''{name}"),
        ),
        (header::CACHE_CONTROL, "private, no-store".to_string()),
    ];
    Ok((headers, content).into_response())
}

/// Back to where it was done, within Tenon.
pub fn back(to: &str) -> Redirect {
    Redirect::to(super::door::within(to))
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Done {
    body: String,
    emoji: String,
    /// Minutes; empty when nothing was said.
    saved: String,
    to: String,
}

/// Does something to a message.
pub async fn act(
    actor: Actor,
    State(app): State<App>,
    Path((message, action)): Path<(i64, String)>,
    Form(form): Form<Done>,
) -> Result<Redirect, PageError> {
    let all = &app.work;
    match action.as_str() {
        "edit" => all.edit(&actor, message, &form.body).await?,
        "delete" => all.delete(&actor, message, true).await?,
        "restore" => all.delete(&actor, message, false).await?,
        "pin" => all.pin(&actor, message, true).await?,
        "unpin" => all.pin(&actor, message, false).await?,
        "react" => _ = all.react(&actor, message, &form.emoji).await?,
        "accept" => all.accept(&actor, message, form.saved.parse().ok()).await?,
        _ => return Err(Problem::not_found("action").into()),
    }
    Ok(back(&form.to))
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct FollowForm {
    kind: String,
    target: String,
    level: String,
    /// Hours of quiet.
    snooze: Option<i64>,
    /// Of a case: its process and name, so that it can be followed before anything was said.
    process: String,
    case: String,
    to: String,
}

pub async fn follow(
    actor: Actor,
    State(app): State<App>,
    Form(form): Form<FollowForm>,
) -> Result<Redirect, PageError> {
    let kind = match form.kind.as_str() {
        "conversation" => Followed::Conversation,
        "person" => Followed::Person,
        "step" => Followed::Step,
        "process" => Followed::Process,
        _ => {
            return Err(Problem::bad_request(
                "Nothing was chosen.",
                "Go back and choose what to follow.",
            )
            .into());
        }
    };
    if kind == Followed::Conversation && !form.case.is_empty() {
        app.work.open(&actor, &form.process, &form.case).await?;
    }
    let hours = form.snooze.filter(|h| (1..=24 * 30).contains(h));
    let until = hours.map(|h| app.work.clock().now() + h * mining::time::HOUR);
    let thing = (kind, form.target.as_str());
    app.work
        .follow(&actor, thing, Some(&form.level), until)
        .await?;
    Ok(back(&form.to))
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct ReadForm {
    /// Empty: all that is followed.
    conversation: String,
    upto: i64,
    to: String,
}

/// Marks a conversation as read, or everything.
pub async fn read(
    actor: Actor,
    State(app): State<App>,
    Form(form): Form<ReadForm>,
) -> Result<Redirect, PageError> {
    match form.conversation.as_str() {
        "" => app.work.mark_all_read(&actor, form.upto).await?,
        id => {
            let place = app.work.place(&actor, id).await?;
            app.work.mark_read(&actor, &place.id, form.upto).await?;
        }
    }
    Ok(back(&form.to))
}

#[derive(Template)]
#[template(path = "passed-on.html")]
struct PassedOn {
    shell: Shell,
    link: String,
    to: String,
}

/// A page that shows a link once, to be passed on.
pub async fn passed_on(
    app: &App,
    actor: &Actor,
    link: &str,
    to: &str,
) -> Result<Html<String>, PageError> {
    render(PassedOn {
        shell: Shell::new(app, actor, "A link to pass on", "", None).await?,
        link: link.into(),
        to: to.into(),
    })
}
