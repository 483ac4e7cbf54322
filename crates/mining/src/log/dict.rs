//! Strings by number, each kept once.

use hashbrown::HashTable;
use rustc_hash::FxBuildHasher;
use std::hash::BuildHasher;

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
        let hash = FxBuildHasher.hash_one(value);
        let Dict { text, ends, index } = self;
        if let Some(&code) = index.find(hash, |&code| slice(text, ends, code) == value) {
            return code;
        }
        assert!(
            ends.len() < NONE as usize,
            "a column holds at most 2^32 - 1 distinct values"
        );
        let code = ends.len() as u32;
        text.push_str(value);
        ends.push(text.len());
        index.insert_unique(hash, code, |&code| {
            FxBuildHasher.hash_one(slice(text, ends, code))
        });
        code
    }

    /// The code of `value`, if it is known.
    pub fn code(&self, value: &str) -> Option<u32> {
        let hash = FxBuildHasher.hash_one(value);
        self.index
            .find(hash, |&code| self.get(code) == value)
            .copied()
    }

    pub fn get(&self, code: u32) -> &str {
        slice(&self.text, &self.ends, code)
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
        index.shrink_to_fit(|&code| FxBuildHasher.hash_one(slice(text, ends, code)));
    }
}

fn slice<'a>(text: &'a str, ends: &[usize], code: u32) -> &'a str {
    let code = code as usize;
    let from = if code == 0 { 0 } else { ends[code - 1] };
    &text[from..ends[code]]
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
