use super::stand_in::Peer;
use super::*;
use crate::source_contract::{StandIn, block_on, check};
use crate::{Http, Response, Settings, testing};
use serde_json::Value;

struct Near<'a>(&'a Peer);

impl Http for Near<'_> {
    fn send(&self, request: Request) -> Answer<'_, Response> {
        let answer = self.0.answer(&request);
        Box::pin(async { Ok(answer) })
    }
}

#[test]
fn passes_the_contract_of_sources() {
    check(&|| (Box::new(HubSpot::with_page(4)), Box::new(Peer::new())));
}

#[test]
fn passes_the_contract_of_sources_with_a_journal_too() {
    let make = || -> (Box<dyn Source>, Box<dyn StandIn>) {
        (Box::new(HubSpot::with_page(4)), Box::new(Peer::with_app()))
    };
    check(&make);
}

const MINUTE: i64 = 60_000_000;

/// A sync that looks every minute.
struct Sync {
    source: HubSpot,
    peer: Peer,
    pipeline: Pipeline,
    cursor: Option<Cursor>,
    now: i64,
    told: std::collections::BTreeSet<(String, String, i64)>,
}

impl Sync {
    /// After the first looks, when a journal is open.
    fn new(peer: Peer) -> Sync {
        let mut sync = Sync {
            source: HubSpot::new(),
            peer,
            pipeline: Pipeline {
                id: "default".into(),
                name: String::new(),
                stages: Vec::new(),
            },
            cursor: None,
            now: 1_780_000_000_000_000 + 9000 * MINUTE,
            told: Default::default(),
        };
        sync.look();
        sync.look();
        sync.peer.asked();
        sync
    }

    /// Until there is no more, or it fails.
    fn look(&mut self) {
        let (settings, http) = (self.peer.settings(), Near(&self.peer));
        let via = Via {
            wishes: &[],
            settings: &settings,
            http: &http,
            post: &crate::NoPost,
            now: self.now,
        };
        for _ in 0..1000 {
            let page =
                block_on(self.source.poll(&via, &self.pipeline, self.cursor.as_ref())).unwrap();
            self.told.extend(
                page.items
                    .iter()
                    .map(|c| (c.case.clone(), c.stage.clone(), c.at)),
            );
            self.cursor = Some(page.cursor);
            if !page.has_more {
                return;
            }
        }
        panic!("a look without end");
    }

    /// So many minutes with a look in each, a deal moving in every third; how often was searched, and how often the journal asked.
    fn minutes(&mut self, minutes: i64) -> (usize, usize) {
        for _ in 0..minutes {
            self.now += MINUTE;
            self.peer.minutes_pass(1);
            let minute = self.now / MINUTE;
            if minute % 3 == 0 {
                let stage = ["a", "b", "c", "d"][minute as usize / 3 % 4];
                self.peer.moves(minute / 3 * 5 % 14 + 1, stage);
            }
            self.look();
        }
        let asked = self.peer.asked();
        let count = |what: &str| asked.iter().filter(|url| url.contains(what)).count();
        (
            count("/0-3/search"),
            count("/oauth/v1/") + count("-journal/"),
        )
    }

    fn is_all_told(&self) -> bool {
        self.told == self.peer.known()
    }
}

#[test]
fn a_journal_that_tells_all_is_searched_beside_once_an_hour() {
    let mut sync = Sync::new(Peer::with_app());
    for _ in 0..60 {
        sync.minutes(3);
        assert!(sync.is_all_told(), "within a minute");
    }
    let (searches, looks) = sync.minutes(180);
    assert!(sync.is_all_told());
    assert_eq!(searches, 3);
    assert!(looks >= 180);
}

#[test]
fn what_a_silent_journal_keeps_is_found_by_searching_which_is_then_often_again() {
    let mut sync = Sync::new(Peer::with_app());
    sync.minutes(240);
    sync.peer.falls_silent();
    sync.minutes(70);
    for _ in 0..20 {
        let (searches, _) = sync.minutes(3);
        assert_eq!(searches, 3);
        assert!(sync.is_all_told(), "within a minute");
    }
}

