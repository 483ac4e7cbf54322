//! HubSpot: the deals of a pipeline, with the history of their stage that HubSpot itself keeps. The first sync lists all deals; later ones read
//! those that HubSpot's journal names, where there is one to read, and search for what was changed.

mod journal;
mod note;
mod poll;
mod wire;

#[cfg(any(test, feature = "testing"))]
pub mod stand_in;
#[cfg(test)]
mod tests;

use crate::kept::Kept;
use crate::oauth::{self, Client, OAuth, Places};
use crate::{
    About, Account, Answer, Change, Connector, Cursor, Fault, Field, Page, Pipeline, Request,
    Source, Verified, Via, sign, source::Bell, source::Note, source::Writes,
};
use serde_json::json;
use wire::{API, List, Token};

pub struct HubSpot {
    /// Who is who, by account.
    people: Kept,
    /// Tokens of apps, for their journals.
    apps: Kept,
    page: usize,
}

impl HubSpot {
    pub const fn new() -> HubSpot {
        // With histories, HubSpot reads no more at once.
        HubSpot::with_page(50)
    }

    /// So many at once; a test wants several pages of little.
    pub const fn with_page(page: usize) -> HubSpot {
        HubSpot {
            people: Kept::new(),
            apps: Kept::new(),
            page,
        }
    }

    async fn get<T: serde::de::DeserializeOwned>(
        &self,
        via: &Via<'_>,
        path: &str,
    ) -> Result<T, Fault> {
        self.send(via, Request::get(format!("{API}{path}"))).await
    }

    async fn send<T: serde::de::DeserializeOwned>(
        &self,
        via: &Via<'_>,
        request: Request,
    ) -> Result<T, Fault> {
        let request = request.bearer(via.settings.get("token").trim());
        let answer = via.http.send(request).await?;
        wire::read(&answer, via.now)
    }

    async fn token(&self, via: &Via<'_>) -> Result<Token, Fault> {
        let set = |name| via.settings.get(name).trim();
        if self.oauth().is_some_and(|o| o.is_renewable(via.settings)) {
            let fields = [
                ("client_id", set(oauth::CLIENT_ID)),
                ("client_secret", set(oauth::CLIENT_SECRET)),
                ("token", set("token")),
                ("token_type_hint", "access_token"),
            ];
            let url = format!("{API}/oauth/2026-03/token/introspect");
            let answer = via.http.send(Request::form(url, &fields)).await?;
            let told: wire::Introspected = wire::read(&answer, via.now)?;
            return told.token(SCOPES);
        }
        let body = json!({ "tokenKey": via.settings.get("token").trim() });
        let url = format!("{API}/oauth/v2/private-apps/get/access-token-info");
        self.send(via, Request::json(url, &body)).await
    }

    async fn read_account(&self, via: &Via<'_>) -> Result<Account, Fault> {
        let token = self.token(via).await?;
        let missing: Vec<&str> = RIGHTS
            .iter()
            .copied()
            .filter(|r| !token.scopes.iter().any(|s| s == r))
            .collect();
        if !missing.is_empty() {
            return Err(Fault::NotAllowed(format!(
                "it lacks {}",
                missing.join(", ")
            )));
        }
        Ok(Account {
            id: token.hub_id.to_string(),
            handle: token.hub_id.to_string(),
            name: format!("HubSpot account {}", token.hub_id),
            url: Some(format!("https://app.hubspot.com/contacts/{}", token.hub_id)),
            may: token.scopes,
        })
    }

    async fn read_pipelines(&self, via: &Via<'_>) -> Result<Vec<Pipeline>, Fault> {
        let list: List<wire::Pipeline> = self.get(via, wire::PIPELINES).await?;
        let mut found: Vec<wire::Pipeline> =
            list.results.into_iter().filter(|p| !p.archived).collect();
        found.sort_by(|a, b| (a.display_order, &a.label).cmp(&(b.display_order, &b.label)));
        let read = |mut p: wire::Pipeline| {
            p.stages.sort_by_key(|s| s.display_order);
            let stages = p.stages.into_iter().filter(|s| !s.archived);
            Pipeline {
                id: p.id,
                name: crate::text::line(&p.label),
                stages: stages.map(wire::Stage::read).collect(),
            }
        };
        Ok(found.into_iter().map(read).collect())
    }
}

