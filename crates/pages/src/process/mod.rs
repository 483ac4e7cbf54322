//! The page of a process: head, strip, step panel, and one tab of five.

pub mod cases;
pub mod compare;
mod filters;
pub mod fit;
mod imports;
pub mod map;
pub mod panel;
pub mod steps;
pub mod strip;
pub mod variants;

use super::error::{PageError, page};
use super::following::{self, Following};
use super::share::here::Here;
use super::shell::Shell;
use askama::Template;
use axum::response::Html;
use base::format;
use base::identity::Actor;
use panel::Panel;
use service::app::App;
use service::processes::filter_query;
use service::processes::import::BPMN;
use service::processes::view::choose;
use service::processes::{Problem, View};
use service::settings::{self, Individual};
use std::sync::Arc;
use strip::Strip;

/// The pairs of an address, as they stand.
pub type Query = Vec<(String, String)>;

#[derive(Template)]
#[template(path = "process.html")]
struct ProcessPage {
    shell: Shell,
    head: Head,
    strip: Strip,
    compared: Option<compare::Compared>,
    tabs: Vec<Tab>,
    exports: Vec<(&'static str, String)>,
    filters: Filters,
    /// Conditions are set, and no case fits them.
    nothing: bool,
    follow: Following,
    panel: Option<Panel>,
    body: String,
}

struct Head {
    name: String,
    meta: String,
}

struct Tab {
    name: &'static str,
    href: String,
    figure: String,
    current: bool,
}

/// A column of cases with its values: value, cases, whether it is asked for.
type Choice = (String, Vec<(String, String, bool)>);

/// What can be filtered by, and what is.
struct Filters {
    slug: String,
    tab: &'static str,
    from: String,
    to: String,
    vs_from: String,
    vs_to: String,
    teams: Vec<(String, String, bool)>,
    states: Vec<(&'static str, &'static str, bool)>,
    attributes: Vec<Choice>,
    /// The zone of the working hours that alone count.
    working: String,
    /// The same view in all hours.
    all_hours: String,
    /// Conditions in force, each with the address without it.
    active: Vec<(String, String)>,
    /// Conditions the form itself does not show, kept when it is sent.
    hidden: Vec<(String, String)>,
}

/// What a tab needs to draw itself.
pub struct Scene {
    pub app: App,
    pub actor: Actor,
    pub view: Arc<View>,
    pub query: Query,
    /// The same under the second of two periods, when two are compared.
    pub versus: Option<Arc<View>>,
    /// The filter as a query, without what only changes how things are shown.
    pub filter_query: String,
    /// Whether figures of single people may be shown.
    pub individual: Individual,
}

impl Scene {
    pub async fn open(
        (app, actor): (App, Actor),
        process: &str,
        query: Query,
    ) -> Result<Scene, PageError> {
        let asked = filter_query::parse(query.iter().map(|(k, v)| (k.as_str(), v.as_str())))?;
        let individual = settings::individual(app.library.db()).await;
        individual.allows(&asked.filter)?;
        let view = app.library.view(process, &asked).await?;
        check_panel(&query, &view)?;
        let versus = match query
            .iter()
            .any(|(k, v)| k.starts_with("vs_") && !v.is_empty())
        {
            true => {
                let second = filter_query::parse_second(
                    query.iter().map(|(k, v)| (k.as_str(), v.as_str())),
                )?;
                Some(app.library.view(process, &second).await?)
            }
            false => None,
        };
        let filter_query = filter_query::encode(&filter_query::pairs(&asked));
        Ok(Scene {
            actor,
            individual,
            app,
            view,
            versus,
            query,
            filter_query,
        })
    }

    pub fn slug(&self) -> &str {
        &self.view.process.row.slug
    }

    /// The value of a key in the address.
    pub fn asked(&self, key: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(k, v)| k == key && !v.is_empty())
            .map(|(_, v)| v.as_str())
    }

    /// The step whose panel is shown: the one asked for, or the one with the longest median.
    pub fn selected(&self) -> usize {
        let steps = &self.view.figures.steps;
        let asked = self
            .asked("panel")
            .and_then(|name| steps.iter().position(|s| s.name == name));
        let median = |i: &usize| steps[*i].time.median_days.unwrap_or(0.0);
        asked
            .or_else(|| (0..steps.len()).max_by(|a, b| median(a).total_cmp(&median(b))))
            .unwrap_or(0)
    }

    /// What the address says of the cases shown: the filter, and the period it is compared with.
    pub fn pairs(&self) -> Vec<(String, String)> {
        let mut pairs = filter_query::pairs(&self.view.asked);
        pairs.extend(
            self.query
                .iter()
                .filter(|(k, v)| matches!(k.as_str(), "vs_from" | "vs_to") && !v.is_empty())
                .cloned(),
        );
        pairs
    }

