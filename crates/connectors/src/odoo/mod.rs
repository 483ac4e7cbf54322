//! Odoo, from 17 on: the pipeline of its CRM. Changes of stage are what the chatter tracked; whoever may not read that gets how
//! things are, with the time of the last change.

mod note;
mod poll;
mod wire;

#[cfg(any(test, feature = "testing"))]
pub mod stand_in;
#[cfg(test)]
mod tests;

use crate::kept::Kept;
use crate::{
    About, Account, Answer, Change, Connector, Cursor, Fault, Field, Page, Pipeline, Request,
    Source, Stage, Verified, Via, source::Bell, source::Note, source::Writes,
};
use serde_json::{Value, json};

pub struct Odoo {
    /// The number of the user.
    users: Kept,
    page: usize,
}

/// A lost lead is archived, in whichever stage it was.
const LOST: &str = "lost";

impl Odoo {
    pub const fn new() -> Odoo {
        Odoo::with_page(200)
    }

    /// So many at once; a test wants several pages of little.
    pub const fn with_page(page: usize) -> Odoo {
        Odoo {
            users: Kept::new(),
            page,
        }
    }

    async fn user(&self, via: &Via<'_>) -> Result<i64, Fault> {
        if let Some(id) = self.users.get(via.settings).and_then(|id| id.parse().ok()) {
            return Ok(id);
        }
        let set = |name| via.settings.get(name);
        let args = json!([set("database"), set("user"), set("key"), {}]);
        let answer = send(via, "common", "authenticate", args).await?;
        match answer.as_i64() {
            Some(id) => {
                self.users.put(via.settings, id.to_string());
                Ok(id)
            }
            None if answer == json!(false) => Err(Fault::SignedOut(
                "user, key or database is not right".into(),
            )),
            None => Err(Fault::Strange("signing in gave no user".into())),
        }
    }

    async fn call(
        &self,
        via: &Via<'_>,
        model: &str,
        method: &str,
        args: Value,
        named: Value,
    ) -> Result<Value, Fault> {
        let set = |name| via.settings.get(name);
        let all = json!([
            set("database"),
            self.user(via).await?,
            set("key"),
            model,
            method,
            args,
            named
        ]);
        let answer = send(via, "object", "execute_kw", all).await;
        if matches!(answer, Err(Fault::SignedOut(_))) {
            self.users.drop(via.settings);
        }
        answer
    }

    async fn read_account(&self, via: &Via<'_>) -> Result<Account, Fault> {
        let user = self.user(via).await?;
        let fields = json!({ "fields": ["name", "login"] });
        let named = self
            .call(via, "res.users", "read", json!([[user]]), fields)
            .await?;
        let mut may = Vec::new();
        for model in ["crm.lead", "mail.tracking.value"] {
            let asked = json!({ "raise_exception": false });
            let granted = self
                .call(via, model, "check_access_rights", json!(["read"]), asked)
                .await?;
            if granted == json!(true) {
                may.push(format!("read {model}"));
            }
        }
        if !may.iter().any(|m| m.ends_with("crm.lead")) {
            return Err(Fault::NotAllowed("this user may not read the CRM".into()));
        }
        Ok(Account {
            id: user.to_string(),
            handle: wire::text(&named[0]["login"]),
            name: wire::text(&named[0]["name"]),
            url: Some(base(via).into()),
            may,
        })
    }

    async fn read_pipelines(&self, via: &Via<'_>) -> Result<Vec<Pipeline>, Fault> {
        let named = json!({ "fields": ["name", "is_won"], "order": "sequence, id" });
        let rows = self
            .call(via, "crm.stage", "search_read", json!([[]]), named)
            .await?;
        let mut stages = Vec::new();
        for row in wire::list(&rows)? {
            let id = row["id"]
                .as_i64()
                .ok_or_else(|| Fault::Strange("a stage without an id".into()))?;
            stages.push(Stage {
                id: id.to_string(),
                name: wire::text(&row["name"]),
                is_won: row["is_won"] == json!(true),
                is_lost: false,
            });
        }
        stages.push(Stage {
            id: LOST.into(),
            name: "Lost".into(),
            is_won: false,
            is_lost: true,
        });
        Ok(vec![Pipeline {
            id: "crm.lead".into(),
            name: "CRM".into(),
            stages,
        }])
    }
}

fn base<'a>(via: &Via<'a>) -> &'a str {
    via.settings.get("url").trim().trim_end_matches('/')
}

async fn send(via: &Via<'_>, service: &str, method: &str, args: Value) -> Result<Value, Fault> {
    let params = json!({ "service": service, "method": method, "args": args });
    let body = json!({ "jsonrpc": "2.0", "method": "call", "id": 1, "params": params });
    let answer = via
        .http
        .send(Request::json(format!("{}/jsonrpc", base(via)), &body))
        .await?;
    wire::result(&answer, via.now)
}

impl Default for Odoo {
    fn default() -> Odoo {
        Odoo::new()
    }
}

impl Connector for Odoo {
    fn about(&self) -> About {
        About {
            name: "odoo",
            title: "Odoo",
            guide: "In Odoo, under the user's preferences, Account security, make an API key. A user who may not read tracking values gets no history from before the first sync.",
            rights: &[
                "read on crm.lead and crm.stage",
                "read on mail.tracking.value (for the history)",
            ],
            fields: FIELDS,
            verified: Verified::Experimental,
            verified_by: "the documentation, and a stand-in written after it; never against a running Odoo",
        }
    }

    fn account<'a>(&'a self, via: &'a Via<'a>) -> Answer<'a, Account> {
        Box::pin(self.read_account(via))
    }
}

impl Source for Odoo {
    fn pipelines<'a>(&'a self, via: &'a Via<'a>) -> Answer<'a, Vec<Pipeline>> {
        Box::pin(self.read_pipelines(via))
    }

    fn count<'a>(&'a self, via: &'a Via<'a>, _: &'a Pipeline) -> Answer<'a, Option<u64>> {
        Box::pin(async {
            let all = json!({ "context": { "active_test": false } });
            let counted = self.call(via, "crm.lead", "search_count", json!([[]]), all);
            Ok(counted.await?.as_u64())
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
        Some(Bell::unsigned(
            "In Odoo, under Settings, Technical, Automation Rules, make a rule on Lead/Opportunity for when its stage is set, with the action Send Webhook Notification to this address",
        ))
    }

    fn writes_back(&self) -> Option<Writes> {
        Some(Writes {
            what: "a note in the chatter of the lead",
            right: "write on crm.lead",
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
) -> Field {
    Field {
        name,
        label,
        hint,
        is_secret,
        is_required: true,
    }
}

const FIELDS: &[Field] = &[
    field("url", "Address", "https://yourcompany.odoo.com", false),
    field(
        "database",
        "Database",
        "Often the first part of the address",
        false,
    ),
    field("user", "User", "The e-mail address of the user", false),
    field("key", "API key", "Of that user; not the password", true),
];
