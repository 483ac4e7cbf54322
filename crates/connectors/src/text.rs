//! What people wrote, as plain text: markup of a service is taken off, and so are characters that turn text around or hide in it.
//! Every result is bounded.

/// Characters that are kept of one text.
pub const LONGEST: usize = 20_000;
/// Characters that are kept of a name.
const LINE: usize = 200;

/// Text that is plain already.
pub fn clean(text: &str) -> String {
    let text = text.replace("\r\n", "\n");
    let mut out = Out::default();
    for c in text.chars() {
        if out.is_full() {
            break;
        }
        out.put(c);
    }
    out.finish()
}

/// A name, or what a service said of an error: one line.
pub fn line(text: &str) -> String {
    let mut line = String::new();
    let kept = text.chars().take(LINE * 8).filter_map(kept);
    for c in kept.map(|c| if c.is_whitespace() { ' ' } else { c }) {
        if !(c == ' ' && (line.is_empty() || line.ends_with(' '))) {
            line.push(c);
        }
    }
    let line = line.trim_end();
    line.chars().take(LINE).collect()
}

/// Plain text as HTML that shows it as it is.
pub fn to_html(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => html += "&amp;",
            '<' => html += "&lt;",
            '>' => html += "&gt;",
            '"' => html += "&quot;",
            '\'' => html += "&#39;",
            c => html.push(c),
        }
    }
    html
}

/// The text of HTML as posts are written in it. Paragraphs and breaks become lines, links their text (Mastodon hides parts of an
/// address in it: they are shown), scripts and styles nothing.
pub fn of_html(html: &str) -> String {
    let mut out = Out::default();
    let mut rest = html;
    while let Some(c) = rest.chars().next() {
        if out.is_full() {
            break;
        }
        rest = match c {
            '<' => markup(rest, &mut out),
            '&' => entity(rest, &mut out),
            _ => {
                match c.is_ascii_whitespace() && out.pre == 0 {
                    true => out.space(),
                    false => out.put(c),
                }
                &rest[c.len_utf8()..]
            }
        };
    }
    out.finish()
}

/// What follows a comment, a declaration or a tag.
fn markup<'a>(rest: &'a str, out: &mut Out) -> &'a str {
    let inside = &rest[1..];
    if let Some(comment) = inside.strip_prefix("!--") {
        return after(comment, "-->");
    }
    match inside.chars().next() {
        Some('!' | '?') => after(inside, ">"),
        Some(c) if c == '/' || c.is_ascii_alphabetic() => tag(inside, out),
        _ => {
            out.put('<');
            inside
        }
    }
}

fn after<'a>(text: &'a str, end: &str) -> &'a str {
    text.split_once(end).map_or("", |(_, rest)| rest)
}

fn tag<'a>(inside: &'a str, out: &mut Out) -> &'a str {
    let is_end = inside.starts_with('/');
    let inside = inside.trim_start_matches('/');
    let length = inside.find(|c: char| !c.is_ascii_alphanumeric());
    let name = inside[..length.unwrap_or(inside.len())].to_ascii_lowercase();
    let rest = after_attributes(&inside[name.len()..]);
    match name.as_str() {
        "script" | "style" | "template" if !is_end => return after_raw(rest, &name),
        "br" => out.end_line(1),
        "p" | "blockquote" | "ul" | "ol" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => {
            out.end_line(2);
        }
        "pre" => {
            out.end_line(2);
            out.pre = match is_end {
                true => out.pre.saturating_sub(1),
                false => out.pre.saturating_add(1),
            };
        }
        "div" | "tr" | "table" | "section" | "article" => out.at_line(),
        "li" => {
            out.at_line();
            if !is_end {
                out.put('-');
                out.put(' ');
            }
        }
        _ => (),
    }
    rest
}

