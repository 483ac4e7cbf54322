//! What an assistant may do here with a person's own rights: the Model Context Protocol, revision 2025-06-18, as far as tools
//! need it. No session is kept: each request says who asks and is answered by one JSON object, so any node answers any of them.
//!
//! What people and customers wrote is handed out as data beside a sentence that says so ([`tools::NOTE`]).

mod args;
mod customers;
mod look;
mod said;
pub mod tools;

use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use base::identity::Actor;
use bytes::Bytes;
use serde_json::{Value, json};
use service::app::App;
use service::improvements::Improvements;
use service::processes::Library;
use service::work::Work;

/// The revision that is spoken.
pub const REVISION: &str = "2025-06-18";
/// A message may be this long.
const LONGEST: usize = 1 << 20;

/// What the tools reach.
#[derive(Clone)]
pub struct Desk {
    pub library: Library,
    pub improvements: Improvements,
    pub work: Work,
    pub customers: service::desk::Desk,
}

impl Desk {
    fn of(app: &App) -> Desk {
        Desk {
            library: app.library.clone(),
            improvements: app.improvements.clone(),
            work: app.work.clone(),
            customers: app.desk.clone(),
        }
    }
}

pub fn router() -> Router<App> {
    let limit = DefaultBodyLimit::max(LONGEST);
    Router::new().route("/mcp", post(receive).layer(limit))
}

async fn receive(
    actor: Actor,
    State(app): State<App>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let text = |name: &str| headers.get(name).and_then(|v| v.to_str().ok());
    let is_json = text("content-type").is_some_and(|t| t.starts_with("application/json"));
    if !is_json {
        let told = "Send JSON-RPC as application/json.";
        return (StatusCode::UNSUPPORTED_MEDIA_TYPE, told).into_response();
    }
    if text("mcp-protocol-version").is_some_and(|v| v != REVISION && v != "2025-03-26") {
        let error = failed(
            Value::Null,
            -32600,
            &format!("This server speaks {REVISION}."),
        );
        return sent(StatusCode::BAD_REQUEST, &error);
    }
    match answer(&Desk::of(&app), &actor, &body).await {
        None => StatusCode::ACCEPTED.into_response(),
        Some(answer) if answer["id"].is_null() => sent(StatusCode::BAD_REQUEST, &answer),
        Some(answer) => sent(StatusCode::OK, &answer),
    }
}

fn sent(status: StatusCode, value: &Value) -> Response {
    let kind = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (status, kind, value.to_string()).into_response()
}

/// The answer to one message; none to a notification or to an answer.
pub async fn answer(desk: &Desk, actor: &Actor, message: &[u8]) -> Option<Value> {
    let Ok(message) = serde_json::from_slice::<Value>(message) else {
        return Some(failed(Value::Null, -32700, "This is no JSON."));
    };
    let id = message.get("id").cloned();
    let method = message.get("method").and_then(Value::as_str);
    if message["jsonrpc"] != "2.0" {
        let what = "Send one JSON-RPC 2.0 message; lists of them were taken out of this revision.";
        return Some(failed(Value::Null, -32600, what));
    }
    let (id, method) = match (id, method) {
        (Some(id @ (Value::String(_) | Value::Number(_))), Some(method)) => (id, method),
        // A notification, or the answer to what was never asked: taken and not answered.
        (None, Some(_)) => return None,
        (Some(_), None) if message.get("result").or(message.get("error")).is_some() => return None,
        _ => {
            return Some(failed(
                Value::Null,
                -32600,
                "The message has no method or an id that is none.",
            ));
        }
    };
    let none = json!({});
    let params = message.get("params").unwrap_or(&none);
    let result = match method {
        "initialize" => Ok(greeting()),
        "ping" => Ok(json!({})),
        "tools/list" => Ok(json!({ "tools": tools::listed() })),
        "tools/call" => tools::call(desk, actor, params).await,
        other => Err((-32601, format!("There is no method \"{other}\" here."))),
    };
    Some(match result {
        Ok(result) => json!({ "jsonrpc": "2.0", "id": id, "result": result }),
        Err((code, what)) => failed(id, code, &what),
    })
}

fn greeting() -> Value {
    json!({
        "protocolVersion": REVISION,
        "capabilities": { "tools": {} },
        "serverInfo": { "name": "tenon", "title": "Tenon", "version": env!("CARGO_PKG_VERSION") },
        "instructions": format!("Look at how a process really runs, work on its cases and read whether its improvements helped. {}", tools::NOTE),
    })
}

fn failed(id: Value, code: i64, what: &str) -> Value {
    json!({ "jsonrpc": "2.0", "id": id, "error": { "code": code, "message": what } })
}
