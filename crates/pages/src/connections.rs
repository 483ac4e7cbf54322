//! Connecting systems of record and channels, and how each of them is.

use super::error::{PageError, page as render};
use super::networks::{self, PlugLine};
use super::shell::Shell;
use crate::asked::{Form, Query};
use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use base::format;
use base::identity::Actor;
use connectors::network::Place;
use connectors::{About, Account, Field, Pipeline, Settings};
use mining::Micros;
use serde::Deserialize;
use service::app::App;
use service::connect::{Back, Connection, NotIn, SignedIn, Writing};
use service::desk::sign::FULL;
use service::processes::Problem;
use std::collections::BTreeMap;
use store::connections::{CHANNEL, NETWORK, ON, PAUSED, SIGNED_OUT};

/// A connection as it stands in the list.
struct Line {
    id: String,
    name: String,
    title: String,
    handle: String,
    state: &'static str,
    is_ill: bool,
    told: String,
    verified: &'static str,
}

#[derive(Template)]
#[template(path = "connections.html")]
struct ListPage {
    shell: Shell,
    sources: Vec<Line>,
    channels: Vec<Line>,
    networks: Vec<Line>,
    /// With what each is for.
    kinds: Vec<(About, &'static str)>,
}

fn state(connection: &Connection) -> &'static str {
    match connection.row.state.as_str() {
        ON if connection.row.error.is_some() => "trying again",
        ON if connection.row.synced.is_none() => "reading the history",
        ON => "on",
        PAUSED => "paused",
        SIGNED_OUT => "signed out",
        _ => "removed",
    }
}

pub(crate) fn when(at: Option<Micros>) -> String {
    at.map_or("not yet".into(), |at| {
        format!("{} UTC", format::date_time(at))
    })
}

fn line(c: Connection) -> Line {
    let taken = format::count(c.row.taken.max(0) as u64);
    let what = match c.row.what.as_str() {
        CHANNEL => "messages",
        NETWORK => "answers",
        _ => "stage changes",
    };
    Line {
        told: match &c.row.error {
            Some(error) => error.clone(),
            None => format!("{taken} {what}, last looked at {}", when(c.row.looked)),
        },
        state: state(&c),
        is_ill: c.row.error.is_some() || c.row.state == SIGNED_OUT,
        title: c.about.map_or(c.row.kind.clone(), |a| a.title.into()),
        verified: c.about.map_or("", |a| a.verified.word()),
        handle: c.account.handle,
        name: c.row.name,
        id: c.row.id,
    }
}

pub async fn list(actor: Actor, State(app): State<App>) -> Result<Html<String>, PageError> {
    let connect = app.desk.connect();
    let (channels, others): (Vec<_>, Vec<_>) = connect
        .list()
        .await?
        .into_iter()
        .partition(|c| c.row.what == CHANNEL);
    let (networks, sources): (Vec<_>, Vec<_>) =
        others.into_iter().partition(|c| c.row.what == NETWORK);
    let mut lines = Vec::new();
    for connection in networks {
        // One of its places may be ill while it is well.
        let plugged = connect.plugged(&connection.row.id).await?;
        let mut line = line(connection);
        let ill = plugged.into_iter().find_map(|p| p.row.error);
        if let Some(error) = ill.filter(|_| !line.is_ill) {
            line.is_ill = true;
            line.told = error;
        }
        lines.push(line);
    }
    let kinds = connect.sources().iter().map(|s| (s.about(), "a process"));
    let kinds = kinds.chain(connect.channels().iter().map(|c| (c.about(), "the desk")));
    let known = "answers at steps";
    let kinds = kinds.chain(connect.networks().iter().map(|n| (n.about(), known)));
    render(ListPage {
        shell: Shell::new(&app, &actor, "Connections", "settings", None).await?,
        sources: sources.into_iter().map(line).collect(),
        channels: channels.into_iter().map(line).collect(),
        networks: lines,
        kinds: kinds.collect(),
    })
}

type Filled = Vec<(Field, String)>;

