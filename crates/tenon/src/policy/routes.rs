//! Every route there is, and who may use it. This table is what is reviewed: a route that is not in it does not answer, and a
//! test asks every route in every role.

use super::Access;
use crate::identity::Role;

const READ: Access = Access::Read;
const CHANGE: Access = Access::Change;
/// Also who has not signed in.
const ANYBODY: Option<Role> = None;
/// Guests too; the handler looks at which case she was asked into.
const GUEST: Option<Role> = Some(Role::Guest);
const MEMBER: Option<Role> = Some(Role::Member);
const MANAGER: Option<Role> = Some(Role::Manager);
const OWNER: Option<Role> = Some(Role::Owner);

/// Method, path, what it does to the world, and the least role that may.
#[rustfmt::skip]
pub const ROUTES: &[(&str, &str, Access, Option<Role>)] = &[
    ("GET", "/sign-in", READ, ANYBODY),
    ("POST", "/sign-in", CHANGE, ANYBODY),
    ("POST", "/sign-out", CHANGE, GUEST),
    ("GET", "/in/{code}", READ, ANYBODY),
    ("POST", "/in/{code}", CHANGE, ANYBODY),
    ("GET", "/", READ, GUEST),
    ("GET", "/settings", READ, OWNER),
    ("POST", "/settings", CHANGE, OWNER),
    ("GET", "/import", READ, MANAGER),
    ("POST", "/import", CHANGE, MANAGER),
    ("GET", "/import/{upload}", READ, MANAGER),
    ("POST", "/import/{upload}", CHANGE, MANAGER),
    ("GET", "/jobs/{job}", READ, MANAGER),
    ("GET", "/assets/{*file}", READ, ANYBODY),
    ("GET", "/p/{process}", READ, MEMBER),
    ("GET", "/p/{process}/map", READ, MEMBER),
    ("GET", "/p/{process}/map.svg", READ, MEMBER),
    ("GET", "/p/{process}/steps", READ, MEMBER),
    ("POST", "/p/{process}/steps", CHANGE, MANAGER),
    ("POST", "/p/{process}/steps/undo", CHANGE, MANAGER),
    ("GET", "/p/{process}/variants", READ, MEMBER),
    ("GET", "/p/{process}/cases", READ, MEMBER),
    ("GET", "/p/{process}/case/{case}", READ, GUEST),
    ("GET", "/p/{process}/improvements", READ, MEMBER),
    ("GET", "/p/{process}/plug", READ, MANAGER),
    ("POST", "/p/{process}/plug", CHANGE, MANAGER),
    ("GET", "/p/{process}/improvements/{improvement}", READ, MEMBER),
    ("POST", "/p/{process}/improvements/{improvement}/{action}", CHANGE, MANAGER),
    ("POST", "/p/{process}/goals", CHANGE, MANAGER),
    ("GET", "/p/{process}/goals/{goal}", READ, MEMBER),
    ("GET", "/p/{process}/fit", READ, MEMBER),
    ("POST", "/p/{process}/fit/confirm", CHANGE, MANAGER),
    ("GET", "/api/v1/openapi.json", READ, MEMBER),
    ("GET", "/api/v1/processes", READ, MEMBER),
    ("GET", "/api/v1/processes/{process}", READ, MEMBER),
    ("GET", "/api/v1/processes/{process}/imports", READ, MEMBER),
    ("GET", "/api/v1/processes/{process}/events", READ, MEMBER),
    ("GET", "/api/v1/processes/{process}/versions", READ, MEMBER),
    ("GET", "/api/v1/processes/{process}/figures", READ, MEMBER),
    ("GET", "/api/v1/processes/{process}/stand-outs", READ, MEMBER),
    ("GET", "/api/v1/processes/{process}/compare", READ, MEMBER),
    ("GET", "/api/v1/processes/{process}/cases", READ, MEMBER),
    ("GET", "/api/v1/processes/{process}/fit", READ, MEMBER),
    ("POST", "/api/v1/processes/{process}/model", CHANGE, MANAGER),
    ("GET", "/api/v1/processes/{process}/steps", READ, MEMBER),
    ("PUT", "/api/v1/processes/{process}/steps", CHANGE, MANAGER),
    ("POST", "/api/v1/processes/{process}/steps/undo", CHANGE, MANAGER),
    ("GET", "/api/v1/processes/{process}/export/{what}", READ, MEMBER),
    ("GET", "/api/v1/processes/{process}/improvements", READ, MEMBER),
    ("POST", "/api/v1/processes/{process}/improvements", CHANGE, MANAGER),
    ("POST", "/api/v1/processes/{process}/improvements/outlook", CHANGE, MANAGER),
    ("GET", "/api/v1/processes/{process}/ledger", READ, MEMBER),
    ("GET", "/api/v1/processes/{process}/ledger.csv", READ, MEMBER),
    ("GET", "/api/v1/processes/{process}/frictions", READ, MEMBER),
    ("GET", "/api/v1/processes/{process}/rethink", READ, MEMBER),
    ("GET", "/api/v1/processes/{process}/goals", READ, MEMBER),
    ("PUT", "/api/v1/processes/{process}/goals", CHANGE, MANAGER),
    ("GET", "/api/v1/improvements/{improvement}", READ, MEMBER),
    ("GET", "/api/v1/improvements/{improvement}/events", READ, MEMBER),
    ("POST", "/api/v1/improvements/{improvement}/start", CHANGE, MANAGER),
    ("POST", "/api/v1/improvements/{improvement}/pause", CHANGE, MANAGER),
    ("POST", "/api/v1/improvements/{improvement}/resume", CHANGE, MANAGER),
    ("POST", "/api/v1/improvements/{improvement}/extend", CHANGE, MANAGER),
    ("POST", "/api/v1/improvements/{improvement}/unplug", CHANGE, MANAGER),
    ("POST", "/api/v1/improvements/{improvement}/plug-back", CHANGE, MANAGER),
    ("POST", "/api/v1/improvements/{improvement}/decision", CHANGE, MANAGER),
    ("PUT", "/api/v1/improvements/{improvement}/cost", CHANGE, MANAGER),
    ("GET", "/api/v1/improvements/{improvement}/uses", READ, MEMBER),
    ("PUT", "/api/v1/improvements/{improvement}/uses", CHANGE, MANAGER),
    ("GET", "/api/v1/improvements/{improvement}/verdict", READ, MEMBER),
    ("GET", "/api/v1/improvements/{improvement}/verdicts", READ, MEMBER),
    ("GET", "/api/v1/settings/individual-figures", READ, MEMBER),
    ("PUT", "/api/v1/settings/individual-figures", CHANGE, OWNER),
    ("POST", "/api/v1/imports", CHANGE, MANAGER),
    ("GET", "/api/v1/imports/{import}/skipped.csv", READ, MEMBER),
    ("GET", "/api/v1/jobs/{job}", READ, MANAGER),
];
