//! Strings by number, each kept once.

use hashbrown::HashTable;
use rustc_hash::FxHasher;
use std::hash::Hasher;

/// The code that stands for "no value".
pub const NONE: u32 = u32::MAX;

/// Distinct strings, numbered in order of first appearance.
#[derive(Clone, Default)]
pub struct Dict {
    text: String,
    ends: Vec<usize>,
    index: HashTable<u32>,
}

impl Dict {
    pub fn new() -> Self {
        Dict::default()
    }

    /// The code of `value`, adding it when it is new. Panics past 2^32 - 1 distinct values.
    pub fn intern(&mut self, value: &str) -> u32 {
        self.intern_bytes(value.as_bytes())
    }

    /// The same for bytes that were checked as UTF-8: they are checked again only when they are new. What is no UTF-8 after
    /// all is kept as U+FFFD.
    pub fn intern_bytes(&mut self, value: &[u8]) -> u32 {
        let hash = hash(value);
        let Dict { text, ends, index } = self;
        let known = index.find(hash, |&code| bytes(text.as_bytes(), ends, code) == value);
        if let Some(&code) = known {
            return code;
        }
        let Ok(value) = std::str::from_utf8(value) else {
            return self.intern("\u{fffd}");
        };
        assert!(
            ends.len() < NONE as usize,
            "a column holds at most 2^32 - 1 distinct values"
        );
        let code = ends.len() as u32;
        text.push_str(value);
        ends.push(text.len());
        index.insert_unique(hash, code, |&code| {
            self::hash(bytes(text.as_bytes(), ends, code))
        });
        code
    }

    /// The code of `value`, if it is known.
    pub fn code(&self, value: &str) -> Option<u32> {
        let hash = hash(value.as_bytes());
        self.index
            .find(hash, |&code| self.is(code, value.as_bytes()))
            .copied()
    }

    /// Whether a code stands for this value.
    #[inline]
    pub fn is(&self, code: u32, value: &[u8]) -> bool {
        bytes(self.text.as_bytes(), &self.ends, code) == value
    }

    pub fn get(&self, code: u32) -> &str {
        let (from, to) = ends(&self.ends, code);
        &self.text[from..to]
    }

    pub fn len(&self) -> usize {
        self.ends.len()
    }

    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    pub fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.len() as u32).map(|code| self.get(code))
    }

    pub fn bytes(&self) -> usize {
        self.text.capacity() + self.ends.capacity() * 8 + self.index.capacity() * 5
    }

    pub fn shrink(&mut self) {
        self.text.shrink_to_fit();
        self.ends.shrink_to_fit();
        let Dict { text, ends, index } = self;
        index.shrink_to_fit(|&code| hash(bytes(text.as_bytes(), ends, code)));
    }
}

fn hash(value: &[u8]) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write(value);
    hasher.finish()
}

#[inline]
fn bytes<'a>(text: &'a [u8], all: &[usize], code: u32) -> &'a [u8] {
    let (from, to) = ends(all, code);
    &text[from..to]
}

#[inline]
fn ends(ends: &[usize], code: u32) -> (usize, usize) {
    let code = code as usize;
    let from = if code == 0 { 0 } else { ends[code - 1] };
    (from, ends[code])
}

impl PartialEq for Dict {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text && self.ends == other.ends
    }
}

impl std::fmt::Debug for Dict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl<'a> FromIterator<&'a str> for Dict {
    fn from_iter<I: IntoIterator<Item = &'a str>>(values: I) -> Self {
        let mut dict = Dict::new();
        for value in values {
            dict.intern(value);
        }
        dict
    }
}