#[test]
fn a_journal_that_never_tells_anything_changes_nothing() {
    let mut sync = Sync::new(Peer::with_app());
    sync.peer.falls_silent();
    let (searches, _) = sync.minutes(90);
    assert_eq!(searches, 90);
    assert!(sync.is_all_told());
}

#[test]
fn an_app_that_may_not_read_the_journal_is_asked_once_an_hour() {
    let mut sync = Sync::new(Peer::with_app());
    sync.peer.refuses_the_journal();
    // Started anew, it has no token any more.
    sync.source = HubSpot::new();
    assert_eq!(sync.minutes(150), (150, 3));
    assert!(sync.is_all_told());
}

#[test]
fn a_pasted_token_has_no_journal_and_asks_for_none() {
    let mut sync = Sync::new(Peer::new());
    assert_eq!(sync.minutes(90), (90, 0));
    assert!(sync.is_all_told());
}

#[test]
fn entries_that_are_not_kept_any_more_are_searched_for() {
    let mut sync = Sync::new(Peer::with_app());
    sync.minutes(240);
    sync.now += 4 * 24 * 60 * MINUTE;
    sync.peer.minutes_pass(4 * 24 * 60);
    for deal in 1..=14 {
        sync.peer.moves(deal, "e");
    }
    sync.peer.forgets_the_journal();
    let (searches, _) = sync.minutes(1);
    assert!(searches > 0);
    assert!(sync.is_all_told());
    // Open again from its end an hour later, and as good as before.
    let (searches, _) = sync.minutes(60 + 240);
    assert!(sync.is_all_told());
    assert!(searches < 100, "{searches}");
}

#[test]
fn files_of_the_journal_are_read_with_tls_and_without_our_token() {
    let mut sync = Sync::new(Peer::with_app());
    sync.peer.keeps_files_at("http://files.example/");
    let (searches, _) = sync.minutes(30);
    assert_eq!(searches, 30);
    let files = |asked: &[String]| asked.iter().any(|url| url.contains("files.example"));
    assert!(!files(&sync.peer.asked()));
    assert!(sync.is_all_told());
}

#[test]
fn what_is_written_into_the_journal_is_agreed_on_once() {
    let mut sync = Sync::new(Peer::with_app());
    let made = sync.peer.subscriptions();
    assert_eq!(made.len(), 1, "{made:?}");
    assert_eq!(made[0]["properties"].as_array().unwrap().len(), 7);
    // A look that begins anew finds it.
    sync.cursor = None;
    sync.look();
    sync.look();
    assert_eq!(sync.peer.subscriptions().len(), 1);
}

/// HubSpot as an app sees it that somebody signed in to.
struct SignedIn(&'static str);

impl Http for SignedIn {
    fn send(&self, request: Request) -> Answer<'_, Response> {
        assert_eq!(
            request.url,
            "https://api.hubapi.com/oauth/2026-03/token/introspect"
        );
        let asked = "client_id=us&client_secret=hush&token=a&token_type_hint=access_token";
        assert_eq!(request.body, asked.as_bytes());
        let body = self.0.as_bytes().to_vec();
        Box::pin(async {
            Ok(Response {
                status: 200,
                headers: Vec::new(),
                body,
            })
        })
    }
}