#[derive(Template)]
#[template(path = "connection-new.html")]
struct NewPage {
    shell: Shell,
    about: About,
    is_source: bool,
    is_network: bool,
    fields: Filled,
    /// What a key is pasted into, where somebody can sign in instead.
    pasted: Filled,
    sign_in: Option<SignIn>,
    /// The secret under which the tokens wait, once somebody signed in.
    signed: String,
    name: String,
    /// Whose account it is, once it was tried.
    account: Option<Account>,
    pipelines: Vec<Pipeline>,
    /// Of the table that is read, once it was looked at.
    columns: Vec<String>,
    problem: Option<Problem>,
}

/// How a service is signed in to.
struct SignIn {
    guide: &'static str,
    scopes: String,
    /// The address its app is registered with.
    redirect: String,
    app: Filled,
}

impl SignIn {
    fn of(app: &App, kind: &str, get: impl Fn(&str) -> String) -> Option<SignIn> {
        let oauth = app.desk.connect().oauth(kind)?;
        Some(SignIn {
            guide: oauth.guide,
            scopes: oauth.scopes.join(" "),
            redirect: app.desk.connect().redirect(),
            app: oauth.fields().map(|f| (f, get(f.name))).into(),
        })
    }
}

impl NewPage {
    /// The page before anything was tried, with what was filled in.
    async fn begin(
        app: &App,
        actor: &Actor,
        about: About,
        form: &Values,
    ) -> Result<NewPage, PageError> {
        let get = |name: &str| form.get(name).cloned().unwrap_or_default();
        let sign_in = SignIn::of(app, about.name, get);
        let oauth = app.desk.connect().oauth(about.name);
        let is_pasted = |f: &Field| oauth.is_some_and(|o| o.pasted.contains(&f.name));
        let is_app = |f: &Field| {
            let app = sign_in.iter().flat_map(|s| &s.app);
            app.into_iter().any(|(a, _)| a.name == f.name)
        };
        let fields = about.fields.iter().filter(|f| !is_app(f));
        let (pasted, fields) = fields
            .map(|f| (*f, get(f.name)))
            .partition(|(f, _)| is_pasted(f));
        Ok(NewPage {
            shell: Shell::new(app, actor, about.title, "settings", None).await?,
            is_source: is_source(app, about.name),
            is_network: is_network(app, about.name),
            fields,
            pasted,
            sign_in,
            signed: String::new(),
            name: get("name"),
            account: None,
            pipelines: Vec::new(),
            columns: Vec::new(),
            problem: None,
            about,
        })
    }

    /// What there is to choose from for a field; nothing where it is written.
    fn choices<'a>(&'a self, field: &Field, value: &'a str) -> Vec<&'a str> {
        use connectors::csv_url::table::{COLUMNS, EVERY};
        let mut all: Vec<&str> = match field.name {
            "every" => EVERY.iter().map(|(name, _)| *name).collect(),
            name if COLUMNS.contains(&name) => self.columns.iter().map(String::as_str).collect(),
            _ => return Vec::new(),
        };
        // What was filled in, or nothing, is not passed over for the first of them.
        if !all.is_empty() && !all.contains(&value) && (field.name != "every" || !value.is_empty())
        {
            all.insert(0, value);
        }
        all
    }

    /// The columns of a table that were not chosen are guessed.
    async fn guess(&mut self, app: &App, settings: &mut Settings) -> Result<(), Problem> {
        let connect = app.desk.connect();
        self.columns = connect.guess_columns(self.about.name, settings).await?;
        for (field, value) in &mut self.fields {
            if value.is_empty() && !field.is_secret {
                *value = settings.get(field.name).into();
            }
        }
        Ok(())
    }

    /// The way was chosen: what belongs to another is not asked for any more, and what signing in gave is not shown.
    fn choose(&mut self, signed: Option<(String, &Settings)>) {
        let Some(sign_in) = self.sign_in.take() else {
            return;
        };
        let pasted = std::mem::take(&mut self.pasted);
        let Some((secret, settings)) = signed else {
            let is_own = |name: &str| self.about.fields.iter().any(|f| f.name == name);
            self.fields
                .extend(sign_in.app.into_iter().filter(|(f, _)| is_own(f.name)));
            self.fields.extend(pasted);
            return;
        };
        self.signed = secret;
        for (field, value) in &mut self.fields {
            if value.is_empty() && !field.is_secret {
                *value = settings.get(field.name).into();
            }
            // It may wait with the tokens.
            field.is_required &= settings.get(field.name).is_empty();
        }
    }
}

