//! An answer is a record under a name that follows from our key: putting it there again changes nothing.

use super::session::Server;
use super::wire::{Kept as Record, Post, Posts, Ref, Reply};
use super::{POSTS, appview, facets, parts, shown};
use crate::http::Request;
use crate::kept::Kept;
use crate::{Fault, Outgoing, Sent, Via};
use serde_json::json;

pub(super) async fn send(via: &Via<'_>, kept: &Kept, out: &Outgoing) -> Result<Sent, Fault> {
    let server = Server::of(via, kept)?;
    let me = server.session().await?;
    let at = jiff::Timestamp::from_microsecond(out.since);
    let at = at.map_err(|e| Fault::Refused(e.to_string()))?;
    let mut record = json!({
        "$type": POSTS,
        "text": out.text,
        // The same at each attempt, so that the record is.
        "createdAt": at.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string(),
    });
    let facets = facets::of(&out.text, out.to.as_ref());
    if !facets.is_empty() {
        record["facets"] = json!(facets);
    }
    if let Some(answered) = &out.reply_to {
        let (parent, above) = find(&server, via, answered).await?;
        // A conversation keeps its root, whichever post of it is answered.
        let root = above.map_or_else(|| parent.clone(), |above| above.root);
        record["reply"] = json!({ "root": root, "parent": parent });
    }
    let body = json!({
        "repo": me.did,
        "collection": POSTS,
        "rkey": name(&out.key),
        "record": record,
    });
    let call = server.call("com.atproto.repo.putRecord");
    let answer = server.answer(Request::json(call.url, &body)).await?;
    let put: Ref = answer.read()?;
    Ok(Sent {
        url: shown(&me.handle, &put.uri),
        id: put.uri,
    })
}

/// A post as it is referred to, and what it answers itself.
async fn find(
    server: &Server<'_>,
    via: &Via<'_>,
    uri: &str,
) -> Result<(Ref, Option<Reply>), Fault> {
    let gone = || Fault::Gone("the post that is answered is not there any more".into());
    if let Some(appview) = appview(via) {
        let call = server
            .call("app.bsky.feed.getPosts")
            .query(&[("uris", uri)]);
        let found: Posts = server
            .answer(call.header("atproto-proxy", appview))
            .await?
            .read()?;
        let mut found = found.posts.into_iter().filter_map(|p| p.read);
        let Post {
            uri, cid, record, ..
        } = found.find(|p| p.uri == uri).ok_or_else(gone)?;
        return Ok((Ref { uri, cid }, record.reply));
    }
    let (did, collection, key) = parts(uri).ok_or_else(gone)?;
    let query = [("repo", did), ("collection", collection), ("rkey", key)];
    let call = server.call("com.atproto.repo.getRecord").query(&query);
    let found: Record = server.answer(call).await?.read()?;
    let Record { uri, cid, value } = found;
    Ok((Ref { uri, cid }, value.reply))
}

/// A name as records have them: 63 bits in the letters that sort as they count.
fn name(key: &str) -> String {
    const LETTERS: &[u8; 32] = b"234567abcdefghijklmnopqrstuvwxyz";
    let digest = ring::digest::digest(&ring::digest::SHA256, key.as_bytes());
    let bits = digest
        .as_ref()
        .iter()
        .take(8)
        .fold(0u64, |bits, b| bits << 8 | u64::from(*b));
    let bits = bits >> 1;
    let letters = (0..13)
        .rev()
        .map(|n| LETTERS[(bits >> (5 * n) & 31) as usize]);
    letters.map(char::from).collect()
}

#[test]
fn a_name_follows_from_the_key_and_is_one() {
    let mut names: Vec<String> = (0..2000).map(|n| name(&format!("key {n}"))).collect();
    for name in &names {
        assert_eq!(name.len(), 13);
        // The first of 13 letters holds three bits, of which the highest is none.
        assert!("234567abcdefghij".contains(&name[..1]), "{name}");
        assert!(
            name.chars()
                .all(|c| "234567abcdefghijklmnopqrstuvwxyz".contains(c))
        );
    }
    names.sort();
    names.dedup();
    assert_eq!(names.len(), 2000);
    assert_eq!(name("key"), name("key"));
}
