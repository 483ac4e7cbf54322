//! Tryton 8.2, the free ERP: the opportunities of its CRM. Tryton keeps every version of an opportunity, so all of the history is there from the
//! first day, with who moved it and when. Nothing is written but a link, where an owner wants it.

mod history;
mod note;
mod points;
mod poll;
mod wire;

#[cfg(any(test, feature = "testing"))]
pub mod stand_in;
#[cfg(test)]
mod tests;

use crate::kept::Kept;
use crate::{
    About, Account, Answer, Change, Connector, Cursor, Fault, Field, Page, Pipeline, Request,
    Source, Stage, Verified, Via, source::Note, source::Writes,
};
use serde_json::{Value, json};
use wire::Session;

pub struct Tryton {
    sessions: Kept,
    /// Deals on a page; the more, the more of them are seen at one moment.
    page: usize,
}

impl Default for Tryton {
    fn default() -> Tryton {
        Tryton::new()
    }
}

impl Tryton {
    pub const fn new() -> Tryton {
        Tryton::with_page(500)
    }

    /// So many at once; a test wants several pages of little.
    pub const fn with_page(page: usize) -> Tryton {
        Tryton {
            sessions: Kept::new(),
            page,
        }
    }

    /// Calls a method; `params` without the context. Where the session has ended, signs in again, once.
    async fn call(&self, via: &Via<'_>, method: &str, params: &[Value]) -> Result<Value, Fault> {
        self.call_as(via, method, params, &[]).await
    }

    async fn call_as(
        &self,
        via: &Via<'_>,
        method: &str,
        params: &[Value],
        context: &[(&str, Value)],
    ) -> Result<Value, Fault> {
        for is_last in [false, true] {
            let session = self.session(via).await?;
            let mut all = session.context.clone();
            all.extend(context.iter().map(|(k, v)| (k.to_string(), v.clone())));
            let mut params = params.to_vec();
            params.push(Value::Object(all));
            match send(via, method, &params, Some(&session)).await {
                Err(Fault::SignedOut(said)) => {
                    self.sessions.drop(via.settings);
                    if is_last {
                        return Err(Fault::SignedOut(said));
                    }
                }
                answer => return answer,
            }
        }
        Err(Fault::SignedOut("the session ended".into()))
    }

    async fn session(&self, via: &Via<'_>) -> Result<Session, Fault> {
        if let Some(kept) = self.sessions.get(via.settings) {
            return serde_json::from_str(&kept).map_err(|e| Fault::Strange(e.to_string()));
        }
        let user = via.settings.get("user");
        let password = json!({ "password": via.settings.get("password") });
        let answer = send(via, "common.db.login", &[json!(user), password], None).await?;
        let (Some(uid), Some(token)) = (answer[0].as_i64(), answer[1].as_str()) else {
            return Err(Fault::Strange("signing in gave no session".into()));
        };
        let mut session = Session {
            user: user.into(),
            uid,
            token: token.into(),
            context: serde_json::Map::new(),
        };
        let params = [json!(true), json!({})];
        let context = send(
            via,
            "model.res.user.get_preferences",
            &params,
            Some(&session),
        )
        .await?;
        if let Value::Object(context) = context {
            session.context = context;
        }
        let text = serde_json::to_string(&session).map_err(|e| Fault::Strange(e.to_string()))?;
        self.sessions.put(via.settings, text);
        Ok(session)
    }

    async fn read_account(&self, via: &Via<'_>) -> Result<Account, Fault> {
        let session = self.session(via).await?;
        let models = json!(["sale.opportunity", "party.party", "res.user"]);
        let access = self
            .call(via, "model.ir.model.access.get_access", &[models])
            .await?;
        let may = ["read", "write", "create", "delete"].into_iter();
        // Yes is 1 in one place and true in another.
        let may = may.filter(|r| {
            matches!(
                access["sale.opportunity"][r].to_string().as_str(),
                "1" | "true"
            )
        });
        let may: Vec<String> = may.map(|r| format!("sale.opportunity: {r}")).collect();
        if !may.iter().any(|m| m.ends_with("read")) {
            return Err(Fault::NotAllowed(
                "this user may not read opportunities: add it to the group Sale Opportunity".into(),
            ));
        }
        let fields = [json!([session.uid]), json!(["name", "login"])];
        let named = self.call(via, "model.res.user.read", &fields).await?;
        let text = |name: &str| named[0][name].as_str().unwrap_or_default().to_string();
        Ok(Account {
            id: session.uid.to_string(),
            handle: session.user,
            name: Some(text("name"))
                .filter(|n| !n.is_empty())
                .unwrap_or_else(|| text("login")),
            url: Some(format!("{}/#{}", base(via), via.settings.get("database"))),
            may,
        })
    }