impl Default for HubSpot {
    fn default() -> HubSpot {
        HubSpot::new()
    }
}

const RIGHTS: &[&str] = &["crm.objects.deals.read"];
/// What is asked for when somebody signs in.
const SCOPES: &[&str] = &["oauth", "crm.objects.deals.read", "crm.objects.owners.read"];

impl Connector for HubSpot {
    fn about(&self) -> About {
        About {
            name: "hubspot",
            title: "HubSpot",
            guide: "In HubSpot, under Settings, Integrations, Private apps, make an app with the rights below and copy its access token.",
            rights: &[
                "crm.objects.deals.read",
                "crm.objects.owners.read (to name who moved a deal)",
            ],
            fields: &[
                Field {
                    name: "token",
                    label: "Access token",
                    hint: "Begins with pat-",
                    is_secret: true,
                    is_required: true,
                },
                Field {
                    name: oauth::CLIENT_SECRET,
                    label: "Client secret",
                    hint: "Of the same app; only needed where its webhooks are to be heard",
                    is_secret: true,
                    is_required: false,
                },
            ],
            verified: Verified::Contract,
            verified_by: "HubSpot's published description of deals, pipelines and the journal, 2026-03, and a stand-in written after it; names of people, the account and what is in the journal by its documentation",
        }
    }

    fn oauth(&self) -> Option<OAuth> {
        Some(OAuth {
            places: |_| {
                Ok(Places {
                    authorize: "https://app.hubspot.com/oauth/authorize".into(),
                    token: format!("{API}/oauth/2026-03/token"),
                })
            },
            scopes: SCOPES,
            client: Client::Secret,
            has_pkce: true,
            extra: &[],
            into: "token",
            instance: None,
            pasted: &["token"],
            guide: "In a HubSpot developer account, make an app with these scopes and the address below as its redirect URL, and copy its client ID and secret. With the scopes developer.webhooks_journal too, changes are read from its journal.",
        })
    }

    fn account<'a>(&'a self, via: &'a Via<'a>) -> Answer<'a, Account> {
        Box::pin(self.read_account(via))
    }
}

impl Source for HubSpot {
    fn pipelines<'a>(&'a self, via: &'a Via<'a>) -> Answer<'a, Vec<Pipeline>> {
        Box::pin(self.read_pipelines(via))
    }

    fn count<'a>(&'a self, via: &'a Via<'a>, pipeline: &'a Pipeline) -> Answer<'a, Option<u64>> {
        Box::pin(async {
            let list = self.search(via, vec![poll::is("pipeline", "EQ", &pipeline.id)], 1);
            Ok(list.await?.total)
        })
    }

    fn poll<'a>(
        &'a self,
        via: &'a Via<'a>,
        pipeline: &'a Pipeline,
        from: Option<&'a Cursor>,
    ) -> Answer<'a, Page<Change>> {
        Box::pin(self.page(via, pipeline, from))
    }

    fn bell(&self) -> Option<Bell> {
        Some(Bell {
            guide: "In the same app, under Webhooks, give this address as the target URL and subscribe to deal.propertyChange of dealstage and to deal.creation",
            signed_by: Some(oauth::CLIENT_SECRET),
            genuine: |settings, delivery, now| {
                sign::hubspot(settings.get(oauth::CLIENT_SECRET).trim(), delivery, now)
            },
            answer: ("text/plain", ""),
        })
    }

    fn writes_back(&self) -> Option<Writes> {
        Some(Writes {
            what: "a note on the deal",
            right: "crm.objects.contacts.read and crm.objects.contacts.write, which HubSpot asks for notes",
        })
    }

    fn write_back<'a>(
        &'a self,
        via: &'a Via<'a>,
        case: &'a str,
        note: &'a Note,
    ) -> Answer<'a, String> {
        Box::pin(self.write_note(via, case, note))
    }
}
