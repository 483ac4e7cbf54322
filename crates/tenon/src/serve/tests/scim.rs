//! A directory keeps people and teams, as those in use do it.

use super::*;
use base::identity::Scope;

impl House {
    async fn scim_token(&self) -> String {
        let identity = &self.state.identity;
        let olive = identity.directory().await.unwrap().people()[0].id.clone();
        let scopes = Scopes::of(&[Scope::Scim]);
        let made = identity
            .make_token(&olive, "directory", scopes, None, "t")
            .await;
        made.unwrap().1
    }

    async fn scim(&self, token: &str, method: &str, path: &str, body: Value) -> Answer {
        let request = Request::builder()
            .method(method)
            .uri(format!("/scim/v2{path}"))
            .header("host", format!("localhost:{PORT}"))
            .header("content-type", "application/scim+json")
            .header("authorization", format!("Bearer {token}"));
        self.send(request.body(Body::from(body.to_string())).unwrap())
            .await
    }
}

fn maren() -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "userName": "maren.voss@halden.example",
        "externalId": "00u1",
        "name": {"givenName": "Maren", "familyName": "Voss"},
        "emails": [{"value": "maren@halden.example", "type": "work", "primary": true}],
        "title": "Sales",
        "active": true,
    })
}

#[tokio::test]
async fn a_person_is_made_found_changed_and_taken_away() {
    let house = House::open().await;
    let token = &house.scim_token().await;
    let made = house.scim(token, "POST", "/Users", maren()).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    assert_eq!(made.headers["content-type"], "application/scim+json");
    let user = made.json();
    let id = user["id"].as_str().unwrap().to_string();
    assert_eq!(
        made.headers["location"],
        format!("http://localhost:7070/scim/v2/Users/{id}")
    );
    assert_eq!(
        (&user["displayName"], &user["active"]),
        (&json!("Maren Voss"), &json!(true))
    );
    let twice = house.scim(token, "POST", "/Users", maren()).await;
    assert_eq!(
        (twice.status.as_u16(), &twice.json()["scimType"]),
        (409, &json!("uniqueness"))
    );
    let find = "/Users?filter=userName%20eq%20%22Maren.Voss%40halden.example%22";
    let found = house.scim(token, "GET", find, Value::Null).await.json();
    assert_eq!(
        (&found["totalResults"], &found["Resources"][0]["id"]),
        (&json!(1), &json!(id))
    );
    let nobody = "/Users?filter=userName%20eq%20%22none%22";
    let nobody = house.scim(token, "GET", nobody, Value::Null).await.json();
    assert_eq!(nobody["totalResults"], 0);
    let wrong = house
        .scim(
            token,
            "GET",
            "/Users?filter=title%20co%20%22a%22",
            Value::Null,
        )
        .await;
    assert_eq!(
        (wrong.status.as_u16(), &wrong.json()["scimType"]),
        (400, &json!("invalidFilter"))
    );
    let path = format!("/Users/{id}");
    let patch = |operations: Value| json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": operations});
    for (operations, name, active) in [
        (
            json!([{"op": "Replace", "path": "active", "value": "False"}]),
            "Maren Voss",
            false,
        ),
        (
            json!([{"op": "replace", "value": {"active": true, "displayName": "Maren V."}}]),
            "Maren V.",
            true,
        ),
        (
            json!([{"op": "add", "path": "title", "value": "Lead"}]),
            "Maren V.",
            true,
        ),
    ] {
        let changed = house
            .scim(token, "PATCH", &path, patch(operations))
            .await
            .json();
        assert_eq!(
            (&changed["displayName"], &changed["active"]),
            (&json!(name), &json!(active))
        );
    }
    let put = house.scim(token, "PUT", &path, maren()).await.json();
    assert_eq!(put["displayName"], "Maren Voss");
    let gone = house.scim(token, "DELETE", &path, Value::Null).await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT);
    assert_eq!(
        house.scim(token, "GET", &path, Value::Null).await.status,
        404
    );
    let kept = house.get(&format!("/api/v1/people/{id}")).await.json();
    assert_eq!(kept["kept"]["state"], "suspended");
    let again = house.scim(token, "POST", "/Users", maren()).await.json();
    assert_eq!((&again["id"], &again["active"]), (&json!(id), &json!(true)));
}

