//! What is followed beside what is said to us: by searching, and by what an account says. Only an AppView can tell it.

use super::poll::{State, incoming, is_to};
use super::session::Server;
use super::wire::{Feed, Post, Searched};
use crate::back::Back;
use crate::follow::{self, Wanted, Wish};
use crate::json::Item;
use crate::{Fault, Incoming, Via};

/// How many wishes have their turn in one poll.
const FOLLOWED: usize = 8;

/// What is new of the wishes whose turn it is, and whether there is more.
pub(super) async fn read(
    server: &Server<'_>,
    via: &Via<'_>,
    appview: &str,
    me: &str,
    state: &mut State,
) -> Result<(Vec<Incoming>, bool), Fault> {
    let wishes = follow::each_once(via.wishes.iter().cloned());
    let is_wished = |key: &str| wishes.iter().any(|w| w.key() == key);
    state.wishes.retain(|key, _| is_wished(key));
    let (mut items, mut has_more) = (Vec::new(), false);
    for wish in follow::in_turn(&wishes, &mut state.turn, FOLLOWED) {
        let mut back = state.wishes.get(&wish.key()).cloned().unwrap_or_default();
        match page(server, appview, &wish, &back).await {
            Ok((posts, next)) => {
                let read = posts
                    .iter()
                    .filter_map(|(_, post)| Some((post, indexed(post)?)));
                let marks: Vec<u64> = read.map(|(_, at)| at).collect();
                has_more |= back.read(&marks, next);
                items.extend(posts.iter().filter_map(|(raw, post)| said(raw, post, me)));
            }
            Err(Fault::Refused(_)) if back.lost_its_page() => has_more = true,
            // An account that is gone holds up nothing else.
            Err(Fault::Gone(_) | Fault::Refused(_)) => {}
            Err(fault) => return Err(fault),
        }
        state.wishes.insert(wish.key(), back);
    }
    Ok((items, has_more))
}

/// A page of posts with how each came, newest first, and how to go on.
async fn page(
    server: &Server<'_>,
    appview: &str,
    wish: &Wish,
    back: &Back,
) -> Result<(Vec<(String, Post)>, Option<String>), Fault> {
    let words = match wish.what {
        Wanted::Account => wish.words.clone(),
        Wanted::Tag => format!("#{}", wish.words),
        Wanted::Phrase => format!("\"{}\"", wish.words.replace('"', " ")),
    };
    let (name, mut query) = match wish.what {
        Wanted::Account => (
            "app.bsky.feed.getAuthorFeed",
            vec![("actor", words.as_str()), ("filter", "posts_no_replies")],
        ),
        _ => (
            "app.bsky.feed.searchPosts",
            vec![("q", words.as_str()), ("sort", "latest")],
        ),
    };
    query.push(("limit", "50"));
    query.extend(back.page().map(|page| ("cursor", page)));
    let call = server
        .call(name)
        .query(&query)
        .header("atproto-proxy", appview);
    let answer = server.answer(call).await?;
    let with_raw = |item: Item<Post>| Some((item.raw, item.read?));
    if wish.what != Wanted::Account {
        let found: Searched = answer.read()?;
        let posts = found.posts.into_iter().filter_map(with_raw);
        return Ok((posts.collect(), found.cursor));
    }
    let feed: Feed = answer.read()?;
    let hers = feed.feed.into_iter().filter_map(|item| {
        let shown = item.read.filter(|s| s.reason.is_none())?;
        Some((item.raw, shown.post))
    });
    Ok((hers.collect(), feed.cursor))
}

fn indexed(post: &Post) -> Option<u64> {
    let at: jiff::Timestamp = post.indexed_at.parse().ok()?;
    Some(at.as_microsecond().max(0) as u64)
}

fn said(raw: &str, post: &Post, me: &str) -> Option<Incoming> {
    let at = indexed(post)? as i64;
    let is_ours = post.author.did == me;
    Some(Incoming {
        is_ours,
        is_for_us: !is_ours && is_to(me, &post.record),
        ..incoming(&post.uri, &post.author, &post.record, at, raw)
    })
}
