//! `/hooks/channel/{secret}`: a service tells of what was said. `/hooks/source/{secret}`: one says that there is something to look at.
//! Checked on its raw bytes by its connector.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{OriginalUri, Path, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use connectors::channel::Delivery;
use service::app::App;

pub async fn take(
    State(app): State<App>,
    super::door::From(from): super::door::From,
    Path(secret): Path<String>,
    OriginalUri(uri): OriginalUri,
    method: Method,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let url = format!("{}{uri}", app.site.url());
    let headers: Vec<(String, String)> = headers
        .iter()
        .filter_map(|(name, value)| {
            Some((name.as_str().to_string(), value.to_str().ok()?.to_string()))
        })
        .collect();
    let delivery = Delivery {
        method: method.as_str(),
        url: &url,
        headers: &headers,
        body: &body,
    };
    match app
        .desk
        .connect()
        .delivered(&secret, &delivery, &from)
        .await
    {
        Ok((kind, text)) => ([(header::CONTENT_TYPE, kind)], text).into_response(),
        Err(problem) => {
            let status =
                StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            let wait = problem.wait.map(|s| [(header::RETRY_AFTER, s.to_string())]);
            (status, wait, Json(problem)).into_response()
        }
    }
}
