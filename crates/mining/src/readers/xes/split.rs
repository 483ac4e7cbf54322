//! Cuts a stream of XML text into pieces of whole traces, so that several threads can parse at once.
//!
//! A raw '<' may not stand inside an attribute value, so the closing tag of a trace can only be mistaken inside a
//! comment or a CDATA section; both are walked over.

use crate::error::{Place, ReadError};
use crate::readers::text::io_error;
use memchr::memmem;
use std::io::Read;

/// Bytes read at a time; a piece is about as long.
const BLOCK: usize = 1 << 20;

/// A single trace (or comment) longer than this is refused: it would have to be held whole.
const LONGEST: usize = 1 << 28;

/// A log says what it is within this many bytes.
const LONGEST_HEAD: usize = 1 << 26;

/// Hands out the pieces in order.
pub(super) struct Splitter<R> {
    reader: R,
    /// What was read behind the last piece.
    carry: Vec<u8>,
    /// Byte of the text at which `carry` begins.
    offset: u64,
    pieces: usize,
    ended: bool,
    /// Such as `</trace` or `</x:trace`.
    close_trace: Vec<u8>,
    close_log: Vec<u8>,
}

/// A piece: its number, its first byte in the text, its length in the buffer.
pub(super) struct Piece {
    pub number: usize,
    pub base: u64,
    pub len: usize,
}

impl<R: Read> Splitter<R> {
    /// Reads up to the first trace. Returns the splitter and the text before it.
    pub fn open(reader: R) -> Result<(Self, Vec<u8>), ReadError> {
        let mut splitter = Splitter {
            reader,
            carry: Vec::new(),
            offset: 0,
            pieces: 0,
            ended: false,
            close_trace: Vec::new(),
            close_log: Vec::new(),
        };
        let mut buffer = Vec::new();
        let mut used = 0;
        loop {
            used = splitter.fill(&mut buffer, used)?;
            let text = &buffer[..used];
            if text.trim_ascii_start().first().is_some_and(|&b| b != b'<') {
                return Err(not_xml());
            }
            if let Some(root) = root_name(text) {
                let prefix = match root.iter().rposition(|&b| b == b':') {
                    Some(colon) => &root[..=colon],
                    None => &[][..],
                };
                if &root[prefix.len()..] != b"log" {
                    let name: String = String::from_utf8_lossy(root).chars().take(60).collect();
                    return Err(ReadError::new(
                        "wrong_format",
                        format!("The file begins with <{name}>, not with <log>."),
                        Place::byte(0),
                        "Choose an event log in the XES format.",
                    ));
                }
                splitter.close_trace = [b"</", prefix, b"trace"].concat();
                splitter.close_log = [b"</", prefix, b"log"].concat();
                let open_trace = [b"<", prefix, b"trace"].concat();
                if let Some(at) = first_outside(text, &open_trace) {
                    splitter.carry = text[at..].to_vec();
                    splitter.offset = at as u64;
                    buffer.truncate(at);
                    return Ok((splitter, buffer));
                }
            }
            if used > LONGEST_HEAD {
                return Err(ReadError::new(
                    "too_long",
                    format!("No trace begins in the first {} MB.", LONGEST_HEAD >> 20),
                    Place::byte(0),
                    "Choose an event log in the XES format.",
                ));
            }
            if splitter.ended {
                let what = if used == 0 {
                    (
                        "empty_log",
                        "The file is empty.",
                        "Choose a file with events.",
                    )
                } else if root_name(text).is_none() {
                    return Err(not_xml());
                } else if memmem::rfind(text, &splitter.close_log).is_none()
                    && !text.trim_ascii_end().ends_with(b"/>")
                {
                    (
                        "truncated",
                        "The file ends before the first trace.",
                        "Copy or export the file again; it is not complete.",
                    )
                } else {
                    (
                        "empty_log",
                        "The log has no traces.",
                        "Export it again with at least one case.",
                    )
                };
                return Err(ReadError::new(
                    what.0,
                    what.1,
                    Place::byte(used as u64),
                    what.2,
                ));
            }
        }
    }

