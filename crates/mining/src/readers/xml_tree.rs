//! Small XML documents as a tree, for models. Logs are streamed instead.
//!
//! Any encoding its declaration or byte order mark names; no document type, no entities of its own, bounded depth.

use crate::source::{Progress, Source};
use crate::{Place, ReadError};
use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};
use std::io::Read;

/// Deeper than any model a person drew; recursion over the tree relies on it.
const MAX_DEPTH: usize = 200;
/// Models are small; a log belongs to the log readers.
const MAX_BYTES: u64 = 64 << 20;

/// An element by its local name: prefixes differ between tools, the names do not.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Element {
    pub name: String,
    pub attributes: Vec<(String, String)>,
    pub children: Vec<Element>,
    pub text: String,
    /// Counts from 1.
    pub line: u64,
}

impl Element {
    /// An attribute by its local name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.attributes
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, v)| v.as_str())
    }

    pub fn child(&self, name: &str) -> Option<&Element> {
        self.children.iter().find(|c| c.name == name)
    }

    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Element> {
        self.children.iter().filter(move |c| c.name == name)
    }
}

/// The root element of the document.
pub fn read(source: &Source, progress: &Progress) -> Result<Element, ReadError> {
    parse(
        &text(source, progress, MAX_BYTES)?,
        usize::MAX,
        &mut |_, _| {},
    )
}

/// The text of a file of at most `limit` bytes.
pub fn text(source: &Source, progress: &Progress, limit: u64) -> Result<String, ReadError> {
    if source.len() > limit {
        return Err(ReadError::new(
            "too_large",
            format!(
                "The file has {} bytes; at most {limit} are read.",
                source.len()
            ),
            Place::default(),
            "Check that this is the file you meant.",
        ));
    }
    let mut bytes = Vec::with_capacity(source.len() as usize);
    source
        .reader(progress)
        .read_to_end(&mut bytes)
        .map_err(|e| {
            ReadError::new(
                "unreadable",
                format!("The file could not be read: {e}."),
                Place::default(),
                "Try again.",
            )
        })?;
    if progress.is_cancelled() {
        return Err(ReadError::new(
            "cancelled",
            "Reading was cancelled.",
            Place::default(),
            "Start it again.",
        ));
    }
    decode(&bytes)
}

/// Bytes to text by byte order mark, then by the declaration, then as UTF-8.
fn decode(bytes: &[u8]) -> Result<String, ReadError> {
    let encoding = match encoding_rs::Encoding::for_bom(bytes) {
        Some((encoding, _)) => encoding,
        None if bytes.starts_with(b"<\0") => encoding_rs::UTF_16LE,
        None if bytes.starts_with(b"\0<") => encoding_rs::UTF_16BE,
        None => declared(bytes).unwrap_or(encoding_rs::UTF_8),
    };
    let (text, _, malformed) = encoding.decode(bytes);
    if malformed {
        let at = std::str::from_utf8(bytes).err().map(|e| e.valid_up_to());
        let mut place = Place::default();
        if let Some(at) = at.filter(|_| encoding == encoding_rs::UTF_8) {
            place = Place {
                line: Some(line_of(bytes, at)),
                ..Place::byte(at as u64)
            };
        }
        return Err(ReadError::new(
            "bad_encoding",
            format!("The text is not valid {}.", encoding.name()),
            place,
            "Save the file as UTF-8 and try again.",
        ));
    }
    Ok(text.into_owned())
}

fn declared(bytes: &[u8]) -> Option<&'static encoding_rs::Encoding> {
    let head = &bytes[..bytes.len().min(200)];
    let head = &head[..head.iter().position(|&b| b == b'>')?];
    let at = head.windows(9).position(|w| w == b"encoding=")? + 9;
    let quote = *head.get(at)?;
    let label = head[at + 1..].split(|&b| b == quote).next()?;
    // A declaration of UTF-16 in single bytes is a leftover of a conversion: it was read as bytes so far.
    encoding_rs::Encoding::for_label(label).filter(|e| e.is_ascii_compatible())
}

fn line_of(text: &[u8], at: usize) -> u64 {
    1 + memchr::memchr_iter(b'\n', &text[..at.min(text.len())]).count() as u64
}

/// Line numbers of growing positions, in one pass over the text.
struct Lines<'a> {
    text: &'a [u8],
    at: usize,
    line: u64,
}

impl Lines<'_> {
    fn at(&mut self, position: usize) -> u64 {
        let position = position.min(self.text.len());
        if position > self.at {
            self.line += memchr::memchr_iter(b'\n', &self.text[self.at..position]).count() as u64;
            self.at = position;
        }
        self.line
    }
}