    /// An address of this process with the filter and more pairs.
    pub fn link(&self, tab: &str, more: &[(&str, &str)]) -> String {
        let mut pairs = self.pairs();
        pairs.extend(more.iter().map(|(k, v)| (k.to_string(), v.to_string())));
        let query = filter_query::encode(&pairs);
        let mark = if query.is_empty() { "" } else { "?" };
        format!("/p/{}/{tab}{mark}{query}", self.slug())
    }

    /// The page with this body in the given tab.
    pub async fn render(
        &self,
        tab: &'static str,
        body: impl Template,
    ) -> Result<Html<String>, PageError> {
        let row = &self.view.process.row;
        let shell = Shell::new(
            &self.app,
            &self.actor,
            &row.name,
            tab,
            Some((&row.name, &row.slug)),
        )
        .await?;
        let body = body
            .render()
            .map_err(|e| PageError(anyhow::Error::from(e).into()))?;
        let selected = self.selected();
        let ledger = self.app.improvements.ledger(&row.id).await?;
        let step = self.view.figures.steps.get(selected);
        let step = step.map_or("", |s| s.name.as_str());
        let things = [
            (
                "process",
                row.id.clone(),
                "Imports, versions and improvements come to your home page",
            ),
            (
                "step",
                format!("{}/{step}", row.id),
                "Questions asked here and improvements come to your home page",
            ),
        ];
        let here = self.link(tab, &[("panel", step)]);
        let [follow, follow_step] = following::of(&self.app, &self.actor, &here, things).await?;
        let nothing = self.view.selection.is_empty() && !self.filter_query.is_empty();
        let mut panel = Panel::of(self, selected, &ledger, follow_step).filter(|_| !nothing);
        if let Some(panel) = &mut panel {
            let of = (row.id.as_str(), row.slug.as_str());
            panel.shared = Here::at(&self.app, &self.actor, of, step, &ledger).await?;
            panel.listen = self.listens_at(&ledger, step).await?;
        }
        page(ProcessPage {
            shell,
            head: self.head().await?,
            strip: Strip::of(self, tab, selected, &ledger),
            compared: compare::Compared::of(self),
            tabs: self.tabs(tab),
            exports: self.exports(),
            filters: self.filters(tab),
            follow,
            panel,
            // How the process is read can be set whatever is asked for.
            body: if nothing && tab != "steps" {
                String::new()
            } else {
                body
            },
            nothing,
        })
    }

    async fn head(&self) -> Result<Head, Problem> {
        let row = &self.view.process.row;
        let counts = &self.view.figures.counts;
        let now = self.app.library.clock().now();
        let imports = self.app.library.imports(&row.id).await?;
        let versions = self.app.library.versions(&row.id).await?;
        let mut meta = format::many(counts.cases, "case");
        if let (Some(first), Some(last)) = (counts.first, counts.last) {
            meta += &format!(", {} to {}", format::date(first), format::date(last));
        }
        // Cases are read from logs; a model that came later is not where they are from.
        let log = imports.iter().find(|i| i.kind != BPMN);
        if let Some(import) = log.or(imports.first()) {
            meta += &format!(
                ", read from {} {}",
                import.file_name,
                format::ago(import.at, now)
            );
        }
        meta += ". ";
        meta += &match versions.as_slice() {
            [] | [_] => "Unchanged since it was first imported.".to_string(),
            [last, ..] => format!("Changed on {}: see Steps.", format::date(last.at)),
        };
        Ok(Head {
            name: row.name.clone(),
            meta,
        })
    }

