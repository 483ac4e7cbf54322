//! Lines and quotes of a table, counted by ourselves: a row knows the line it begins in whatever ends its lines, and a
//! quote that is never closed is found.

use std::collections::VecDeque;
use std::io::{self, Read};

/// A row that goes on for more bytes than this is refused: it is a quote that is never closed, or no table at all.
pub(super) const LONGEST: usize = 64 << 20;

/// UTF-8 text on its way to the splitter. Keeps the bytes of the row that is being split, and where lines end.
pub(super) struct Lined<R> {
    inner: R,
    /// Bytes handed out.
    at: u64,
    /// Of the line that begins after the breaks that were passed.
    line: u64,
    /// Where each line ends, and where the next begins.
    breaks: VecDeque<(u64, u64)>,
    /// The text from the row being split on, where it begins, and where the row does.
    kept: Vec<u8>,
    kept_from: u64,
    begun: u64,
    after_return: bool,
    ended: bool,
}

impl<R: Read> Lined<R> {
    pub fn new(inner: R, first_line: u64) -> Self {
        Lined {
            inner,
            at: 0,
            line: first_line,
            breaks: VecDeque::new(),
            kept: Vec::new(),
            kept_from: 0,
            begun: 0,
            after_return: false,
            ended: false,
        }
    }

    /// A row begins at this byte, perhaps after blank lines. What came before is needed no more.
    pub fn begin(&mut self, byte: u64) {
        self.begun = byte;
    }

    /// The line of the first byte of content at or after this one.
    pub fn line_at(&mut self, mut byte: u64) -> u64 {
        while let Some(&(end, next)) = self.breaks.front() {
            if byte < end {
                break;
            }
            byte = byte.max(next);
            self.line += 1;
            self.breaks.pop_front();
        }
        self.line
    }

    /// The rest of the text when it ended while the row that begins at `from` was split; else the text of that row when
    /// it has several lines. Both are to be looked at for stray quotes. `to` is where the row ends.
    pub fn suspect(&self, from: u64, to: u64) -> Option<&[u8]> {
        let text = |to: u64| {
            let range = (from - self.kept_from) as usize..(to - self.kept_from) as usize;
            self.kept.get(range)
        };
        if self.ended {
            return text(self.at);
        }
        let one_line = self.breaks.front().is_none_or(|(end, _)| end + 1 >= to);
        if one_line { None } else { text(to) }
    }

    /// What is kept from a byte on.
    pub fn since(&self, byte: u64) -> &[u8] {
        self.kept
            .get((byte - self.kept_from) as usize..)
            .unwrap_or_default()
    }
}

impl<R: Read> Read for Lined<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let passed = (self.begun - self.kept_from) as usize;
        self.kept.drain(..passed.min(self.kept.len()));
        self.kept_from = self.begun;
        if self.kept.len() > LONGEST {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let n = self.inner.read(buffer)?;
        let new = &buffer[..n];
        self.ended = n == 0 && !buffer.is_empty();
        for i in memchr::memchr2_iter(b'\n', b'\r', new) {
            let at = self.at + i as u64;
            // The second half of a pair moves the beginning of the next line.
            if new[i] == b'\n' && self.after_return && self.pairs_with(at) {
                if let Some(last) = self.breaks.back_mut() {
                    last.1 = at + 1;
                }
            } else {
                self.breaks.push_back((at, at + 1));
            }
            self.after_return = new[i] == b'\r';
        }
        self.kept.extend_from_slice(new);
        self.at += n as u64;
        Ok(n)
    }
}

impl<R> Lined<R> {
    fn pairs_with(&self, at: u64) -> bool {
        self.breaks.back().is_some_and(|&(_, next)| next == at)
    }
}

/// What is wrong with the quotes of a text that begins with a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stray {
    /// Opened at this byte and never closed.
    Open(usize),
    /// Opened at this byte, it takes in as many delimiters as a row has, and more text follows where it is closed: most
    /// likely it was not meant to open there.
    Swallows(usize),
}

impl Stray {
    pub fn byte(self) -> usize {
        match self {
            Stray::Open(at) | Stray::Swallows(at) => at,
        }
    }
}

/// Follows the quotes of a text as the splitter does: one opens only at the beginning of a field, two inside stand for one.
pub(super) fn stray_quote(text: &[u8], delimiter: u8, width: usize) -> Option<Stray> {
    enum At {
        Begin,
        Plain,
        Quoted,
        Closing,
    }
    let (mut state, mut opened) = (At::Begin, 0);
    let (mut delimiters, mut has_break) = (0, false);
    for (i, &byte) in text.iter().enumerate() {
        let ends = byte == delimiter || matches!(byte, b'\n' | b'\r');
        state = match state {
            At::Begin if byte == b'"' => {
                (opened, delimiters, has_break) = (i, 0, false);
                At::Quoted
            }
            At::Quoted if byte == b'"' => At::Closing,
            At::Quoted => {
                delimiters += usize::from(byte == delimiter);
                has_break |= ends && byte != delimiter;
                At::Quoted
            }
            At::Closing if byte == b'"' => At::Quoted,
            At::Closing if !ends => {
                if has_break && delimiters + 1 >= width.max(2) {
                    return Some(Stray::Swallows(opened));
                }
                At::Plain
            }
            _ if ends => At::Begin,
            _ => At::Plain,
        };
    }
    matches!(state, At::Quoted).then_some(Stray::Open(opened))
}

/// How many lines end in a text.
pub(super) fn breaks(text: &[u8]) -> u64 {
    let pairs = memchr::memmem::find_iter(text, b"\r\n").count();
    (memchr::memchr2_iter(b'\n', b'\r', text).count() - pairs) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_end_gives_the_same_line_numbers() {
        for end in ["\n", "\r", "\r\n"] {
            let text = ["a,b", "1,2", "", "3,\"x", "y\"", "4,5"].join(end);
            let mut rows = super::super::rows::Rows::new(text.as_bytes(), b',', 1);
            let mut record = csv::ByteRecord::new();
            let mut lines = Vec::new();
            while let Some(line) = rows.next(&mut record, 0).unwrap() {
                lines.push(line);
            }
            assert_eq!(lines, [1, 2, 4, 6], "{end:?}");
        }
    }

    #[test]
    fn a_quote_is_stray_when_it_is_never_closed_or_takes_in_rows() {
        let table: [(&str, Option<Stray>); 8] = [
            ("1,a\n", None),
            ("1,\"a,b\"\n2,\"c \"\"d\"\"\"\n", None),
            ("1,\"two\nlines, and a comma\"\n2,c\n", None),
            ("1,a \"quoted\" word\n", None),
            ("1,\"a\n2,b\n", Some(Stray::Open(2))),
            ("1,\"\n", Some(Stray::Open(2))),
            ("1,\"a\n2,b\n3,\"c, d\"\n", Some(Stray::Swallows(2))),
            ("1,\"said \"so\" once\"\n", None),
        ];
        for (text, expected) in table {
            assert_eq!(stray_quote(text.as_bytes(), b',', 2), expected, "{text}");
        }
    }
}
