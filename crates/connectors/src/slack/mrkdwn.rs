//! Slack writes links, people and channels between angle brackets, and three characters as entities.

use crate::text;

pub(super) fn plain(mrkdwn: &str) -> String {
    let mut out = String::new();
    let mut rest = mrkdwn;
    while let Some((before, after)) = rest.split_once('<') {
        out += &unescaped(before);
        // What does not end, or holds another, is text.
        match after
            .split_once('>')
            .filter(|(inside, _)| !inside.contains('<'))
        {
            Some((inside, behind)) => {
                out += &unescaped(&shown(inside));
                rest = behind;
            }
            None => {
                out.push('<');
                rest = after;
            }
        }
        if out.len() > 8 * text::LONGEST {
            rest = "";
        }
    }
    out += &unescaped(rest);
    text::clean(&out)
}

fn shown(inside: &str) -> String {
    let (what, label) = inside.split_once('|').unwrap_or((inside, ""));
    match (what.chars().next(), label) {
        (Some('@' | '#'), "") => what.into(),
        (Some(sign @ ('@' | '#')), label) => format!("{sign}{}", label.trim_start_matches(sign)),
        (Some('!'), "") => format!("@{}", what.trim_start_matches('!')),
        (Some('!'), label) => label.into(),
        (_, "") => what.into(),
        // The address is shown as it is, or a word for it.
        (_, label) if what.ends_with(label) => what.into(),
        (_, label) => format!("{label} ({what})"),
    }
}

fn unescaped(text: &str) -> String {
    let text = text.replace("&lt;", "<").replace("&gt;", ">");
    text.replace("&amp;", "&")
}

/// A text of ours as it is sent.
pub(super) fn escaped(text: &str) -> String {
    let text = text.replace('&', "&amp;");
    text.replace('<', "&lt;").replace('>', "&gt;")
}

#[test]
fn links_people_and_channels_are_shown() {
    let table = [
        (
            "<@U1> see <https://a.example/?x=1&amp;y>",
            "@U1 see https://a.example/?x=1&y",
        ),
        (
            "<https://a.example|a.example> <https://a.example|here>",
            "https://a.example here (https://a.example)",
        ),
        (
            "<#C1|general> <!here> <!subteam^S1|@team> <@U1|ada>",
            "#general @here @team @ada",
        ),
        ("1 &lt; 2 &amp;amp; <", "1 < 2 &amp; <"),
        ("<<script>", "<script"),
        ("<|> <>", " "),
        ("&amp;lt;", "&lt;"),
    ];
    for (mrkdwn, text) in table {
        assert_eq!(plain(mrkdwn), text.trim(), "{mrkdwn}");
    }
    let ours = "<!channel> & <@U1>";
    assert_eq!(escaped(ours), "&lt;!channel&gt; &amp; &lt;@U1&gt;");
    assert_eq!(plain(&escaped(ours)), ours);
    assert!(plain(&"<@U1>".repeat(300_000)).len() < 100_000);
}
