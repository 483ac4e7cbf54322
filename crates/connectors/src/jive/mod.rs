//! Jive: people, places, and discussions with the answers that were marked in them.
//!
//! Everything is asked for below the address that was filled in: of the addresses that Jive tells only the last part, an id, is used, so that
//! the password goes nowhere else.

#[cfg(any(test, feature = "testing"))]
pub mod stand_in;
mod wire;

#[cfg(test)]
mod tests;

use crate::http::{segment, server};
use crate::network::{Mark, Member, Network, Place, Question, Reply};
use crate::{
    About, Account, Answer, Connector, Cursor, Fault, Field, Page, Request, Verified, Via, pass,
};
use serde::de::DeserializeOwned;
use wire::{Content, List, Person, RawPlace, id_in};

pub struct Jive;

/// How many of a list are asked for at once; Jive gives no more.
const COUNT: usize = 100;
/// Marks of one discussion that are looked at.
const MARKS: usize = 10;
/// Rows of a list that are read; a server that begins it again and again does not hold us up for ever.
const LONGEST: usize = 200_000;

#[derive(Debug, Default, serde::Serialize, serde::Deserialize)]
struct State {
    start: usize,
}

const FIELDS: &[Field] = &[
    Field {
        name: "url",
        label: "Address",
        hint: "Such as https://community.example.org.",
        is_secret: false,
        is_required: true,
    },
    Field {
        name: "user",
        label: "User",
        hint: "The name to sign in with.",
        is_secret: false,
        is_required: true,
    },
    Field {
        name: "password",
        label: "Password",
        hint: "Of that user.",
        is_secret: true,
        is_required: true,
    },
];

async fn list<T: DeserializeOwned>(
    via: &Via<'_>,
    path: &str,
    from: Option<&Cursor>,
) -> Result<Page<T>, Fault> {
    let State { start } = pass::read(from);
    let list: List<T> = get(via, &format!("{path}&count={COUNT}&startIndex={start}")).await?;
    let read = list.list.len();
    Ok(Page {
        cursor: pass::cursor(&State {
            start: start + read,
        })?,
        // Rows that one may not see are left out, so that a short list need not be the last.
        has_more: list.links.next.is_some() && read > 0 && start < LONGEST,
        items: list.list.into_iter().filter_map(|item| item.read).collect(),
        wait_until: None,
    })
}

fn base(via: &Via<'_>) -> Result<String, Fault> {
    server(via.settings.get("url"))
}

async fn get<T: DeserializeOwned>(via: &Via<'_>, path: &str) -> Result<T, Fault> {
    use base64::Engine;
    let key = format!(
        "{}:{}",
        via.settings.get("user"),
        via.settings.get("password")
    );
    let key = base64::engine::general_purpose::STANDARD.encode(key);
    let request = Request::get(format!("{}/api/core/v3/{path}", base(via)?));
    let answer = via
        .http
        .send(request.header("authorization", format!("Basic {key}")))
        .await?;
    wire::read(&answer, via.now)
}

/// The page of what Jive has over its pages, with as many of them as are understood.
fn paged<A, B>(page: Page<A>, to: impl Fn(A) -> Option<B>) -> Page<B> {
    Page {
        items: page.items.into_iter().filter_map(to).collect(),
        cursor: page.cursor,
        has_more: page.has_more,
        wait_until: page.wait_until,
    }
}

fn place(raw: RawPlace) -> Option<Place> {
    Some(Place {
        id: raw.address?,
        name: raw.name,
        kind: raw.kind,
        members: raw.members,
        open_to: raw.group_type,
        url: raw.url,
    })
}

fn member(person: Person) -> Member {
    let is_enabled = person.is_enabled;
    Member {
        id: person.id,
        name: person.name,
        // Whom they locked out has no say about who she is.
        email: person.email.filter(|_| is_enabled),
    }
}

