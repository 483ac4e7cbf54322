//! What came of our own posts, as LinkedIn counts them for the page.

use super::wire::{List, Received};
use super::{ask, call, us};
use crate::http::segment;
use crate::publish::Echo;
use crate::{Fault, Via};

const AT_ONCE: usize = 50;

pub(super) async fn echo(via: &Via<'_>, ids: &[String]) -> Result<Vec<Echo>, Fault> {
    let mut all: Vec<Echo> = Vec::new();
    for some in ids.chunks(AT_ONCE) {
        let mut call = call(via, "organizationalEntityShareStatistics");
        let us = us(via);
        call = call.query(&[("q", "organizationalEntity"), ("organizationalEntity", &us)]);
        // Lists are written with brackets and commas that stay as they are.
        for (name, kind) in [("shares", "urn:li:share:"), ("ugcPosts", "urn:li:ugcPost:")] {
            let of = some.iter().filter(|id| id.starts_with(kind));
            let of: Vec<String> = of.map(|id| segment(id)).collect();
            if !of.is_empty() {
                call.url = format!("{}&{name}=List({})", call.url, of.join(","));
            }
        }
        if !call.url.contains("=List(") {
            continue;
        }
        let told: List<Received> = ask(via, call).await?.read()?;
        for post in told.elements.into_iter().filter_map(|i| i.read) {
            let Some(id) = post.share.or(post.ugc_post) else {
                continue;
            };
            if some.contains(&id) && all.iter().all(|e| e.id != id) {
                let n = post.total_share_statistics;
                all.push(Echo {
                    id,
                    likes: n.like_count,
                    reposts: n.share_count,
                    replies: n.comment_count,
                    views: n.impression_count,
                });
            }
        }
    }
    Ok(all)
}
