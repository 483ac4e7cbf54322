//! Tags out of a piece of XML text, by hand and without allocating: what the two threads spend their time in.

use crate::error::{Place, ReadError};
use memchr::{memchr, memchr2, memmem};
use std::borrow::Cow;

/// A tag as it stands in the text. `attributes` is the raw text between the name and the end of the tag.
#[derive(Debug, Clone, Copy)]
pub(super) enum Tag<'a> {
    Open {
        name: &'a [u8],
        attributes: &'a [u8],
        empty: bool,
    },
    Close {
        name: &'a [u8],
    },
}

/// Walks over the tags of a text; comments, processing instructions and CDATA are passed over.
pub(super) struct Scanner<'a> {
    text: &'a [u8],
    pub at: usize,
    /// Byte of the file at which `text` begins.
    base: u64,
}

impl<'a> Scanner<'a> {
    pub fn new(text: &'a [u8], base: u64) -> Self {
        Scanner { text, at: 0, base }
    }

    /// An error at the tag that begins at `at`.
    pub fn error(
        &self,
        code: &'static str,
        at: usize,
        what: impl Into<String>,
        remedy: &str,
    ) -> ReadError {
        ReadError::new(code, what, Place::byte(self.base + at as u64), remedy)
    }

    pub fn broken(&self, at: usize, what: impl Into<String>) -> ReadError {
        self.error(
            "broken_xml",
            at,
            what,
            "Export the log again, or mend the file at that byte.",
        )
    }

    fn cut(&self, at: usize, what: &str) -> ReadError {
        self.error(
            "truncated",
            at,
            format!("The file ends inside {what}."),
            "Copy or export the file again; it is not complete.",
        )
    }

    /// The text that is left, without the blanks before it.
    #[inline]
    pub fn past_blanks(&mut self) -> &'a [u8] {
        let rest = &self.text[self.at..];
        let blanks = rest.iter().take_while(|b| b.is_ascii_whitespace()).count();
        self.at += blanks;
        &rest[blanks..]
    }

    /// The text from a place on.
    pub fn from(&self, at: usize) -> &'a [u8] {
        &self.text[at..]
    }

    /// The next tag with the byte it begins at, or `None` at the end of the text.
    #[inline]
    pub fn next(&mut self) -> Result<Option<(usize, Tag<'a>)>, ReadError> {
        loop {
            let Some(found) = memchr(b'<', &self.text[self.at..]) else {
                self.at = self.text.len();
                return Ok(None);
            };
            let start = self.at + found;
            match self.text.get(start + 1) {
                Some(b'/') => {
                    let end = memchr2(b'>', b'<', &self.text[start + 1..])
                        .ok_or_else(|| self.cut(start, "a tag"))?
                        + start
                        + 1;
                    if self.text[end] == b'<' {
                        return Err(self.broken(end, "A \"<\" stands inside a tag."));
                    }
                    self.at = end + 1;
                    let name = local(self.text[start + 2..end].trim_ascii_end());
                    return Ok(Some((start, Tag::Close { name })));
                }
                Some(b'!') => self.pass_over(start)?,
                Some(b'?') => {
                    let end = memmem::find(&self.text[start..], b"?>")
                        .ok_or_else(|| self.cut(start, "an instruction"))?;
                    self.at = start + end + 2;
                }
                Some(_) => return self.open(start).map(Some),
                None => return Err(self.cut(start, "a tag")),
            }
        }
    }

    fn pass_over(&mut self, start: usize) -> Result<(), ReadError> {
        let rest = &self.text[start..];
        let (end, what): (&[u8], _) = if rest.starts_with(b"<!--") {
            (b"-->", "a comment")
        } else if rest.starts_with(b"<![CDATA[") {
            (b"]]>", "a CDATA section")
        } else {
            return Err(self.error(
                "doctype",
                start,
                "The file declares a document type or entities, which are not read for safety.",
                "Remove the DOCTYPE line; event logs do not need one.",
            ));
        };
        let len = memmem::find(&rest[4..], end).ok_or_else(|| self.cut(start, what))?;
        self.at = start + 4 + len + 3;
        Ok(())
    }

    #[inline]
    fn open(&mut self, start: usize) -> Result<(usize, Tag<'a>), ReadError> {
        let text = self.text;
        let mut at = start + 1;
        while at < text.len()
            && !matches!(text[at], b' ' | b'>' | b'/' | b'<' | b'\n' | b'\t' | b'\r')
        {
            at += 1;
        }
        let name = &text[start + 1..at];
        if name.is_empty() || !(name[0].is_ascii_alphabetic() || name[0] == b'_' || name[0] >= 0x80)
        {
            return Err(self.broken(start, "A \"<\" stands where no tag begins."));
        }
        let from = at;
        // The end of the tag is the first '>' outside quotes.
        loop {
            let step = next_of_tag(&text[at..]).ok_or_else(|| self.cut(start, "a tag"))?;
            at += step;
            match text[at] {
                b'>' => break,
                b'<' => return Err(self.broken(at, "A \"<\" stands inside a tag.")),
                quote => {
                    let close = memchr2(quote, b'<', &text[at + 1..])
                        .ok_or_else(|| self.cut(start, "a quoted value"))?;
                    if text[at + 1 + close] == b'<' {
                        return Err(
                            self.broken(at + 1 + close, "A \"<\" stands inside a quoted value.")
                        );
                    }
                    at += close + 2;
                }
            }
        }
        self.at = at + 1;
        let empty = text[at - 1] == b'/' && at > from;
        let to = if empty { at - 1 } else { at };
        Ok((
            start,
            Tag::Open {
                name: local(name),
                attributes: &text[from..to],
                empty,
            },
        ))
    }
}

