//! Reads recorded traffic as VCR keeps it: just so much YAML as there is in it.

/// A request with the answer it got.
#[derive(Debug, Default)]
pub struct Recorded {
    pub method: String,
    pub url: String,
    pub status: u16,
    pub body: String,
    pub link: Option<String>,
}

pub fn read(name: &str) -> Option<Vec<Recorded>> {
    let text = super::shared(name)?;
    let parts = text.split("\n- request:\n").skip(1);
    Some(parts.map(recorded).collect())
}

fn recorded(part: &str) -> Recorded {
    let (request, response) = part.split_once("\n  response:\n").expect("an answer");
    let (_, body) = response.split_once("      string: ").expect("a body");
    let line = |text: &str, start: &str| {
        let found = text.lines().find_map(|l| l.strip_prefix(start));
        found
            .unwrap_or_else(|| panic!("{start} in {text}"))
            .to_string()
    };
    let link = response.split_once("\n      link:\n      - ");
    Recorded {
        method: line(request, "    method: "),
        url: line(request, "    uri: "),
        status: line(response, "      code: ").parse().expect("a status"),
        body: scalar(body),
        link: link.map(|(_, rest)| scalar_or_plain(rest)),
    }
}

fn scalar_or_plain(text: &str) -> String {
    match text.starts_with(['\'', '"']) {
        true => scalar(text),
        // Goes on where lines are indented further.
        false => {
            let mut lines = text.lines();
            let mut whole = lines.next().unwrap_or("").to_string();
            for line in lines.take_while(|l| l.starts_with("        ")) {
                whole = format!("{whole} {}", line.trim());
            }
            whole
        }
    }
}

/// A text in quotes. A line break in it is a space, and so many more are as many less one.
fn scalar(text: &str) -> String {
    let quote = text.chars().next().expect("a quote");
    let mut out = String::new();
    let mut rest = &text[1..];
    loop {
        let c = rest.chars().next().expect("an end");
        rest = &rest[c.len_utf8()..];
        match c {
            '\'' if quote == '\'' && rest.starts_with('\'') => {
                out.push('\'');
                rest = &rest[1..];
            }
            _ if c == quote => return out,
            '\\' if quote == '"' => rest = escape(rest, &mut out),
            '\n' => {
                let kept = out.trim_end_matches(' ').len();
                out.truncate(kept);
                let folded = rest.trim_start_matches([' ', '\n']);
                let breaks = rest[..rest.len() - folded.len()].matches('\n').count();
                out += &if breaks == 0 {
                    " ".into()
                } else {
                    "\n".repeat(breaks)
                };
                rest = folded;
            }
            _ => out.push(c),
        }
    }
}

fn escape<'a>(rest: &'a str, out: &mut String) -> &'a str {
    let c = rest.chars().next().expect("what is escaped");
    let rest = &rest[c.len_utf8()..];
    let digits = match c {
        'x' => 2,
        'u' => 4,
        'U' => 8,
        // The line goes on in the next.
        '\n' => return rest.trim_start(),
        'n' => {
            out.push('\n');
            return rest;
        }
        't' => {
            out.push('\t');
            return rest;
        }
        other => {
            out.push(other);
            return rest;
        }
    };
    let number = u32::from_str_radix(&rest[..digits], 16).expect("a number");
    out.push(char::from_u32(number).expect("a character"));
    &rest[digits..]
}

#[test]
fn texts_in_quotes_are_read_as_yaml_folds_them() {
    assert_eq!(
        scalar("'it''s\n     folded\n\n     twice' rest"),
        "it's folded\ntwice"
    );
    assert_eq!(scalar(r#""a\n\"b\" \u30D0\xFC" rest"#), "a\n\"b\" バü");
    assert_eq!(scalar("\"one\\\n   \\ line\""), "one line");
}