fn question(content: Content) -> Option<Question> {
    let correct = content.answer.as_deref().and_then(id_in);
    let helpful = content.helpful.iter().filter_map(|uri| id_in(uri));
    let mut marks: Vec<Mark> = Vec::new();
    for (id, is_correct) in correct
        .map(|id| (id, true))
        .into_iter()
        .chain(helpful.map(|id| (id, false)))
    {
        if content.is_published && marks.len() < MARKS && !marks.iter().any(|m| m.id == id) {
            marks.push(Mark { id, is_correct });
        }
    }
    let said: Vec<&str> = marks.iter().map(|m| m.id.as_str()).collect();
    let is_place = content.parent.contains("/places/");
    Some(Question {
        id: content.address?,
        place: id_in(&content.parent).filter(|_| is_place),
        version: format!(
            "{}|{}|{}|{}",
            content.updated,
            content.replies,
            marks.iter().filter(|m| m.is_correct).count(),
            said.join(",")
        ),
        title: content.subject,
        text: content.text,
        author: member(content.author),
        at: content.at,
        url: content.url,
        marks,
    })
}

impl Network for Jive {
    fn places<'a>(
        &'a self,
        via: &'a Via<'a>,
        words: &'a str,
        from: Option<&'a Cursor>,
    ) -> Answer<'a, Page<Place>> {
        Box::pin(async move {
            let mut path = "places?filter=type(group,space,project)".to_string();
            if !words.trim().is_empty() {
                path += &format!("&filter=search({})", segment(&escaped(words.trim())));
            }
            Ok(paged(list(via, &path, from).await?, place))
        })
    }

    fn place<'a>(&'a self, via: &'a Via<'a>, id: &'a str) -> Answer<'a, Place> {
        Box::pin(async move {
            let raw: RawPlace = get(via, &format!("places/{}", segment(id))).await?;
            place(raw).ok_or_else(|| Fault::Strange("a place without an id".into()))
        })
    }

    fn questions<'a>(
        &'a self,
        via: &'a Via<'a>,
        place: &'a str,
        from: Option<&'a Cursor>,
    ) -> Answer<'a, Page<Question>> {
        Box::pin(async move {
            let uri = format!("{}/api/core/v3/places/{}", base(via)?, segment(place));
            let path = format!(
                "contents?filter=type(discussion)&filter=place({})&sort=dateCreatedAsc",
                segment(&uri)
            );
            Ok(paged(list(via, &path, from).await?, question))
        })
    }

    fn question<'a>(&'a self, via: &'a Via<'a>, id: &'a str) -> Answer<'a, Question> {
        Box::pin(async move {
            let content: Content = get(via, &format!("contents/{}", segment(id))).await?;
            question(content).ok_or_else(|| Fault::Strange("a discussion without an id".into()))
        })
    }

    fn reply<'a>(&'a self, via: &'a Via<'a>, id: &'a str) -> Answer<'a, Reply> {
        Box::pin(async move {
            let content: Content = get(via, &format!("messages/{}", segment(id))).await?;
            if !content.is_published {
                return Err(Fault::Gone("the message is not published any more".into()));
            }
            Ok(Reply {
                id: id.into(),
                text: content.text,
                author: member(content.author),
                at: content.at,
                url: content.url,
            })
        })
    }

    fn member<'a>(&'a self, via: &'a Via<'a>, id: &'a str) -> Answer<'a, Member> {
        Box::pin(async move {
            let person: Person = get(via, &format!("people/{}", segment(id))).await?;
            Ok(member(person))
        })
    }
}

/// Words to search by: what means something to Jive does not.
fn escaped(words: &str) -> String {
    let mut out = String::new();
    for c in words.chars() {
        if matches!(c, ',' | '\\' | '(' | ')') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

impl Connector for Jive {
    fn about(&self) -> About {
        About {
            name: "jive",
            title: "Jive",
            guide: "Fill in the name and password of a Jive user. What that user sees in a place you plug in, all who see the step here can read: take one who sees no more than they may. It only reads.",
            rights: &["a user who may see the places"],
            fields: FIELDS,
            verified: Verified::Recorded,
            verified_by: "answers recorded in 2014 and 2015: people, places, content. Asking and signing in by the documentation, with a stand-in; never against a running Jive",
        }
    }

    fn account<'a>(&'a self, via: &'a Via<'a>) -> Answer<'a, Account> {
        Box::pin(async {
            let person: Person = get(via, "people/@me").await?;
            Ok(Account {
                id: person.id,
                handle: person.handle,
                name: person.name,
                url: person.url,
                may: vec!["read".into()],
            })
        })
    }
}
