//! What came of our own posts: an AppView counts it, and a server without one cannot tell.

use super::appview;
use super::session::Server;
use super::wire::Received;
use crate::kept::Kept;
use crate::publish::Echo;
use crate::{Fault, Via};

/// What an AppView takes at once.
const AT_ONCE: usize = 25;

pub(super) async fn echo(via: &Via<'_>, kept: &Kept, ids: &[String]) -> Result<Vec<Echo>, Fault> {
    let mut all: Vec<Echo> = Vec::new();
    let Some(appview) = appview(via) else {
        return Ok(all);
    };
    let server = Server::of(via, kept)?;
    for some in ids.chunks(AT_ONCE) {
        let query: Vec<_> = some.iter().map(|id| ("uris", id.as_str())).collect();
        let call = server.call("app.bsky.feed.getPosts").query(&query);
        let call = call.header("atproto-proxy", appview);
        let told: Received = server.answer(call).await?.read()?;
        for post in told.posts.into_iter().filter_map(|i| i.read) {
            let is_new = all.iter().all(|e| e.id != post.uri);
            if is_new && some.contains(&post.uri) {
                let quotes = post.quote_count.unwrap_or(0);
                all.push(Echo {
                    id: post.uri,
                    likes: post.like_count,
                    reposts: post.repost_count.map(|n| n.saturating_add(quotes)),
                    replies: post.reply_count,
                    views: None,
                });
            }
        }
    }
    Ok(all)
}
