//! Scripts and styles, bundled into the binary.

use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::sync::OnceLock;

#[derive(rust_embed::RustEmbed)]
#[folder = "../../web/dist"]
struct Dist;

pub async fn file(Path(file): Path<String>) -> Response {
    let kind = match file.rsplit('.').next() {
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        _ => return StatusCode::NOT_FOUND.into_response(),
    };
    match Dist::get(&file) {
        // Pages ask with `?v=`, which changes with the file.
        Some(found) => (
            [
                (header::CONTENT_TYPE, kind),
                (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
            ],
            found.data.into_owned(),
        )
            .into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// A script by its name; empty when it was not bundled.
pub fn script(name: &str) -> Vec<u8> {
    Dist::get(name)
        .map(|f| f.data.into_owned())
        .unwrap_or_default()
}

/// Changes whenever a script or style does.
pub fn version() -> &'static str {
    static VERSION: OnceLock<String> = OnceLock::new();
    VERSION.get_or_init(|| {
        let hashes = ["main.js", "tenon.css"].map(|f| {
            Dist::get(f)
                .map(|f| f.metadata.sha256_hash())
                .unwrap_or_default()
        });
        base::format::hex(&[&hashes[0][..4], &hashes[1][..4]].concat())
    })
}

/// The styles, for pictures that leave the house.
pub fn css() -> String {
    Dist::get("tenon.css")
        .map(|f| String::from_utf8_lossy(&f.data).into_owned())
        .unwrap_or_default()
}