    async fn read_pipelines(&self, via: &Via<'_>) -> Result<Vec<Pipeline>, Fault> {
        let fields = [json!(["state"])];
        let fields = self
            .call(via, "model.sale.opportunity.fields_get", &fields)
            .await?;
        let mut selection = fields["state"]["selection"].clone();
        // A module may have put the name of a method there, which answers the selection.
        if let Some(method) = selection.as_str() {
            let method = format!("model.sale.opportunity.{method}");
            selection = self.call(via, &method, &[]).await?;
        }
        let states: Option<Vec<(String, String)>> = serde_json::from_value(selection).ok();
        let states = states.ok_or_else(|| Fault::Strange("no selection of states".into()))?;
        let has_won = states.iter().any(|(id, _)| id == "won");
        let stage = |(id, name): (String, String)| Stage {
            // A converted deal is a quotation, which may still be lost; only where there is nothing after it is it the good end.
            is_won: id == "won" || (id == "converted" && !has_won),
            is_lost: id == "lost" || id == "cancelled",
            id,
            name,
        };
        Ok(vec![Pipeline {
            id: PIPELINE.into(),
            name: "Opportunities".into(),
            stages: states.into_iter().map(stage).collect(),
        }])
    }
}

const PIPELINE: &str = "sale.opportunity";

fn base<'a>(via: &Via<'a>) -> &'a str {
    via.settings.get("url").trim().trim_end_matches('/')
}

async fn send(
    via: &Via<'_>,
    method: &str,
    params: &[Value],
    session: Option<&Session>,
) -> Result<Value, Fault> {
    let url = format!("{}/{}/rpc/", base(via), via.settings.get("database"));
    let body = json!({ "id": 1, "method": method, "params": params });
    let request = Request::json(url, &body);
    // Tryton says "gzip" of longer answers even where it sends them as they are.
    let mut request = request.header("accept-encoding", "identity");
    if let Some(session) = session {
        request = request.header("authorization", session.authorization());
    }
    let answer = via.http.send(request).await?;
    wire::result(&answer, via.now)
}

impl Connector for Tryton {
    fn about(&self) -> About {
        About {
            name: "tryton",
            title: "Tryton",
            guide: "Make a user for Tenon in Tryton, in the group Sale Opportunity, and fill in its name and password. It only reads, unless an owner lets links be written.",
            rights: &[
                "group Sale Opportunity",
                "read on sale.opportunity",
                "read on party.party",
            ],
            fields: FIELDS,
            verified: Verified::Live,
            verified_by: "Tryton 8.2 with sale_opportunity on SQLite, started by tools/tryton.sh",
        }
    }

    fn account<'a>(&'a self, via: &'a Via<'a>) -> Answer<'a, Account> {
        Box::pin(self.read_account(via))
    }
}

impl Source for Tryton {
    fn pipelines<'a>(&'a self, via: &'a Via<'a>) -> Answer<'a, Vec<Pipeline>> {
        Box::pin(self.read_pipelines(via))
    }

    fn count<'a>(&'a self, via: &'a Via<'a>, _: &'a Pipeline) -> Answer<'a, Option<u64>> {
        Box::pin(async {
            let all = [json!([])];
            let counted = self.call(via, "model.sale.opportunity.search_count", &all);
            Ok(counted.await?.as_u64())
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

    fn writes_back(&self) -> Option<Writes> {
        Some(Writes {
            what: "a link among the attachments of the opportunity",
            right: "write on sale.opportunity",
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

const FIELDS: &[Field] = &[
    Field {
        name: "url",
        label: "Address",
        hint: "https://tryton.example.org",
        is_secret: false,
        is_required: true,
    },
    Field {
        name: "database",
        label: "Database",
        hint: "As it is chosen when signing in",
        is_secret: false,
        is_required: true,
    },
    Field {
        name: "user",
        label: "User",
        hint: "The login of a user that may read opportunities",
        is_secret: false,
        is_required: true,
    },
    Field {
        name: "password",
        label: "Password",
        hint: "Of that user",
        is_secret: true,
        is_required: true,
    },
];
