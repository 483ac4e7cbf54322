//! Fifty colleagues at once: one has the thread, and the customer gets one reply.

use super::*;
use store::connections::{self, CHANNEL, ConnectionRow, ON};
use store::desk::{self, OPEN, ThreadRow};
use tokio::sync::Barrier;

const CLIENTS: usize = 50;

/// How often: so many times, or as TENON_ROUNDS says.
fn rounds(otherwise: usize) -> usize {
    let told = std::env::var("TENON_ROUNDS").ok();
    told.and_then(|n| n.parse().ok()).unwrap_or(otherwise)
}

/// Colleagues with tokens of their own: the ids of the people, and what they send.
async fn colleagues(house: &House) -> Vec<(String, String)> {
    let mut all = Vec::new();
    for n in 0..CLIENTS {
        let new = NewPerson {
            name: format!("Colleague {n}"),
            email: format!("colleague{n}@halden.example"),
            role: Role::Member,
            password: None,
        };
        let row = house.state.identity.add(new, "test").await.unwrap();
        let made = house
            .state
            .identity
            .make_token(&row.id, "race", Scopes::all(), None, "test");
        let token = made.await.unwrap().1;
        all.push((row.id, token));
    }
    all
}

async fn connect_channel(house: &House) {
    let row = ConnectionRow {
        id: "con_1".into(),
        kind: "mattermost".into(),
        what: CHANNEL.into(),
        name: "Halden".into(),
        created: 1,
        created_by: "test".into(),
        sealed: String::new(),
        account: "{}".into(),
        state: ON.into(),
        hook: None,
        pipeline: None,
        process: None,
        cursor: None,
        due: i64::MAX,
        synced: None,
        looked: None,
        taken: 0,
        expected: None,
        error: None,
        error_at: None,
        failures: 0,
    };
    let mut tx = house.state.library.db().begin().await.unwrap();
    connections::insert(&mut tx, &row).await.unwrap();
    tx.commit().await.unwrap();
}

/// Somebody waits.
async fn waiting(house: &House, id: &str) {
    let row = ThreadRow {
        id: id.into(),
        connection: "con_1".into(),
        topic: id.into(),
        contact: None,
        title: "Hello?".into(),
        seen: "public".into(),
        process: None,
        case_ref: None,
        step: None,
        team: None,
        reason: String::new(),
        sure: 0,
        matched_by: None,
        state: OPEN.into(),
        held: None,
        created: 1,
        waiting: Some(1),
        replied: None,
        last: 1,
        claimed_by: None,
        claimed_until: None,
        snoozed: None,
        merged_into: None,
    };
    let mut tx = house.state.library.db().begin().await.unwrap();
    desk::insert_thread(&mut tx, &row).await.unwrap();
    tx.commit().await.unwrap();
}

/// All send the same at the same moment; who was told what.
async fn at_once(
    house: &House,
    clients: &[(String, String)],
    path: &str,
    body: Option<&Value>,
) -> Vec<(String, Answer)> {
    let ready = Arc::new(Barrier::new(clients.len()));
    let asked = clients.iter().map(|(id, token)| {
        let request = Request::post(path)
            .header("host", format!("localhost:{PORT}"))
            .header("content-type", "application/json")
            .header("authorization", format!("Bearer {token}"));
        let body = body.map_or(Body::empty(), |b| Body::from(b.to_string()));
        let request = request.body(body).unwrap();
        let (ready, routes, id) = (ready.clone(), house.routes.clone(), id.clone());
        tokio::spawn(async move {
            ready.wait().await;
            let answer = routes.oneshot(request).await.unwrap();
            let (head, body) = answer.into_parts();
            let body = to_bytes(body, usize::MAX).await.unwrap();
            let answer = Answer {
                status: head.status,
                headers: head.headers,
                body: String::from_utf8_lossy(&body).into_owned(),
            };
            (id, answer)
        })
    });
    let asked: Vec<_> = asked.collect();
    let mut told = Vec::new();
    for one in asked {
        told.push(one.await.unwrap());
    }
    told
}

/// Who was let through; everybody else was told that a colleague has it.
fn winner(told: Vec<(String, Answer)>, well: StatusCode) -> String {
    let (won, lost): (Vec<_>, Vec<_>) = told.into_iter().partition(|(_, a)| a.status == well);
    for (_, answer) in &lost {
        assert_eq!(answer.status, StatusCode::CONFLICT, "{}", answer.body);
        let code = answer.json()["code"].clone();
        assert!(code == "taken" || code == "under_way", "{}", answer.body);
    }
    let won: Vec<String> = won.into_iter().map(|(id, _)| id).collect();
    let [one] = &won[..] else {
        panic!("{} have it: {won:?}", won.len());
    };
    one.clone()
}

async fn one_has_it_each_time(house: &House, rounds: usize) {
    let clients = colleagues(house).await;
    connect_channel(house).await;
    let begun = std::time::Instant::now();
    for round in 0..rounds {
        let id = format!("thr_{round}");
        waiting(house, &id).await;
        let path = format!("/api/v1/desk/{id}/claim");
        let told = at_once(house, &clients, &path, None).await;
        let won = winner(told, StatusCode::NO_CONTENT);
        let kept = desk::thread(house.state.library.db(), &id).await.unwrap();
        assert_eq!(kept.unwrap().claimed_by.as_deref(), Some(won.as_str()));
    }
    eprintln!("{CLIENTS} clients, {rounds} rounds: {:?}", begun.elapsed());
    let all = store::events::after(house.state.library.db(), 0, i64::MAX);
    let all = all.await.unwrap();
    let claimed = all.iter().filter(|e| e.kind == "desk.claimed").count();
    assert_eq!(claimed, rounds, "the record tells of each taking once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_fifty_who_claim_a_thread_at_once_one_has_it_each_time() {
    one_has_it_each_time(&House::open().await, rounds(200)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_fifty_who_claim_a_thread_at_once_one_has_it_each_time_on_postgresql() {
    if let Some(url) = store::testing::postgres_database().await {
        one_has_it_each_time(&House::on(Some(&url)).await, rounds(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_fifty_who_reply_at_once_one_reply_leaves_and_every_text_is_kept() {
    let house = House::open().await;
    let clients = colleagues(&house).await;
    connect_channel(&house).await;
    for round in 0..5 {
        let id = format!("thr_{round}");
        waiting(&house, &id).await;
        let body = json!({ "key": format!("k{round}"), "text": format!("Reply {round}") });
        let path = format!("/api/v1/desk/{id}/replies");
        let told = at_once(&house, &clients, &path, Some(&body)).await;
        let won = winner(told, StatusCode::ACCEPTED);
        let replies = house.get(&format!("/api/v1/desk/{id}")).await.json()["replies"].clone();
        let replies = replies.as_array().unwrap();
        assert_eq!(replies.len(), 1);
        assert_eq!(replies[0]["person"], won);
        let db = house.state.library.db();
        for (person, _) in clients.iter().filter(|(id, _)| *id != won) {
            let draft = store::work::draft(db, person, &format!("/desk/{id}")).await;
            assert_eq!(draft.unwrap().unwrap(), format!("Reply {round}"));
        }
    }
}