#[test]
fn who_signed_in_is_asked_for_as_an_app_asks() {
    let source = HubSpot::new();
    let mut settings = Settings::of([("client_id", "us"), ("client_secret", "hush")]);
    let given = r#"{"access_token":"a","refresh_token":"r","expires_in":1800}"#;
    let given = Response {
        status: 200,
        headers: Vec::new(),
        body: given.into(),
    };
    let tokens = oauth::tokens(&given, 0).unwrap();
    source.oauth().unwrap().put(&mut settings, tokens);
    let account = |told| {
        let via = Via {
            wishes: &[],
            settings: &settings,
            http: &SignedIn(told),
            post: &crate::NoPost,
            now: 0,
        };
        block_on(source.account(&via))
    };
    let told = r#"{"active":true,"hub_id":4711,"scopes":["oauth","crm.objects.deals.read"]}"#;
    assert_eq!(account(told).unwrap().id, "4711");
    let few = account(r#"{"active":true,"hub_id":4711,"scopes":["oauth"]}"#);
    assert!(matches!(few, Err(Fault::NotAllowed(_))), "{few:?}");
    let silent = account(r#"{"active":true,"hub_id":4711}"#).unwrap();
    assert_eq!(silent.may, SCOPES);
    let over = account(r#"{"active":false}"#);
    assert!(matches!(over, Err(Fault::SignedOut(_))), "{over:?}");
}

#[test]
fn a_deal_is_told_with_who_moved_it_and_where_it_is_shown() {
    let peer = Peer::new();
    let (settings, http) = (peer.settings(), Near(&peer));
    let via = Via {
        wishes: &[],
        settings: &settings,
        http: &http,
        post: &crate::NoPost,
        now: 0,
    };
    let source = HubSpot::new();
    let pipeline = block_on(source.pipelines(&via)).unwrap().remove(0);
    let ends: Vec<_> = pipeline
        .stages
        .iter()
        .map(|s| (s.id.as_str(), s.is_won, s.is_lost))
        .collect();
    assert_eq!(
        ends,
        [
            ("new", false, false),
            ("offer", false, false),
            ("won", true, false),
            ("lost", false, true)
        ]
    );
    let page = block_on(source.poll(&via, &pipeline, None)).unwrap();
    let deal: Vec<_> = page.items.iter().filter(|c| c.case == "5").collect();
    let stages: Vec<&str> = deal.iter().map(|c| c.stage.as_str()).collect();
    assert_eq!(stages, ["new", "offer", "won"]);
    assert_eq!(deal[0].by.as_deref(), Some("rika@holm.example"));
    assert_eq!(
        deal[0].case_url.as_deref(),
        Some("https://app.hubspot.com/contacts/4711/record/0-3/5")
    );
    assert!(
        deal[0]
            .attributes
            .contains(&("owner".into(), "Rika Brandt".into())),
        "{deal:?}"
    );
    assert_eq!(block_on(source.count(&via, &pipeline)), Ok(Some(14)));
}

fn fault(status: u16, headers: &[(&str, &str)], body: &str) -> Fault {
    let headers = headers.iter().map(|(n, v)| (n.to_string(), v.to_string()));
    let answer = Response {
        status,
        headers: headers.collect(),
        body: body.as_bytes().to_vec(),
    };
    wire::read::<Value>(&answer, 0).unwrap_err()
}

#[test]
fn limits_say_until_when_and_which() {
    let body = r#"{"message":"You have reached your limit.","category":"RATE_LIMITS","policyName":"TEN_SECONDLY_ROLLING"}"#;
    let said = "TEN_SECONDLY_ROLLING You have reached your limit.".to_string();
    assert_eq!(
        fault(429, &[], body),
        Fault::Wait {
            until: 10_000_000,
            said: said.clone()
        }
    );
    assert_eq!(
        fault(429, &[("retry-after", "3")], body),
        Fault::Wait {
            until: 3_000_000,
            said
        }
    );
    let scopes = r#"{"message":"no","category":"MISSING_SCOPES","context":{"missingScopes":["crm.objects.deals.read"]}}"#;
    assert_eq!(
        fault(403, &[], scopes),
        Fault::NotAllowed("it lacks crm.objects.deals.read".into())
    );
    assert!(matches!(fault(401, &[], "{}"), Fault::SignedOut(_)));
    assert!(matches!(fault(502, &[], "<html>"), Fault::Unreached(_)));
}

#[test]
fn what_is_asked_is_in_the_published_description() {
    let read =
        |name: &str| testing::shared(name).map(|t| serde_json::from_str::<Value>(&t).unwrap());
    let (Some(deals), Some(pipelines), Some(journals)) = (
        read("hubspot/hs-2026-03-deals.json"),
        read("hubspot/hs-2026-03-pipelines.json"),
        read("hubspot/hs-journal.json"),
    ) else {
        return;
    };
    let has = |file: &Value, path: &str, method: &str| {
        assert!(file["paths"][path][method].is_object(), "{path}")
    };
    has(&deals, wire::DEALS, "get");
    has(&deals, &format!("{}/search", wire::DEALS), "post");
    has(&deals, &format!("{}/batch/read", wire::DEALS), "post");
    has(&pipelines, "/crm/pipelines/2026-03/{objectType}", "get");
    assert_eq!(wire::PIPELINES, "/crm/pipelines/2026-03/0-3");
    assert_eq!(deals["servers"][0]["url"], API);
    let query = deals["paths"][wire::DEALS]["get"]["parameters"]
        .as_array()
        .unwrap();
    for name in ["after", "limit", "properties", "propertiesWithHistory"] {
        assert!(query.iter().any(|p| p["name"] == name), "{name}");
    }
    // What a note at a deal is found by.
    let one = format!("{}/{{dealId}}", wire::DEALS);
    let query = &deals["paths"][&one]["get"]["parameters"];
    assert!(query.to_string().contains("\"associations\""), "{query}");
    let fields = |file: &Value, schema: &str, names: &[&str]| {
        let known = &file["components"]["schemas"][schema]["properties"];
        names
            .iter()
            .for_each(|n| assert!(known[n].is_object(), "{schema} has no {n}"));
    };
    fields(
        &deals,
        "SimplePublicObjectWithAssociations",
        &["id", "updatedAt", "properties", "propertiesWithHistory"],
    );
    fields(
        &deals,
        "ValueWithTimestamp",
        &[
            "value",
            "timestamp",
            "sourceType",
            "sourceLabel",
            "updatedByUserId",
        ],
    );
    fields(
        &deals,
        "PublicObjectSearchRequest",
        &["after", "filterGroups", "limit", "properties", "sorts"],
    );
    fields(&deals, "Filter", &["propertyName", "operator", "value"]);
    fields(
        &deals,
        "Error",
        &["category", "message", "context", "errors"],
    );
    fields(
        &pipelines,
        "Pipeline",
        &["id", "label", "displayOrder", "archived", "stages"],
    );
    fields(
        &pipelines,
        "PipelineStage",
        &["id", "label", "displayOrder", "archived", "metadata"],
    );
    fields(
        &deals,
        "SimplePublicObjectInputForCreate",
        &["properties", "associations"],
    );
    fields(&deals, "PublicAssociationsForObject", &["to", "types"]);
    fields(
        &deals,
        "AssociationSpec",
        &["associationCategory", "associationTypeId"],
    );
    fields(
        &deals,
        "CollectionResponseAssociatedId",
        &["results", "paging"],
    );
    let right = &deals["paths"][wire::DEALS]["get"]["security"];
    assert!(right.to_string().contains(RIGHTS[0]), "{right}");
    for (path, method) in [
        (format!("{}/latest", journal::JOURNAL), "get"),
        (
            format!("{}/batch/earliest/{{count}}", journal::JOURNAL),
            "get",
        ),
        (
            format!("{}/batch/{{offset}}/next/{{count}}", journal::JOURNAL),
            "get",
        ),
        (journal::SUBSCRIPTIONS.to_string(), "get"),
        (journal::SUBSCRIPTIONS.to_string(), "post"),
    ] {
        has(&journals, &path, method);
    }
    let batch = &journals["paths"][format!("{}/batch/earliest/{{count}}", journal::JOURNAL)]["get"];
    assert!(batch.to_string().contains("installPortalId"), "{batch}");
    fields(&journals, "JournalFetchResponse", &["currentOffset", "url"]);
    fields(&journals, "BatchResponseJournalFetchResponse", &["results"]);
    let said = [
        "actions",
        "objectIds",
        "objectTypeId",
        "portalId",
        "properties",
        "subscriptionType",
    ];
    fields(&journals, "ObjectSubscriptionUpsertRequest", &said);
    fields(&journals, "SubscriptionResponse", &said);
    let needed = &journals["components"]["schemas"]["ObjectSubscriptionUpsertRequest"];
    assert_eq!(needed["required"].as_array().unwrap().len(), said.len());
    let actions = needed["properties"]["actions"].to_string();
    for action in wire::ACTIONS {
        assert!(actions.contains(action), "{action}");
    }
}
