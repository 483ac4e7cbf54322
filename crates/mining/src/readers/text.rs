//! Bytes of a file as UTF-8 text: unpacked, decoded, and bounded.

use crate::error::{Place, ReadError};
use crate::source::{Progress, Source};
use encoding_rs::{Decoder, Encoding, UTF_8, UTF_16BE, UTF_16LE};
use flate2::read::MultiGzDecoder;
use std::io::{self, BufReader, Read};

/// Unpacking stops when it has given this many bytes and more than [`RATIO`] times what was read.
const FREE: u64 = 1 << 28;
const RATIO: u64 = 100;

/// The bytes of a source, out of gzip when they are in it.
pub(super) fn unpacked<'a>(
    source: &Source,
    progress: &'a Progress,
) -> Result<Box<dyn Read + Send + 'a>, ReadError> {
    let head = source.head(2).map_err(|e| io_error(&e, 0))?;
    Ok(if head == [0x1f, 0x8b] {
        let packed = BufReader::with_capacity(1 << 17, source.reader(progress));
        Box::new(Bounded {
            inner: MultiGzDecoder::new(packed),
            packed: source.len(),
            out: 0,
        })
    } else {
        Box::new(source.reader(progress))
    })
}

/// The text of an XML source as a stream of UTF-8.
pub(super) fn text<'a>(
    source: &Source,
    progress: &'a Progress,
) -> Result<Box<dyn Read + Send + 'a>, ReadError> {
    decoded(unpacked(source, progress)?, None).map_err(|e| io_error(&e, 0))
}

/// Bytes as UTF-8. A byte order mark counts first, then `encoding`, then what an XML declaration says.
pub(super) fn decoded<'a>(
    mut bytes: Box<dyn Read + Send + 'a>,
    encoding: Option<&'static Encoding>,
) -> io::Result<Box<dyn Read + Send + 'a>> {
    let mut head = Vec::with_capacity(256);
    bytes.by_ref().take(256).read_to_end(&mut head)?;
    let (encoding, bom) = Encoding::for_bom(&head)
        .unwrap_or_else(|| (encoding.unwrap_or_else(|| declared(&head)), 0));
    let rest = io::Cursor::new(head.split_off(bom)).chain(bytes);
    if encoding == UTF_8 {
        return Ok(Box::new(rest));
    }
    Ok(Box::new(Decoded {
        inner: rest,
        decoder: encoding.new_decoder(),
        raw: vec![0; 1 << 15],
        from: 0,
        to: 0,
        ended: false,
        left: Vec::new(),
        left_at: 0,
    }))
}

fn declared(head: &[u8]) -> &'static Encoding {
    match head {
        [b'<', 0, ..] => return UTF_16LE,
        [0, b'<', ..] => return UTF_16BE,
        _ => {}
    }
    let text = String::from_utf8_lossy(head);
    let Some(line) = text
        .trim_start()
        .strip_prefix("<?xml")
        .and_then(|t| t.split_once("?>"))
        .map(|(line, _)| line)
    else {
        return UTF_8;
    };
    let label = line
        .split_once("encoding")
        .and_then(|(_, v)| v.trim_start().strip_prefix('='))
        .map(str::trim_start);
    let quoted = label.and_then(|v| v.split(['"', '\'']).nth(1));
    quoted
        .and_then(|label| Encoding::for_label(label.as_bytes()))
        .unwrap_or(UTF_8)
}

/// Refuses to unpack without end.
struct Bounded<R> {
    inner: R,
    packed: u64,
    out: u64,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer).map_err(|e| self.told(&e))?;
        self.out += n as u64;
        if self.out > FREE && self.out / RATIO > self.packed {
            let what = format!(
                "The gzip file has unpacked to more than {RATIO} times its size ({} MB), as files made to do harm do.",
                self.out >> 20
            );
            return Err(io::Error::new(io::ErrorKind::QuotaExceeded, what));
        }
        Ok(n)
    }
}

impl<R> Bounded<R> {
    /// Says how far it came: bytes of what is packed and of what came out are not the same.
    fn told(&self, error: &io::Error) -> io::Error {
        let what = match error.kind() {
            io::ErrorKind::UnexpectedEof => format!(
                "The gzip file is cut off: it ends after {} bytes came out of it.",
                self.out
            ),
            io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput => format!(
                "The gzip file is damaged ({error}): it cannot be unpacked past the {} bytes that came out of it.",
                self.out
            ),
            _ => error.to_string(),
        };
        io::Error::new(error.kind(), what)
    }
}

/// Decodes to UTF-8; what cannot be decoded becomes U+FFFD.
struct Decoded<R> {
    inner: R,
    decoder: Decoder,
    raw: Vec<u8>,
    from: usize,
    to: usize,
    ended: bool,
    left: Vec<u8>,
    left_at: usize,
}

impl<R: Read> Read for Decoded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            if self.left_at < self.left.len() {
                let n = buffer.len().min(self.left.len() - self.left_at);
                buffer[..n].copy_from_slice(&self.left[self.left_at..self.left_at + n]);
                self.left_at += n;
                return Ok(n);
            }
            if self.ended {
                return Ok(0);
            }
            if self.from == self.to {
                self.to = self.inner.read(&mut self.raw)?;
                self.from = 0;
            }
            let last = self.to == 0;
            self.left.resize(4 * (self.to - self.from) + 64, 0);
            let (_, used, written, _) =
                self.decoder
                    .decode_to_utf8(&self.raw[self.from..self.to], &mut self.left, last);
            self.from += used;
            self.left.truncate(written);
            self.left_at = 0;
            self.ended = last;
        }
    }
}

/// What went wrong with reading, at a byte of the text. Errors of a gzip file say themselves how far they came.
pub(super) fn io_error(error: &std::io::Error, at: u64) -> ReadError {
    let (code, what, place, remedy) = match error.kind() {
        io::ErrorKind::UnexpectedEof => (
            "truncated",
            error.to_string(),
            Place::default(),
            "Copy or export the file again; it is not complete.",
        ),
        io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput => (
            "broken_gzip",
            error.to_string(),
            Place::default(),
            "Copy or export the file again.",
        ),
        io::ErrorKind::QuotaExceeded => (
            "gzip_bomb",
            error.to_string(),
            Place::default(),
            "Unpack the file and look at it, or import it in parts.",
        ),
        _ => (
            "unreadable",
            format!("The file cannot be read: {error}."),
            Place::byte(at),
            "Copy or export the file again.",
        ),
    };
    ReadError::new(code, what, place, remedy)
}
