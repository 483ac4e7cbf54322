//! Improvements from plan to decision, as programs see them.

use super::*;
use service::sample::advance::found;
use service::sample::{Kept, Plan};

const PROCESS: &str = "/api/v1/processes/company";

impl House {
    /// With the cases of a sample company, seen up to today.
    async fn with_company() -> House {
        let house = House::open().await;
        let now = house.state.library.clock().now();
        let until = now.div_euclid(mining::time::DAY) * mining::time::DAY;
        let plan = Plan {
            cases: 700,
            ..Plan::usual(until)
        };
        let kept = Kept::new(plan, Vec::new());
        found(&house.state.improvements, "Company", &kept, until, "test")
            .await
            .unwrap();
        house
    }

    /// Asks for what must come back as the document says, with this status.
    async fn gives(&self, method: &str, path: &str, body: Option<Value>, status: u16) -> Value {
        let answer = self.ask(method, path, body).await;
        assert_eq!(
            answer.status.as_u16(),
            status,
            "{method} {path}: {}",
            answer.body
        );
        if !answer.is_json() {
            return Value::Null;
        }
        let document = serde_json::to_value(api::Document::openapi()).unwrap();
        let parts = |p: &str| p.split('/').map(str::to_string).collect::<Vec<_>>();
        let asked = parts(path);
        let fits = |known: &str| {
            let known = parts(known);
            known.len() == asked.len()
                && known
                    .iter()
                    .zip(&asked)
                    .all(|(k, a)| k == a || k.starts_with('{'))
        };
        let paths = document["paths"].as_object().unwrap();
        let operation = paths
            .iter()
            .filter(|(known, _)| fits(known))
            .find_map(|(_, o)| o.get(method.to_lowercase()))
            .unwrap_or_else(|| panic!("{method} {path} is not described"));
        let (kind, key) = match status {
            200..300 => ("application/json", status.to_string()),
            _ => ("application/problem+json", "4XX".into()),
        };
        let schema = &operation["responses"][key]["content"][kind]["schema"];
        assert!(
            schema.is_object(),
            "{method} {path} answers {status} without description"
        );
        agrees(&document, schema, &answer.json(), path);
        answer.json()
    }

    async fn plugged(&self, more: Value) -> String {
        let mut plug = json!({ "step": "Propose", "tool": "playbook", "measure": "days-in-step" });
        plug.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        let made = self
            .gives("POST", &format!("{PROCESS}/improvements"), Some(plug), 201)
            .await;
        format!("/api/v1/improvements/{}", made["id"].as_str().unwrap())
    }
}

/// A roll-out under way: half of the teams for ten weeks.
fn under_way() -> Value {
    let day =
        service::processes::filter_query::show_day(SystemClock.now() - 10 * mining::time::WEEK);
    let given: Vec<String> = ["North", "East", "South"]
        .iter()
        .map(|t| format!("{t}={day}"))
        .collect();
    json!({ "given": given, "given_by_lot": true, "horizon_days": 14.0 })
}

use base::clock::Clock;

#[tokio::test]
async fn an_outlook_keeps_nothing_and_the_same_seed_draws_the_same_order() {
    let house = House::with_company().await;
    let plug = json!({ "step": "Propose", "tool": "ask", "measure": "goes-on", "seed": 7, "goal": "Win more" });
    let path = format!("{PROCESS}/improvements");
    let ahead = house
        .gives("POST", &format!("{path}/outlook"), Some(plug.clone()), 200)
        .await;
    assert!(
        ahead["outlook"]["sentence"]
            .as_str()
            .is_some_and(|s| s.contains("7 teams")),
        "{ahead}"
    );
    assert_eq!(house.gives("GET", &path, None, 200).await, json!([]));
    let made = house.gives("POST", &path, Some(plug), 201).await;
    assert_eq!(
        (&made["teams"], &made["state"]),
        (&ahead["improvement"]["teams"], &json!("planned"))
    );
    let goals = house
        .gives("GET", &format!("{PROCESS}/goals"), None, 200)
        .await;
    assert_eq!(
        (&goals[0]["name"], &goals[0]["id"]),
        (&json!("Win more"), &made["goal"])
    );
}

