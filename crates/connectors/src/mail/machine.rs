//! Mail that no person wrote (RFC 3834, RFC 3464, and what is in use beside them).

use mail_parser::Message;

/// Why nobody wrote it, if so.
pub fn machine(mail: &Message<'_>) -> Option<&'static str> {
    let text = |name: &str| mail.header_raw(name).map(|v| v.trim().to_lowercase());
    let is_report = text("Content-Type").is_some_and(|v| v.starts_with("multipart/report"));
    let is_null = text("Return-Path").is_some_and(|v| v == "<>");
    let from = text("From").unwrap_or_default();
    let is_daemon = ["mailer-daemon@", "postmaster@"]
        .iter()
        .any(|name| from.contains(name));
    if is_report || is_null || is_daemon {
        return Some("report of a mail server");
    }
    let precedence = text("Precedence").unwrap_or_default();
    if text("List-Id").is_some() || precedence == "list" {
        return Some("mailing list");
    }
    let is_auto = text("Auto-Submitted").is_some_and(|v| !v.starts_with("no"));
    let marks = ["X-Auto-Response-Suppress", "X-Autoreply", "X-Autorespond"];
    if is_auto
        || precedence == "auto_reply"
        || marks.iter().any(|name| mail.header_raw(*name).is_some())
    {
        return Some("automatic answer");
    }
    matches!(precedence.as_str(), "bulk" | "junk").then_some("bulk mail")
}
