//! With a stand-in that gives rotating refresh tokens, checks verifiers, and takes everything away when a refresh token comes twice.

use super::*;
use crate::connect::seal::Seal;
use crate::connect::tests::ground;
use crate::keeping::retention;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use base::clock::{Clock, SetClock};
use base::identity::Scopes;
use base::outbound::{Allowed, Outbound};
use mining::time::HOUR;
use serde_json::{Value, json};
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex};
use store::Db;
use store::connections::{ON, SIGNED_OUT};
use store::testing::on_both;
use tokio::net::TcpListener;

const SECRET: &str = "hush-of-the-app";

#[derive(Default)]
struct Inside {
    /// The challenge and the address that each code was given for.
    codes: HashMap<String, (String, String)>,
    refresh: String,
    access: BTreeSet<String>,
    used: BTreeSet<String>,
    given: usize,
    renewals: usize,
    /// Says nothing will be renewed any more.
    refuses: bool,
    /// Who signs in there.
    account: String,
}

#[derive(Clone, Default)]
struct Peer {
    inside: Arc<Mutex<Inside>>,
    port: u16,
}

fn pairs(text: &str) -> HashMap<String, String> {
    form_urlencoded::parse(text.as_bytes())
        .into_owned()
        .collect()
}

impl Inside {
    fn give(&mut self) -> Value {
        self.given += 1;
        let (access, refresh) = (
            format!("access-{}", self.given),
            format!("refresh-{}", self.given),
        );
        self.access = [access.clone()].into();
        self.refresh = refresh.clone();
        json!({ "access_token": access, "refresh_token": refresh, "expires_in": 3600, "token_type": "Bearer" })
    }

    fn token(&mut self, form: &HashMap<String, String>) -> Result<Value, &'static str> {
        let get = |name: &str| form.get(name).map_or("", String::as_str);
        if get("client_id") != "tenon" || get("client_secret") != SECRET {
            return Err("invalid_client");
        }
        if get("grant_type") == "authorization_code" {
            let (challenge, redirect) = self.codes.remove(get("code")).ok_or("invalid_grant")?;
            let is_its = oauth::challenge(get("code_verifier")) == challenge;
            return match is_its && get("redirect_uri") == redirect {
                true => Ok(self.give()),
                false => Err("invalid_grant"),
            };
        }
        self.renewals += 1;
        let refresh = get("refresh_token").to_string();
        if !self.used.insert(refresh.clone()) || refresh != self.refresh || self.refuses {
            // One that comes twice was stolen: nobody gets in any more.
            self.access.clear();
            self.refresh.clear();
            return Err("invalid_grant");
        }
        Ok(self.give())
    }
}

async fn answer(State(peer): State<Peer>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
    let mut inside = peer.inside.lock().unwrap();
    let json = |status: StatusCode, body: Value| (status, axum::Json(body)).into_response();
    if uri.path() == "/oauth/token" {
        let form = pairs(std::str::from_utf8(&body).unwrap());
        return match inside.token(&form) {
            Ok(given) => json(StatusCode::OK, given),
            Err(error) => json(
                StatusCode::BAD_REQUEST,
                json!({ "error": error, "error_description": "no more" }),
            ),
        };
    }
    let bearer = headers
        .get("authorization")
        .and_then(|h| h.to_str().ok()?.strip_prefix("Bearer "));
    if !bearer.is_some_and(|b| inside.access.contains(b)) {
        let told = json!({ "error": "The access token is invalid" });
        return json(StatusCode::UNAUTHORIZED, told);
    }
    match uri.path() {
        "/api/v1/accounts/verify_credentials" => json(
            StatusCode::OK,
            json!({ "id": inside.account, "acct": "halden", "display_name": "Halden", "url": "https://social.example/@halden" }),
        ),
        _ => json(StatusCode::OK, json!([])),
    }
}

impl Peer {
    async fn open() -> Peer {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let peer = Peer {
            port: listener.local_addr().unwrap().port(),
            ..Peer::default()
        };
        peer.inside().account = "1".into();
        let router = axum::Router::new()
            .fallback(answer)
            .with_state(peer.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        peer
    }

    fn inside(&self) -> std::sync::MutexGuard<'_, Inside> {
        self.inside.lock().unwrap()
    }

