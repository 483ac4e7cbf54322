//! Against a real Tryton, started by tools/tryton.sh: deals are made and moved by its own methods, and read back.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "it is a test")]

mod plain;

use connectors::tryton::Tryton;
use connectors::{
    Change, Connector, Cursor, Fault, Http, Note, Page, Pipeline, Request, Settings, Source, Via,
};
use plain::{Plain, block_on, now};
use serde_json::{Value, json};

/// Whoever works in Tryton: by the same calls as its own client.
struct Client<'a> {
    http: &'a Plain,
    settings: &'a Settings,
    session: String,
}

impl Client<'_> {
    fn sign_in<'a>(http: &'a Plain, settings: &'a Settings) -> Client<'a> {
        let mut client = Client {
            http,
            settings,
            session: String::new(),
        };
        let user = settings.get("user");
        let given = json!([user, { "password": settings.get("password") }]);
        let session = client.call("common.db.login", given);
        let text = format!("{user}:{}:{}", session[0], session[1].as_str().unwrap());
        use base64::Engine;
        client.session = base64::engine::general_purpose::STANDARD.encode(text);
        client
    }

    fn call(&self, method: &str, params: Value) -> Value {
        let url = format!(
            "{}/{}/rpc/",
            self.settings.get("url"),
            self.settings.get("database")
        );
        let body = json!({ "id": 1, "method": method, "params": params });
        let request =
            Request::json(url, &body).header("authorization", format!("Session {}", self.session));
        let answer: Value = block_on(self.http.send(request)).unwrap().read().unwrap();
        assert!(answer["error"].is_null(), "{method}: {answer}");
        answer["result"].clone()
    }

    fn context(&self) -> Value {
        self.call("model.res.user.get_preferences", json!([true, {}]))
    }

    /// Makes a deal like the first there is.
    fn make(&self, text: &str) -> i64 {
        let context = self.context();
        let fields = json!(["party", "company", "employee", "currency"]);
        let first = json!([
            [["party", "!=", null]],
            0,
            1,
            [["id", "ASC"]],
            fields,
            context
        ]);
        let mut values = self.call("model.sale.opportunity.search_read", first)[0].clone();
        let values = values.as_object_mut().unwrap();
        values.remove("id");
        values.insert("description".into(), text.into());
        values.insert(
            "amount".into(),
            json!({ "__class__": "Decimal", "decimal": "1200.50" }),
        );
        let today = json!({ "__class__": "date", "year": 2026, "month": 1, "day": 2 });
        values.insert("start_date".into(), today);
        values.insert("conversion_probability".into(), json!(0.5));
        let made = self.call("model.sale.opportunity.create", json!([[values], context]));
        made[0].as_i64().unwrap()
    }

    fn act(&self, deal: i64, method: &str) {
        let method = format!("model.sale.opportunity.{method}");
        self.call(&method, json!([[deal], self.context()]));
    }

    fn write(&self, deal: i64, values: Value) {
        self.call(
            "model.sale.opportunity.write",
            json!([[deal], values, self.context()]),
        );
    }
}

fn settings() -> Option<Settings> {
    let Ok(url) = std::env::var("TENON_TRYTON") else {
        eprintln!(
            "NOT TESTED: Tryton. Start one with tools/tryton.sh and set TENON_TRYTON to its address"
        );
        return None;
    };
    let set = |name: &str, other: &str| std::env::var(name).unwrap_or_else(|_| other.into());
    let (user, password) = (
        set("TRYTON_USER", "rep"),
        set("TRYTON_PASSWORD", "tenon-test-only"),
    );
    Some(Settings::of([
        ("url", &url),
        ("database", "crm"),
        ("user", &user),
        ("password", &password),
    ]))
}

