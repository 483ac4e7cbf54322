//! What is shared at a step, for the pages of the step.

use super::{came_of, counted_conversations};
use base::format;
use base::identity::{Actor, Role};
use service::app::App;
use service::improvements::{Ledger, State, Tool};
use service::processes::Problem;

/// Posts of a step: where they are, where a new one is drafted, and what came of them.
pub struct Here {
    pub href: String,
    pub new_href: Option<String>,
    pub told: String,
}

/// The address of a new post at a step.
pub fn new_address(slug: &str, step: &str, more: &[(&str, &str)]) -> String {
    let mut query = vec![("process", slug), ("step", step)];
    query.extend(more);
    let query = query
        .iter()
        .map(|(k, v)| format!("{k}={}", format::urlencode(v)));
    format!("/share/new?{}", query.collect::<Vec<_>>().join("&"))
}

/// Whether Share is plugged in at a step now.
pub fn is_plugged_in(ledger: &Ledger, step: &str) -> bool {
    let mut all = ledger.all.iter().map(|s| &s.imp);
    all.any(|i| i.tool == Tool::Share && i.step == step && i.state == State::Running)
}

impl Here {
    /// `None` where Share never was plugged in, and for guests.
    pub async fn at(
        app: &App,
        actor: &Actor,
        (process, slug): (&str, &str),
        step: &str,
        ledger: &Ledger,
    ) -> Result<Option<Here>, Problem> {
        let is_known = |i: &service::improvements::Improvement| {
            i.tool == Tool::Share && i.step == step && i.state != State::Planned
        };
        let is_known = ledger.all.iter().any(|s| is_known(&s.imp));
        if !is_known || !actor.is_at_least(Role::Member) {
            return Ok(None);
        }
        let (sum, threads) = app.share().came_of(process, step).await?;
        let told = match sum.posts {
            0 => "Nothing was published from here yet.".into(),
            n => format!(
                "{}: {}{}",
                format::many(n, "post"),
                came_of(&sum),
                counted_conversations(threads)
            ),
        };
        Ok(Some(Here {
            href: format!(
                "/share?process={}&step={}",
                format::urlencode(slug),
                format::urlencode(step)
            ),
            new_href: is_plugged_in(ledger, step).then(|| new_address(slug, step, &[])),
            told,
        }))
    }
}