/// What came with a form.
type Values = BTreeMap<String, String>;

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Kind {
    kind: String,
    signed: String,
}

fn is_source(app: &App, kind: &str) -> bool {
    app.desk
        .connect()
        .sources()
        .iter()
        .any(|s| s.about().name == kind)
}

fn is_network(app: &App, kind: &str) -> bool {
    let all = app.desk.connect().networks();
    all.iter().any(|n| n.about().name == kind)
}

pub async fn new(
    actor: Actor,
    State(app): State<App>,
    Query(asked): Query<Kind>,
) -> Result<Response, PageError> {
    let about = app.desk.connect().about(&asked.kind)?;
    let mut page = NewPage::begin(&app, &actor, about, &Values::new()).await?;
    if asked.signed.is_empty() {
        return Ok(render(page)?.into_response());
    }
    let tried = async {
        let connect = app.desk.connect();
        let waiting = connect.waiting(&actor, &asked.signed).await?;
        if waiting.kind != about.name {
            return Err(Problem::not_found("sign-in"));
        }
        page.name = waiting.name;
        page.choose(Some((asked.signed.clone(), &waiting.settings)));
        page.account = Some(connect.try_out(about.name, &waiting.settings).await?);
        if page.is_source {
            page.pipelines = connect.pipelines(about.name, &waiting.settings).await?;
        }
        Ok(())
    };
    match tried.await {
        Ok(()) => Ok(render(page)?.into_response()),
        Err(problem) => {
            // Begun anew: what waits is of no use.
            page = NewPage::begin(&app, &actor, about, &Values::new()).await?;
            ill(page, problem)
        }
    }
}

fn ill(mut page: NewPage, problem: Problem) -> Result<Response, PageError> {
    let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::BAD_REQUEST);
    page.problem = Some(problem);
    Ok((status, render(page)?).into_response())
}

/// What was filled in for the fields of a kind and of its app; nothing else is taken.
fn filled(app: &App, about: &About, form: &Values) -> Settings {
    let oauth = app.desk.connect().oauth(about.name);
    let of_app = oauth.iter().flat_map(|o| o.fields());
    let names = about.fields.iter().copied().chain(of_app).map(|f| f.name);
    let taken = names.filter_map(|name| {
        let value = form.get(name)?.trim();
        (!value.is_empty()).then(|| (name.to_string(), value.to_string()))
    });
    Settings(taken.collect())
}

#[derive(Template)]
#[template(path = "connection-made.html")]
struct Made {
    shell: Shell,
    name: String,
    id: String,
    /// Where it sends webhooks, if it has any.
    address: Option<String>,
    /// Of a source: how it is told the address.
    guide: Option<&'static str>,
}

#[derive(Template)]
#[template(path = "connection-away.html")]
struct Away {
    shell: Shell,
    title: &'static str,
    host: String,
    url: String,
}

/// To the service, by a page of ours: a form may lead to our own pages only, and a browser holds what follows on it to that.
async fn away(
    app: &App,
    actor: &Actor,
    title: &'static str,
    url: String,
) -> Result<Response, PageError> {
    let host = url::Url::parse(&url).ok();
    let host = host.and_then(|u| u.host_str().map(String::from));
    let page = Away {
        shell: Shell::new(app, actor, title, "settings", None).await?,
        title,
        host: host.unwrap_or_default(),
        url,
    };
    Ok(render(page)?.into_response())
}

#[derive(Template)]
#[template(path = "connection-not-in.html")]
struct NotInPage {
    shell: Shell,
    problem: Problem,
    to: String,
}

