//! What people write, as HTML that can do nothing: Markdown without HTML of its own, links to the web and within Tenon only,
//! pictures as links (nothing is fetched from elsewhere by reading), names behind an @ as links.
//!
//! The parser tells the parts; each that is let through is named here, and all text goes through its escaping.

use base::identity::directory::{Directory, Named};
use pulldown_cmark::{CowStr, Event, LinkType, Options, Parser, Tag, TagEnd, html};

/// The HTML of a text.
pub fn html(text: &str, directory: &Directory) -> String {
    let options =
        Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TABLES | Options::ENABLE_TASKLISTS;
    let mut events = Vec::new();
    let mut links: Vec<bool> = Vec::new();
    let mut is_code = false;
    for event in Parser::new_ext(text, options) {
        match event {
            Event::Html(raw) | Event::InlineHtml(raw) => events.push(Event::Text(raw)),
            Event::Start(Tag::HtmlBlock) => events.push(Event::Start(Tag::Paragraph)),
            Event::End(TagEnd::HtmlBlock) => events.push(Event::End(TagEnd::Paragraph)),
            Event::Start(Tag::Link {
                link_type,
                dest_url,
                title,
                id,
            }) => {
                let (dest_url, is_safe) = target(link_type, dest_url);
                links.push(is_safe);
                if is_safe {
                    events.push(Event::Start(Tag::Link {
                        link_type,
                        dest_url,
                        title,
                        id,
                    }));
                }
            }
            Event::Start(Tag::Image {
                dest_url,
                title,
                id,
                ..
            }) => {
                let (dest_url, is_safe) = target(LinkType::Inline, dest_url);
                links.push(is_safe);
                if is_safe {
                    let link_type = LinkType::Inline;
                    events.push(Event::Start(Tag::Link {
                        link_type,
                        dest_url,
                        title,
                        id,
                    }));
                }
            }
            Event::End(TagEnd::Link | TagEnd::Image) => {
                if links.pop() == Some(true) {
                    events.push(Event::End(TagEnd::Link));
                }
            }
            Event::Start(Tag::CodeBlock(kind)) => {
                is_code = true;
                events.push(Event::Start(Tag::CodeBlock(kind)));
            }
            Event::End(TagEnd::CodeBlock) => {
                is_code = false;
                events.push(Event::End(TagEnd::CodeBlock));
            }
            // A page has one first heading, and it is not a message's.
            Event::Start(Tag::Heading { .. }) => events.push(Event::Start(Tag::Paragraph)),
            Event::End(TagEnd::Heading(_)) => events.push(Event::End(TagEnd::Paragraph)),
            Event::SoftBreak => events.push(Event::HardBreak),
            Event::Text(text) if !is_code && links.is_empty() => {
                named(&text, directory, &mut events)
            }
            other => events.push(other),
        }
    }
    let mut out = String::with_capacity(text.len() * 3 / 2);
    html::push_html(&mut out, events.into_iter());
    out
}

/// Where a link leads, and whether it may.
fn target(kind: LinkType, to: CowStr<'_>) -> (CowStr<'_>, bool) {
    if kind == LinkType::Email {
        return (format!("mailto:{to}").into(), true);
    }
    let lower = to.trim().to_lowercase();
    let is_web = ["https://", "http://", "mailto:"]
        .iter()
        .any(|s| lower.starts_with(s));
    let is_here = lower.starts_with('/') && !lower.starts_with("//") && !lower.starts_with("/\\");
    (to, is_web || is_here)
}

/// A text with the people and teams named in it as links.
fn named<'a>(text: &str, directory: &Directory, events: &mut Vec<Event<'a>>) {
    let mut from = 0;
    for (at, end, handle) in handles(text) {
        let Some(whom) = directory.named(handle) else {
            continue;
        };
        let (href, title) = match whom {
            Named::Person(p) => (format!("/people/{}", p.handle), p.name.clone()),
            Named::Team(t) => (format!("/teams/{}", t.handle), t.name.clone()),
        };
        if from < at {
            events.push(Event::Text(text[from..at].to_string().into()));
        }
        events.push(Event::Start(Tag::Link {
            link_type: LinkType::Inline,
            dest_url: href.into(),
            title: "".into(),
            id: "".into(),
        }));
        events.push(Event::Text(format!("@{title}").into()));
        events.push(Event::End(TagEnd::Link));
        from = end;
    }
    if from < text.len() {
        events.push(Event::Text(text[from..].to_string().into()));
    }
}

