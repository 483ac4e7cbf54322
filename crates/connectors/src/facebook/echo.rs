//! What came of our own posts. How often a post was seen is told to other apps only.

use super::wire::Figures;
use super::{API, ask, signed};
use crate::http::{Request, segment};
use crate::publish::Echo;
use crate::{Fault, Via};

const FIELDS: &str =
    "id,shares,reactions.limit(0).summary(total_count),comments.limit(0).summary(total_count)";

/// One by one: of a list in which one is missing, nothing would be told.
pub(super) async fn echo(via: &Via<'_>, ids: &[String]) -> Result<Vec<Echo>, Fault> {
    let mut all = Vec::new();
    for id in ids {
        let call = Request::get(format!("{API}/{}", segment(id))).query(&[("fields", FIELDS)]);
        let told: Figures = match ask(via, signed(via, call)).await {
            Ok(answer) => answer.read()?,
            Err(Fault::Gone(_)) => continue,
            Err(other) => return Err(other),
        };
        all.push(Echo {
            id: id.clone(),
            likes: told.reactions.map(|r| r.summary.total_count),
            // Left out where nobody did.
            reposts: Some(told.shares.map_or(0, |s| s.count)),
            replies: told.comments.map(|c| c.summary.total_count),
            views: None,
        });
    }
    Ok(all)
}
