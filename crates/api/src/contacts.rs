//! Customers and their companies.

use super::problem::ApiError;
use super::talk::{Asked, query};
use axum::Json;
use axum::extract::{Path, State};
use base::identity::Actor;
use serde::{Deserialize, Serialize};
use service::app::App;
use service::desk::accounts::{AccountCase, Listed};
use service::desk::relation::{Knows, Month};
use utoipa::{IntoParams, ToSchema};

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Sought {
    /// In a name, a handle or the name of a company.
    #[serde(default)]
    q: String,
    /// The id of the last contact of the page before.
    #[serde(default)]
    after: String,
}

/// Customers by name, up to 50.
#[utoipa::path(get, path = "/api/v1/contacts", tag = "desk", params(Sought),
    responses((status = 200, body = [Listed]), super::Refused))]
pub async fn list(
    actor: Actor,
    State(app): State<App>,
    asked: Asked<Sought>,
) -> Result<Json<Vec<Listed>>, ApiError> {
    let asked = query(asked, "Write ?q= and ?after=.")?;
    Ok(Json(
        app.desk.contacts(&actor, &asked.q, &asked.after).await?,
    ))
}

/// A customer, and how it goes with her.
#[derive(Serialize, ToSchema)]
pub struct Contact {
    #[serde(flatten)]
    contact: Listed,
    email: Option<String>,
    /// Id of the contact that she was merged into.
    merged_into: Option<String>,
    /// Ids of those that were merged into her.
    merged: Vec<String>,
    /// Who of us answered her, most often first.
    knows: Vec<Knows>,
    /// What was said by month, oldest first.
    months: Vec<Month>,
}

/// One customer.
#[utoipa::path(get, path = "/api/v1/contacts/{contact}", tag = "desk", params(("contact" = String, Path)),
    responses((status = 200, body = Contact), super::Refused))]
pub async fn one(
    actor: Actor,
    State(app): State<App>,
    Path(contact): Path<String>,
) -> Result<Json<Contact>, ApiError> {
    let row = app.desk.contact(&actor, &contact).await?.0;
    let relation = app.desk.relation(&actor, &row).await?;
    let merged = app.desk.merged_contacts(&row.id).await?;
    let (email, merged_into) = (row.email.clone(), row.merged_into.clone());
    let mut listed = app.desk.listed(vec![row]).await?;
    Ok(Json(Contact {
        contact: listed.remove(0),
        email,
        merged_into,
        merged: merged.into_iter().map(|(m, _)| m.contact).collect(),
        knows: relation.knows,
        months: relation.months,
    }))
}

/// A company, as an attribute of cases names it.
#[derive(Serialize, ToSchema)]
pub struct Account {
    name: String,
    /// Up to 100, and how many there are.
    contacts: Vec<Listed>,
    all_contacts: usize,
    cases: Vec<AccountCase>,
    all_cases: usize,
    /// Ids of conversations that wait for an answer, longest first.
    open: Vec<String>,
    /// Who of us answered them, most often first.
    knows: Vec<Knows>,
    /// Half of our replies came within so many microseconds.
    fast: Option<i64>,
    /// What was said by month, oldest first.
    months: Vec<Month>,
}

/// A company by its name: who of it writes, what waits, and who of us knows them.
#[utoipa::path(get, path = "/api/v1/accounts/{account}", tag = "desk", params(("account" = String, Path)),
    responses((status = 200, body = Account), super::Refused))]
pub async fn account(
    actor: Actor,
    State(app): State<App>,
    Path(account): Path<String>,
) -> Result<Json<Account>, ApiError> {
    let account = app.desk.account(&actor, &account).await?;
    Ok(Json(Account {
        name: account.name,
        contacts: account.contacts,
        all_contacts: account.all_contacts,
        cases: account.cases,
        all_cases: account.all_cases,
        open: account.open.into_iter().map(|t| t.id).collect(),
        knows: account.knows,
        fast: account.fast,
        months: account.months,
    }))
}