    /// Puts the next piece at the front of `buffer`, or returns `None` at the end.
    pub fn next(&mut self, buffer: &mut Vec<u8>) -> Result<Option<Piece>, ReadError> {
        let mut used = self.carry.len();
        if buffer.len() < used {
            buffer.resize(used, 0);
        }
        buffer[..used].copy_from_slice(&self.carry);
        let mut searched = 0;
        let len = loop {
            if !self.ended {
                used = self.fill(buffer, used)?;
            }
            if self.ended {
                break used;
            }
            if let Some(at) = self.last_trace_end(&buffer[..used], searched) {
                break at;
            }
            searched = if memmem::find(&buffer[..used], b"<!").is_some() {
                0
            } else {
                used.saturating_sub(64)
            };
            if used > LONGEST {
                return Err(ReadError::new(
                    "too_long",
                    format!("A trace or a comment is longer than {} MB.", LONGEST >> 20),
                    Place::byte(self.offset),
                    "Split the trace into cases, or remove the comment.",
                ));
            }
        };
        self.carry.clear();
        self.carry.extend_from_slice(&buffer[len..used]);
        let piece = Piece {
            number: self.pieces,
            base: self.offset,
            len,
        };
        self.pieces += 1;
        self.offset += len as u64;
        if len == 0 {
            return Ok(None);
        }
        if self.ended && memmem::rfind(&buffer[..len], &self.close_log).is_none() {
            return Err(ReadError::new(
                "truncated",
                "The file ends before the log is closed.",
                Place::byte(self.offset),
                "Copy or export the file again; it is not complete.",
            ));
        }
        Ok(Some(piece))
    }

    /// Reads a block behind `used`; returns the new length. Blocks double with the buffer, so growth stays linear.
    fn fill(&mut self, buffer: &mut Vec<u8>, used: usize) -> Result<usize, ReadError> {
        let want = used + BLOCK.max(used);
        if buffer.len() < want {
            buffer.resize(want, 0);
        }
        let mut at = used;
        while at < want {
            match self.reader.read(&mut buffer[at..want]) {
                Ok(0) => {
                    self.ended = true;
                    break;
                }
                Ok(n) => at += n,
                Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
                Err(e) => return Err(io_error(&e, self.offset + at as u64)),
            }
        }
        Ok(at)
    }

    /// One past the last closing tag of a trace, looking from `from` on.
    fn last_trace_end(&self, text: &[u8], from: usize) -> Option<usize> {
        if memmem::find(&text[from..], b"<!").is_none() {
            return self.last_plain(text, from);
        }
        let mut at = 0;
        let mut last = None;
        while let Some(step) = memmem::find(&text[at..], b"<!") {
            last = self.last_plain(&text[..at + step], at).or(last);
            match comment_end(text, at + step) {
                Some(end) => at = end,
                None => return last,
            }
        }
        self.last_plain(text, at).or(last)
    }

    fn last_plain(&self, text: &[u8], from: usize) -> Option<usize> {
        let mut end = text.len();
        while let Some(at) = memmem::rfind(&text[from..end], &self.close_trace) {
            let at = from + at;
            let after = at + self.close_trace.len();
            let blank = text[after..]
                .iter()
                .take_while(|b| b.is_ascii_whitespace())
                .count();
            if text.get(after + blank) == Some(&b'>') {
                return Some(after + blank + 1);
            }
            end = at;
        }
        None
    }
}

fn not_xml() -> ReadError {
    ReadError::new(
        "wrong_format",
        "The file is not XML.",
        Place::byte(0),
        "Choose an event log in the XES format.",
    )
}

/// Where the comment or CDATA section that begins at `start` ends.
fn comment_end(text: &[u8], start: usize) -> Option<usize> {
    let rest = &text[start..];
    let end: &[u8] = if rest.starts_with(b"<!--") {
        b"-->"
    } else if rest.starts_with(b"<![CDATA[") {
        b"]]>"
    } else {
        // A declaration: the scanner will refuse it; nothing to walk over.
        return Some(start + 2);
    };
    memmem::find(rest.get(4..)?, end).map(|at| start + 4 + at + end.len())
}

/// The name of the first element, past comments, instructions and a document type.
fn root_name(text: &[u8]) -> Option<&[u8]> {
    let mut at = 0;
    loop {
        at += memchr::memchr(b'<', &text[at..])?;
        match text.get(at + 1)? {
            b'!' => at = comment_end(text, at)?,
            b'?' => at += 2 + memmem::find(&text[at..], b"?>")?,
            _ => {
                let len = text[at + 1..]
                    .iter()
                    .position(|b| b.is_ascii_whitespace() || matches!(b, b'>' | b'/'))?;
                return Some(&text[at + 1..at + 1 + len]);
            }
        }
    }
}

/// The first place of `needle` (the start of a tag) outside comments.
fn first_outside(text: &[u8], needle: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        let found = at + memmem::find(&text[at..], needle)?;
        match memmem::find(&text[at..found], b"<!") {
            Some(step) => at = comment_end(text, at + step)?,
            None => {
                let after = *text.get(found + needle.len())?;
                if after.is_ascii_whitespace() || matches!(after, b'>' | b'/') {
                    return Some(found);
                }
                at = found + needle.len();
            }
        }
    }
}
