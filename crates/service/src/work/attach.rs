//! Attachments: limited in size, checked to be what their name says, downloaded and never rendered.

use super::Work;
use base::identity::Actor;
use base::policy::may;
use base::problem::Problem;
use sha2::{Digest, Sha256};
use store::attachments::{self, AttachmentRow};

/// Bytes of a file.
pub const LARGEST: usize = 10 << 20;

/// Endings, how such files begin, and what they are.
type Kind = (
    &'static [&'static str],
    &'static [&'static [u8]],
    &'static str,
);

/// What may be attached.
const KINDS: &[Kind] = &[
    (&["pdf"], &[b"%PDF-"], "application/pdf"),
    (&["png"], &[b"\x89PNG\r\n\x1a\n"], "image/png"),
    (&["jpg", "jpeg"], &[b"\xff\xd8\xff"], "image/jpeg"),
    (&["gif"], &[b"GIF87a", b"GIF89a"], "image/gif"),
    (&["webp"], &[b"RIFF"], "image/webp"),
    (
        &["docx", "xlsx", "pptx", "odt", "ods", "odp", "zip"],
        &[b"PK\x03\x04"],
        "application/zip",
    ),
    (
        &["doc", "xls", "ppt"],
        &[b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"],
        "application/x-ole-storage",
    ),
];
/// Texts have no sign they begin with: they are texts when they hold no zero and are UTF-8.
const TEXTS: &[&str] = &["txt", "csv", "tsv", "md", "log", "json", "eml"];

/// What a file is, or why it cannot be attached.
fn media(name: &str, content: &[u8]) -> Result<&'static str, Problem> {
    let refuse = |what: String, remedy: &str| Err(Problem::new(415, "attachment", what, remedy));
    if content.len() > LARGEST {
        let what = format!(
            "{name} has {:.1} MB, more than 10.",
            content.len() as f64 / 1e6
        );
        return Err(Problem::new(413, "attachment", what, "Link to it instead."));
    }
    if content.is_empty() {
        return refuse(format!("{name} is empty."), "Choose another file.");
    }
    let ending = name
        .rsplit_once('.')
        .map(|(_, e)| e.to_lowercase())
        .unwrap_or_default();
    if TEXTS.contains(&ending.as_str()) {
        return match std::str::from_utf8(content).is_ok_and(|t| !t.contains('\0')) {
            true => Ok("text/plain"),
            false => refuse(
                format!("{name} is no text in UTF-8."),
                "Save it as UTF-8, or pack it as .zip.",
            ),
        };
    }
    let Some((_, begins, media)) = KINDS.iter().find(|k| k.0.contains(&ending.as_str())) else {
        return refuse(
            format!("Files that end in .{ending} cannot be attached."),
            "Attach documents, pictures, texts, or pack it as .zip.",
        );
    };
    match begins.iter().any(|b| content.starts_with(b)) {
        true => Ok(media),
        false => refuse(
            format!("{name} is not what its name says."),
            "Save it again from the program it was made with.",
        ),
    }
}

/// The last part of a name, without what would lead elsewhere or break a header.
fn plain(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let kept = last
        .chars()
        .filter(|c| !c.is_control() && !"\"<>|:*?".contains(*c));
    let kept: String = kept.take(120).collect();
    match kept.trim_matches(['.', ' ']) {
        "" => "file".into(),
        kept => kept.into(),
    }
}

impl Work {
    /// Checks a file before anything is kept: its name as it will be shown, and what it is.
    pub fn attachable(name: &str, content: &[u8]) -> Result<(String, &'static str), Problem> {
        let name = plain(name);
        let media = media(&name, content)?;
        Ok((name, media))
    }

    /// Attaches a file to a message of one's own; answers with its id.
    pub async fn attach(
        &self,
        actor: &Actor,
        message: i64,
        name: &str,
        content: &[u8],
    ) -> Result<String, Problem> {
        let (name, media) = Work::attachable(name, content)?;
        let (row, place) = self.message(actor, message).await?;
        may::edit_message(actor, &row.author)?;
        let attachment = AttachmentRow {
            id: format!("file_{}", self.clock().id().simple()),
            message: Some(message),
            person: actor.id().into(),
            at: self.clock().now(),
            name,
            media: media.into(),
            size: content.len() as i64,
            digest: base::identity::secret::hex(&Sha256::digest(content)),
        };
        let mut tx = self.db().begin().await?;
        attachments::insert(&mut tx, &attachment, content).await?;
        let kind = base::activity::Kind::MessageAttached;
        self.tell(&mut tx, kind, actor, &place, message).await?;
        self.done(tx).await?;
        Ok(attachment.id)
    }

    /// A file, if this person may see the message it is attached to.
    pub async fn file(&self, actor: &Actor, id: &str) -> Result<(AttachmentRow, Vec<u8>), Problem> {
        let row = attachments::find(self.db(), id).await?;
        let row = row.ok_or_else(|| Problem::not_found("file"))?;
        let message = row.message.ok_or_else(|| Problem::not_found("file"))?;
        let (message, _) = self.message(actor, message).await?;
        if message.deleted.is_some() {
            return Err(Problem::not_found("file"));
        }
        let content = attachments::content(self.db(), &row.digest).await?;
        Ok((row, content.ok_or_else(|| Problem::not_found("file"))?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_what_its_name_says_or_is_refused() {
        for (name, content, expected) in [
            ("a.pdf", &b"%PDF-1.7"[..], Ok("application/pdf")),
            ("a.PDF", b"<html>", Err(415)),
            ("a.html", b"<html>", Err(415)),
            ("a.svg", b"<svg/>", Err(415)),
            ("a.csv", b"a,b", Ok("text/plain")),
            ("a.txt", b"\xff\xfe", Err(415)),
            ("a", b"x", Err(415)),
            ("a.txt", b"", Err(415)),
        ] {
            let found = media(name, content).map_err(|p| p.status);
            assert_eq!(found, expected, "{name}");
        }
        assert_eq!(
            media("a.txt", &vec![b'a'; LARGEST + 1]).unwrap_err().status,
            413
        );
    }

    #[test]
    fn names_lead_nowhere() {
        for (name, expected) in [
            ("../../etc/passwd", "passwd"),
            ("C:\\x\\y.pdf", "y.pdf"),
            ("a\"\r\nb.pdf", "ab.pdf"),
            ("..", "file"),
        ] {
            assert_eq!(plain(name), expected);
        }
    }
}