/// Words behind an @ that does not stand within a word: start, end, handle.
fn handles(text: &str) -> impl Iterator<Item = (usize, usize, &str)> {
    text.match_indices('@').filter_map(|(at, _)| {
        let before = text[..at].chars().next_back();
        if before.is_some_and(|c| c.is_alphanumeric() || c == '.' || c == '@') {
            return None;
        }
        let rest = &text[at + 1..];
        let end = rest
            .find(|c: char| !(c.is_alphanumeric() || c == '.' || c == '-'))
            .unwrap_or(rest.len());
        let handle = rest[..end].trim_end_matches(['.', '-']);
        (!handle.is_empty()).then_some((at, at + 1 + handle.len(), handle))
    })
}

/// A text with something else where a handle stands behind an @.
pub fn without_handle(text: &str, handle: &str, instead: &str) -> String {
    let (mut out, mut from) = (String::with_capacity(text.len()), 0);
    for (start, end, found) in handles(text) {
        if found.to_lowercase() == handle {
            out.push_str(&text[from..start]);
            out.push_str(instead);
            from = end;
        }
    }
    out.push_str(&text[from..]);
    out
}

/// Ids of the people a text names, those of named teams too, each once; guests are told as well when they were asked in.
pub fn mentioned(text: &str, directory: &Directory) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    // What stands in code is no call to anybody.
    let mut is_code = false;
    for event in Parser::new(text) {
        match event {
            Event::Start(Tag::CodeBlock(_)) => is_code = true,
            Event::End(TagEnd::CodeBlock) => is_code = false,
            Event::Text(text) if !is_code => {
                for (_, _, handle) in handles(&text) {
                    match directory.named(handle) {
                        Some(Named::Person(p)) => found.push(p.id.clone()),
                        Some(Named::Team(t)) => found.extend_from_slice(directory.members(&t.id)),
                        None => {}
                    }
                }
            }
            _ => {}
        }
    }
    found.sort();
    found.dedup();
    found.retain(|id| directory.person(id).is_some_and(|p| p.state == "active"));
    found
}

/// A text without its marks, for lines in lists, mails and feeds; at most `max` characters.
pub fn plain(text: &str, max: usize) -> String {
    let mut out = String::new();
    for event in Parser::new(text) {
        match event {
            Event::Text(t) | Event::Code(t) | Event::Html(t) | Event::InlineHtml(t) => out += &t,
            Event::SoftBreak | Event::HardBreak | Event::End(_) => out.push(' '),
            _ => {}
        }
        if out.len() > max * 5 {
            break;
        }
    }
    base::format::short(&out, max)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> String {
        html(text, &Directory::default()).trim().replace('\n', "")
    }

    #[test]
    fn marks_become_html_and_html_becomes_text() {
        for (text, expected) in [
            (
                "**a** _b_ `c`",
                "<p><strong>a</strong> <em>b</em> <code>c</code></p>",
            ),
            (
                "<script>alert(1)</script>",
                "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>",
            ),
            (
                "a <b onclick=x>b</b>",
                "<p>a &lt;b onclick=x&gt;b&lt;/b&gt;</p>",
            ),
            ("[x](javascript:alert(1))", "<p>x</p>"),
            ("[x](JaVaScRiPt:alert(1))", "<p>x</p>"),
            ("[x](data:text/html,a)", "<p>x</p>"),
            ("[x](//evil.example)", "<p>x</p>"),
            ("[x](/p/deals)", "<p><a href=\"/p/deals\">x</a></p>"),
            (
                "![x](https://a.example/b.png)",
                "<p><a href=\"https://a.example/b.png\">x</a></p>",
            ),
            (
                "![x](x onerror=alert(1))",
                "<p>![x](x onerror=alert(1))</p>",
            ),
            (
                "[x](https://a.example/\"onmouseover=\"y)",
                "<p><a href=\"https://a.example/%22onmouseover=%22y\">x</a></p>",
            ),
            ("# Big", "<p>Big</p>"),
        ] {
            assert_eq!(of(text), expected, "{text}");
        }
    }

    #[test]
    fn an_at_within_a_word_is_no_call() {
        let found: Vec<&str> = handles("@ann, mail bob@x.example or (@c.d-e.) @")
            .map(|h| h.2)
            .collect();
        assert_eq!(found, ["ann", "c.d-e"]);
    }
}
