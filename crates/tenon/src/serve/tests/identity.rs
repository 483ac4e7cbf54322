//! Signing in, accounts, people and teams, asked as browsers and programs ask.

use super::*;
use base::identity::Scope;

const PASSWORD: &str = "correct horse battery";

impl House {
    async fn form(&self, path: &str, cookie: &str, fields: &[(&str, &str)]) -> Answer {
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        let request = Request::post(path)
            .header("host", format!("localhost:{PORT}"))
            .header("cookie", cookie)
            .header("content-type", "application/x-www-form-urlencoded");
        self.send(request.body(Body::from(body)).unwrap()).await
    }

    async fn page(&self, path: &str, cookie: &str) -> Answer {
        let request = Request::get(path)
            .header("host", format!("localhost:{PORT}"))
            .header("cookie", cookie);
        self.send(request.body(Body::empty()).unwrap()).await
    }

    async fn maren(&self) -> String {
        let new = NewPerson {
            name: "Maren Voss".into(),
            email: "maren@halden.example".into(),
            role: Role::Member,
            password: Some(PASSWORD.into()),
        };
        self.state.identity.add(new, "test").await.unwrap().id
    }

    async fn sign_in(&self, email: &str, password: &str, cookie: &str) -> Answer {
        let fields = [("email", email), ("password", password)];
        self.form("/sign-in", cookie, &fields).await
    }
}

/// The session that an answer sets, as a browser sends it.
fn session(answer: &Answer) -> String {
    let set = answer.headers["set-cookie"].to_str().unwrap();
    set.split(';').next().unwrap().to_string()
}

#[tokio::test]
async fn a_session_that_was_there_before_is_never_adopted() {
    let house = House::open().await;
    house.maren().await;
    let planted = format!("tenon_session={}", "a".repeat(64));
    let first = house
        .sign_in("maren@halden.example", PASSWORD, &planted)
        .await;
    assert_eq!(first.status, StatusCode::SEE_OTHER);
    assert_ne!(session(&first), planted);
    let set = first.headers["set-cookie"].to_str().unwrap();
    assert!(set.contains("; HttpOnly; SameSite=Lax"), "{set}");
    assert_eq!(house.page("/me", &planted).await.status, 303);
    assert_eq!(house.page("/me", &session(&first)).await.status, 200);
    let again = session(&first);
    let second = house
        .sign_in("maren@halden.example", PASSWORD, &again)
        .await;
    assert_ne!(
        session(&second),
        again,
        "signing in again makes a fresh one"
    );
    house.form("/sign-out", &again, &[]).await;
    assert_eq!(house.page("/me", &again).await.status, 303);
    assert_eq!(house.page("/me", &session(&second)).await.status, 200);
}