#[tokio::test]
async fn every_act_is_done_in_its_state_and_refused_in_others() {
    let house = House::with_company().await;
    let imp = house
        .plugged(json!({ "teams": ["North", "East", "South", "Lakes"], "never": 1 }))
        .await;
    let act = async |verb: &str, body: Option<Value>, status: u16| {
        house
            .gives("POST", &format!("{imp}/{verb}"), body, status)
            .await
    };
    for verb in ["pause", "resume", "plug-back"] {
        assert_eq!(act(verb, None, 409).await["code"], "wrong_state", "{verb}");
    }
    house
        .gives("GET", &format!("{imp}/verdict"), None, 409)
        .await;
    assert_eq!(act("start", None, 200).await["state"], "running");
    act("start", None, 409).await;
    assert_eq!(act("pause", None, 200).await["state"], "paused");
    act("pause", None, 409).await;
    act("extend", Some(json!({ "team": "East" })), 409).await;
    assert_eq!(act("resume", None, 200).await["state"], "running");
    for bad in [
        json!({ "team": "Nobody" }),
        json!({ "team": "East", "from": "2020-01-01" }),
        json!({ "team": "East", "from": "soon" }),
        json!({ "from": "2020-01-01" }),
        json!({ "team": "East", "colour": "red" }),
    ] {
        act("extend", Some(bad), 400).await;
    }
    act("extend", None, 400).await;
    let moved = act("extend", Some(json!({ "team": "East" })), 200).await;
    assert_eq!(
        moved["teams"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|t| t["moved"].is_i64())
            .count(),
        1
    );
    assert_eq!(act("unplug", None, 200).await["state"], "unplugged");
    act("unplug", None, 409).await;
    assert_eq!(act("plug-back", None, 200).await["state"], "running");
    for bad in [
        json!({ "decision": "keep", "why": " " }),
        json!({ "decision": "dance", "why": "it is nice" }),
        json!({ "decision": "keep" }),
    ] {
        act("decision", Some(bad), 400).await;
    }
    let done = act(
        "decision",
        Some(json!({ "decision": "unplug", "why": "Nobody used it." })),
        200,
    )
    .await;
    assert_eq!(done["state"], "unplugged");
    let kinds: Vec<String> = house
        .gives("GET", &format!("{imp}/events"), None, 200)
        .await
        .as_array()
        .unwrap()
        .iter()
        .map(|e| e["kind"].as_str().unwrap().replace("improvement.", ""))
        .collect();
    let expected = [
        "planned",
        "started",
        "paused",
        "resumed",
        "extended",
        "unplugged",
        "resumed",
        "decided",
    ];
    assert_eq!(kinds, expected);
}

#[tokio::test]
async fn a_roll_out_under_way_has_a_verdict_that_is_kept_and_stands_in_the_ledger() {
    let house = House::with_company().await;
    let imp = house.plugged(under_way()).await;
    let now = house
        .gives("GET", &format!("{imp}/verdict"), None, 200)
        .await;
    assert!(
        now["verdict"]["sentence"]
            .as_str()
            .is_some_and(|s| s.len() > 20),
        "{now}"
    );
    let said = house
        .gives("GET", &format!("{imp}/verdicts"), None, 200)
        .await;
    assert_eq!(
        (said.as_array().unwrap().len(), &said[0]["sentence"]),
        (1, &now["verdict"]["sentence"])
    );
    let ledger = house
        .gives("GET", &format!("{PROCESS}/ledger"), None, 200)
        .await;
    assert_eq!(ledger["all"][0]["sentence"], now["verdict"]["sentence"]);
    let table = house.get(&format!("{PROCESS}/ledger.csv")).await;
    assert_eq!(
        (table.status, table.body.lines().count()),
        (StatusCode::OK, 2)
    );
    for more in ["frictions", "rethink"] {
        house
            .gives("GET", &format!("{PROCESS}/{more}"), None, 200)
            .await;
    }
}

#[tokio::test]
async fn cost_use_and_goals_are_told_and_wrong_ones_are_refused() {
    let house = House::with_company().await;
    let imp = house.plugged(under_way()).await;
    let cost = format!("{imp}/cost");
    let told = house
        .gives(
            "PUT",
            &cost,
            Some(json!({ "setup_hours": 4.0, "weekly_hours": null, "minutes_a_case": 2.5 })),
            200,
        )
        .await;
    assert_eq!(told["plan"]["cost"]["minutes_a_case"], 2.5);
    house
        .gives(
            "PUT",
            &cost,
            Some(json!({ "setup_hours": -1.0, "weekly_hours": null, "minutes_a_case": null })),
            400,
        )
        .await;
    house.gives("PUT", &cost, None, 400).await;
    let uses = format!("{imp}/uses");
    let row = |team: &str, day: &str, uses: i64| json!({ "team": team, "day": day, "uses": uses, "people": 2, "cases": 3 });
    house
        .gives(
            "PUT",
            &uses,
            Some(json!([
                row("North", "2026-03-02", 5),
                row("North", "2026-03-02", 6)
            ])),
            204,
        )
        .await;
    for bad in [
        row("Nobody", "2026-03-02", 1),
        row("North", "soon", 1),
        row("North", "2026-03-02", -1),
        json!({ "team": "North" }),
    ] {
        house
            .gives(
                "PUT",
                &uses,
                Some(json!([row("East", "2026-03-02", 1), bad])),
                400,
            )
            .await;
    }
    let kept = house.gives("GET", &uses, None, 200).await;
    assert_eq!(
        (kept.as_array().unwrap().len(), &kept[0]["uses"]),
        (1, &json!(6))
    );
    let goals = format!("{PROCESS}/goals");
    let goal = |name: &str, measure: &str, target: f64| json!({ "name": name, "measure": measure, "target": target });
    house
        .gives("PUT", &goals, Some(goal("Faster", "days", 40.0)), 200)
        .await;
    let all = house
        .gives("PUT", &goals, Some(goal("Faster", "days", 38.0)), 200)
        .await;
    assert_eq!(
        (all.as_array().unwrap().len(), &all[0]["target"]),
        (1, &json!(38.0))
    );
    for bad in [
        goal("", "days", 1.0),
        goal("Faster", "miles", 1.0),
        goal("Faster", "days", -1.0),
        json!({ "name": "Faster" }),
    ] {
        house.gives("PUT", &goals, Some(bad), 400).await;
    }
}

