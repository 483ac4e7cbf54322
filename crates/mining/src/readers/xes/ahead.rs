//! What the next tag most likely is. Events name their attributes in the same order one after the other, so a tag is
//! compared with those that stood there before rather than taken apart; only what is new goes through the scanner.

/// Where the value of a tag belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Goes {
    /// `concept:name`
    Name,
    /// `time:timestamp`
    Time,
    Column(usize),
}

/// Tags in the order they came, each up to its value, such as `<string key="org:group" value="`.
#[derive(Debug, Default)]
pub(super) struct Ahead {
    tags: Vec<(Box<[u8]>, Goes)>,
    step: usize,
}

/// A value found where it was expected.
pub(super) struct Found<'a> {
    pub goes: Goes,
    /// As it stands in the text, with nothing in it that stands for something else.
    pub value: &'a [u8],
    /// Length of the tag.
    pub used: usize,
}

/// So many tags may be absent between two that are there.
const NEAR: usize = 8;
/// More tags than this are no fixed order.
const MOST: usize = 256;

/// Bytes that stand for themselves within a quoted value.
const PLAIN: [bool; 256] = {
    let mut plain = [true; 256];
    let mut byte = 0;
    while byte < b' ' as usize {
        plain[byte] = false;
        byte += 1;
    }
    plain[b'"' as usize] = false;
    plain[b'&' as usize] = false;
    plain[b'<' as usize] = false;
    plain
};

impl Ahead {
    pub fn begin(&mut self) {
        self.step = 0;
    }

    /// The tag `text` begins with, when it is one of those expected next, and a plain one.
    #[inline]
    pub fn next<'a>(&mut self, text: &'a [u8]) -> Option<Found<'a>> {
        let near = self.tags.get(self.step..)?.iter().take(NEAR).enumerate();
        for (passed, (tag, goes)) in near {
            let Some(rest) = text.strip_prefix(&**tag) else {
                continue;
            };
            let len = rest.iter().position(|&b| !PLAIN[usize::from(b)])?;
            let end = match &rest[len..] {
                [b'"', b'/', b'>', ..] => 3,
                [b'"', b' ', b'/', b'>', ..] => 4,
                _ => return None,
            };
            self.step += passed + 1;
            return Some(Found {
                goes: *goes,
                value: &rest[..len],
                used: tag.len() + len + end,
            });
        }
        None
    }

    /// Remembers a tag that had to be taken apart; `text` begins with it.
    #[cold]
    pub fn learn(&mut self, text: &[u8], name: &[u8], key: &[u8], goes: Goes) {
        let tag = [b"<", name, b" key=\"", key, b"\" value=\""].concat();
        if !text.starts_with(&tag) {
            return;
        }
        match self.tags.iter().position(|(known, _)| **known == *tag) {
            Some(at) => self.step = at + 1,
            None if self.tags.len() < MOST => {
                let at = self.step.min(self.tags.len());
                self.tags.insert(at, (tag.into(), goes));
                self.step = at + 1;
            }
            None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_found_where_it_stood_before_even_if_others_are_absent() {
        let mut ahead = Ahead::default();
        for (column, key) in [b"a", b"b", b"c"].iter().enumerate() {
            let text = [b"<string key=\"", &key[..], b"\" value=\"1\"/>"].concat();
            ahead.learn(&text, b"string", &key[..], Goes::Column(column));
        }
        ahead.begin();
        let found = ahead
            .next(b"<string key=\"c\" value=\"x y\" /><string")
            .unwrap();
        assert_eq!(
            (found.goes, found.value, found.used),
            (Goes::Column(2), &b"x y"[..], 30)
        );
        assert!(
            ahead.next(b"<string key=\"a\" value=\"1\"/>").is_none(),
            "out of order"
        );
    }

    #[test]
    fn what_is_not_plain_is_left_to_the_scanner() {
        let mut ahead = Ahead::default();
        ahead.learn(b"<int key=\"n\" value=\"1\"/>", b"int", b"n", Goes::Name);
        for text in [
            "<int key=\"n\" value=\"&amp;\"/>",
            "<int key=\"n\" value=\"<\"/>",
            "<int key=\"n\" value=\"1\n\"/>",
            "<int key=\"n\" value=\"1\"><int/></int>",
            "<int key=\"n\" value=\"1",
            "<int key='n' value='1'/>",
        ] {
            ahead.begin();
            assert!(ahead.next(text.as_bytes()).is_none(), "{text}");
        }
        ahead.learn(b"<int  key=\"m\" value=\"1\"/>", b"int", b"m", Goes::Name);
        assert_eq!(ahead.tags.len(), 1, "an odd tag is not remembered");
    }
}
