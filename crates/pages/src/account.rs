//! A company: who of them writes, what waits, and who of us knows them.

use super::contact::{Known, drawn, known, labelled};
use super::contacts::Row;
use super::error::{PageError, page as render};
use super::shell::Shell;
use askama::Template;
use axum::extract::{Path, State};
use axum::response::Html;
use base::format;
use base::identity::Actor;
use service::app::App;

struct Case {
    href: String,
    name: String,
    place: String,
}

#[derive(Template)]
#[template(path = "account.html")]
struct AccountPage {
    shell: Shell,
    name: String,
    told: String,
    contacts: Vec<Row>,
    cases: Vec<Case>,
    /// Threads that wait: address, title, and since when.
    open: Vec<(String, String, String)>,
    knows: Vec<Known>,
    months: Vec<(String, u64, u64)>,
    drawn: String,
}

pub async fn page(
    actor: Actor,
    State(app): State<App>,
    Path(name): Path<String>,
) -> Result<Html<String>, PageError> {
    let account = app.desk.account(&actor, &name).await?;
    let directory = app.identity.directory().await?;
    let now = app.library.clock().now();
    let replies: i64 = account.knows.iter().map(|k| k.replies).sum();
    let fast = account.fast.filter(|_| replies > 1);
    let replies = match replies {
        1 => "1 reply".to_string(),
        n => format!("{} replies", format::count(n)),
    };
    let fast = fast.map(super::desk::age);
    let fast = fast.map_or(String::new(), |fast| {
        format!(" Half of them came within {fast}.")
    });
    let told = format!(
        "{}, {}, {replies} from us.{fast}",
        format::many(account.all_contacts as i64, "contact"),
        format::many(account.all_cases as i64, "case"),
    );
    let cases = account.cases.into_iter().map(|c| Case {
        href: format!("/p/{}/case/{}", c.slug, format::urlencode(&c.case)),
        place: match c.step {
            Some(step) => format!("{}, {step}", c.process),
            None => c.process,
        },
        name: c.case,
    });
    let open = account.open.into_iter().map(|t| {
        let since = super::desk::age(now - t.waiting.unwrap_or(t.last));
        (format!("/desk/{}", t.id), t.title, format!("waits {since}"))
    });
    render(AccountPage {
        shell: Shell::new(&app, &actor, &account.name, "contacts", None).await?,
        contacts: account.contacts.into_iter().map(Row::of).collect(),
        cases: cases.collect(),
        open: open.collect(),
        knows: known(&account.knows, &directory),
        drawn: drawn(&account.months, "they"),
        months: labelled(&account.months),
        name: account.name,
        told,
    })
}