    /// What a browser does that is sent there, and a person who allows it: what it comes back with.
    fn allow(&self, url: &str) -> Back {
        let base = format!("http://127.0.0.1:{}/oauth/authorize?", self.port);
        let query = pairs(url.strip_prefix(&base).unwrap());
        assert_eq!(query["code_challenge_method"], "S256");
        assert_eq!(query["client_id"], "tenon");
        assert!(query["scope"].starts_with("read:accounts "), "{query:?}");
        let mut inside = self.inside();
        let code = format!("code-{}", inside.codes.len());
        let bound = (
            query["code_challenge"].clone(),
            query["redirect_uri"].clone(),
        );
        inside.codes.insert(code.clone(), bound);
        Back {
            code,
            state: query["state"].clone(),
            ..Back::default()
        }
    }

    fn filled(&self) -> Settings {
        let server = format!("http://127.0.0.1:{}", self.port);
        Settings::of([
            ("server", server.as_str()),
            ("client_id", "tenon"),
            ("client_secret", SECRET),
        ])
    }
}

struct Ground {
    connect: Connect,
    clock: Arc<SetClock>,
    peer: Peer,
    ines: Actor,
    maren: Actor,
}

/// Another node over the same database.
fn node(connect: &Connect) -> Connect {
    Connect::with(
        connect.work().clone(),
        connect.inner.site.clone(),
        Outbound::new(Allowed::parse("127.0.0.1")),
        Seal::of(&"a1".repeat(32)).unwrap(),
        vec![&connectors::mastodon::Mastodon],
        Vec::new(),
    )
}

impl Ground {
    async fn open(db: Db) -> Ground {
        let (connect, clock, [ines, maren]) = ground(db, "127.0.0.1").await;
        Ground {
            connect: node(&connect),
            clock,
            peer: Peer::open().await,
            ines,
            maren,
        }
    }

    async fn begin(&self, connection: Option<&str>) -> String {
        let filled = match connection {
            Some(_) => Settings::default(),
            None => self.peer.filled(),
        };
        let place = ("Ours", connection);
        let begun = self.connect.sign_in(&self.ines, "mastodon", place, &filled);
        begun.await.unwrap()
    }

    async fn connected(&self) -> String {
        let back = self.peer.allow(&self.begin(None).await);
        let done = self.connect.signed_in(&self.ines, &back).await.unwrap();
        let SignedIn::New { kind, secret } = done else {
            panic!("{done:?}")
        };
        let waiting = self.connect.take_waiting(&self.ines, &secret).await;
        let waiting = waiting.unwrap();
        let added =
            self.connect
                .add_channel(&self.ines, &kind, &waiting.name, &waiting.settings, None);
        added.await.unwrap().0
    }

    async fn row(&self, id: &str) -> ConnectionRow {
        let row = connections::find(self.connect.db(), id).await;
        row.unwrap().unwrap()
    }

    async fn after(&self, time: Micros) {
        self.clock.set(self.clock.now() + time);
        while self.connect.pass().await.unwrap() {}
    }

    async fn refused(&self, actor: &Actor, back: &Back) -> String {
        let refused = self.connect.signed_in(actor, back).await.unwrap_err();
        format!("{} {}", refused.problem.code, refused.to)
    }
}

#[test]
fn somebody_signs_in_and_the_tokens_are_nowhere_in_clear() {
    on_both(|db| async move {
        let g = Ground::open(db).await;
        let url = g.begin(None).await;
        assert!(!url.contains(SECRET), "{url}");
        let back = g.peer.allow(&url);
        let done = g.connect.signed_in(&g.ines, &back).await.unwrap();
        let SignedIn::New { kind, secret } = done else {
            panic!("{done:?}")
        };
        assert_eq!(kind, "mastodon");
        let twice = g.refused(&g.ines, &back).await;
        assert_eq!(twice, "begun_elsewhere /connections");
        let waiting = g.connect.waiting(&g.ines, &secret).await.unwrap();
        assert_eq!(waiting.name, "Ours");
        let account = g.connect.try_out(&kind, &waiting.settings).await.unwrap();
        assert_eq!(account.id, "1");
        let kept = &waiting.row.sealed;
        assert!(!kept.contains("access-") && !kept.contains(SECRET));
        let other = g.connect.waiting(&g.maren, &secret).await;
        assert_eq!(other.err().unwrap().code, "begun_elsewhere");
        let taken = g.connect.take_waiting(&g.ines, &secret).await.unwrap();
        let again = g.connect.take_waiting(&g.ines, &secret).await;
        assert_eq!(again.err().unwrap().code, "begun_elsewhere");
        g.connect.put_back(&taken).await.unwrap();
        let taken = g.connect.take_waiting(&g.ines, &secret).await.unwrap();
        let added = g
            .connect
            .add_channel(&g.ines, &kind, "", &taken.settings, None);
        let id = added.await.unwrap().0;
        g.after(0).await;
        let row = g.row(&id).await;
        assert_eq!((row.state.as_str(), row.error), (ON, None));
        assert!(row.looked.is_some());
        assert_eq!(g.peer.inside().renewals, 0);
    });
}