#[tokio::test]
async fn a_group_is_made_filled_emptied_and_taken_away() {
    let house = House::open().await;
    let token = &house.scim_token().await;
    let maren = house.scim(token, "POST", "/Users", maren()).await.json()["id"].clone();
    let olive = house.state.identity.directory().await.unwrap().people()[1]
        .id
        .clone();
    let group = json!({"displayName": "North", "externalId": "g1", "members": [{"value": maren}]});
    let made = house.scim(token, "POST", "/Groups", group).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    let made = made.json();
    let path = format!("/Groups/{}", made["id"].as_str().unwrap());
    assert_eq!(
        (&made["externalId"], &made["members"][0]["display"]),
        (&json!("g1"), &json!("Maren Voss"))
    );
    let id = maren.as_str().unwrap();
    for (operation, left) in [
        (
            json!({"op": "add", "path": "members", "value": [{"value": olive}]}),
            2,
        ),
        (
            json!({"op": "remove", "path": format!("members[value eq \"{id}\"]")}),
            1,
        ),
        (
            json!({"op": "Replace", "path": "displayName", "value": "Nordic"}),
            1,
        ),
        (
            json!({"op": "replace", "path": "members", "value": [{"value": id}]}),
            1,
        ),
        (
            json!({"op": "Remove", "path": "members", "value": [{"value": id}]}),
            0,
        ),
    ] {
        let patch = json!({"Operations": [operation]});
        let changed = house.scim(token, "PATCH", &path, patch).await.json();
        assert_eq!(
            changed["members"].as_array().unwrap().len(),
            left,
            "{operation}"
        );
    }
    let find = "/Groups?filter=displayName%20eq%20%22Nordic%22&excludedAttributes=members";
    let found = house.scim(token, "GET", find, Value::Null).await.json();
    assert_eq!(found["totalResults"], 1);
    assert!(found["Resources"][0].get("members").is_none());
    let stranger =
        json!({"Operations": [{"op": "add", "path": "members", "value": [{"value": "per_x"}]}]});
    assert_eq!(
        house.scim(token, "PATCH", &path, stranger).await.status,
        404
    );
    let gone = house.scim(token, "DELETE", &path, Value::Null).await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT);
    assert_eq!(
        house.scim(token, "GET", &path, Value::Null).await.status,
        404
    );
}

#[tokio::test]
async fn only_a_token_of_the_directory_opens_it_and_the_last_owner_stays() {
    let house = House::open().await;
    let token = &house.scim_token().await;
    for path in ["/ServiceProviderConfig", "/ResourceTypes", "/Schemas"] {
        let told = house.scim(token, "GET", path, Value::Null).await;
        assert_eq!(told.status, StatusCode::OK);
        assert!(told.json()["schemas"].is_array());
    }
    let olive = house.state.identity.directory().await.unwrap().people()[0]
        .id
        .clone();
    let link = house
        .state
        .identity
        .link(Some(&olive))
        .await
        .unwrap()
        .text();
    let session = house.state.identity.enter(&link, None, "").await.unwrap();
    let request = Request::get("/scim/v2/Users")
        .header("host", format!("localhost:{PORT}"))
        .header("cookie", format!("tenon_session={}", session.text()));
    let refused = house.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    assert_eq!(refused.headers["content-type"], "application/scim+json");
    let other = house.ask_as(Some(token), "GET", "/api/v1/people").await;
    assert_eq!(other.json()["code"], "scope");
    let last = house
        .scim(token, "DELETE", &format!("/Users/{olive}"), Value::Null)
        .await;
    assert_eq!(
        (last.status.as_u16(), &last.json()["scimType"]),
        (409, &json!("mutability"))
    );
    let moved = json!({"Operations": [{"op": "replace", "path": "emails[type eq \"work\"].value", "value": "me@evil.example"}]});
    let moved = house
        .scim(token, "PATCH", &format!("/Users/{olive}"), moved)
        .await;
    assert_eq!(
        (moved.status.as_u16(), &moved.json()["scimType"]),
        (409, &json!("mutability"))
    );
    let broken = house.scim(token, "POST", "/Users", json!([1])).await;
    assert_eq!(broken.status, StatusCode::BAD_REQUEST);
    assert_eq!(
        house
            .scim(token, "GET", "/Nothing", Value::Null)
            .await
            .status,
        404
    );
}
