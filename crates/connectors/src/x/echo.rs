//! What came of our own posts.

use super::{ask, call, wire};
use crate::publish::Echo;
use crate::{Fault, Via};

/// What X takes of ids in one request.
const AT_ONCE: usize = 100;

pub(super) async fn echo(via: &Via<'_>, ids: &[String]) -> Result<Vec<Echo>, Fault> {
    let mut all: Vec<Echo> = Vec::new();
    for some in ids.chunks(AT_ONCE) {
        let wanted = some.join(",");
        let query = [("ids", wanted.as_str()), ("post.fields", "public_metrics")];
        let told: wire::Told = ask(via, call(via, "/2/tweets").query(&query))
            .await?
            .read()?;
        for post in told.data.into_iter().filter_map(|i| i.read) {
            let is_new = all.iter().all(|e| e.id != post.id);
            if !(is_new && some.contains(&post.id)) {
                continue;
            }
            let m = post.public_metrics;
            let reposts = m.repost_count.or(m.retweet_count);
            all.push(Echo {
                id: post.id,
                likes: m.like_count,
                reposts: reposts.map(|n| n.saturating_add(m.quote_count.unwrap_or(0))),
                replies: m.reply_count,
                views: m.impression_count,
            });
        }
    }
    Ok(all)
}