/// Back from the service.
pub async fn back(
    actor: Actor,
    State(app): State<App>,
    Query(back): Query<Back>,
) -> Result<Response, PageError> {
    match app.desk.connect().signed_in(&actor, &back).await {
        Ok(SignedIn::New { kind, secret }) => {
            let to = format!("/connections/new?kind={kind}&signed={secret}");
            Ok(Redirect::to(&to).into_response())
        }
        Ok(SignedIn::Again { connection }) => {
            Ok(Redirect::to(&format!("/connections/{connection}")).into_response())
        }
        Err(NotIn { problem, to }) => {
            let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::BAD_REQUEST);
            let page = NotInPage {
                shell: Shell::new(&app, &actor, "Not signed in", "settings", None).await?,
                problem,
                to,
            };
            Ok((status, render(page)?).into_response())
        }
    }
}

/// Tries it out, shows whose account it is and what there is to choose, and connects when that was chosen. Or sends the browser to sign in.
pub async fn make(
    actor: Actor,
    State(app): State<App>,
    Query(asked): Query<Kind>,
    Form(form): Form<Values>,
) -> Result<Response, PageError> {
    let about = app.desk.connect().about(&asked.kind)?;
    let page = NewPage::begin(&app, &actor, about, &form).await?;
    let get = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
    let settings = filled(&app, &about, &form);
    if get("act") == "sign-in" {
        let sent = app
            .desk
            .connect()
            .sign_in(&actor, about.name, (get("name"), None), &settings);
        return match sent.await {
            Ok(url) => away(&app, &actor, about.title, url).await,
            Err(problem) => ill(page, problem),
        };
    }
    match get("signed") {
        "" => try_or_connect(&app, &actor, page, settings, &form).await,
        signed => with_waiting(&app, &actor, page, (settings, signed), &form).await,
    }
}

/// Connects what was signed in to.
async fn with_waiting(
    app: &App,
    actor: &Actor,
    page: NewPage,
    (filled, signed): (Settings, &str),
    form: &Values,
) -> Result<Response, PageError> {
    let connect = app.desk.connect();
    let act = form.get("act").map(String::as_str);
    let is_connecting = matches!(act, Some("connect" | "choose"));
    let waiting = match is_connecting {
        true => connect.take_waiting(actor, signed).await,
        false => connect.waiting(actor, signed).await,
    };
    let waiting = waiting.and_then(|w| match w.kind == page.about.name {
        true => Ok(w),
        false => Err(Problem::not_found("sign-in")),
    });
    let waiting = match waiting {
        Ok(waiting) => waiting,
        Err(problem) => return ill(page, problem),
    };
    let mut settings = waiting.settings.clone();
    settings.0.extend(filled.0);
    let mut page = page;
    page.choose(Some((signed.into(), &settings)));
    let made = try_or_connect(app, actor, page, settings, form).await;
    let is_made = made
        .as_ref()
        .is_ok_and(|r| r.status().is_success() || r.status().is_redirection());
    if is_connecting && !is_made {
        connect.put_back(&waiting).await?;
    }
    made
}

