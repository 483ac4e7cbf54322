//! The switch that lets links be written to a system of record.

use super::*;
use store::connections::{self, ConnectionRow, ON, SOURCE};

pub(super) async fn connect(house: &House, id: &str, kind: &str) {
    let process = house.state.library.process("hostile").await.unwrap();
    let row = ConnectionRow {
        id: id.into(),
        kind: kind.into(),
        what: SOURCE.into(),
        name: "Sales".into(),
        created: 1,
        created_by: "test".into(),
        sealed: String::new(),
        account: "{}".into(),
        state: ON.into(),
        hook: None,
        pipeline: None,
        process: Some(process.id),
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

pub(super) async fn press(house: &House, path: &str, token: &str) -> StatusCode {
    let request = Request::builder()
        .method("POST")
        .uri(path)
        .header("host", format!("localhost:{PORT}"))
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", "application/x-www-form-urlencoded");
    house
        .send(request.body(Body::empty()).unwrap())
        .await
        .status
}

#[tokio::test]
async fn an_owner_switches_writing_on_and_off_and_the_page_says_what_that_means() {
    let house = House::open().await;
    connect(&house, "con_1", "tryton").await;
    let page = house.get("/connections/con_1").await;
    let address = format!("http://localhost:{PORT}/p/hostile/case/");
    for said in [
        "off: nothing is written",
        "write on sale.opportunity",
        &address,
    ] {
        assert!(page.body.contains(said), "{said}: {}", page.body);
    }
    let on = "/connections/con_1/write-on";
    assert_eq!(press(&house, on, &house.token).await, StatusCode::SEE_OTHER);
    let page = house.get("/connections/con_1").await;
    assert!(page.body.contains("on since") && page.body.contains("write-off"));
    let off = "/connections/con_1/write-off";
    assert_eq!(
        press(&house, off, &house.token).await,
        StatusCode::SEE_OTHER
    );
    let page = house.get("/connections/con_1").await;
    assert!(page.body.contains("off: nothing is written"));
}

#[tokio::test]
async fn what_could_not_be_written_stands_on_the_page_with_its_reason() {
    let house = House::open().await;
    connect(&house, "con_1", "hubspot").await;
    press(&house, "/connections/con_1/write-on", &house.token).await;
    let process = house.state.library.process("hostile").await.unwrap();
    let case = (process.id.as_str(), "<b>1</b>");
    let why = "HubSpot: not allowed: <it>.";
    store::testing::given_up(house.state.library.db(), "con_1", case, why).await;
    let page = house.get("/connections/con_1").await.body;
    assert!(
        page.contains("given up") && page.contains("write-again"),
        "{page}"
    );
    assert!(
        page.contains("HubSpot: not allowed: &#60;it&#62;."),
        "{page}"
    );
    assert!(page.contains("/p/hostile/case/%3Cb%3E1%3C%2Fb%3E") && !page.contains("<b>1</b>"));
    let again = "/connections/con_1/write-again";
    assert_eq!(
        press(&house, again, &house.token).await,
        StatusCode::SEE_OTHER
    );
    let page = house.get("/connections/con_1").await.body;
    assert!(
        page.contains("trying again") && !page.contains("write-again"),
        "{page}"
    );
}

#[tokio::test]
async fn nobody_else_switches_it_and_not_where_nothing_can_be_written() {
    let house = House::open().await;
    connect(&house, "con_1", "tryton").await;
    connect(&house, "con_2", "csv").await;
    let new = NewPerson {
        name: "Mia Manager".into(),
        email: "mia@halden.example".into(),
        role: Role::Manager,
        password: None,
    };
    let mia = house.state.identity.add(new, "test").await.unwrap();
    let made = house
        .state
        .identity
        .make_token(&mia.id, "tests", Scopes::all(), None, "test");
    let token = made.await.unwrap().1;
    for action in ["write-on", "write-off", "write-again"] {
        let path = format!("/connections/con_1/{action}");
        assert_eq!(
            press(&house, &path, &token).await,
            StatusCode::FORBIDDEN,
            "{action}"
        );
    }
    let page = house.get("/connections/con_2").await;
    assert!(page.status.is_success() && !page.body.contains("write-on"));
    let on = "/connections/con_2/write-on";
    assert_eq!(press(&house, on, &house.token).await, StatusCode::CONFLICT);
}
