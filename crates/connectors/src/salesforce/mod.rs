//! Salesforce: opportunities with the history of their stage, which Salesforce keeps by itself (OpportunityHistory).

mod note;
mod poll;
mod wire;

#[cfg(any(test, feature = "testing"))]
pub mod stand_in;
#[cfg(test)]
mod tests;

use crate::http::server;
use crate::kept::Kept;
use crate::oauth::{Client, OAuth, Places};
use crate::text::line;
use crate::{
    About, Account, Answer, Change, Connector, Cursor, Fault, Field, Page, Pipeline, Request,
    Settings, Source, Stage, Verified, Via, source::Bell, source::Note, source::Writes,
};
use wire::{Found, Organization, Token};

pub struct Salesforce {
    tokens: Kept,
    page: usize,
}

const VERSION: &str = "v62.0";

impl Salesforce {
    pub const fn new() -> Salesforce {
        Salesforce::with_page(200)
    }

    /// So many at once; a test wants several pages of little.
    pub const fn with_page(page: usize) -> Salesforce {
        Salesforce {
            tokens: Kept::new(),
            page,
        }
    }

    async fn token(&self, via: &Via<'_>) -> Result<Token, Fault> {
        let signed_in = via.settings.get("access_token");
        if !signed_in.is_empty() {
            return Ok(Token {
                access_token: signed_in.into(),
                instance_url: via.settings.get("url").trim().into(),
                scope: SCOPES.join(" "),
            });
        }
        if let Some(kept) = self.tokens.get(via.settings) {
            return serde_json::from_str(&kept).map_err(|e| Fault::Strange(e.to_string()));
        }
        let set = |name| via.settings.get(name).trim();
        let (id, secret, refresh) = (set("client_id"), set("client_secret"), set("refresh_token"));
        let kind = if refresh.is_empty() {
            "client_credentials"
        } else {
            "refresh_token"
        };
        let mut fields = vec![
            ("grant_type", kind),
            ("client_id", id),
            ("client_secret", secret),
        ];
        if !refresh.is_empty() {
            fields.push(("refresh_token", refresh));
        }
        let url = format!("{}/services/oauth2/token", set("url").trim_end_matches('/'));
        let answer = via.http.send(Request::form(url, &fields)).await?;
        let token = wire::token(&answer, via.now)?;
        let text = serde_json::to_string(&token).map_err(|e| Fault::Strange(e.to_string()))?;
        self.tokens.put(via.settings, text);
        Ok(token)
    }

    /// Asks at a path.
    async fn get<T: serde::de::DeserializeOwned>(
        &self,
        via: &Via<'_>,
        path: &str,
    ) -> Result<T, Fault> {
        self.ask(via, path, Request::get).await
    }

    async fn post<T: serde::de::DeserializeOwned>(
        &self,
        via: &Via<'_>,
        path: &str,
        body: &serde_json::Value,
    ) -> Result<T, Fault> {
        self.ask(via, path, |url| Request::json(url, body)).await
    }

    /// A token that has ended is fetched anew, once.
    async fn ask<T: serde::de::DeserializeOwned>(
        &self,
        via: &Via<'_>,
        path: &str,
        request: impl Fn(String) -> Request,
    ) -> Result<T, Fault> {
        for is_last in [false, true] {
            let token = self.token(via).await?;
            let url = format!("{}{path}", token.instance_url.trim_end_matches('/'));
            let answer = via
                .http
                .send(request(url).bearer(&token.access_token))
                .await?;
            match wire::read(&answer, via.now) {
                Err(Fault::SignedOut(said)) => {
                    self.tokens.drop(via.settings);
                    if is_last {
                        return Err(Fault::SignedOut(said));
                    }
                }
                read => return read,
            }
        }
        Err(Fault::SignedOut("the session ended".into()))
    }

    /// All that a query finds, however many pages it comes in.
    async fn query<T: serde::de::DeserializeOwned>(
        &self,
        via: &Via<'_>,
        soql: &str,
    ) -> Result<Found<T>, Fault> {
        let text: String = form_urlencoded::byte_serialize(soql.as_bytes()).collect();
        let first = self
            .get(via, &format!("/services/data/{VERSION}/query?q={text}"))
            .await?;
        self.rest(via, first).await
    }

    async fn rest<T: serde::de::DeserializeOwned>(
        &self,
        via: &Via<'_>,
        mut all: Found<T>,
    ) -> Result<Found<T>, Fault> {
        while !all.done {
            let next = all.next_records_url.take().unwrap_or_default();
            // Only ever a path: the token goes nowhere else.
            if !next.starts_with("/services/data/") || all.records.len() as u64 > all.total_size {
                return Err(Fault::Strange("a list that does not end".into()));
            }
            let more: Found<T> = self.get(via, &next).await?;
            if more.records.is_empty() && !more.done {
                return Err(Fault::Strange("a list that does not end".into()));
            }
            all.records.extend(more.records);
            (all.done, all.next_records_url) = (more.done, more.next_records_url);
        }
        Ok(all)
    }

