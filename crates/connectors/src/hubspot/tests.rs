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
    let (Some(deals), Some(pipelines)) = (
        read("hubspot/hs-2026-03-deals.json"),
        read("hubspot/hs-2026-03-pipelines.json"),
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
}