/// All pages from a cursor on; how many calls they took is told.
fn read(
    source: &dyn Source,
    via: &Via,
    pipeline: &Pipeline,
    mut from: Option<Cursor>,
) -> (Vec<Change>, Cursor) {
    let mut all = Vec::new();
    loop {
        let page: Page<Change> = block_on(source.poll(via, pipeline, from.as_ref())).unwrap();
        all.extend(page.items);
        if !page.has_more {
            return (all, page.cursor);
        }
        from = Some(page.cursor);
    }
}

fn of(changes: &[Change], deal: i64) -> Vec<(&str, Option<&str>)> {
    let id = deal.to_string();
    let found = changes.iter().filter(|c| c.case == id);
    found.map(|c| (c.stage.as_str(), c.by.as_deref())).collect()
}

#[test]
fn deals_are_read_with_their_history_and_read_on_from_a_cursor() {
    let Some(settings) = settings() else { return };
    let http = Plain::default();
    let via = Via {
        wishes: &[],
        settings: &settings,
        http: &http,
        post: &connectors::NoPost,
        now: now(),
    };
    let source = Tryton::new();
    let account = block_on(source.account(&via)).unwrap();
    assert_eq!(account.handle, settings.get("user"));
    assert!(
        account.may.contains(&"sale.opportunity: read".to_string()),
        "{account:?}"
    );
    let pipeline = block_on(source.pipelines(&via)).unwrap().remove(0);
    let stages: Vec<&str> = pipeline.stages.iter().map(|s| s.id.as_str()).collect();
    assert_eq!(
        stages,
        [
            "lead",
            "opportunity",
            "converted",
            "won",
            "lost",
            "cancelled"
        ]
    );

    let client = Client::sign_in(&http, &settings);
    let began = now();
    let (one, two) = (client.make("A boiler"), client.make("A <b>pump</b>"));
    client.act(one, "opportunity");
    client.write(one, json!({ "description": "A large boiler" }));
    client.act(one, "convert");
    client.act(two, "lost");

    http.count();
    let started = std::time::Instant::now();
    let (all, cursor) = read(&source, &via, &pipeline, None);
    let (calls, seconds) = (http.count(), started.elapsed().as_secs_f64());
    let count = block_on(source.count(&via, &pipeline)).unwrap().unwrap();
    eprintln!(
        "{count} deals, {} changes: {calls} calls in {seconds:.2} s",
        all.len()
    );

    let by = Some("rika@holm.example");
    assert_eq!(
        of(&all, one),
        [("lead", by), ("opportunity", by), ("converted", by)]
    );
    assert_eq!(of(&all, two), [("lead", by), ("lost", by)]);
    let ours: Vec<&Change> = all.iter().filter(|c| c.case == one.to_string()).collect();
    assert!(ours.is_sorted_by(|a, b| a.at < b.at), "{ours:?}");
    assert!(began <= ours[0].at && ours[2].at <= now(), "{ours:?}");
    assert_eq!(ours[2].case_name, "A large boiler");
    let has = |name: &str, value: &str| ours[2].attributes.contains(&(name.into(), value.into()));
    assert!(
        has("account", "Keller GmbH") && has("amount", "1200.50") && has("currency", "EUR"),
        "{ours:?}"
    );

    // Nothing new: one call, nothing told.
    http.count();
    let (again, cursor) = read(&source, &via, &pipeline, Some(cursor));
    assert_eq!((again, http.count()), (Vec::new(), 1));

    // What comes after the cursor, and no more than that.
    let three = client.make("A valve");
    client.act(two, "lead");
    client.write(one, json!({ "reference": "No other state" }));
    let (more, cursor) = read(&source, &via, &pipeline, Some(cursor));
    assert_eq!(of(&more, three), [("lead", by)]);
    assert_eq!(of(&more, two), [("lead", by)]);
    assert_eq!(of(&more, one), []);
    assert_eq!(more.len(), 2, "{more:?}");

    // One that is deleted does not stop the rest.
    client.act(three, "cancel");
    client.call(
        "model.sale.opportunity.delete",
        json!([[three], client.context()]),
    );
    client.act(two, "opportunity");
    let (more, _) = read(&source, &via, &pipeline, Some(cursor));
    assert_eq!(of(&more, two), [("opportunity", by)]);
}

