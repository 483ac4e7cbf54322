//! Reading back what a service shows newest first: as far as was read the last time. Where that is more than a page, the cursor
//! holds how far it came, so that a gap of any size is closed and nothing in it is left out.

use serde::{Deserialize, Serialize};

/// Marks grow with time; two things may have the same.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Back {
    /// Whether anything was read yet: the first time, one page is enough.
    began: bool,
    /// All before this was told.
    upto: u64,
    /// The newest seen since reading back began, and the page with which it goes on.
    newest: u64,
    page: Option<String>,
}

impl Back {
    /// Of something that was not there the last time: all of it is new.
    pub fn to_the_start() -> Back {
        Back {
            began: true,
            ..Back::default()
        }
    }

    pub fn page(&self) -> Option<&str> {
        self.page.as_deref()
    }

    pub fn upto(&self) -> u64 {
        self.upto
    }

    /// A page was read, with these marks, and the service says how to go on. Whether there is more to be read.
    pub fn read(&mut self, marks: &[u64], next: Option<String>) -> bool {
        let oldest = marks.iter().min();
        self.newest = marks.iter().fold(self.newest, |a, b| a.max(*b));
        let is_reached = oldest.is_some_and(|oldest| *oldest < self.upto);
        let next = next.filter(|n| !n.is_empty() && Some(n) != self.page.as_ref());
        self.page = next.filter(|_| self.began && !is_reached);
        if self.page.is_none() {
            self.upto = self.upto.max(self.newest);
        }
        self.began = true;
        self.page.is_some()
    }

    /// The service does not know the page any more: reading back begins anew from the newest.
    pub fn lost_its_page(&mut self) -> bool {
        self.page.take().is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_is_closed_page_by_page_while_more_comes() {
        let mut back = Back::default();
        assert!(
            !back.read(&[9, 8], Some("older".into())),
            "the first time, one page"
        );
        // 10 to 15 came, with pages of two; 16 comes while they are read.
        assert!(back.read(&[15, 14], Some("p2".into())));
        assert_eq!(back.page(), Some("p2"));
        assert!(back.read(&[13, 12], Some("p3".into())));
        assert!(back.read(&[11, 10], Some("p4".into())));
        assert!(!back.read(&[9, 8], Some("p5".into())));
        assert_eq!((back.page(), back.upto()), (None, 15));
        assert!(!back.read(&[16, 15, 14], Some("p2".into())));
        assert_eq!(back.upto(), 16);
    }

    #[test]
    fn what_was_not_there_before_is_read_to_its_start() {
        let mut back = Back::to_the_start();
        assert!(back.read(&[9, 8], Some("older".into())));
        assert!(!back.read(&[7], None));
        assert_eq!(back.upto(), 9);
    }

    #[test]
    fn a_service_that_gives_the_same_page_for_ever_is_left() {
        let mut back = Back::default();
        back.read(&[], None);
        assert!(back.read(&[1], Some("same".into())));
        assert!(!back.read(&[1], Some("same".into())));
    }

    #[test]
    fn a_page_that_is_not_known_any_more_is_no_end() {
        let mut back = Back::default();
        back.read(&[1], None);
        back.read(&[9], Some("p2".into()));
        assert!(back.lost_its_page());
        assert!(
            back.read(&[9], Some("p2".into())),
            "read again from the newest"
        );
        assert!(!back.read(&[0], None));
        assert_eq!(back.upto(), 9);
    }
}