async fn try_or_connect(
    app: &App,
    actor: &Actor,
    mut page: NewPage,
    mut settings: Settings,
    form: &Values,
) -> Result<Response, PageError> {
    let connect = app.desk.connect();
    let get = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
    let (about, is_source) = (page.about, page.is_source);
    let tried = async {
        page.guess(app, &mut settings).await?;
        if !matches!(get("act"), "connect" | "choose") {
            page.account = Some(connect.try_out(about.name, &settings).await?);
            if is_source {
                page.pipelines = connect.pipelines(about.name, &settings).await?;
            }
            return Ok(None);
        }
        if is_source {
            let (name, pipeline) = (get("name"), get("pipeline"));
            if get("act") == "choose" {
                let made = connect.add_source_paused(actor, about.name, name, &settings, pipeline);
                let to = format!("/connections/{}/mapping", made.await?.0);
                return Ok(Some(Redirect::to(&to).into_response()));
            }
            let made = connect.add_source(actor, about.name, name, &settings, pipeline);
            return Ok(Some(
                Redirect::to(&format!("/connections/{}", made.await?.0)).into_response(),
            ));
        }
        if page.is_network {
            let id = connect
                .add_network(actor, about.name, get("name"), &settings)
                .await?;
            let to = format!("/connections/{id}/places");
            return Ok(Some(Redirect::to(&to).into_response()));
        }
        let (id, address) = connect
            .add_channel(
                actor,
                about.name,
                get("name"),
                &settings,
                Some(get("process")),
            )
            .await?;
        let shell = Shell::new(app, actor, about.title, "settings", None).await?;
        let name = connect.find(&id).await?.row.name;
        let made = render(Made {
            shell,
            name,
            id,
            address: Some(address).filter(|_| connect.takes_webhooks(about.name)),
            guide: None,
        })
        .map_err(|_| Problem::not_found("page"))?;
        Ok(Some(made.into_response()))
    };
    match tried.await {
        Ok(Some(made)) => Ok(made),
        Ok(None) => {
            page.choose(None);
            Ok(render(page)?.into_response())
        }
        Err(problem) => {
            let problem: Problem = problem;
            ill(page, problem)
        }
    }
}