/// The next quote or '>' of a tag. Between quotes there are only a few bytes, so a plain loop is fastest.
#[inline]
fn next_of_tag(text: &[u8]) -> Option<usize> {
    text.iter()
        .position(|b| matches!(b, b'"' | b'\'' | b'>' | b'<'))
}

/// A name without its namespace prefix.
#[inline]
pub(super) fn local(name: &[u8]) -> &[u8] {
    match memchr(b':', name) {
        Some(colon) => &name[colon + 1..],
        None => name,
    }
}

/// `name="value"` pairs of a tag; values raw, as they stand between the quotes. `Err` is the offset of what is broken.
pub(super) struct Attributes<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Attributes<'a> {
    pub fn new(text: &'a [u8]) -> Self {
        Attributes { text, at: 0 }
    }
}

impl<'a> Iterator for Attributes<'a> {
    type Item = Result<(&'a [u8], &'a [u8]), ()>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let text = self.text;
        let mut at = self.at;
        while at < text.len() && text[at].is_ascii_whitespace() {
            at += 1;
        }
        if at == text.len() {
            return None;
        }
        let from = at;
        while at < text.len() && text[at] != b'=' && !text[at].is_ascii_whitespace() {
            at += 1;
        }
        let name = &text[from..at];
        while at < text.len() && text[at].is_ascii_whitespace() {
            at += 1;
        }
        if name.is_empty() || text.get(at) != Some(&b'=') {
            return Some(Err(()));
        }
        at += 1;
        while at < text.len() && text[at].is_ascii_whitespace() {
            at += 1;
        }
        let quote = match text.get(at) {
            Some(&quote @ (b'"' | b'\'')) => quote,
            _ => return Some(Err(())),
        };
        let Some(len) = memchr(quote, &text[at + 1..]) else {
            return Some(Err(()));
        };
        self.at = at + len + 2;
        Some(Ok((name, &text[at + 1..at + 1 + len])))
    }
}

/// The value of an attribute as text: entities resolved and white space as XML 1.0 section 3.3.3 has it.
/// `Err` holds the entity that is not known.
#[inline]
pub(super) fn value(raw: &[u8]) -> Result<Cow<'_, str>, String> {
    let plain = raw.iter().all(|&b| b >= b' ' && b != b'&');
    // The piece was checked as UTF-8 whole and quotes are ASCII, so a slice between them is UTF-8 too.
    let text = std::str::from_utf8(raw).map_err(|_| "not UTF-8".to_string())?;
    if plain {
        Ok(Cow::Borrowed(text))
    } else {
        unescape(text).map(Cow::Owned)
    }
}

#[cold]
fn unescape(raw: &str) -> Result<String, String> {
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.find(['&', '\n', '\r', '\t']) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        if let Some(after) = rest.strip_prefix("\r\n") {
            out.push(' ');
            rest = after;
        } else if rest.starts_with('&') {
            let end = rest
                .find(';')
                .filter(|&n| n <= 12)
                .ok_or_else(|| rest.chars().take(12).collect::<String>())?;
            out.push(entity(&rest[1..end]).ok_or_else(|| rest[..=end].to_string())?);
            rest = &rest[end + 1..];
        } else {
            out.push(' ');
            rest = &rest[1..];
        }
    }
    out.push_str(rest);
    Ok(out)
}

fn entity(name: &str) -> Option<char> {
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        _ => {
            let code = name.strip_prefix('#')?;
            let code = match code.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => code.parse().ok()?,
            };
            char::from_u32(code)?
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(text: &str) -> Result<Vec<String>, ReadError> {
        let mut scanner = Scanner::new(text.as_bytes(), 0);
        let mut found = Vec::new();
        while let Some((_, tag)) = scanner.next()? {
            found.push(match tag {
                Tag::Open {
                    name,
                    attributes,
                    empty,
                } => {
                    let pairs: Vec<String> = Attributes::new(attributes)
                        .map(|pair| {
                            pair.map(|(k, v)| {
                                format!(
                                    "{}={}",
                                    String::from_utf8_lossy(k),
                                    value(v).unwrap_or_default()
                                )
                            })
                        })
                        .collect::<Result<_, _>>()
                        .unwrap_or_else(|()| vec!["?".into()]);
                    format!(
                        "{}[{}]{}",
                        String::from_utf8_lossy(name),
                        pairs.join(","),
                        if empty { "/" } else { "" }
                    )
                }
                Tag::Close { name } => format!("/{}", String::from_utf8_lossy(name)),
            });
        }
        Ok(found)
    }

    #[test]
    fn odd_but_legal_xml_is_read() {
        let text = "<?xml version='1.0'?><!-- <trace> --><x:trace  a = '1>2'\n b=\"it&apos;s &#65;\tb\" ><e/></x:trace >";
        assert_eq!(
            tags(text).unwrap(),
            ["trace[a=1>2,b=it's A b]", "e[]/", "/trace"]
        );
    }

    #[test]
    fn broken_xml_says_at_which_byte() {
        let broken = [
            ("<a b='<'>", "broken_xml", 6),
            ("<a b='", "truncated", 0),
            ("x< a>", "broken_xml", 1),
            ("<a <b>", "broken_xml", 3),
            ("<a<b/>", "broken_xml", 2),
            ("</a </b>", "broken_xml", 4),
            ("<!DOCTYPE a [<!ENTITY", "doctype", 0),
        ];
        for (text, code, byte) in broken {
            let error = tags(text).unwrap_err();
            assert_eq!((error.code, error.place.byte), (code, Some(byte)), "{text}");
        }
    }
}