    async fn read_account(&self, via: &Via<'_>) -> Result<Account, Fault> {
        let found: Found<Organization> =
            self.query(via, "SELECT Id, Name FROM Organization").await?;
        let organization = found.records.into_iter().next();
        let organization = organization.ok_or_else(|| Fault::Strange("no organization".into()))?;
        // Whether the history may be read is seen here, and not in the night.
        let _: Found<wire::Moved> = self
            .query(
                via,
                "SELECT Id, StageName, CreatedDate FROM OpportunityHistory LIMIT 1",
            )
            .await?;
        let token = self.token(via).await?;
        let host = token
            .instance_url
            .trim_start_matches("https://")
            .trim_end_matches('/');
        Ok(Account {
            id: organization.id,
            handle: line(host),
            name: line(organization.name.as_deref().unwrap_or(host)),
            may: token.scope.split_whitespace().map(String::from).collect(),
            url: Some(token.instance_url),
        })
    }

    async fn read_pipelines(&self, via: &Via<'_>) -> Result<Vec<Pipeline>, Fault> {
        let soql = "SELECT ApiName, MasterLabel, IsClosed, IsWon FROM OpportunityStage WHERE IsActive = true ORDER BY SortOrder";
        let found: Found<wire::Stage> = self.query(via, soql).await?;
        let stage = |s: wire::Stage| Stage {
            name: line(&s.master_label),
            is_won: s.is_won,
            is_lost: s.is_closed && !s.is_won,
            id: s.api_name.unwrap_or(s.master_label),
        };
        Ok(vec![Pipeline {
            id: "Opportunity".into(),
            name: "Opportunities".into(),
            stages: found.records.into_iter().map(stage).collect(),
        }])
    }
}

const SCOPES: &[&str] = &["api", "refresh_token"];

fn places(settings: &Settings) -> Result<Places, Fault> {
    let base = match settings.get("url").trim() {
        "" => "https://login.salesforce.com".into(),
        own => server(own)?,
    };
    Ok(Places {
        authorize: format!("{base}/services/oauth2/authorize"),
        token: format!("{base}/services/oauth2/token"),
    })
}

impl Default for Salesforce {
    fn default() -> Salesforce {
        Salesforce::new()
    }
}

impl Connector for Salesforce {
    fn about(&self) -> About {
        About {
            name: "salesforce",
            title: "Salesforce",
            guide: "Make an external client app with OAuth and the scope api, run as a user who may only read opportunities. Fill in its key and secret; a refresh token where the app does not use client credentials.",
            rights: &[
                "OAuth scope api (and refresh_token)",
                "API Enabled",
                "Read on Opportunity",
            ],
            fields: FIELDS,
            verified: Verified::Recorded,
            verified_by: "recorded answers for paging, errors and tokens; queries and histories by the documentation, with a stand-in",
        }
    }

    fn oauth(&self) -> Option<OAuth> {
        Some(OAuth {
            places,
            scopes: SCOPES,
            client: Client::Secret,
            has_pkce: true,
            extra: &[],
            into: "access_token",
            instance: Some("url"),
            pasted: &["refresh_token"],
            guide: "Make an external client app with OAuth, the scopes api and refresh_token and the address below as its callback URL, and copy its key and secret. Leave the address empty for login.salesforce.com.",
        })
    }

    fn account<'a>(&'a self, via: &'a Via<'a>) -> Answer<'a, Account> {
        Box::pin(self.read_account(via))
    }
}

impl Source for Salesforce {
    fn pipelines<'a>(&'a self, via: &'a Via<'a>) -> Answer<'a, Vec<Pipeline>> {
        Box::pin(self.read_pipelines(via))
    }

    fn count<'a>(&'a self, via: &'a Via<'a>, _: &'a Pipeline) -> Answer<'a, Option<u64>> {
        Box::pin(async {
            let found = self.query::<serde_json::Value>(via, "SELECT COUNT() FROM Opportunity");
            Ok(Some(found.await?.total_size))
        })
    }

    fn poll<'a>(
        &'a self,
        via: &'a Via<'a>,
        _: &'a Pipeline,
        from: Option<&'a Cursor>,
    ) -> Answer<'a, Page<Change>> {
        Box::pin(self.page(via, from))
    }

    fn bell(&self) -> Option<Bell> {
        Some(Bell {
            // What is not acknowledged is sent again for a day.
            answer: (
                "text/xml",
                "<soapenv:Envelope xmlns:soapenv=\"http://schemas.xmlsoap.org/soap/envelope/\"><soapenv:Body><notificationsResponse xmlns=\"http://soap.sforce.com/2005/09/outbound\"><Ack>true</Ack></notificationsResponse></soapenv:Body></soapenv:Envelope>",
            ),
            ..Bell::unsigned(
                "In Salesforce, make an outbound message on Opportunity to this address, and a flow that sends it when the stage changes",
            )
        })
    }

    fn writes_back(&self) -> Option<Writes> {
        Some(Writes {
            what: "a finished task of the opportunity",
            right: "Edit Tasks",
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

const fn field(
    name: &'static str,
    label: &'static str,
    hint: &'static str,
    is_secret: bool,
    is_required: bool,
) -> Field {
    Field {
        name,
        label,
        hint,
        is_secret,
        is_required,
    }
}

const FIELDS: &[Field] = &[
    field(
        "url",
        "Address",
        "https://yourcompany.my.salesforce.com",
        false,
        true,
    ),
    field(
        "client_id",
        "Consumer key",
        "Of the external client app",
        false,
        true,
    ),
    field(
        "client_secret",
        "Consumer secret",
        "Of the same app",
        true,
        true,
    ),
    field(
        "refresh_token",
        "Refresh token",
        "Empty where the app uses client credentials",
        true,
        false,
    ),
];