#[test]
fn a_sign_in_ends_only_where_it_began_in_time_and_with_its_own_code() {
    on_both(|db| async move {
        let g = Ground::open(db).await;
        let over = "begun_elsewhere /connections";
        let wrong = Back {
            state: "guessed".into(),
            code: "c".into(),
            ..Back::default()
        };
        assert_eq!(g.refused(&g.ines, &wrong).await, over);
        let back = g.peer.allow(&g.begin(None).await);
        assert_eq!(g.refused(&g.maren, &back).await, over, "another person");
        let directory = g.connect.work().identity().directory().await.unwrap();
        let ines = directory.active().find(|p| p.id == g.ines.id()).unwrap();
        let elsewhere = Actor::of(ines, Via::Token("other".into()), Scopes::all()).unwrap();
        assert_eq!(g.refused(&elsewhere, &back).await, over, "another session");
        g.clock.set(g.clock.now() + WHILE_AWAY);
        assert_eq!(g.refused(&g.ines, &back).await, over, "too late");
        let clock: &dyn Clock = &*g.clock;
        let tidied = retention::apply(g.connect.db(), clock, Default::default()).await;
        tidied.unwrap();
        let digest = Digest::of(&back.state).text();
        let whose = Whose {
            digest: &digest,
            person: g.ines.id(),
            door: "test",
            stage: AWAY,
            now: 0,
        };
        let left = sign_ins::find(g.connect.db(), &whose).await.unwrap();
        assert_eq!(left, None, "what is over goes");
        // The code of another sign-in has another verifier.
        let (one, other) = (g.begin(None).await, g.begin(None).await);
        let swapped = Back {
            state: g.peer.allow(&one).state,
            ..g.peer.allow(&other)
        };
        let refused = g.refused(&g.ines, &swapped).await;
        assert_eq!(refused, "code_refused /connections/new?kind=mastodon");
        let denied = Back {
            code: String::new(),
            error: "access_denied".into(),
            ..g.peer.allow(&g.begin(None).await)
        };
        let refused = g.connect.signed_in(&g.ines, &denied).await.unwrap_err();
        assert_eq!(refused.problem.code, "denied");
        assert_eq!(refused.to, "/connections/new?kind=mastodon");
        assert!(refused.problem.what.contains("access_denied"));
        assert!(g.peer.inside().access.is_empty(), "nobody got in");
        // What is left out is said before anybody goes there.
        let mut filled = g.peer.filled();
        filled.0.remove("client_secret");
        let begun = g
            .connect
            .sign_in(&g.ines, "mastodon", ("", None), &filled)
            .await;
        assert_eq!(begun.unwrap_err().code, "field_missing");
    });
}

#[test]
fn twenty_who_ask_at_once_on_two_nodes_renew_once() {
    on_both(|db| async move {
        let g = Ground::open(db).await;
        let id = g.connected().await;
        let nodes = [g.connect.clone(), node(&g.connect)];
        for round in 1..=3 {
            let row = g.row(&id).await;
            let used = g.connect.settings(&row).unwrap();
            g.clock.set(g.clock.now() + HOUR - MINUTE);
            let mut tasks = Vec::new();
            for n in 0..20 {
                let (connect, row) = (nodes[n % 2].clone(), row.clone());
                let used = used.clone();
                tasks.push(tokio::spawn(async move {
                    match n % 3 {
                        0 => connect.after(&row, used, "over".into()).await,
                        _ => connect.fresh(&row, used).await,
                    }
                }));
            }
            let mut got = BTreeSet::new();
            for task in tasks {
                got.insert(task.await.unwrap().unwrap().get("token").to_string());
            }
            assert_eq!(got, [format!("access-{}", round + 1)].into());
            assert_eq!(g.peer.inside().renewals, round);
        }
        g.after(0).await;
        assert_eq!(g.row(&id).await.error, None);
        // Taken back early, which nobody foresaw: the look renews, and looks.
        g.peer.inside().access.clear();
        g.after(MINUTE).await;
        let row = g.row(&id).await;
        assert_eq!((row.state.as_str(), row.error), (ON, None));
        assert_eq!(row.looked, Some(g.clock.now()));
        assert_eq!(g.peer.inside().renewals, 4);
    });
}

