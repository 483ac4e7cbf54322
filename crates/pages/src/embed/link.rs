//! Who may frame the panel, and links to it that nobody else can make.

use base::activity::{self, Kind};
use base::identity::secret::{Digest, hex};
use serde::{Deserialize, Serialize};
use serde_json::json;
use service::app::App;
use service::delivery::sign::mac;
use service::processes::Problem;
use store::settings;

const NAME: &str = "embed";

/// Where the panel may stand, and what links to it are signed with.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Embed {
    /// Sites whose pages may hold it, such as `https://crm.example.com`.
    pub origins: Vec<String>,
    /// Has to be known here, and is shown to a person once.
    key: String,
}

/// What a link to the panel says.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Link {
    pub process: String,
    #[serde(rename = "ref")]
    pub case: String,
    /// Seconds since 1970.
    pub exp: String,
    pub sig: String,
}

impl Embed {
    pub async fn of(app: &App) -> Result<Embed, Problem> {
        let kept = settings::get(app.library.db(), NAME).await?;
        Ok(kept
            .and_then(|k| serde_json::from_str(&k).ok())
            .unwrap_or_default())
    }

    /// Keeps where the panel may stand; with `renew`, or the first time, also a new key, which is handed out.
    pub async fn keep(
        app: &App,
        origins: &str,
        renew: bool,
        by: &str,
    ) -> Result<Option<String>, Problem> {
        let mut embed = Embed::of(app).await?;
        let all = origins.split_whitespace().map(origin);
        embed.origins = all.collect::<Result<_, _>>()?;
        embed.origins.dedup();
        if embed.origins.len() > 20 {
            let what = format!("{} sites are too many.", embed.origins.len());
            return Err(Problem::bad_request(what, "Name at most 20."));
        }
        let is_new = renew || (embed.key.is_empty() && !embed.origins.is_empty());
        if is_new {
            embed.key = hex(&app.library.clock().secret()?);
        }
        let text = serde_json::to_string(&embed).map_err(anyhow::Error::from)?;
        let payload = json!({ "setting": NAME, "value": embed.origins, "key_renewed": is_new });
        let (now, kind) = (app.library.clock().now(), Kind::SettingChanged);
        let mut tx = app.library.db().begin().await?;
        settings::put(&mut tx, NAME, &text).await?;
        activity::record_installation(&mut tx, now, kind, by, &payload).await?;
        tx.commit().await?;
        Ok(is_new.then_some(embed.key))
    }

    pub fn is_on(&self) -> bool {
        !self.key.is_empty() && !self.origins.is_empty()
    }

    /// Refuses a link that was not signed with the key, or is over.
    pub fn check(&self, link: &Link, now: mining::Micros) -> Result<(), Problem> {
        if !self.is_on() {
            return Err(Problem::new(
                404,
                "no_panel",
                "The panel is not set up here.",
                "An owner names the sites that may hold it under Settings.",
            ));
        }
        let refuse = |what: &str| {
            let remedy = "Load the page that holds this panel again; docs/embedding.md tells how links are made.";
            Err(Problem::new(403, "bad_link", what, remedy))
        };
        // Compared by digests: how far two of them agree tells nothing.
        if Digest::of(&self.sign(link)) != Digest::of(&link.sig) {
            return refuse("The link to this panel was not signed by whoever may.");
        }
        match link.exp.parse::<i64>() {
            Ok(exp) if exp > now / 1_000_000 => Ok(()),
            _ => refuse("The link to this panel is too old."),
        }
    }

    pub fn sign(&self, link: &Link) -> String {
        let told = format!("{}\n{}\n{}", link.process, link.case, link.exp);
        hex(&mac(self.key.as_bytes(), told.as_bytes()))
    }
}

impl Link {
    /// The address of the panel itself.
    pub fn address(&self) -> String {
        let pairs = [
            ("process", &self.process),
            ("ref", &self.case),
            ("exp", &self.exp),
            ("sig", &self.sig),
        ];
        let query = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(pairs)
            .finish();
        format!("/embed/case?{query}")
    }
}

/// A site as browsers write it. Only such a text reaches the header that says who may frame.
fn origin(text: &str) -> Result<String, Problem> {
    let wrong = || {
        let what = format!("\"{}\" is no site.", base::format::short(text, 80));
        Problem::bad_request(what, "Write it as https://crm.example.com, without a path.")
    };
    let url = url::Url::parse(text).map_err(|_| wrong())?;
    let host = url.host_str().unwrap_or_default();
    let is_here = ["localhost", "127.0.0.1", "[::1]"].contains(&host);
    let is_plain = url.path() == "/"
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty();
    let is_safe = url.scheme() == "https" || (url.scheme() == "http" && is_here);
    let found = url.origin().ascii_serialization();
    if is_plain && is_safe && !found.contains(['*', ';', ',', ' ', '\'']) {
        return Ok(found);
    }
    Err(wrong())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_plain_site_may_frame() {
        for (text, expected) in [
            ("https://CRM.example.com/", Some("https://crm.example.com")),
            (
                "https://crm.example.com:8443",
                Some("https://crm.example.com:8443"),
            ),
            ("http://127.0.0.1:9000", Some("http://127.0.0.1:9000")),
            ("http://crm.example.com", None),
            ("https://*.example.com", None),
            ("https://crm.example.com/page", None),
            ("*", None),
            ("https:", None),
            ("data:text/html,x", None),
            ("https://a.example;script-src", None),
        ] {
            assert_eq!(origin(text).ok().as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn a_link_holds_for_what_was_signed_and_not_longer() {
        let embed = Embed {
            origins: vec!["https://crm.example.com".into()],
            key: "k".into(),
        };
        let mut link = Link {
            process: "deals".into(),
            case: "D-1".into(),
            exp: "100".into(),
            sig: String::new(),
        };
        link.sig = embed.sign(&link);
        assert!(embed.check(&link, 99_000_000).is_ok());
        assert_eq!(embed.check(&link, 100_000_000).unwrap_err().status, 403);
        for change in [
            |l: &mut Link| l.case = "D-2".into(),
            |l: &mut Link| l.exp = "999".into(),
            |l: &mut Link| l.process = "x".into(),
        ] {
            let mut other = link.clone();
            change(&mut other);
            assert_eq!(embed.check(&other, 0).unwrap_err().code, "bad_link");
        }
        assert_eq!(Embed::default().check(&link, 0).unwrap_err().status, 404);
    }
}