/// What follows the `>` of a tag; one in quotes does not end it. A tag without an end is all that is left.
fn after_attributes(text: &str) -> &str {
    let mut quote = None;
    let mut before = ' ';
    for (i, c) in text.char_indices() {
        match (quote, c) {
            (None, '>') => return &text[i + 1..],
            // Only after an equals sign does a quote open a value.
            (None, '"' | '\'') if before == '=' => quote = Some(c),
            (Some(open), _) if open == c => quote = None,
            _ => (),
        }
        if !c.is_ascii_whitespace() {
            before = c;
        }
    }
    ""
}

/// What follows the end of an element whose content is no text.
fn after_raw<'a>(text: &'a str, name: &str) -> &'a str {
    let mut rest = text;
    while let Some((_, tail)) = rest.split_once("</") {
        let head = tail.as_bytes().get(..name.len());
        if head.is_some_and(|h| h.eq_ignore_ascii_case(name.as_bytes())) {
            return after(tail, ">");
        }
        rest = tail;
    }
    ""
}

fn entity<'a>(rest: &'a str, out: &mut Out) -> &'a str {
    // None is longer, and who writes only ampersands does not make us look to the end each time.
    let length = rest.bytes().take(12).position(|b| b == b';');
    let name = length.map_or("", |length| &rest[1..length]);
    match character(name) {
        Some(c) => {
            out.put(c);
            &rest[name.len() + 2..]
        }
        None => {
            out.put('&');
            &rest[1..]
        }
    }
}

fn character(name: &str) -> Option<char> {
    let named = match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => ' ',
        "hellip" => '…',
        "ndash" => '–',
        "mdash" => '—',
        "lsquo" => '‘',
        "rsquo" => '’',
        "ldquo" => '“',
        "rdquo" => '”',
        "euro" => '€',
        "copy" => '©',
        "reg" => '®',
        _ => {
            let digits = name.strip_prefix('#')?;
            let number = match digits.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16),
                None => digits.parse(),
            };
            char::from_u32(number.ok()?)?
        }
    };
    Some(named)
}

/// A character as it is kept: what steers is left out, except for lines and tabs.
fn kept(c: char) -> Option<char> {
    match c {
        '\n' | '\t' => Some(c),
        '\r' | '\u{2028}' | '\u{2029}' | '\u{85}' => Some('\n'),
        _ if c.is_control() => None,
        // What turns text around.
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' => None,
        '\u{2066}'..='\u{206f}' => None,
        // What is not seen.
        '\u{200b}' | '\u{2060}'..='\u{2065}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' => None,
        '\u{e0000}'..='\u{e007f}' => None,
        _ => Some(c),
    }
}

#[derive(Default)]
struct Out {
    text: String,
    count: usize,
    /// How deep in text whose spaces count.
    pre: usize,
}

impl Out {
    fn is_full(&self) -> bool {
        self.count >= LONGEST
    }

    fn put(&mut self, c: char) {
        if let Some(c) = kept(c) {
            self.text.push(c);
            self.count += 1;
        }
    }

    /// Spaces in a row are one, and none begins a line.
    fn space(&mut self) {
        if !(self.text.is_empty() || self.text.ends_with([' ', '\n'])) {
            self.put(' ');
        }
    }

    fn at_line(&mut self) {
        if !(self.text.is_empty() || self.text.ends_with('\n')) {
            self.end_line(1);
        }
    }

    /// Ends a line; a second end leaves one free, and there are never more than that.
    fn end_line(&mut self, most: usize) {
        while self.text.ends_with(' ') {
            self.text.pop();
        }
        let ended = self.text.chars().rev().take_while(|c| *c == '\n').count();
        let wanted = if most == 1 { ended + 1 } else { 2 };
        if !self.text.is_empty() {
            for _ in ended..wanted.min(2) {
                self.put('\n');
            }
        }
    }

    fn finish(self) -> String {
        let mut text = self.text;
        if self.count >= LONGEST {
            text.push('…');
        }
        text.trim_matches(['\n', ' ', '\t']).to_string()
    }
}

#[cfg(test)]
mod tests;
