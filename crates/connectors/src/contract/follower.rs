//! Whoever drives the connector, as far as the suite needs it: keeps what came by its id, and the cursor with it.

use super::{StandIn, now};
use crate::channel::{Delivered, Delivery, What};
use crate::{Account, Channel, Cursor, Fault, Incoming, Page, Settings, Via, Wish};
use std::collections::{BTreeMap, BTreeSet};

pub struct Follower<'a> {
    pub channel: &'a dyn Channel,
    pub stand_in: &'a dyn StandIn,
    pub settings: Settings,
    pub account: Account,
    pub cursor: Option<Cursor>,
    pub known: BTreeMap<String, Incoming>,
    /// Keys of what was handed over and may have been taken.
    pub open: BTreeSet<String>,
    pub wishes: Vec<Wish>,
}

impl<'a> Follower<'a> {
    pub fn new(channel: &'a dyn Channel, stand_in: &'a dyn StandIn) -> Follower<'a> {
        let mut follower = Follower {
            channel,
            stand_in,
            settings: stand_in.settings(),
            account: Account::default(),
            cursor: None,
            known: BTreeMap::new(),
            open: BTreeSet::new(),
            wishes: Vec::new(),
        };
        follower.account = follower.ask_account().expect("an account");
        assert!(!follower.account.id.is_empty(), "an account has an id");
        follower
    }

    pub fn via(&self) -> Via<'_> {
        Via {
            wishes: &self.wishes,
            settings: &self.settings,
            http: self.stand_in,
            post: self.stand_in.post(),
            now: self.stand_in.now(),
        }
    }

    pub fn ask_account(&self) -> Result<Account, Fault> {
        now(self.channel.account(&self.via()))
    }

    pub fn ask(&self, from: Option<&Cursor>) -> Result<Page<Incoming>, Fault> {
        now(self.channel.poll(&self.via(), from))
    }

    /// One page, kept with its cursor as the store keeps it. Whether there is more.
    pub fn poll(&mut self) -> Result<bool, Fault> {
        let page = self.ask(self.cursor.as_ref())?;
        for item in page.items {
            self.keep(item);
        }
        let stored = serde_json::to_string(&page.cursor).unwrap();
        self.cursor = Some(serde_json::from_str(&stored).unwrap());
        Ok(page.has_more)
    }

    pub fn follow(&mut self) -> Result<(), Fault> {
        for _ in 0..200 {
            if !self.poll()? {
                return Ok(());
            }
        }
        panic!("a poll says for ever that there is more");
    }

    pub fn keep(&mut self, item: Incoming) {
        self.is_plain(&item);
        if item.is_ours {
            return;
        }
        match (item.what, self.known.get_mut(&item.id)) {
            (What::Said, Some(_)) => (),
            (_, Some(known)) => {
                let is_for_us = known.is_for_us;
                *known = Incoming { is_for_us, ..item };
            }
            (_, None) => {
                self.known.insert(item.id.clone(), item);
            }
        }
    }

    fn is_plain(&self, item: &Incoming) {
        assert!(!item.id.is_empty(), "what is told has an id");
        assert!(!item.raw.is_empty(), "the payload is kept as it came");
        let length = item.text.chars().count();
        assert!(
            length <= 30_000,
            "a text of {length} characters is passed on"
        );
        let lines = [&item.author.handle, &item.author.name];
        for text in lines.into_iter().chain([&item.text]) {
            let steers = |c: char| c.is_control() && c != '\n' && c != '\t';
            let turns = |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
            let bad = text.chars().find(|c| steers(*c) || turns(*c));
            assert_eq!(bad, None, "what steers is passed on");
            if self.stand_in.ways().html {
                assert!(!text.contains("<script"), "markup is passed on: {text:?}");
            }
        }
        if item.what == What::Deleted {
            assert_eq!(item.text, "", "what was taken back has no text");
        }
    }

    pub fn deliver(&mut self, parcel: &super::Parcel) -> Result<Delivered, Fault> {
        let delivery = Delivery {
            method: parcel.method,
            url: &parcel.url,
            headers: &parcel.headers,
            body: &parcel.body,
        };
        let now = self.stand_in.now();
        let got = self
            .channel
            .deliver(&self.settings, &self.account, &delivery, now);
        let got = got.expect("a service with webhooks has them read");
        if let Ok(Delivered::Said(items)) = &got {
            items.iter().for_each(|item| self.keep(item.clone()));
        }
        got
    }

    /// Everything that was said is known as it is now, and nothing else is.
    #[track_caller]
    pub fn knows_all(&self, after: &str) {
        let truth = self.stand_in.truth();
        for said in &truth {
            let Some(known) = self.known.get(&said.id) else {
                panic!("{after}: {:?} ({}) is lost", said.text, said.id);
            };
            assert!(known.is_for_us, "{after}: it was said to us");
            let is_deleted = known.what == What::Deleted;
            assert_eq!(
                is_deleted, said.is_deleted,
                "{after}: {} taken back",
                said.id
            );
            if let (Some(text), false) = (&said.text, said.is_deleted) {
                assert_eq!(&known.text, text, "{after}");
            }
        }
        let extra = self
            .known
            .keys()
            .find(|id| truth.iter().all(|t| t.id != **id));
        assert_eq!(extra, None, "{after}: told, but never said");
    }
}