#[tokio::test]
async fn a_plug_that_makes_no_sense_is_refused_with_what_to_do() {
    let house = House::with_company().await;
    let good = json!({ "step": "Propose", "tool": "playbook", "measure": "days-in-step" });
    for (key, value) in [
        ("step", json!("Nap")),
        ("tool", json!("hammer")),
        ("tool", json!("own")),
        ("measure", json!("fun")),
        ("teams", json!(["Nobody"])),
        ("first", json!("2020-01-06")),
        ("first", json!("soon")),
        ("every_weeks", json!(0)),
        ("every_weeks", json!(-1)),
        ("horizon_days", json!(0.0)),
        ("zone", json!(-1.0)),
        ("link", json!("javascript:alert(1)")),
        ("given", json!(["North"])),
        ("given", json!(["North=2026-01-05", "North=2026-02-02"])),
        ("name", json!("x".repeat(81))),
        ("colour", json!("red")),
    ] {
        let mut plug = good.clone();
        plug[key] = value;
        for path in ["improvements", "improvements/outlook"] {
            let told = house
                .gives(
                    "POST",
                    &format!("{PROCESS}/{path}"),
                    Some(plug.clone()),
                    400,
                )
                .await;
            assert!(
                told["detail"].as_str().is_some_and(|d| d.len() > 5),
                "{key}: {told}"
            );
        }
    }
    house
        .gives("POST", &format!("{PROCESS}/improvements"), None, 400)
        .await;
    house
        .gives(
            "POST",
            "/api/v1/processes/none/improvements",
            Some(good),
            404,
        )
        .await;
    let verbs = ["start", "pause", "resume", "unplug", "plug-back"];
    for verb in verbs {
        house
            .gives(
                "POST",
                &format!("/api/v1/improvements/none/{verb}"),
                None,
                404,
            )
            .await;
    }
    for what in ["", "/events", "/verdict", "/verdicts", "/uses"] {
        house
            .gives(
                "GET",
                &format!("/api/v1/improvements/none{what}"),
                None,
                404,
            )
            .await;
    }
    assert_eq!(
        house
            .gives("GET", &format!("{PROCESS}/improvements"), None, 200)
            .await,
        json!([])
    );
}

#[tokio::test]
async fn figures_of_single_people_are_off_until_switched_on_and_stay_off_when_locked() {
    let house = House::open().await;
    let figures = "/api/v1/processes/hostile/figures";
    let people = async || {
        let all = house.gives("GET", figures, None, 200).await;
        let steps = all["steps"].as_array().unwrap().clone();
        let named = steps
            .iter()
            .any(|s| !s["people"].as_array().unwrap().is_empty());
        (named, !all["handovers"].as_array().unwrap().is_empty())
    };
    let log = async || {
        house
            .get("/api/v1/processes/hostile/export/log.csv")
            .await
            .body
            .contains("Bob")
    };
    let asks = ["figures", "cases", "stand-outs", "fit", "export/cases.csv"];
    assert_eq!((people().await, log().await), ((false, false), false));
    for ask in asks {
        for query in ["person=Bob", "attr.owner=Bob"] {
            let answer = house
                .get(&format!("/api/v1/processes/hostile/{ask}?{query}"))
                .await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{ask} {query}");
        }
    }
    house.show_people("on").await;
    assert_eq!((people().await, log().await), ((true, true), true));
    assert_eq!(
        house.show_people("maybe").await.status,
        StatusCode::BAD_REQUEST
    );
    assert_eq!(house.show_people("locked").await.status, StatusCode::OK);
    for value in ["on", "off"] {
        assert_eq!(
            house.show_people(value).await.status,
            StatusCode::CONFLICT,
            "{value}"
        );
    }
    assert_eq!((people().await, log().await), ((false, false), false));
    service::settings::unlock_individual(&house.state.library, "test")
        .await
        .unwrap();
    assert_eq!(house.show_people("on").await.status, StatusCode::OK);
    let now = house
        .gives("GET", "/api/v1/settings/individual-figures", None, 200)
        .await;
    assert_eq!(now["value"], "on");
}