#[test]
fn a_key_held_by_who_died_is_free_again_and_who_held_it_for_too_long_changes_nothing() {
    on_both(|db| async move {
        let g = Ground::open(db).await;
        let id = g.connected().await;
        let row = g.row(&id).await;
        assert!(g.connect.try_hold_key(&id, "dead").await.unwrap());
        assert!(!g.connect.try_hold_key(&id, "another").await.unwrap());
        g.clock.set(g.clock.now() + HOUR);
        let used = g.connect.settings(&row).unwrap();
        let got = g.connect.fresh(&row, used).await.unwrap();
        assert_eq!(got.get("token"), "access-2");
        let mut tx = g.connect.db().begin().await.unwrap();
        let set = connections::set_key(&mut tx, (&id, "dead"), "x", None).await;
        assert!(!set.unwrap());
        tx.commit().await.unwrap();
        let now = g.connect.current(&id).await.unwrap();
        assert_eq!(now.get("token"), "access-2");
    });
}

#[test]
fn where_it_is_not_renewed_it_is_signed_out_in_words_and_signed_in_again_goes_on() {
    on_both(|db| async move {
        let g = Ground::open(db).await;
        let id = g.connected().await;
        g.peer.inside().refuses = true;
        g.after(HOUR).await;
        let row = g.row(&id).await;
        assert_eq!(row.state, SIGNED_OUT);
        let said = row.error.unwrap();
        assert!(
            said.contains("does not renew the access any more (invalid_grant no more)")
                && said.ends_with("sign in again"),
            "{said}"
        );
        assert!(!said.contains("refresh-") && !said.contains(SECRET));
        g.peer.inside().refuses = false;
        // Somebody else's account is not ours.
        g.peer.inside().account = "2".into();
        let back = g.peer.allow(&g.begin(Some(&id)).await);
        let refused = g.refused(&g.ines, &back).await;
        assert_eq!(refused, format!("another_account /connections/{id}"));
        assert_eq!(g.row(&id).await.state, SIGNED_OUT);
        g.peer.inside().account = "1".into();
        let back = g.peer.allow(&g.begin(Some(&id)).await);
        let done = g.connect.signed_in(&g.ines, &back).await.unwrap();
        let connection = id.clone();
        assert_eq!(done, SignedIn::Again { connection });
        g.after(MINUTE).await;
        let row = g.row(&id).await;
        assert_eq!((row.state.as_str(), row.error), (ON, None));
        assert_eq!(row.looked, Some(g.clock.now()));
        // A pasted key takes the place of all that signing in gave.
        let pasted = g.peer.inside().give()["access_token"].clone();
        let pasted = Settings::of([("token", pasted.as_str().unwrap())]);
        g.connect.rekey(&g.ines, &id, &pasted).await.unwrap();
        let now = g.connect.current(&id).await.unwrap();
        let oauth = g.connect.oauth("mastodon").unwrap();
        assert!(!oauth.is_renewable(&now) && oauth.ends(&now).is_none());
        assert_eq!(now.get("client_id"), "tenon");
    });
}

#[test]
fn a_server_that_is_ill_signs_nobody_out() {
    on_both(|db| async move {
        let g = Ground::open(db).await;
        let id = g.connected().await;
        let (connect, row) = (&g.connect, g.row(&id).await);
        let mut used = connect.settings(&row).unwrap();
        used.0.insert("server".into(), "http://127.0.0.1:1".into());
        let sealed = connect.sealed(&id, &used).unwrap();
        assert!(connect.try_hold_key(&id, "test").await.unwrap());
        let mut tx = connect.db().begin().await.unwrap();
        let set = connections::set_key(&mut tx, (&id, "test"), &sealed, None).await;
        assert!(set.unwrap());
        tx.commit().await.unwrap();
        g.after(HOUR).await;
        let row = g.row(&id).await;
        assert_eq!(row.state, ON);
        assert!(row.error.unwrap().contains("not reached"));
    });
}