    fn tabs(&self, current: &'static str) -> Vec<Tab> {
        let figures = &self.view.figures;
        let tab = |name, key: &'static str, figure| Tab {
            name,
            href: self.link(key, &[]),
            figure,
            current: key == current,
        };
        vec![
            tab("Map", "map", String::new()),
            tab("Steps", "steps", figures.steps.len().to_string()),
            tab(
                "Variants",
                "variants",
                format::count(figures.variants.total as i64),
            ),
            tab(
                "Cases",
                "cases",
                format!("{} open", format::count(figures.counts.open as i64)),
            ),
            tab(
                "Fit",
                "fit",
                self.view
                    .pipeline
                    .share_on_path
                    .map(format::percent)
                    .unwrap_or_default(),
            ),
        ]
    }

    /// What can be saved of what is seen.
    fn exports(&self) -> Vec<(&'static str, String)> {
        let query = if self.filter_query.is_empty() {
            String::new()
        } else {
            format!("?{}", self.filter_query)
        };
        let export = |what: &str| format!("/api/v1/processes/{}/export/{what}{query}", self.slug());
        let detail: Vec<(&str, &str)> = self
            .asked("detail")
            .map(|d| ("detail", d))
            .into_iter()
            .collect();
        vec![
            ("Map as SVG", self.link("map.svg", &detail)),
            ("Steps as CSV", export("steps.csv")),
            ("Moves as CSV", export("edges.csv")),
            ("Variants as CSV", export("variants.csv")),
            ("Cases as CSV", export("cases.csv")),
            ("Process as BPMN", export("process.bpmn")),
            ("Log as XES", export("log.xes")),
            ("Log as CSV", export("log.csv")),
        ]
    }

    fn attributes(&self) -> Vec<Choice> {
        let asked = &self.view.asked.filter.attributes;
        let columns = self.view.process.attributes.iter().map(|a| {
            let is_on = |value: &str| asked.iter().any(|(c, v)| *c == a.name && v == value);
            let values = a
                .values
                .iter()
                .map(|(value, n)| (value.clone(), format::count(*n), is_on(value)));
            (a.name.clone(), values.collect())
        });
        columns.collect()
    }

    fn filters(&self, tab: &'static str) -> Filters {
        let pairs = self.pairs();
        let value = |key: &str| {
            pairs
                .iter()
                .find(|(k, _)| k == key)
                .map(|(_, v)| v.clone())
                .unwrap_or_default()
        };
        let without = |i: usize| {
            let rest = pairs.iter().enumerate().filter(|(j, (k, _))| {
                *j != i && !(k.starts_with("edge_") && pairs[i].0.starts_with("edge_"))
            });
            let rest: Vec<(String, String)> = rest.map(|(_, p)| p.clone()).collect();
            format!("/p/{}/{tab}?{}", self.slug(), filter_query::encode(&rest))
        };
        let label = |key: &str, value: &str| match key {
            "from" => format!("from {}", format::day(value)),
            "to" => format!("to {}", format::day(value)),
            "vs_from" => format!("compared with those from {}", format::day(value)),
            "vs_to" => format!("compared with those to {}", format::day(value)),
            "team" => value.to_string(),
            "variant" => format!("variant {}", &value[..value.len().min(6)]),
            "step" => format!("entered {value}"),
            "activity" => format!("with {value}"),
            "edge_from" => format!(
                "{value} → {}",
                pairs
                    .iter()
                    .find(|(k, _)| k == "edge_to")
                    .map_or("", |(_, v)| v)
            ),
            "person" => format!("worked on by {value}"),
            "working" => format!("counted in working hours of {value}"),
            _ => format!("{} {value}", key.trim_start_matches("attr.")),
        };
        let shown = pairs
            .iter()
            .enumerate()
            .filter(|(_, (k, _))| k != "edge_to");
        Filters {
            slug: self.slug().into(),
            tab,
            from: value("from"),
            to: value("to"),
            vs_from: value("vs_from"),
            vs_to: value("vs_to"),
            teams: self
                .view
                .process
                .teams
                .iter()
                .take(60)
                .map(|(name, n)| {
                    (
                        name.clone(),
                        format::count(*n as i64),
                        self.view.asked.filter.teams.contains(name),
                    )
                })
                .collect(),
            states: [
                ("", "All"),
                ("open", "Open"),
                ("closed", "Closed"),
                ("won", "Won"),
                ("lost", "Lost"),
            ]
            .map(|(key, name)| (key, name, value("state") == key))
            .to_vec(),
            attributes: self.attributes(),
            working: value("working"),
            all_hours: pairs
                .iter()
                .position(|(k, _)| k == "working")
                .map(without)
                .unwrap_or_default(),
            active: shown.map(|(i, (k, v))| (label(k, v), without(i))).collect(),
            hidden: pairs
                .iter()
                .filter(|(k, _)| !["from", "to", "team", "state"].contains(&k.as_str()))
                .cloned()
                .collect(),
        }
    }
}

/// The panel is asked for by the name of its step, which may have been renamed since.
fn check_panel(query: &Query, view: &View) -> Result<(), Problem> {
    let steps = &view.process.steps.steps;
    let asked = query.iter().find(|(k, v)| k == "panel" && !v.is_empty());
    match asked {
        Some((_, name)) if !steps.iter().any(|s| s.name == *name) => {
            let there: Vec<&str> = steps.iter().map(|s| s.name.as_str()).collect();
            Err(Problem::new(
                404,
                "not_found",
                format!("There is no step \"{name}\"."),
                choose(&there),
            ))
        }
        _ => Ok(()),
    }
}