#[tokio::test]
async fn guessing_a_password_is_slowed_down_and_links_still_let_in() {
    let house = House::open().await;
    let id = house.maren().await;
    for _ in 0..10 {
        let wrong = house.sign_in("maren@halden.example", "wrong", "a=b").await;
        assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    }
    let right = house
        .sign_in("Maren@halden.example ", PASSWORD, "a=b")
        .await;
    assert_eq!(right.status, StatusCode::TOO_MANY_REQUESTS);
    let wait: i64 = right.headers["retry-after"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!((1..=900).contains(&wait), "{wait}");
    assert!(right.body.contains("Too many tries to sign in."));
    let other = house.sign_in("olive@halden.example", "wrong", "a=b").await;
    assert_eq!(other.status, StatusCode::UNAUTHORIZED);
    let link = house.state.identity.link(Some(&id)).await.unwrap().text();
    let entered = house.form(&format!("/in/{link}"), "a=b", &[]).await;
    assert_eq!(entered.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_person_keeps_her_own_account() {
    let house = House::open().await;
    house.maren().await;
    let here = session(&house.sign_in("maren@halden.example", PASSWORD, "a=b").await);
    let there = session(&house.sign_in("maren@halden.example", PASSWORD, "a=b").await);
    let profile = [
        ("name", "Maren V."),
        ("handle", "mv"),
        ("zone", "Europe/Oslo"),
    ];
    let saved = house.form("/me", &here, &profile).await;
    assert_eq!(saved.headers["location"], "/me?done=saved");
    let taken = [
        ("name", "Maren"),
        ("handle", "olive"),
        ("zone", "Europe/Oslo"),
    ];
    let taken = house.form("/me", &here, &taken).await;
    assert_eq!(taken.status, StatusCode::CONFLICT);
    let told = [("a_week", "5"), ("morning", "07:30")];
    house.form("/me/told", &here, &told).await;
    let wrong = [("old", "guess"), ("new", "another long password")];
    let wrong = house.form("/me/password", &here, &wrong).await;
    assert_eq!(wrong.status, StatusCode::FORBIDDEN);
    let right = [("old", PASSWORD), ("new", "another long password")];
    let right = house.form("/me/password", &here, &right).await;
    assert_eq!(right.headers["location"], "/me?done=password");
    assert_eq!(
        house.page("/me", &there).await.status,
        303,
        "signed out there"
    );
    let page = house.page("/me", &here).await.body;
    assert!(page.contains("Maren V.") && page.contains("value=\"mv\""));
    let fields = [("name", "push"), ("scope", "read"), ("scope", "admin")];
    let made = house.form("/me/tokens", &here, &fields).await;
    assert_eq!(
        made.status,
        StatusCode::FORBIDDEN,
        "a member makes no admin"
    );
    let made = house.form("/me/tokens", &here, &fields[..2]).await.body;
    let at = made.find("<code>tenon_").unwrap() + "<code>".len();
    let token = &made[at..at + 70];
    let me = house.ask_as(Some(token), "GET", "/api/v1/me").await.json();
    assert_eq!(me["handle"], "mv");
    let id = me["id"].as_str().unwrap().to_string();
    let made = house
        .state
        .identity
        .make_token(&id, "t", Scopes::all(), None, "t")
        .await;
    let request = Request::post("/me/password")
        .header("host", format!("localhost:{PORT}"))
        .header("authorization", format!("Bearer {}", made.unwrap().1))
        .header("content-type", "application/x-www-form-urlencoded");
    let body = Body::from("old=another+long+password&new=one+more+password");
    let refused = house.send(request.body(body).unwrap()).await;
    assert_eq!(
        refused.status,
        StatusCode::FORBIDDEN,
        "a token sets no password"
    );
    assert_eq!(
        me["wishes"],
        json!({
            "ask": {"off": true, "a_week": 5},
            "mail": {"off": true, "morning": "07:30", "at_once": false},
        })
    );
}

#[tokio::test]
async fn a_token_makes_none_that_may_more_than_itself() {
    let house = House::open().await;
    let id = house.maren().await;
    let identity = &house.state.identity;
    let scopes = Scopes::of(&[Scope::Write]);
    let ends = Some(identity.now() + mining::time::DAY);
    let made = identity.make_token(&id, "push", scopes, ends, "test").await;
    let (_, token) = made.unwrap();
    let ask = async |body: Value| {
        let request = Request::post("/api/v1/me/tokens")
            .header("host", format!("localhost:{PORT}"))
            .header("content-type", "application/json")
            .header("authorization", format!("Bearer {token}"));
        let body = Body::from(body.to_string());
        house.send(request.body(body).unwrap()).await
    };
    let wider = json!({"name": "a", "scopes": ["read", "write"], "ends": ends});
    assert_eq!(ask(wider).await.json()["code"], "scope");
    let longer = json!({"name": "a", "scopes": ["write"]});
    assert_eq!(ask(longer).await.json()["code"], "scope");
    let same = json!({"name": "a", "scopes": ["write"], "ends": ends});
    let same = ask(same).await;
    assert_eq!(same.status, StatusCode::CREATED);
    let made = same.json()["token"]["id"].as_str().unwrap().to_string();
    let path = format!("/api/v1/me/tokens/{made}");
    let gone = house.ask_as(Some(&token), "DELETE", &path).await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT);
    let text = same.json()["text"].as_str().unwrap().to_string();
    let refused = house.ask_as(Some(&text), "DELETE", &path).await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn owners_keep_people_and_teams_and_colleagues_see_names() {
    let house = House::open().await;
    let new = json!({"name": "Maren Voss", "email": "Maren@halden.example", "role": "manager"});
    let added = house.ask("POST", "/api/v1/people", Some(new.clone())).await;
    assert_eq!(added.status, StatusCode::CREATED);
    assert_eq!(added.json()["kept"]["role"], "manager");
    let twice = house.ask("POST", "/api/v1/people", Some(new)).await;
    assert_eq!(twice.status, StatusCode::CONFLICT);
    let maren = "/api/v1/people/maren";
    let link = house
        .ask("POST", &format!("{maren}/link"), None)
        .await
        .json();
    let link = link["link"].as_str().unwrap().to_string();
    let path = link.strip_prefix("http://localhost:7070").unwrap();
    let cookie = session(&house.form(path, "a=b", &[]).await);
    house
        .ask("POST", "/api/v1/teams", Some(json!({"name": "North"})))
        .await;
    house
        .ask("PUT", "/api/v1/teams/north/members/maren", None)
        .await;
    house
        .ask(
            "PUT",
            "/api/v1/teams/north",
            Some(json!({"name": "Nordic"})),
        )
        .await;
    let team = house.get("/api/v1/teams/north").await.json();
    assert_eq!(
        (&team["name"], &team["members"]),
        (&json!("Nordic"), &json!(["maren"]))
    );
    let seen = house.page("/api/v1/people/olive", &cookie).await.json();
    assert_eq!(seen["name"], "Olive Owner");
    assert!(seen.get("kept").is_none(), "{seen}");
    let profile = house.page("/people/olive", &cookie).await.body;
    assert!(profile.contains("Olive Owner") && !profile.contains("For owners"));
    assert!(!profile.contains("olive@halden.example"));
    let suspended = json!({"state": "suspended"});
    house.ask("PATCH", maren, Some(suspended.clone())).await;
    assert_eq!(house.page("/me", &cookie).await.status, 303);
    let last = house
        .ask("PATCH", "/api/v1/people/olive", Some(suspended))
        .await;
    assert_eq!(last.json()["code"], "last_owner");
    let audit = house.get("/api/v1/audit?kind=person.&limit=2").await.json();
    assert_eq!(audit[0]["kind"], "person.changed");
    assert_eq!(audit[0]["payload"]["state"], "suspended");
    assert_eq!(audit[1]["kind"], "person.signed_in");
    let csv = house.get("/audit.csv?kind=team.changed").await.body;
    assert_eq!(csv.lines().count(), 1 + 3);
    assert!(house.get("/audit").await.body.contains("team.changed"));
}
