//! The server put together: routes, the gate before them, and the headers on every answer.

mod refresh;
#[cfg(test)]
mod tests;

use crate::{mcp, scim};
use anyhow::Context;
use axum::Router;
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::IntoResponse;
use base::clock::{Clock, SystemClock};
use base::identity::Role;
use base::identity::{Identity, oidc};
use base::outbound::{Allowed, Outbound};
use base::policy;
use base::policy::Site;
use service::app::{App, Parts};
use service::connect::Connect;
use service::connect::seal::Seal;
use service::delivery::{self, Delivery};
use service::desk::Desk;
use service::improvements::Improvements;
use service::jobs::Jobs;
use service::keeping::retention::{self, Retention};
use service::processes::Library;
use service::processes::uploads::Uploads;
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::sync::Arc;
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::set_header::SetResponseHeaderLayer;

/// How the server is run.
#[derive(Debug, Clone)]
pub struct Config {
    pub data: PathBuf,
    pub database: Option<String>,
    pub address: IpAddr,
    /// 0 for any free one.
    pub port: u16,
    /// By which address others reach it.
    pub url: Option<String>,
    /// Whoever starts it wants to be let in at once.
    pub open: bool,
    /// How long things are kept, where that is not left to the settings page.
    pub retention: Retention,
    /// The company's identity provider.
    pub oidc: Option<oidc::Settings>,
    /// What leaves, and by which way.
    pub delivery: delivery::Config,
    /// What keys of others are sealed with; a file beside the database without it.
    pub key: Option<String>,
}

/// How long the end waits for what is being sent and for who is still listening.
/// A mail that is being handed over is waited for longer: cut off, nobody knows whether it was taken.
const MAIL: std::time::Duration = std::time::Duration::from_secs(25);
const LEAVING: std::time::Duration = std::time::Duration::from_secs(5);

