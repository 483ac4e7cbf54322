//! What somebody wrote in an answer, without what she answered to and without her signature. For answers to mails of ours, on whichever way they come.

/// Stands at the top of our mails; what is below it in an answer is ours.
pub const MARK: &str = "--- Answer above this line ---";

/// Lines with which mail programs begin what they quote whole.
const BEGINS: [&str; 6] = [
    "-----Original Message-----",
    "-----Ursprüngliche Nachricht-----",
    "-----Message d'origine-----",
    "-----Mensaje original-----",
    "________________________________",
    "---------- Forwarded message",
];

/// The text a person wrote herself. Quotes between her own lines stay: they say what each answers.
pub fn own_text(mail: &str) -> String {
    let mail = mail.replace("\r\n", "\n");
    let mut lines: Vec<&str> = mail.lines().map(str::trim_end).collect();
    if let Some(at) = lines.iter().position(|l| ends_own(l)) {
        lines.truncate(at);
    }
    // A signature begins with two hyphens, and a blank that many programs lose.
    if let Some(at) = lines.iter().position(|l| *l == "--") {
        lines.truncate(at);
    }
    drop_end(&mut lines);
    let is_quote_first = lines
        .iter()
        .find(|l| !l.is_empty())
        .is_some_and(|l| is_quote(l));
    if is_quote_first {
        let own = lines.iter().position(|l| !l.is_empty() && !is_quote(l));
        lines.drain(..own.unwrap_or(lines.len()));
    }
    lines.join("\n").trim().to_string()
}

/// HTML of an answer without what it quotes at its end. What stands between or behind quotes stays, and the quotes with it.
pub fn own_html(html: &str) -> &str {
    let small = html.to_ascii_lowercase();
    // Below these everything is what was answered.
    let marks = ["id=\"divrplyfwdmsg\"", "id=\"appendonsend\""];
    let marked = marks.iter().filter_map(|mark| {
        let at = small.find(mark)?;
        small[..at].rfind('<')
    });
    let end = marked.min().unwrap_or(html.len());
    let (html, small) = (&html[..end], &small[..end]);
    let (mut depth, mut begin, mut behind, mut at) = (0_usize, None, 0, 0);
    while let Some(found) = small[at..].find("blockquote") {
        let tag = at + found;
        at = tag + "blockquote".len();
        if small[..tag].ends_with('<') {
            if depth == 0 {
                begin = Some(tag - 1);
            }
            depth += 1;
        } else if small[..tag].ends_with("</") {
            depth = depth.saturating_sub(1);
            behind = at;
        }
    }
    let Some(begin) = begin else {
        return html;
    };
    let rest = small[behind.max(begin)..]
        .split_once('>')
        .map_or("", |(_, rest)| rest);
    let is_last = depth > 0 || crate::text::of_html(rest).is_empty();
    if is_last { &html[..begin] } else { html }
}

fn is_quote(line: &str) -> bool {
    line.starts_with('>')
}

fn ends_own(line: &str) -> bool {
    let bare = line.trim_start_matches(['>', ' ']);
    bare.starts_with(MARK) || BEGINS.iter().any(|b| bare.starts_with(b))
}

/// Takes the quote at the end away, and the line that says whose it is ("On Monday Ann wrote:").
fn drop_end(lines: &mut Vec<&str>) {
    let drop_blank = |lines: &mut Vec<&str>| {
        while lines.last().is_some_and(|l| l.is_empty()) {
            lines.pop();
        }
    };
    drop_blank(lines);
    while lines.last().is_some_and(|l| is_quote(l) || l.is_empty()) {
        lines.pop();
    }
    let begin = lines
        .iter()
        .rposition(|l| l.is_empty())
        .map_or(0, |at| at + 1);
    let last = lines[begin..].join(" ");
    let names_a_moment = last.contains(|c: char| c.is_ascii_digit()) || last.contains('@');
    if last.ends_with(':') && names_a_moment && lines.len() - begin <= 3 {
        lines.truncate(begin);
        drop_blank(lines);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_quoted_and_signed_is_left_out() {
        for (mail, expected) in [
            (
                "Yes, the short form.\n\nOn Mon, 2 Mar 2026 at 10:00, Tenon <tenon@halden.example> wrote:\n> --- Answer above this line ---\n> Hello",
                "Yes, the short form.",
            ),
            (
                "Yes.\r\n\r\nAm 02.03.2026 um 10:00 schrieb Tenon\r\n<tenon@halden.example>:\r\n\r\n> Hello\r\n>\r\n> there\r\n",
                "Yes.",
            ),
            ("Ja\n-- \nMaren Voss\nHalden AG", "Ja"),
            (
                "Oui\n\nLe 2 mars 2026 à 10:00, Tenon a écrit :\n\n> Bonjour",
                "Oui",
            ),
            (
                "Top.\n\n-----Original Message-----\nFrom: Tenon\nHello",
                "Top.",
            ),
            (
                "Top.\n________________________________\nFrom: Tenon",
                "Top.",
            ),
            (
                "> Which form?\nThe short one.\n> And when?\nToday.",
                "The short one.\n> And when?\nToday.",
            ),
            ("> Which form?\n> Say.\n\nThe short one.", "The short one."),
            ("Two points:\n\n1. a\n2. b", "Two points:\n\n1. a\n2. b"),
            (
                "It costs 5 EUR:\nsee the list.",
                "It costs 5 EUR:\nsee the list.",
            ),
            ("> only a quote", ""),
            ("", ""),
        ] {
            assert_eq!(own_text(mail), expected, "{mail}");
        }
    }
}