#[derive(Template)]
#[template(path = "connection.html")]
struct OnePage {
    shell: Shell,
    id: String,
    name: String,
    about: Option<About>,
    account: Account,
    state: &'static str,
    is_on: bool,
    is_source: bool,
    is_network: bool,
    places: Vec<PlugLine>,
    error: Option<String>,
    /// Deliveries that could not be taken to the desk so far.
    stuck: Option<String>,
    taken: String,
    expected: Option<String>,
    share: Option<i64>,
    is_syncing: bool,
    created: String,
    looked: String,
    process: Option<(String, String)>,
    pipeline: Option<Pipeline>,
    fields: Vec<Field>,
    sign_in: Option<SignIn>,
    inside: Option<Inside>,
    /// How replies are signed: the choice, and the text where it is one of one's own.
    signs: (&'static str, String),
    /// Until when the service asked to be sent nothing.
    sends_from: Option<String>,
    /// Days that messages and payloads are kept, as written.
    kept: (String, String),
    /// Of a source that can say when there is something to look at.
    bell: Option<Rings>,
    /// Of a source that can be written to.
    back: Option<WritingBack>,
}

/// How a source says that there is something to look at.
struct Rings {
    is_on: bool,
    is_signed: bool,
}

struct InsideRoom {
    topic: String,
    name: String,
    /// Its page and its name; nothing where it was erased.
    case: Option<(String, String)>,
    error: String,
}

/// Rooms in which colleagues talk, of a channel that has rooms.
struct Inside {
    rooms: Vec<InsideRoom>,
    /// Those that may become one; asked of the service when somebody wants to choose.
    choice: Option<Vec<Place>>,
    processes: Vec<(String, String)>,
    /// Who here is who there.
    known: Vec<(String, String)>,
    colleagues: Vec<(String, String)>,
}

impl Inside {
    async fn of(app: &App, c: &Connection, asks: bool) -> Result<Option<Inside>, PageError> {
        let connect = app.desk.connect();
        if !connect.has_rooms(&c.row.kind) {
            return Ok(None);
        }
        let (rooms, known) = connect.inside(&c.row.id).await?;
        let directory = app.identity.directory().await?;
        let processes = app.library.list().await?;
        let page = |process: &str, case: &str| {
            let slug = processes.iter().find(|p| p.id == process);
            let slug = slug.map_or("", |p| &p.slug);
            format!("/p/{slug}/case/{}", format::urlencode(case))
        };
        Ok(Some(Inside {
            choice: match asks {
                true => Some(connect.rooms(&c.row.id).await?),
                false => None,
            },
            rooms: rooms
                .into_iter()
                .map(|r| InsideRoom {
                    case: r.case_ref.map(|case| (page(&r.process, &case), case)),
                    topic: r.topic,
                    name: r.name,
                    error: r.error.unwrap_or_default(),
                })
                .collect(),
            known: known
                .into_iter()
                .map(|(told, person)| (told, directory.name(&person).to_string()))
                .collect(),
            colleagues: directory
                .colleagues()
                .map(|p| (p.id.clone(), p.name.clone()))
                .collect(),
            processes: processes.into_iter().map(|p| (p.slug, p.name)).collect(),
        }))
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Asks {
    /// Not empty: the rooms are asked for.
    rooms: String,
}

/// How links are written back.
struct WritingBack {
    what: &'static str,
    right: &'static str,
    title: &'static str,
    address: String,
    since: Option<String>,
    written: i64,
    waiting: i64,
    failed: i64,
    last: String,
    unwritten: Vec<Unwritten>,
}

/// A link that could not be written.
struct Unwritten {
    case: String,
    href: String,
    is_dead: bool,
    why: String,
}

fn writing_back(writing: Writing, slug: &str) -> WritingBack {
    let unwritten = writing.unwritten.into_iter().map(|w| Unwritten {
        href: format!("/p/{slug}/case/{}", format::urlencode(&w.case_ref)),
        case: w.case_ref,
        is_dead: w.failed.is_some(),
        why: w.error.unwrap_or_default(),
    });
    WritingBack {
        what: writing.writes.what,
        right: writing.writes.right,
        title: writing.title,
        address: writing.address,
        since: writing.since.map(|at| when(Some(at))),
        written: writing.counts.written,
        waiting: writing.counts.waiting,
        failed: writing.counts.failed,
        last: when(writing.counts.last),
        unwritten: unwritten.collect(),
    }
}

pub async fn one(
    actor: Actor,
    State(app): State<App>,
    Path(id): Path<String>,
    Query(asks): Query<Asks>,
) -> Result<Html<String>, PageError> {
    let c = app.desk.connect().find(&id).await?;
    let inside = Inside::of(&app, &c, !asks.rooms.is_empty()).await?;
    let process = match &c.row.process {
        Some(process) => Some(app.library.process(process).await?),
        None => None,
    };
    let share = c
        .row
        .expected
        .filter(|n| *n > 0)
        .map(|n| (c.row.taken * 100 / n).clamp(0, 100));
    let is_syncing = c.row.state == ON && c.row.synced.is_none();
    let kept = app.desk.connect().kept(&id).await?;
    let (signature, sends_from) = app.desk.connect().sending(&id).await?;
    let asked = Some(sends_from).filter(|at| *at > app.library.clock().now());
    let slug = process.as_ref().map_or("", |p| &p.slug);
    let writing = app.desk.connect().writing(&id).await?;
    let back = writing.map(|w| writing_back(w, slug));
    let bell = app.desk.connect().source_bell(&c.row.kind);
    let bell = bell.map(|b| Rings {
        is_on: c.row.hook.is_some(),
        is_signed: b.signed_by.is_some(),
    });
    let plugged = app.desk.connect().plugged(&id).await?;
    let stuck = app.desk.connect().stuck(&id).await?;
    let stuck = stuck.map(|(n, why)| {
        let what = match n {
            1 => "A delivery of this channel could not be taken to the desk yet".into(),
            n => format!(
                "{} deliveries of this channel could not be taken to the desk yet",
                format::count(n as u64)
            ),
        };
        format!("{what}: {why} Nothing is lost: it is tried again at least every hour.")
    });
    let written = |days: Option<i64>| days.map_or(String::new(), |d| d.to_string());
    render(OnePage {
        shell: Shell::new(&app, &actor, &c.row.name, "settings", None).await?,
        id,
        state: state(&c),
        is_on: c.row.state == ON,
        is_source: c.row.what != CHANNEL,
        is_network: c.row.what == NETWORK,
        places: plugged.into_iter().map(networks::line).collect(),
        error: c
            .row
            .error
            .clone()
            .map(|e| format!("{}: {e}", when(c.row.error_at))),
        stuck,
        taken: format::count(c.row.taken.max(0) as u64),
        expected: c.row.expected.map(|n| format::count(n.max(0) as u64)),
        share: share.filter(|_| is_syncing),
        is_syncing,
        created: when(Some(c.row.created)),
        looked: when(c.row.looked),
        process: process.map(|p| (p.slug, p.name)),
        sign_in: SignIn::of(&app, &c.row.kind, |_| String::new()),
        fields: c.about.map(|a| a.fields.to_vec()).unwrap_or_default(),
        about: c.about,
        account: c.account,
        pipeline: c.pipeline,
        name: c.row.name,
        inside,
        signs: match signature.as_deref() {
            None => ("first", String::new()),
            Some("") => ("none", String::new()),
            Some(FULL) => ("full", String::new()),
            Some(own) => ("own", own.into()),
        },
        sends_from: asked.map(|at| when(Some(at))),
        kept: (written(kept.said), written(kept.raw)),
        bell,
        back,
    })
}

pub async fn act(
    actor: Actor,
    State(app): State<App>,
    Path((id, action)): Path<(String, String)>,
    Form(form): Form<Values>,
) -> Result<Response, PageError> {
    let connect = app.desk.connect();
    match action.as_str() {
        "pause" => connect.set_on(&actor, &id, false).await?,
        "resume" => connect.set_on(&actor, &id, true).await?,
        "write-on" => connect.set_writing(&actor, &id, true).await?,
        "write-off" => connect.set_writing(&actor, &id, false).await?,
        "hook" => {
            let address = connect.new_hook(&actor, &id).await?;
            let c = connect.find(&id).await?;
            let made = Made {
                shell: Shell::new(&app, &actor, &c.row.name, "settings", None).await?,
                guide: connect.source_bell(&c.row.kind).map(|b| b.guide),
                name: c.row.name,
                id,
                address: Some(address),
            };
            return Ok(render(made)?.into_response());
        }
        "unhook" => connect.drop_hook(&actor, &id).await?,
        "write-again" => connect.write_again(&actor, &id).await?,
        "keep" => {
            let days = |name: &str| form.get(name).map_or("", String::as_str);
            let days = (days("said"), days("raw"));
            connect.set_kept(&actor, &id, days).await?;
        }
        "bridge" => {
            let get = |name: &str| form.get(name).map_or("", |v| v.trim());
            let of = (get("process"), get("case"));
            connect.bridge(&actor, &id, get("room"), of).await?;
        }
        "unbridge" => {
            let room = form.get("room").map_or("", String::as_str);
            connect.unbridge(&actor, &id, room).await?;
        }
        "who" => {
            let get = |name: &str| form.get(name).map_or("", String::as_str);
            let who = (get("handle"), get("person"));
            connect.set_who(&actor, &id, who).await?;
        }
        "sign" => {
            let get = |name: &str| form.get(name).map_or("", String::as_str);
            let how = (get("how"), get("text"));
            connect.set_signature(&actor, &id, how).await?;
        }
        "plug" => {
            let get = |name: &str| form.get(name).map_or("", String::as_str);
            let at = get("at").split_once('/').unwrap_or_default();
            connect.plug(&actor, &id, get("place"), at).await?;
        }
        "read-again" => connect.read_again(&id).await?,
        "unplug" => {
            let plug = form.get("plug").map_or("", String::as_str);
            connect.unplug(&actor, &id, plug).await?;
        }
        "remove" => {
            connect.remove(&actor, &id).await?;
            return Ok(Redirect::to("/connections").into_response());
        }
        "key" => {
            let about = connect.find(&id).await?.about;
            let about = about.ok_or_else(|| Problem::not_found("kind"))?;
            let filled = filled(&app, &about, &form);
            connect.rekey(&actor, &id, &filled).await?;
        }
        "sign-in" => {
            let about = connect.find(&id).await?.about;
            let about = about.ok_or_else(|| Problem::not_found("kind"))?;
            let filled = filled(&app, &about, &form);
            let place = ("", Some(id.as_str()));
            let url = connect.sign_in(&actor, about.name, place, &filled).await?;
            return away(&app, &actor, about.title, url).await;
        }
        _ => return Err(Problem::not_found("action").into()),
    }
    Ok(Redirect::to(&format!("/connections/{id}")).into_response())
}
