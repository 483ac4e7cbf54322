use super::stand_in::Peer;
use super::*;
use crate::source::History;
use crate::source_contract::{StandIn, block_on, check};
use crate::{Http, Response};

struct Near<'a>(&'a Peer);

impl Http for Near<'_> {
    fn send(&self, request: Request) -> Answer<'_, Response> {
        let answer = self.0.answer(&request);
        Box::pin(async { Ok(answer) })
    }
}

fn lead_five(peer: &Peer) -> Vec<(String, Option<String>, History)> {
    let (settings, http) = (peer.settings(), Near(peer));
    let via = Via {
        wishes: &[],
        settings: &settings,
        http: &http,
        post: &crate::NoPost,
        now: 0,
    };
    let source = Odoo::new();
    let pipeline = block_on(source.pipelines(&via)).unwrap().remove(0);
    let page = block_on(source.poll(&via, &pipeline, None)).unwrap();
    let told = page.items.into_iter().filter(|c| c.case == "5");
    told.map(|c| (c.stage, c.by, c.history)).collect()
}

#[test]
fn passes_the_contract_of_sources() {
    check(&|| (Box::new(Odoo::with_page(4)), Box::new(Peer::new())));
}

#[test]
fn a_lead_is_told_from_its_first_stage_until_it_was_lost() {
    let rika = || Some("rika@holm.example".to_string());
    let told = lead_five(&Peer::new());
    let native = |stage: &str, by| (stage.to_string(), by, History::Native);
    assert_eq!(
        told,
        [
            native("1", None),
            native("2", rika()),
            native("lost", rika())
        ]
    );
}

#[test]
fn whoever_may_not_read_the_history_is_told_how_things_are() {
    let peer = Peer::new();
    peer.hide_history();
    assert_eq!(
        lead_five(&peer),
        [("lost".to_string(), None, History::Snapshot)]
    );
}

#[test]
fn the_account_says_whether_there_will_be_a_history() {
    let peer = Peer::new();
    let (settings, http) = (peer.settings(), Near(&peer));
    let via = Via {
        wishes: &[],
        settings: &settings,
        http: &http,
        post: &crate::NoPost,
        now: 0,
    };
    let account = block_on(Odoo::new().account(&via)).unwrap();
    assert_eq!(account.may, ["read crm.lead", "read mail.tracking.value"]);
    peer.hide_history();
    let account = block_on(Odoo::new().account(&via)).unwrap();
    assert_eq!(account.may, ["read crm.lead"]);
}
