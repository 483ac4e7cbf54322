//! What is followed beside what is said to us, by the search of the last seven days. X bills what is read: it is counted, and stops
//! where the connection says so.

use super::filtered::found;
use super::wire::{List, Me};
use super::{FIELDS, State as Whole, ask, call};
use crate::back::Back;
use crate::follow::{self, Wanted, Wish};
use crate::http::segment;
use crate::{Fault, Incoming, Micros, Settings, Via};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A search, not more often: 60 are taken in a quarter of an hour.
const EVERY: Micros = 120_000_000;
/// Beside the stream, for what it left out: each search reads again, and X bills again, what the stream told.
const BESIDE: Micros = 900_000_000;
/// Characters of one query that every level of access takes.
const LONGEST: usize = 512;
/// What is read in a month where nothing is said.
const MOST: u64 = 500;
const REST: &str = " -is:retweet";

#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct State {
    /// How far each query was read.
    searches: BTreeMap<String, Back>,
    at: Micros,
    turn: usize,
}

pub(super) fn most(settings: &Settings) -> u64 {
    settings.get("reads_a_month").trim().parse().unwrap_or(MOST)
}

/// A wish as X is asked for it.
fn asked(wish: &Wish) -> String {
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    match wish.what {
        Wanted::Account => format!("from:{}", wish.words.replace(|c| !is_name(c), "")),
        Wanted::Tag => format!("#{}", wish.words.replace(|c| !is_name(c), "")),
        Wanted::Phrase => format!("\"{}\"", wish.words.replace(['"', '\\'], " ")),
    }
}

/// All wishes, in as few queries as hold them.
pub(super) fn queries(wishes: &[Wish]) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for wish in wishes {
        let one = asked(wish);
        let fits = |q: &&mut String| {
            q.chars().count() + one.chars().count() + " OR ()".len() + REST.len() <= LONGEST
        };
        match all.last_mut().filter(fits) {
            Some(query) => *query += &format!(" OR {one}"),
            None => all.push(one),
        }
    }
    all.into_iter().map(|q| format!("({q}){REST}")).collect()
}

/// What is new of the query whose turn it is, and whether there is more of it.
pub(super) async fn read(via: &Via<'_>, whole: &mut Whole) -> Result<(Vec<Incoming>, bool), Fault> {
    let wishes = follow::each_once(via.wishes.iter().cloned());
    let all = queries(&wishes);
    let state = &mut whole.search;
    state.searches.retain(|query, _| all.contains(query));
    let under_way = state.searches.iter().find(|(_, b)| b.page().is_some());
    let under_way = under_way.map(|(query, _)| query.clone());
    let every = if whole.filtered.is_on() {
        BESIDE
    } else {
        EVERY
    };
    let is_due = under_way.is_some() || via.now >= state.at + every || via.now < state.at;
    if all.is_empty() || !is_due || whole.spent.found >= most(via.settings) {
        return Ok((Vec::new(), false));
    }
    let query = under_way.unwrap_or_else(|| {
        state.turn = (state.turn + 1) % all.len();
        all[state.turn].clone()
    });
    let mut back = state.searches.get(&query).cloned().unwrap_or_default();
    let since = back.upto().to_string();
    // What was said before anybody listened is read as little of as can be.
    let limit = if back.upto() > 0 { "100" } else { "10" };
    let mut pairs = vec![("query", query.as_str()), ("max_results", limit)];
    pairs.extend(back.page().map(|page| ("next_token", page)));
    if back.upto() > 0 {
        pairs.push(("since_id", &since));
    }
    let request = call(via, "/2/tweets/search/recent")
        .query(&pairs)
        .query(&FIELDS);
    let list: List = match ask(via, request).await {
        Ok(answer) => answer.read()?,
        Err(Fault::Refused(_)) if back.lost_its_page() => {
            state.searches.insert(query, back);
            return Ok((Vec::new(), true));
        }
        // What was read last is older than the search reaches back: it begins anew.
        Err(Fault::Refused(_)) if back.upto() > 0 => {
            state.searches.remove(&query);
            return Ok((Vec::new(), false));
        }
        Err(fault) => return Err(fault),
    };
    state.at = via.now;
    whole.spent.read += list.data.len() as u64;
    whole.spent.found += list.data.len() as u64;
    let read = list.data.iter().filter_map(|i| i.read.as_ref());
    let marks: Vec<u64> = read.filter_map(|p| p.id.parse().ok()).collect();
    let has_more = back.read(&marks, list.meta.next_token.clone());
    state.searches.insert(query, back);
    Ok((found(&whole.me, &list).collect(), has_more))
}

pub(super) async fn resolve(via: &Via<'_>, account: &str) -> Result<String, Fault> {
    let name = account.trim().trim_start_matches('@');
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if name.is_empty() || name.len() > 15 || !name.chars().all(is_name) {
        return Err(Fault::Gone(format!("@{name} is no name on X")));
    }
    let path = format!("/2/users/by/username/{}", segment(name));
    let answer = ask(via, call(via, &path)).await?;
    // Nobody of that name is told with 200 and without data.
    match answer.read::<Me>() {
        Ok(found) => Ok(format!("@{}", found.data.username)),
        Err(_) => Err(Fault::Gone(format!("nobody is called @{name}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wishes_are_asked_for_in_as_few_queries_as_hold_them() {
        let wish = |what, words: &str| Wish::of(what, words);
        let few = [
            wish(Wanted::Tag, "brewing"),
            wish(Wanted::Account, "ada OR from:bob"),
            wish(Wanted::Phrase, "our \" shop"),
        ];
        assert_eq!(
            queries(&few),
            ["(#brewing OR from:adaORfrombob OR \"our   shop\") -is:retweet"],
            "and nothing of what is wished for is an operator"
        );
        let many: Vec<Wish> = (0..60)
            .map(|n| wish(Wanted::Phrase, &format!("some long phrase {n}")))
            .collect();
        let all = queries(&many);
        assert!(all.len() > 1 && all.iter().all(|q| q.chars().count() <= LONGEST));
        let asked_for: usize = all.iter().map(|q| q.matches("phrase").count()).sum();
        assert_eq!(asked_for, 60);
    }
}
