//! SCIM 2.0 (RFC 7643, RFC 7644): the company's directory keeps people and teams here by itself.
//!
//! Only a token with the scope `scim`, made by an owner, opens these routes. What we do not keep of a person (titles,
//! telephone numbers) is taken and left alone, because directories send all they have.

mod described;
mod filter;
mod groups;
mod users;

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use base::problem::Problem;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use service::app::App;

pub fn router() -> Router<App> {
    Router::new()
        .route("/scim/v2/Users", get(users::list).post(users::add))
        .route(
            "/scim/v2/Users/{id}",
            get(users::one)
                .put(users::replace)
                .patch(users::patch)
                .delete(users::remove),
        )
        .route("/scim/v2/Groups", get(groups::list).post(groups::add))
        .route(
            "/scim/v2/Groups/{id}",
            get(groups::one)
                .put(groups::replace)
                .patch(groups::patch)
                .delete(groups::remove),
        )
        .route(
            "/scim/v2/ServiceProviderConfig",
            get(described::capabilities),
        )
        .route("/scim/v2/ResourceTypes", get(described::resource_types))
        .route("/scim/v2/Schemas", get(described::schemas))
}

pub fn not_found() -> Response {
    ScimError(Problem::not_found("endpoint")).into_response()
}

/// An answer, with the media type of SCIM.
struct Scim(StatusCode, Value);

impl IntoResponse for Scim {
    fn into_response(self) -> Response {
        let kind = HeaderValue::from_static("application/scim+json");
        let location = self.1["meta"]["location"].as_str();
        let location = location.and_then(|l| HeaderValue::from_str(l).ok());
        let made = self.0 == StatusCode::CREATED;
        let mut answer = (self.0, self.1.to_string()).into_response();
        answer.headers_mut().insert(header::CONTENT_TYPE, kind);
        if let Some(location) = location.filter(|_| made) {
            answer.headers_mut().insert(header::LOCATION, location);
        }
        answer
    }
}

struct ScimError(Problem);

impl<E: Into<Problem>> From<E> for ScimError {
    fn from(e: E) -> Self {
        ScimError(e.into())
    }
}

impl IntoResponse for ScimError {
    fn into_response(self) -> Response {
        let p = self.0;
        let mut error = json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
            "status": p.status.to_string(),
            "detail": format!("{} {}", p.what, p.remedy),
        });
        // RFC 7644, table 9.
        let kind = match p.code.as_str() {
            "taken" => Some("uniqueness"),
            "bad_filter" => Some("invalidFilter"),
            "bad_syntax" => Some("invalidSyntax"),
            "last_owner" | "kept_here" => Some("mutability"),
            "bad_request" => Some("invalidValue"),
            _ => None,
        };
        if let Some(kind) = kind {
            error["scimType"] = kind.into();
        }
        let status = StatusCode::from_u16(p.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Scim(status, error).into_response()
    }
}

/// What was sent, whichever of its two media types it names.
fn read<T: DeserializeOwned>(body: &Bytes) -> Result<T, Problem> {
    serde_json::from_slice(body).map_err(|e| {
        Problem::new(
            400,
            "bad_syntax",
            format!("The body cannot be read: {e}."),
            "Send JSON as RFC 7643 describes it.",
        )
    })
}

/// One change of a PATCH (RFC 7644, 3.5.2).
#[derive(serde::Deserialize)]
struct Operation {
    op: String,
    #[serde(default)]
    path: Option<String>,
    #[serde(default)]
    value: Value,
}

#[derive(serde::Deserialize)]
struct Patch {
    #[serde(rename = "Operations")]
    operations: Vec<Operation>,
}

/// A part of a list.
fn listed(all: Vec<Value>, asked: &filter::Asked) -> Scim {
    let total = all.len();
    let start = asked.start_index.unwrap_or(1).max(1) as usize;
    let count = asked.count.unwrap_or(100).clamp(0, 200) as usize;
    let page: Vec<Value> = all.into_iter().skip(start - 1).take(count).collect();
    let list = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
        "totalResults": total,
        "startIndex": start,
        "itemsPerPage": page.len(),
        "Resources": page,
    });
    Scim(StatusCode::OK, list)
}

/// A moment as SCIM writes it.
fn moment(at: mining::Micros) -> String {
    let at = jiff::Timestamp::from_microsecond(at).unwrap_or_default();
    format!("{at:.3}")
}
