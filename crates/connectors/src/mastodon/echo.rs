//! What came of our own posts.

use super::{Server, wire};
use crate::http::segment;
use crate::json::Item;
use crate::publish::Echo;
use crate::{Fault, Via};
use wire::Figures;

/// What a server gives of a list of ids.
const AT_ONCE: usize = 20;

pub(super) async fn echo(via: &Via<'_>, ids: &[String]) -> Result<Vec<Echo>, Fault> {
    let server = Server::of(via.settings)?;
    let mut all = Vec::new();
    for some in ids.chunks(AT_ONCE) {
        let query: Vec<_> = some.iter().map(|id| ("id[]", id.as_str())).collect();
        let told = server.ask(via, "/api/v1/statuses", &query).await;
        match told {
            Ok(told) => all.extend(figures(told, some)),
            // Servers before 4.3 take no list.
            Err(Fault::Gone(_) | Fault::Refused(_)) => {
                all.extend(one_by_one(&server, via, some).await?);
            }
            Err(other) => return Err(other),
        }
    }
    Ok(all)
}

async fn one_by_one(server: &Server, via: &Via<'_>, ids: &[String]) -> Result<Vec<Echo>, Fault> {
    let mut all = Vec::new();
    for id in ids {
        let path = format!("/api/v1/statuses/{}", segment(id));
        match server.ask::<Item<Figures>>(via, &path, &[]).await {
            Ok(told) => all.extend(figures(vec![told], ids)),
            Err(Fault::Gone(_)) => (),
            Err(other) => return Err(other),
        }
    }
    Ok(all)
}

/// Each of those that were asked for once.
fn figures(told: Vec<Item<Figures>>, asked: &[String]) -> Vec<Echo> {
    let mut all: Vec<Echo> = Vec::new();
    for figures in told.into_iter().filter_map(|i| i.read) {
        let is_new = all.iter().all(|e| e.id != figures.id);
        if is_new && asked.contains(&figures.id) {
            all.push(Echo {
                id: figures.id,
                likes: figures.favourites_count,
                reposts: figures.reblogs_count,
                replies: figures.replies_count,
                views: None,
            });
        }
    }
    all
}
