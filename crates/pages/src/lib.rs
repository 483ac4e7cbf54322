//! Pages and fragments, one page a file.

mod account;
mod asked;
mod audit;
mod case;
mod channel_hook;
mod chart;
mod confirm;
mod connections;
mod contact;
mod contacts;
mod delivery;
mod desk;
mod door;
mod embed;
mod error;
mod feeds;
mod following;
mod home;
mod import;
mod improvements;
mod incoming;
mod listen;
mod mapping;
mod me;
mod message;
mod networks;
mod passkey;
mod people;
mod playbook;
mod process;
mod processes;
mod push;
mod question;
mod search;
mod settings;
mod share;
mod shell;
mod teams;
mod voices;
mod weeks;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use service::app::App;
use service::assets;

pub use error::not_found;

/// Uploads may be this long; what is read is bounded by its reader.
const UPLOAD: usize = 8 << 30;

pub fn router() -> Router<App> {
    Router::new()
        .route("/", get(home::page))
        .route("/search", get(search::page))
        .route("/processes", get(processes::page))
        .route("/sign-in", get(door::page).post(door::sign_in))
        .route("/sign-out", post(door::sign_out))
        .route("/in/{code}", get(door::look).post(door::enter))
        .merge(identity())
        .route("/settings", get(settings::page).post(settings::save))
        .route("/settings/retention", post(settings::save_retention))
        .route("/settings/embed", post(embed::set::save))
        .route("/embed/case", get(embed::case))
        .route("/embed/act", post(embed::act))
        .route("/embed/open", get(embed::open).post(embed::code))
        .route("/embed/enter", post(embed::enter))
        .route(
            "/import",
            get(import::page)
                .post(import::upload)
                .layer(DefaultBodyLimit::max(UPLOAD)),
        )
        .route("/import/{upload}", get(confirm::page).post(confirm::start))
        .route("/jobs/{job}", get(import::job))
        .route("/assets/{*file}", get(assets::file))
        .route("/push-worker.js", get(push::worker))
        .route("/p/{process}", get(process::map::page))
        .route("/p/{process}/map", get(process::map::page))
        .route("/p/{process}/map.svg", get(process::map::svg_file))
        .route(
            "/p/{process}/steps",
            get(process::steps::page).post(process::steps::save),
        )
        .route("/p/{process}/steps/undo", post(process::steps::undo))
        .route("/p/{process}/variants", get(process::variants::page))
        .route("/p/{process}/cases", get(process::cases::page))
        .route("/p/{process}/case/{case}", get(case::page))
        .route(
            "/p/{process}/case/{case}/note",
            post(case::note).layer(DefaultBodyLimit::max(52 << 20)),
        )
        .route("/files/{file}", get(message::file))
        .route("/p/{process}/case/{case}/reply", post(case::reply))
        .route("/p/{process}/case/{case}/check", post(case::check))
        .route("/p/{process}/case/{case}/guests", post(case::guests))
        .route(
            "/p/{process}/ask",
            get(question::ask_page).post(question::ask),
        )
        .route(
            "/p/{process}/playbook/{step}",
            get(playbook::page).post(playbook::save),
        )
        .route(
            "/p/{process}/listen/{step}",
            get(listen::page).post(listen::save),
        )
        .route("/desk/filter", get(voices::page).post(voices::act))
        .route("/desk", get(desk::page))
        .route("/desk/next", post(desk::next))
        .route("/desk/settings", get(desk::settings::page))
        .route("/desk/settings/{action}", post(desk::settings::save))
        .route("/desk/{thread}", get(desk::one))
        .route("/desk/{thread}/{action}", post(desk::thread_act))
        .route("/desk/replies/{reply}/{action}", post(desk::reply_act))
        .route("/share", get(share::page))
        .route("/share/new", get(share::new).post(share::make))
        .route("/share/people", post(share::people))
        .route("/share/{share}", get(share::one))
        .route("/share/{share}/{action}", post(share::act))
        .route("/contacts", get(contacts::page))
        .route("/accounts/{account}", get(account::page))
        .route("/contacts/{contact}", get(contact::page))
        .route("/contacts/{contact}/{action}", post(contact::act))
        .route("/connections", get(connections::list))
        .route(
            "/connections/new",
            get(connections::new).post(connections::make),
        )
        .route("/connections/oauth", get(connections::back))
        .route("/connections/{connection}", get(connections::one))
        .route(
            "/connections/{connection}/mapping",
            get(mapping::page).post(mapping::save),
        )
        .route("/connections/{connection}/places", get(networks::places))
        .route(
            "/connections/{connection}/places/{plug}",
            get(networks::plug),
        )
        .route("/connections/{connection}/{action}", post(connections::act))
        .route(
            "/hooks/channel/{secret}",
            get(channel_hook::take)
                .post(channel_hook::take)
                .layer(DefaultBodyLimit::max(4 << 20)),
        )
        .route("/hooks/source/{secret}", post(channel_hook::take))
        .route("/q/{conversation}", get(question::page))
        .route("/known/{answer}", get(networks::known))
        .route("/q/{conversation}/answer", post(question::answer))
        .route("/q/{conversation}/decline", post(question::decline))
        .route("/m/{message}/{action}", post(message::act))
        .route("/follow", post(message::follow))
        .route("/read", post(message::read))
        .route("/p/{process}/improvements", get(improvements::list::page))
        .route(
            "/p/{process}/plug",
            get(improvements::plug::page).post(improvements::plug::save),
        )
        .route(
            "/p/{process}/improvements/{improvement}",
            get(improvements::one::page),
        )
        .route(
            "/p/{process}/improvements/{improvement}/{action}",
            post(improvements::act::act),
        )
        .route("/p/{process}/goals", post(improvements::goal::save))
        .route("/p/{process}/goals/{goal}", get(improvements::goal::page))
        .route("/p/{process}/fit", get(process::fit::page))
        .route("/delivery", get(delivery::page))
        .route("/delivery/jobs/{job}/{action}", post(delivery::job))
        .route("/delivery/hooks", post(delivery::make_hook))
        .route(
            "/delivery/hooks/{hook}",
            get(delivery::hook).post(delivery::change_hook),
        )
        .route(
            "/delivery/hooks/{hook}/again/{seq}",
            post(delivery::send_again),
        )
        .route("/delivery/incoming", post(delivery::make_incoming))
        .route(
            "/delivery/incoming/{incoming}",
            post(delivery::revoke_incoming),
        )
        .route("/hooks/{secret}", post(incoming::write))
        .route("/me/feeds", get(feeds::page).post(feeds::save))
        .route("/feeds/{token}/stream.atom", get(feeds::stream))
        .route(
            "/feeds/{token}/{process}/improvements.atom",
            get(feeds::improvements),
        )
        .route(
            "/unsubscribe/{code}",
            get(feeds::look).post(feeds::unsubscribe),
        )
        .route("/p/{process}/fit/confirm", post(process::fit::confirm))
}

/// Accounts, people, teams, the record.
fn identity() -> Router<App> {
    Router::new()
        .route("/sign-in/with", get(door::with))
        .route("/sign-in/back", get(door::returned))
        .route("/sign-in/passkey", post(passkey::sign_in))
        .route("/sign-in/passkey/begin", post(passkey::begin_sign_in))
        .route("/me", get(me::page).post(me::save))
        .route("/me/told", post(me::told))
        .route("/me/password", post(me::password))
        .route("/me/sessions/{session}", post(me::end_session))
        .route("/me/passkeys", post(passkey::add))
        .route("/me/passkeys/begin", post(passkey::begin))
        .route("/me/passkeys/{passkey}/remove", post(passkey::remove))
        .route("/me/tokens", post(me::make_token))
        .route("/me/tokens/{token}/revoke", post(me::revoke_token))
        .route("/me/push", post(push::add))
        .route("/me/push/{device}/remove", post(push::remove))
        .route("/people", get(people::list).post(people::add))
        .route("/people/{person}", get(people::one).post(people::act))
        .route("/teams", get(teams::list).post(teams::add))
        .route("/teams/{team}", get(teams::one).post(teams::act))
        .route("/audit", get(audit::page))
        .route("/audit.csv", get(audit::csv))
}
