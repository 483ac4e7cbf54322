//! Links and mentions stand beside a text, by the bytes they go from and to.

use super::wire::{Facet, Feature};
use crate::channel::Author;
use crate::json::Item;
use serde_json::{Value, json};

/// What in a text of ours is a link, or the name of who is answered.
pub(super) fn of(text: &str, to: Option<&Author>) -> Vec<Value> {
    let mut facets = Vec::new();
    for (start, _) in text.match_indices("http") {
        let rest = &text[start..];
        let is_link = rest.starts_with("https://") || rest.starts_with("http://");
        let follows = text[..start]
            .chars()
            .next_back()
            .is_none_or(|c| !c.is_alphanumeric());
        let end = rest.find(|c: char| c.is_whitespace() || "<>\"".contains(c));
        let link = rest[..end.unwrap_or(rest.len())]
            .trim_end_matches(['.', ',', ';', ':', '!', '?', ')', '\'']);
        if is_link && follows && link.len() > "https://".len() {
            let feature = json!({"$type": "app.bsky.richtext.facet#link", "uri": link});
            facets.push(facet(start, link.len(), &feature));
        }
    }
    let handle = to.map_or("", |to| to.handle.as_str());
    let did = to.map_or("", |to| to.id.as_str());
    let is_person = handle.len() > 1 && handle.starts_with('@') && did.starts_with("did:");
    if let Some(start) = text.find(handle).filter(|_| is_person) {
        let feature = json!({"$type": "app.bsky.richtext.facet#mention", "did": did});
        facets.push(facet(start, handle.len(), &feature));
    }
    facets
}

fn facet(start: usize, length: usize, feature: &Value) -> Value {
    json!({
        "index": {"byteStart": start, "byteEnd": start + length},
        "features": [feature],
    })
}

/// A text with its links whole: apps shorten what is shown of them.
pub(super) fn whole(text: &str, facets: &[Item<Facet>]) -> String {
    let facets = facets.iter().filter_map(|f| f.read.as_ref());
    let links = facets.filter_map(|f| {
        let uri = f.features.iter().find_map(|f| f.uri.as_deref())?;
        let shown = text.get(f.index.byte_start..f.index.byte_end)?;
        let is_short = shown.ends_with("...") || shown.ends_with('…');
        is_short.then_some((f.index.byte_start, f.index.byte_end, uri))
    });
    let mut links: Vec<_> = links.take(50).collect();
    links.sort_unstable();
    let (mut out, mut done) = (String::new(), 0);
    for (start, end, uri) in links {
        // One that begins within another is none.
        if let Some(before) = text.get(done..start) {
            out += before;
            out += uri;
            done = end;
        }
    }
    out + &text[done..]
}

pub(super) fn features(facets: &[Item<Facet>]) -> impl Iterator<Item = &Feature> {
    let read = facets.iter().filter_map(|f| f.read.as_ref());
    read.flat_map(|f| &f.features)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_and_mentions_are_found_by_their_bytes() {
        let ada = Author {
            id: "did:plc:ada".into(),
            handle: "@ada.example".into(),
            ..Author::default()
        };
        let text = "ö 🦀 @ada.example see https://a.example/ü?x=(1), http:// xhttp://no";
        let found = of(text, Some(&ada));
        let spans = found.iter().map(|f| {
            let at = |name: &str| f["index"][name].as_u64().unwrap() as usize;
            &text[at("byteStart")..at("byteEnd")]
        });
        let spans: Vec<_> = spans.collect();
        assert_eq!(spans, ["https://a.example/ü?x=(1", "@ada.example"]);
        assert_eq!(found[1]["features"][0]["did"], "did:plc:ada");
        assert_eq!(of("nothing @here", None), Vec::<Value>::new());
    }

    #[test]
    fn shortened_links_are_whole_and_impossible_places_are_left() {
        let text = "ö a.example/x... end";
        let facet = |start: usize, end: usize, uri: &str| -> Item<Facet> {
            let facet = json!({"index": {"byteStart": start, "byteEnd": end}, "features": [{"$type": "x", "uri": uri}]});
            serde_json::from_str(&facet.to_string()).unwrap()
        };
        let long = "https://a.example/xyz";
        assert_eq!(
            whole(text, &[facet(3, 17, long)]),
            "ö https://a.example/xyz end"
        );
        for (start, end) in [
            (1, 17),
            (17, 3),
            (0, 9999),
            (usize::MAX, usize::MAX),
            (18, 21),
        ] {
            assert_eq!(whole(text, &[facet(start, end, long)]), text);
        }
        let twice = [facet(3, 17, long), facet(4, 17, long)];
        assert_eq!(whole(text, &twice), "ö https://a.example/xyz end");
    }
}
