//! Cases told by another program.

use super::*;
use service::processes::push::KIND;

#[tokio::test]
async fn a_program_makes_a_process_tells_of_cases_and_sees_them_in_the_figures() {
    let house = House::open().await;
    let made = house
        .ask(
            "POST",
            "/api/v1/processes",
            Some(json!({ "name": "From the CRM" })),
        )
        .await;
    assert_eq!(made.status, StatusCode::CREATED);
    let process = "/api/v1/processes/from-the-crm";
    assert_eq!(made.json()["slug"], "from-the-crm");
    assert_eq!(
        house.get("/p/from-the-crm").await.status,
        StatusCode::OK,
        "empty, and a page"
    );
    let put = json!({ "attributes": { "value": 12000, "segment": "Housing" } });
    let path = format!("{process}/cases/D-1");
    assert_eq!(
        house.ask("PUT", &path, Some(put)).await.status,
        StatusCode::ACCEPTED
    );
    let events = json!([
        { "id": "e1", "activity": "Qualify", "time": "2026-03-02T09:30:00Z", "resource": "olive@halden.example" },
        { "id": "e2", "activity": "Offer", "time": "2026-03-04T09:30:00+01:00", "stage": "Propose" },
    ]);
    let path = format!("{process}/cases/D-1/events");
    let told = house.ask("POST", &path, Some(events.clone())).await;
    assert_eq!(
        (told.status, told.json()),
        (StatusCode::ACCEPTED, json!({ "added": 2, "known": 0 }))
    );
    house.state.library.fold_all().await.unwrap();
    let again = house.ask("POST", &path, Some(events)).await;
    assert_eq!(again.json(), json!({ "added": 0, "known": 2 }));
    let cases = house.get(&format!("{process}/cases")).await.json();
    assert_eq!(cases["rows"][0]["name"], "D-1");
    let imports = house.get(&format!("{process}/imports")).await.json();
    assert_eq!(
        (
            imports[0]["kind"].as_str(),
            imports.as_array().unwrap().len()
        ),
        (Some(KIND), 1)
    );
    let page = house.get("/p/from-the-crm/case/D-1").await;
    assert!(page.body.contains("Olive Owner") && page.body.contains("Housing"));
}

#[tokio::test]
async fn what_cannot_be_kept_says_where_and_what_is_not_there_how_to_make_it() {
    let house = House::open().await;
    let path = "/api/v1/processes/hostile/cases/1/events";
    let list = json!([
        { "id": "e1", "activity": "a", "time": "2026-03-02T09:30:00Z" },
        { "id": "e2", "activity": "a", "time": "noon" },
    ]);
    let bad = house.ask("POST", path, Some(list)).await;
    assert_eq!(bad.status, StatusCode::UNPROCESSABLE_ENTITY);
    let bad = bad.json();
    assert_eq!(
        (
            bad["place"]["line"].as_u64(),
            bad["place"]["field"].as_str()
        ),
        (Some(1), Some("time"))
    );
    assert_eq!(
        house.state.library.fold_all().await.unwrap(),
        0,
        "nothing half done"
    );
    let none = house
        .ask(
            "POST",
            "/api/v1/processes/none/cases/1/events",
            Some(json!([])),
        )
        .await;
    assert_eq!(none.status, StatusCode::NOT_FOUND);
    assert!(
        none.json()["detail"]
            .as_str()
            .unwrap()
            .contains("POST /api/v1/processes")
    );
    let many: Vec<Value> = (0..1001).map(|_| json!({})).collect();
    assert_eq!(
        house.ask("POST", path, Some(many.into())).await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
}
