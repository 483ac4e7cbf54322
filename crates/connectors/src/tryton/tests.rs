use super::stand_in::{MINUTE, Peer, START, Version};
use super::wire;
use super::*;
use crate::source::History;
use crate::source_contract::{StandIn, block_on, check};
use crate::{Http, Micros, Response, Settings};

struct Near<'a>(&'a Peer);

impl Http for Near<'_> {
    fn send(&self, request: Request) -> Answer<'_, Response> {
        let answer = self.0.answer(&request);
        Box::pin(async { Ok(answer) })
    }
}

fn with<T>(peer: &Peer, test: impl FnOnce(&Tryton, &Via) -> T) -> T {
    let settings = peer.settings();
    let http = Near(peer);
    let via = Via {
        wishes: &[],
        settings: &settings,
        http: &http,
        post: &crate::NoPost,
        now: START,
    };
    test(&Tryton::with_page(500), &via)
}

fn pipeline(t: &Tryton, via: &Via) -> Pipeline {
    block_on(t.read_pipelines(via)).unwrap().remove(0)
}

fn version(id: i64, minutes: Micros, state: &'static str, uid: i64) -> Version {
    Version {
        id,
        at: START + minutes * MINUTE,
        state,
        uid,
    }
}

fn stages(page: &Page<Change>) -> Vec<(&str, &str, Micros, Option<&str>)> {
    let told = page.items.iter();
    told.map(|c| {
        (
            c.case.as_str(),
            c.stage.as_str(),
            (c.at - START) / MINUTE,
            c.by.as_deref(),
        )
    })
    .collect()
}

#[test]
fn passes_the_contract_of_sources() {
    check(&|| (Box::new(Tryton::with_page(4)), Box::new(Peer::new())));
}

#[test]
fn a_deal_is_told_with_all_its_stages() {
    let peer = Peer::of(vec![
        version(1, 0, "lead", 1),
        version(1, 5, "lead", 2),
        version(1, 9, "opportunity", 2),
        version(1, 9, "opportunity", 2),
        version(1, 30, "lost", 1),
    ]);
    let page = with(&peer, |t, via| {
        block_on(t.page(via, &pipeline(t, via), None)).unwrap()
    });
    let rika = Some("rika@holm.example");
    // Whoever made it has no name there, and a version tells only a name.
    assert_eq!(
        stages(&page),
        [
            ("1", "lead", 0, None),
            ("1", "opportunity", 9, rika),
            ("1", "lost", 30, Some("admin"))
        ]
    );
    let last = page.items.last().unwrap();
    assert_eq!(last.history, History::Native);
    assert_eq!(last.id, format!("1:{}", START + 30 * MINUTE));
    assert_eq!(
        last.case_url.as_deref(),
        Some("https://tryton.test/#crm/model/sale.opportunity/1")
    );
    let attribute = |name: &str| {
        last.attributes
            .iter()
            .find(|(k, _)| k == name)
            .map(|(_, v)| v.as_str())
    };
    assert_eq!(
        (attribute("account"), attribute("amount")),
        (Some("Keller GmbH"), Some("12.50"))
    );
    assert_eq!(attribute("owner"), None);
}

#[test]
fn a_look_at_nothing_new_is_one_call() {
    let peer = Peer::new();
    with(&peer, |t, via| {
        let page = block_on(t.page(via, &pipeline(t, via), None)).unwrap();
        assert!(!page.has_more);
        let pipeline = pipeline(t, via);
        peer.calls();
        let again = block_on(t.page(via, &pipeline, Some(&page.cursor))).unwrap();
        assert_eq!(again.items, []);
        assert_eq!(peer.calls(), ["model.sale.opportunity.search_read"]);
    });
}

#[test]
fn only_what_is_new_is_told_the_second_time_even_where_it_has_the_time_of_what_was_told() {
    let peer = Peer::of(vec![version(1, 0, "lead", 1), version(2, 50, "lead", 1)]);
    with(&peer, |t, via| {
        let page = block_on(t.page(via, &pipeline(t, via), None)).unwrap();
        peer.put(version(1, 50, "opportunity", 2));
        peer.put(version(3, 47, "lead", 2));
        let page = block_on(t.page(via, &pipeline(t, via), Some(&page.cursor))).unwrap();
        let rika = Some("rika@holm.example");
        assert_eq!(
            stages(&page),
            [("3", "lead", 47, rika), ("1", "opportunity", 50, rika)]
        );
    });
}

#[test]
fn converted_is_the_good_end_only_where_nothing_follows_it() {
    let peer = Peer::new();
    let pipeline = with(&peer, |t, via| {
        block_on(t.read_pipelines(via)).unwrap().remove(0)
    });
    let ends: Vec<_> = pipeline
        .stages
        .iter()
        .map(|s| (s.id.as_str(), s.is_won, s.is_lost))
        .collect();
    let (lead, opportunity) = (("lead", false, false), ("opportunity", false, false));
    let converted = ("converted", false, false);
    let won = ("won", true, false);
    let (lost, cancelled) = (("lost", false, true), ("cancelled", false, true));
    assert_eq!(ends, [lead, opportunity, converted, won, lost, cancelled]);
}

#[test]
fn the_account_says_what_it_may_and_a_user_without_the_group_is_told_so() {
    let peer = Peer::new();
    let account = with(&peer, |t, via| block_on(t.account(via)).unwrap());
    assert_eq!((account.id.as_str(), account.handle.as_str()), ("2", "rep"));
    assert_eq!(account.may, ["sale.opportunity: read"]);
    peer.trouble(crate::source_contract::Trouble::Forbidden);
    let account = with(&peer, |t, via| block_on(t.account(via)));
    assert!(matches!(account, Err(Fault::NotAllowed(_))), "{account:?}");
}

#[test]
fn a_wrong_password_is_signed_out() {
    let peer = Peer::new();
    let mut settings = peer.settings();
    settings.0.insert("password".into(), "other".into());
    let http = Near(&peer);
    let via = Via {
        wishes: &[],
        settings: &settings,
        http: &http,
        post: &crate::NoPost,
        now: START,
    };
    let account = block_on(Tryton::new().account(&via));
    assert!(matches!(account, Err(Fault::SignedOut(_))), "{account:?}");
    assert!(!format!("{settings:?}").contains("other"));
    assert_eq!(Settings::default().get("password"), "");
}

#[test]
fn moments_are_read_as_they_are_written() {
    for at in [0, START, START + 1, -1, 253_402_207_200_000_000 - 1] {
        assert_eq!(wire::read_moment(&wire::moment(at)), Some(at));
    }
    assert_eq!(
        wire::read_moment(&json!({ "year": 2026, "month": 13 })),
        None
    );
    assert_eq!(wire::read_moment(&Value::Null), None);
}