#[test]
fn a_link_is_at_the_opportunity_once_and_nowhere_else() {
    let Some(settings) = settings() else { return };
    let http = Plain::default();
    let via = Via {
        wishes: &[],
        settings: &settings,
        http: &http,
        post: &connectors::NoPost,
        now: now(),
    };
    let source = Tryton::new();
    let client = Client::sign_in(&http, &settings);
    let (one, two) = (client.make("A turbine"), client.make("A sluice"));
    let note = |of: i64| Note {
        key: format!("tenon-{of}-{}", now()),
        title: "This case in Tenon".into(),
        url: format!("https://tenon.example/p/sales/case/{of}"),
        text: "What colleagues say about it is kept there.".into(),
    };
    let (first, second) = (note(one), note(two));
    let write = |deal: &str, note: &Note| block_on(source.write_back(&via, deal, note));
    let id = write(&one.to_string(), &first).unwrap();
    assert_eq!(write(&one.to_string(), &first), Ok(id.clone()));
    let anew = Tryton::new();
    let again = block_on(anew.write_back(&via, &one.to_string(), &first));
    assert_eq!(again, Ok(id.clone()));
    assert_ne!(write(&two.to_string(), &second), Ok(id));
    let at = |deal: i64| {
        let resource = format!("sale.opportunity,{deal}");
        let asked = json!([
            [["resource", "=", resource]],
            0,
            null,
            null,
            ["name", "type", "link", "description"],
            client.context()
        ]);
        let mut rows = client.call("model.ir.attachment.search_read", asked);
        let rows = rows.as_array_mut().unwrap();
        rows.iter_mut()
            .for_each(|r| drop(r.as_object_mut().unwrap().remove("id")));
        json!(rows)
    };
    let told = |note: &Note| {
        json!([{ "name": note.title, "type": "link", "link": note.url,
            "description": format!("{} ({})", note.text, note.key) }])
    };
    assert_eq!(at(one), told(&first));
    assert_eq!(at(two), told(&second));
    // A link changes nothing of the deal: it is in no other stage, and nothing is told of it.
    let pipeline = block_on(source.pipelines(&via)).unwrap().remove(0);
    let (all, _) = read(&source, &via, &pipeline, None);
    assert_eq!(of(&all, one).len(), 1);

    client.act(two, "cancel");
    client.call(
        "model.sale.opportunity.delete",
        json!([[two], client.context()]),
    );
    let gone = write(&two.to_string(), &second);
    assert!(matches!(gone, Err(Fault::Gone(_))), "{gone:?}");
}

#[test]
fn a_session_that_ended_is_made_anew_and_a_wrong_password_is_told() {
    let Some(mut settings) = settings() else {
        return;
    };
    let http = Plain::default();
    let source = Tryton::new();
    let via = Via {
        wishes: &[],
        settings: &settings,
        http: &http,
        post: &connectors::NoPost,
        now: now(),
    };
    let pipeline = block_on(source.pipelines(&via)).unwrap().remove(0);
    // All of this user's sessions end, as at a restart of the server.
    http.forget_sessions();
    assert!(block_on(source.count(&via, &pipeline)).is_ok());

    settings
        .0
        .insert("password".into(), "not the password".into());
    let via = Via {
        wishes: &[],
        settings: &settings,
        http: &http,
        post: &connectors::NoPost,
        now: now(),
    };
    let account = block_on(source.account(&via));
    assert!(matches!(account, Err(Fault::SignedOut(_))), "{account:?}");
    settings.0.insert("database".into(), "no_such".into());
    let via = Via {
        wishes: &[],
        settings: &settings,
        http: &http,
        post: &connectors::NoPost,
        now: now(),
    };
    let account = block_on(source.account(&via));
    assert!(matches!(account, Err(Fault::Gone(_))), "{account:?}");
}