/// Elements `depth` levels below the root go to `take`, with the name of their parent, and not into the tree.
pub fn parse(
    text: &str,
    depth: usize,
    take: &mut dyn FnMut(&str, Element),
) -> Result<Element, ReadError> {
    if text.trim_start().is_empty() {
        return Err(ReadError::new(
            "empty_file",
            "The file is empty.",
            Place::default(),
            "Export it again.",
        ));
    }
    if !text.trim_start().starts_with('<') {
        return Err(ReadError::new(
            "wrong_format",
            "This is not XML.",
            Place {
                line: Some(1),
                ..Place::byte(0)
            },
            "Choose an XML file, or one of another kind that is read here.",
        ));
    }
    let mut reader = Reader::from_str(text);
    let mut lines = Lines {
        text: text.as_bytes(),
        at: 0,
        line: 1,
    };
    let mut open: Vec<Element> = Vec::new();
    let mut root = None;
    loop {
        let from = reader.buffer_position() as usize;
        let line = lines.at(from);
        let place = || Place {
            line: Some(line),
            ..Place::byte(from as u64)
        };
        let event = reader.read_event().map_err(|e| {
            let at = reader.error_position() as usize;
            let cut = matches!(&e, quick_xml::Error::Syntax(_))
                && reader.buffer_position() as usize >= text.len();
            let place = Place {
                line: Some(line_of(text.as_bytes(), at)),
                ..Place::byte(at as u64)
            };
            if cut {
                truncated(place)
            } else {
                broken(&e.to_string(), place)
            }
        })?;
        match event {
            Event::Start(tag) => {
                if open.len() >= MAX_DEPTH {
                    return Err(ReadError::new(
                        "too_deep",
                        format!("Elements are nested more than {MAX_DEPTH} deep."),
                        place(),
                        "Export the model again; no modeller writes such a file.",
                    ));
                }
                open.push(element(&tag, line).map_err(|e| broken(&e, place()))?);
            }
            Event::Empty(tag) => {
                let done = element(&tag, line).map_err(|e| broken(&e, place()))?;
                close(done, &mut open, &mut root, depth, take);
            }
            Event::End(_) => {
                if let Some(done) = open.pop() {
                    close(done, &mut open, &mut root, depth, take);
                }
            }
            Event::Text(piece) => {
                if let Some(top) = open.last_mut() {
                    top.text.push_str(&piece.xml10_content());
                }
            }
            Event::CData(piece) => {
                if let Some(top) = open.last_mut() {
                    top.text.push_str(&piece.xml10_content());
                }
            }
            Event::GeneralRef(name) => {
                let piece = match name.resolve_char_ref() {
                    Ok(Some(c)) => c.to_string(),
                    Ok(None) => quick_xml::escape::resolve_xml_entity(&name.xml10_content())
                        .ok_or_else(|| broken("an entity that XML does not define", place()))?
                        .to_string(),
                    Err(e) => return Err(broken(&e.to_string(), place())),
                };
                if let Some(top) = open.last_mut() {
                    top.text.push_str(&piece);
                }
            }
            Event::DocType(_) => {
                return Err(ReadError::new(
                    "dtd_refused",
                    "The file declares a document type, which could define entities that grow without bound.",
                    place(),
                    "Remove the line that begins with <!DOCTYPE.",
                ));
            }
            Event::Eof if !open.is_empty() => return Err(truncated(place())),
            Event::Eof => break,
            Event::Decl(_) | Event::PI(_) | Event::Comment(_) => {}
        }
    }
    root.ok_or_else(|| broken("no element", Place::byte(0)))
}

fn element(tag: &BytesStart<'_>, line: u64) -> Result<Element, String> {
    let mut element = Element {
        name: local(tag.name().0),
        line,
        ..Element::default()
    };
    for attribute in tag.attributes() {
        let attribute = attribute.map_err(|e| e.to_string())?;
        let name = attribute.key.0;
        if name == "xmlns" || name.starts_with("xmlns:") {
            continue;
        }
        let value = attribute
            .normalized_value(XmlVersion::Implicit1_0)
            .map_err(|e| e.to_string())?;
        element.attributes.push((local(name), value.into_owned()));
    }
    Ok(element)
}

fn close(
    done: Element,
    open: &mut [Element],
    root: &mut Option<Element>,
    depth: usize,
    take: &mut dyn FnMut(&str, Element),
) {
    let level = open.len();
    match open.last_mut() {
        Some(parent) if level == depth => take(&parent.name, done),
        Some(parent) => parent.children.push(done),
        None => *root = root.take().or(Some(done)),
    }
}

fn local(name: &str) -> String {
    name.rsplit(':').next().unwrap_or(name).to_string()
}

fn broken(why: &str, place: Place) -> ReadError {
    let remedy = "Export the file again, or open it in an editor at that place.";
    ReadError::new(
        "broken_xml",
        format!("The XML is broken: {why}."),
        place,
        remedy,
    )
}

fn truncated(place: Place) -> ReadError {
    let remedy = "Export or copy it again, whole.";
    ReadError::new(
        "truncated",
        "The file ends in the middle of an element.",
        place,
        remedy,
    )
}