/// All routes with the gate and the headers.
pub fn app(app: App) -> Router {
    let gate = policy::Gate {
        identity: app.identity.clone(),
        site: app.site.clone(),
    };
    let fixed = |name: HeaderName, value: &'static str| {
        SetResponseHeaderLayer::overriding(name, HeaderValue::from_static(value))
    };
    // The panel inside another site's page says who may hold it; nothing else sets these itself.
    let unless_said = |name: HeaderName, value: &'static str| {
        SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value))
    };
    // One layer of all, the outermost first: each layer of its own would be put into a box and copied for every request.
    let around = ServiceBuilder::new()
        .layer(unless_said(
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ))
        .layer(unless_said(
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ))
        .layer(fixed(
            HeaderName::from_static("permissions-policy"),
            "camera=(), microphone=(), geolocation=()",
        ))
        .layer(fixed(header::REFERRER_POLICY, "same-origin"))
        .layer(fixed(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(unless_said(header::CONTENT_SECURITY_POLICY, policy::CSP))
        .layer(axum::middleware::from_fn(log_request))
        .layer(CompressionLayer::new())
        .layer(CatchPanicLayer::new())
        .layer(axum::middleware::from_fn_with_state(gate, policy::gate));
    Router::new()
        .merge(pages::router())
        .merge(api::router())
        .merge(scim::router())
        .merge(mcp::router())
        .fallback(not_found)
        .layer(around)
        .with_state(app)
}

/// Serves until it is told to stop. Calls `ready` with the address once it listens, and
/// with the link that makes the first owner while there is none.
pub async fn serve(config: Config, ready: impl FnOnce(&str, Option<String>)) -> anyhow::Result<()> {
    anyhow::ensure!(
        config.address.is_loopback() || config.url.is_some(),
        "{} can be reached by others: say under which address with --url, such as --url https://tenon.example.com",
        config.address
    );
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let library = Library::open(&config.data, config.database.as_deref(), clock).await?;
    let uploads = config.data.join("uploads");
    let uploads = Uploads::open(uploads.clone())
        .with_context(|| format!("cannot make {}", uploads.display()))?;
    let listener = tokio::net::TcpListener::bind((config.address, config.port))
        .await
        .with_context(|| {
            format!(
                "cannot listen on port {}; choose another with --port",
                config.port
            )
        })?;
    let address = listener.local_addr()?;
    let site = match &config.url {
        Some(url) => Site::at(url, address.port())?,
        None => Site::local(address.port()),
    };
    let provider = config.oidc.map(oidc::Provider::new).transpose()?;
    let identity = Identity::new(library.db().clone(), library.clock_handle());
    let identity = identity.with_provider(provider);
    let first = first_link(&identity, &site, config.open).await?;
    let work = service::work::Work::start(library.clone(), identity.clone());
    let site = Arc::new(site);
    let seal = match &config.key {
        Some(keys) => Seal::of(keys)?,
        None => Seal::kept(&config.data, library.clock())?,
    };
    let outbound = Outbound::new(Allowed::parse(&config.delivery.allow_hosts));
    let connect = Connect::new(work.clone(), site.clone(), outbound, seal)
        .with_folders(&config.delivery.csv_folders);
    let state = App::new(Parts {
        desk: Desk::new(connect.clone()),
        delivery: Delivery::new(work.clone(), site.clone(), &config.delivery)?,
        work,
        identity,
        site,
        improvements: Improvements::new(library.clone()),
        library,
        jobs: Jobs::default(),
        uploads: Arc::new(uploads),
    });
    let fresh = refresh::keep(state.improvements.clone(), state.jobs.clone());
    let fresh = tokio::spawn(fresh);
    let folding = tokio::spawn(state.library.clone().keep_folding());
    let sweeping = tokio::spawn(state.library.clone().keep_sweeping());
    let log = tokio::spawn(state.library.db().clone().keep_log_short());
    let (stop, stopping) = tokio::sync::watch::channel(false);
    let fetching = tokio::spawn(state.delivery.clone().keep_fetching(stopping.clone()));
    let looking = tokio::spawn(connect.run(stopping.clone()));
    let leaving = tokio::spawn(state.delivery.clone().run(stopping));
    let (db, clock) = (state.library.db().clone(), state.library.clock_handle());
    let removal = tokio::spawn(retention::keep(db, clock, config.retention));
    let url = state.site.url().to_string();
    let routes = app(state);
    ready(&url, first);
    // The address of who asks is what tries to sign in are counted by.
    let routes = routes.into_make_service_with_connect_info::<std::net::SocketAddr>();
    let (told, mut is_told) = tokio::sync::watch::channel(false);
    let serving = axum::serve(listener, routes).with_graceful_shutdown(async move {
        stopped().await;
        let _ = told.send(true);
    });
    let patience = async {
        let _ = is_told.wait_for(|t| *t).await;
        tokio::time::sleep(LEAVING).await;
    };
    tokio::select! {
        done = serving => done?,
        // Those who listen to what happens never leave by themselves; they come back to the next server.
        () = patience => {}
    }
    fresh.abort();
    // What was acknowledged is in the store, and is taken in after the next start.
    folding.abort();
    sweeping.abort();
    // What is leaving right now is waited for; what waits stays in the store.
    let _ = stop.send(true);
    let _ = tokio::time::timeout(MAIL, async { tokio::join!(leaving, fetching, looking) }).await;
    removal.abort();
    log.abort();
    Ok(())
}

/// The link that makes the first owner; with `open`, where there is one already, a link that signs her in: who starts the
/// server has the machine and with it everything.
async fn first_link(
    identity: &Identity,
    site: &Site,
    open: bool,
) -> anyhow::Result<Option<String>> {
    let directory = identity.directory().await?;
    let owner = directory.active().find(|p| p.role == Role::Owner.word());
    if owner.is_some() && !open {
        return Ok(None);
    }
    let secret = identity.link(owner.map(|p| p.id.as_str())).await?;
    Ok(Some(format!("{}/in/{}", site.url(), secret.text())))
}

pub const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

async fn stopped() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        if let Ok(mut terminate) =
            tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())
        {
            tokio::select! {
                _ = interrupt => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    let _ = interrupt.await;
}

async fn not_found(uri: axum::http::Uri) -> axum::response::Response {
    if uri.path().starts_with("/api/") {
        api::not_found()
    } else if uri.path().starts_with("/scim/") {
        scim::not_found()
    } else {
        pages::not_found().await.into_response()
    }
}

/// One line a request, without secrets.
async fn log_request(
    request: axum::extract::Request,
    next: axum::middleware::Next,
) -> axum::response::Response {
    let method = request.method().clone();
    // The route, not the address: addresses hold what opens doors, and names of cases.
    let matched = request.extensions().get::<axum::extract::MatchedPath>();
    let path = matched.map_or("no route".to_string(), |p| p.as_str().to_string());
    let begun = std::time::Instant::now();
    let response = next.run(request).await;
    tracing::info!(%method, path, status = response.status().as_u16(), ms = begun.elapsed().as_secs_f64() * 1000.0, "request");
    response
}
