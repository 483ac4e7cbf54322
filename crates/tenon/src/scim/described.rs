//! What can be done here, for directories that look first (RFC 7643, sections 5 to 7).

use super::{Scim, groups, users};
use axum::http::StatusCode;
use serde_json::{Value, json};

pub async fn capabilities() -> Scim {
    let no = json!({ "supported": false });
    let told = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
        "patch": { "supported": true },
        "bulk": { "supported": false, "maxOperations": 0, "maxPayloadSize": 0 },
        "filter": { "supported": true, "maxResults": 200 },
        "changePassword": no,
        "sort": no,
        "etag": no,
        "authenticationSchemes": [{
            "type": "oauthbearertoken",
            "name": "Bearer token",
            "description": "A token of Tenon with the scope scim, made by an owner.",
            "primary": true,
        }],
    });
    Scim(StatusCode::OK, told)
}

fn list(all: Vec<Value>) -> Scim {
    let told = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
        "totalResults": all.len(),
        "startIndex": 1,
        "itemsPerPage": all.len(),
        "Resources": all,
    });
    Scim(StatusCode::OK, told)
}

pub async fn resource_types() -> Scim {
    let kind = |name: &str, place: &str, schema: &str| {
        json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ResourceType"],
            "id": name,
            "name": name,
            "endpoint": place,
            "schema": schema,
        })
    };
    list(vec![
        kind("User", "/Users", users::SCHEMA),
        kind("Group", "/Groups", groups::SCHEMA),
    ])
}

pub async fn schemas() -> Scim {
    let attribute = |name: &str, kind: &str, required: bool| {
        json!({
            "name": name,
            "type": kind,
            "multiValued": false,
            "required": required,
            "caseExact": false,
            "mutability": "readWrite",
            "returned": "default",
            "uniqueness": if name == "userName" { "server" } else { "none" },
        })
    };
    let many = |name: &str, mutability: &str| {
        let mut list = attribute(name, "complex", false);
        list["multiValued"] = true.into();
        list["mutability"] = mutability.into();
        list["subAttributes"] = json!([attribute("value", "string", false)]);
        list
    };
    let mut name = attribute("name", "complex", false);
    name["subAttributes"] = json!([
        attribute("formatted", "string", false),
        attribute("givenName", "string", false),
        attribute("familyName", "string", false),
    ]);
    let schema = |id: &str, name: &str, attributes: Value| {
        json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Schema"],
            "id": id,
            "name": name,
            "attributes": attributes,
        })
    };
    list(vec![
        schema(
            users::SCHEMA,
            "User",
            json!([
                attribute("userName", "string", true),
                name,
                attribute("displayName", "string", false),
                attribute("active", "boolean", false),
                many("emails", "readWrite"),
                many("groups", "readOnly"),
            ]),
        ),
        schema(
            groups::SCHEMA,
            "Group",
            json!([
                attribute("displayName", "string", true),
                many("members", "readWrite"),
            ]),
        ),
    ])
}
