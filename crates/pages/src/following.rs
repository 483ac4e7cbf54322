//! The button by which a thing is followed, or no longer.

use base::identity::Actor;
use service::app::App;
use service::processes::Problem;
use store::work;

/// One thing, and whether a person follows it.
pub struct Following {
    /// `person`, `step` or `process`.
    pub kind: &'static str,
    pub target: String,
    pub is_on: bool,
    /// Where the button leads back to.
    pub to: String,
    /// What one gets by it.
    pub hint: &'static str,
}

/// What a person follows among these: kind, target, hint.
pub async fn of<const N: usize>(
    app: &App,
    actor: &Actor,
    to: &str,
    things: [(&'static str, String, &'static str); N],
) -> Result<[Following; N], Problem> {
    let all = work::follows_of(app.work.db(), actor.id()).await?;
    Ok(things.map(|(kind, target, hint)| Following {
        is_on: all
            .iter()
            .any(|(k, t, level, _)| k == kind && *t == target && level == "follow"),
        kind,
        target,
        to: to.into(),
        hint,
    }))
}
