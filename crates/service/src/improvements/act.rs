//! What people do with an improvement: plan, start, pause, extend, unplug, decide. Each is one transaction with its
//! entry in the record. None of it touches the process.

use super::plan::{Cost, Improvement, Pause, Plan, State, Team};
use super::{Improvements, Measure, Outlook, Tool, draw};
use crate::processes::{Loaded, Problem};
use base::activity::{self, Kind};
use mining::figures::Stays;
use mining::time::{DAY, Micros, WEEK};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::Arc;
use store::goals::GoalRow;
use store::improvements::{ImprovementRow, RolloutRow};
use store::uses::UseRow;
use store::{Tx, goals, improvements, uses};

/// A tool to plug in, as it is asked for. What is left out is proposed.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Plug {
    pub step: String,
    /// A tool of the catalogue: `ask`, `playbook`, `room`, `lesson`, `listen`, `desk`, `share` or `own`.
    pub tool: String,
    /// Its name here; needed for a tool of your own.
    pub name: Option<String>,
    /// Where it is found: an https address.
    pub link: Option<String>,
    /// What it should improve: `days-in-step`, `goes-on`, `won`, `rework`, `skips` or `first-response`;
    /// of customers who write on a channel: `first-reply` or `answered`.
    pub measure: String,
    /// Name of the business goal it serves; made when it is new.
    pub goal: Option<String>,
    /// The teams that take part; all of them when empty.
    pub teams: Vec<String>,
    /// Draws the order of teams again in the same way; a new one is drawn when left out.
    pub seed: Option<u64>,
    /// Start of the first team, a day such as 2026-03-02; the next Monday when left out.
    pub first: Option<String>,
    /// Weeks between one start and the next.
    pub every_weeks: Option<u32>,
    /// Teams that start together.
    pub at_once: Option<usize>,
    /// Teams that do not start while it is measured.
    pub never: Option<usize>,
    /// Instead of a draw: `team=day`, one a team that starts, for a roll-out that is under way or chosen.
    pub given: Vec<String>,
    /// The given order was drawn by lot.
    pub given_by_lot: bool,
    /// How long after entry a case is read.
    pub horizon_days: Option<f64>,
    /// What is left out before each start; the horizon when left out.
    pub washout_days: Option<f64>,
    /// Weeks from the last start to the last look.
    pub weeks_after: Option<u32>,
    /// A smaller effect than this makes no meaningful difference; days, or points for shares.
    pub zone: Option<f64>,
    /// Points within which the process counts as unchanged.
    pub unchanged_points: Option<f64>,
}

/// What was decided, by whom and why is in the record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    Keep,
    Extend,
    Change,
    Unplug,
}

impl Decision {
    pub fn parse(word: &str) -> Option<Decision> {
        serde_json::from_value(Value::String(word.into())).ok()
    }

    pub fn said(self) -> &'static str {
        match self {
            Decision::Keep => "Keep it",
            Decision::Extend => "Extend to all teams",
            Decision::Change => "Change it",
            Decision::Unplug => "Unplug it",
        }
    }
}

/// An improvement that could be planned, with what it could find out.
pub struct Proposed {
    pub improvement: Improvement,
    pub outlook: Outlook,
    pub process: Arc<Loaded>,
}

const USUAL_EVERY: u32 = 2;
const USUAL_AFTER: u32 = 16;
const USUAL_UNCHANGED: f64 = 5.0;

fn wrong(what: impl Into<String>, remedy: impl Into<String>) -> Problem {
    Problem::bad_request(what, remedy)
}

/// The first moment of a day written as year-month-day.
pub fn day(text: &str) -> Result<Micros, Problem> {
    let date: jiff::civil::Date = text.trim().parse().map_err(|_| {
        wrong(
            format!("\"{text}\" is no day."),
            "Write it as year-month-day, such as 2026-03-02.",
        )
    })?;
    let zoned = date
        .to_zoned_datetime(jiff::tz::TimeZone::UTC)
        .map_err(|e| wrong(e.to_string(), "Choose another day."))?;
    Ok(zoned.timestamp().as_microsecond())
}

/// The Monday at or after a moment.
pub fn monday(moment: Micros) -> Micros {
    let from_monday = moment + 3 * DAY;
    (from_monday.div_euclid(WEEK) + i64::from(from_monday.rem_euclid(WEEK) > 0)) * WEEK - 3 * DAY
}

/// Eight in ten stays end within this many days, between one and twelve weeks, in whole weeks.
fn usual_horizon(stays: &Stays) -> f64 {
    let mut days: Vec<f64> = stays
        .stays
        .iter()
        .filter_map(|s| Some((s.left? - s.entered) as f64 / DAY as f64))
        .collect();
    days.sort_by(f64::total_cmp);
    let at = days.get(days.len() * 4 / 5).copied().unwrap_or(14.0);
    (at / 7.0).ceil().clamp(1.0, 12.0) * 7.0
}

impl Improvements {
    /// Reads a request, draws the order and looks ahead. Nothing is kept.
    pub async fn propose(
        &self,
        process: &str,
        plug: &Plug,
        actor: &str,
    ) -> Result<Proposed, Problem> {
        let loaded = self.library.load(process).await?;
        let now = self.library.today(&loaded.row.id).await?;
        let (plug, actor) = (plug.clone(), actor.to_string());
        let measure = Measure::parse(&plug.measure).unwrap_or(Measure::DaysInStep);
        let talks = self.talks(&loaded.row.id, measure).await?;
        let id = self.library.clock().id();
        let seed = plug.seed.unwrap_or(id.as_u128() as u64 >> 16);
        let work = move || -> Result<Proposed, Problem> {
            let step = loaded
                .steps
                .steps
                .iter()
                .position(|s| s.name == plug.step)
                .ok_or_else(|| {
                    let names: Vec<&str> =
                        loaded.steps.steps.iter().map(|s| s.name.as_str()).collect();
                    wrong(
                        format!("There is no step \"{}\".", plug.step),
                        format!("Choose one of: {}.", names.join(", ")),
                    )
                })?;
            let stays = match measure.is_of_conversations() {
                true => super::talks::stays(&loaded, &talks, &plug.step),
                false => Stays::of(&loaded.log, &loaded.steps, &loaded.options, step)
                    .map_err(|e| wrong(e.to_string(), "Change the calendar."))?,
            };
            let improvement = read(&plug, &loaded, &stays, seed, now, &actor, id)?;
            let starts: Vec<(String, Option<Micros>)> = improvement
                .teams
                .iter()
                .map(|t| (t.team.clone(), t.planned))
                .collect();
            let outlook = Outlook::of(
                &loaded,
                &stays,
                improvement.measure,
                &improvement.plan,
                &starts,
                now,
            );
            Ok(Proposed {
                improvement,
                outlook,
                process: loaded,
            })
        };
        tokio::task::spawn_blocking(work)
            .await
            .map_err(anyhow::Error::from)?
    }

    /// Plans an improvement and keeps it. Roll-outs that are under way already run from now on; others wait for their start.
    pub async fn plug(
        &self,
        process: &str,
        plug: &Plug,
        actor: &str,
    ) -> Result<Improvement, Problem> {
        let Proposed {
            mut improvement,
            outlook,
            process,
        } = self.propose(process, plug, actor).await?;
        improvement.plan.outlook = Some(outlook.sentence.clone());
        if improvement
            .since()
            .is_some_and(|s| s <= improvement.created)
        {
            improvement.state = State::Running;
        }
        let mut tx = self.library.db().begin().await?;
        if let Some(name) = plug
            .goal
            .as_deref()
            .map(str::trim)
            .filter(|g| !g.is_empty())
        {
            let known = self.goals(&process.row.id).await?;
            improvement.goal = Some(match known.iter().find(|g| g.name == name) {
                Some(goal) => goal.id.clone(),
                None => {
                    self.put_goal_in(&mut tx, &process.row.id, name, "days", None, actor)
                        .await?
                }
            });
        }
        improvements::insert(&mut tx, &improvement.row()?).await?;
        for (turn, team) in improvement.teams.iter().enumerate() {
            put_team(&mut tx, &improvement.id, turn, team).await?;
        }
        let payload = json!({
            "tool": improvement.tool, "name": improvement.name, "step": improvement.step, "measure": improvement.measure,
            "drawn": improvement.plan.drawn, "seed": improvement.plan.seed, "teams": improvement.teams, "outlook": outlook.sentence,
            "state": improvement.state,
        });
        self.record(
            &mut tx,
            Kind::ImprovementPlanned,
            actor,
            &improvement,
            &payload,
        )
        .await?;
        tx.commit().await?;
        Ok(improvement)
    }

    /// Starts a planned improvement. When its first day has gone by, all days move on by whole weeks, so that the order
    /// that was drawn is kept.
    pub async fn start(&self, id: &str, actor: &str) -> Result<Improvement, Problem> {
        self.change(id, Kind::ImprovementStarted, actor, |now, imp| {
            expect(imp, &[State::Planned], "started")?;
            let today = now.div_euclid(DAY) * DAY;
            let late = imp.since().map_or(0, |first| (today - first).max(0));
            let weeks = (late + WEEK - 1) / WEEK;
            for team in &mut imp.teams {
                team.planned = team.planned.map(|p| p + weeks * WEEK);
            }
            imp.plan.first += weeks * WEEK;
            imp.plan.ends += weeks * WEEK;
            imp.state = State::Running;
            Ok(json!({ "moved_weeks": weeks, "teams": imp.teams }))
        })
        .await
    }

    /// Takes the tool away for a time. Weeks of the pause are not counted, for any team.
    pub async fn pause(&self, id: &str, actor: &str) -> Result<Improvement, Problem> {
        self.change(id, Kind::ImprovementPaused, actor, |now, imp| {
            expect(imp, &[State::Running], "paused")?;
            imp.plan.pauses.push(Pause {
                from: now,
                to: None,
            });
            imp.state = State::Paused;
            Ok(json!({}))
        })
        .await
    }

    pub async fn resume(&self, id: &str, actor: &str) -> Result<Improvement, Problem> {
        self.change(id, Kind::ImprovementResumed, actor, |now, imp| {
            expect(imp, &[State::Paused], "resumed")?;
            for pause in imp.plan.pauses.iter_mut().filter(|p| p.to.is_none()) {
                pause.to = Some(now);
            }
            imp.state = State::Running;
            Ok(json!({}))
        })
        .await
    }

    /// Gives the tool to a team earlier than planned: a departure from the plan, and recorded as one.
    pub async fn extend(
        &self,
        id: &str,
        team: &str,
        from: Option<Micros>,
        actor: &str,
    ) -> Result<Improvement, Problem> {
        let team = team.to_string();
        self.change(id, Kind::ImprovementExtended, actor, move |now, imp| {
            expect(imp, &[State::Running, State::Planned], "extended")?;
            let today = now.div_euclid(DAY) * DAY;
            let from = from.unwrap_or(today);
            if from < today {
                return Err(wrong(
                    "A team cannot have had the tool in the past without anybody knowing.",
                    "Choose today or a later day.",
                ));
            }
            let names: Vec<String> = imp.teams.iter().map(|t| t.team.clone()).collect();
            let found = imp
                .teams
                .iter_mut()
                .find(|t| t.team == team)
                .ok_or_else(|| {
                    wrong(
                        format!("The team \"{team}\" does not take part."),
                        format!("Choose one of: {}.", names.join(", ")),
                    )
                })?;
            if found.start().is_some_and(|s| s <= now) {
                return Err(wrong(
                    format!("{team} has the tool already."),
                    "Choose another team.",
                ));
            }
            found.moved = Some(from);
            Ok(json!({ "team": team, "from": from, "planned": found.planned }))
        })
        .await
    }

    /// Takes the tool out. What was measured stays, and cases that entered before are still read to their horizon.
    pub async fn unplug(&self, id: &str, actor: &str) -> Result<Improvement, Problem> {
        self.change(id, Kind::ImprovementUnplugged, actor, |now, imp| {
            expect(
                imp,
                &[State::Planned, State::Running, State::Paused],
                "unplugged",
            )?;
            unplug_now(now, imp);
            Ok(json!({}))
        })
        .await
    }

    /// Takes the last unplugging back, for a day.
    pub async fn plug_back(&self, id: &str, actor: &str) -> Result<Improvement, Problem> {
        self.change(id, Kind::ImprovementResumed, actor, |now, imp| {
            expect(imp, &[State::Unplugged], "plugged back in")?;
            if imp.ended.is_none_or(|e| now - e > DAY) {
                return Err(wrong(
                    "It was unplugged more than a day ago.",
                    "Plan it anew: what happened in between cannot be counted.",
                ));
            }
            imp.ended = None;
            imp.state = if imp.since().is_some_and(|s| s <= now) {
                State::Running
            } else {
                State::Planned
            };
            Ok(json!({ "undone": "unplug" }))
        })
        .await
    }

    /// Records what was decided and why, and does what follows from it.
    pub async fn decide(
        &self,
        id: &str,
        decision: Decision,
        why: &str,
        actor: &str,
    ) -> Result<Improvement, Problem> {
        let why = why.trim().to_string();
        if why.is_empty() {
            return Err(wrong(
                "A decision needs a reason.",
                "Write in a few words why: somebody will ask in a year.",
            ));
        }
        if why.len() > 4_000 {
            return Err(wrong(
                "The reason is too long.",
                "Keep it under 4,000 characters.",
            ));
        }
        self.change(id, Kind::ImprovementDecided, actor, move |now, imp| {
            match decision {
                Decision::Unplug if imp.state != State::Unplugged => unplug_now(now, imp),
                Decision::Extend if imp.state != State::Unplugged => {
                    let from = monday(now);
                    for team in imp
                        .teams
                        .iter_mut()
                        .filter(|t| t.start().is_none_or(|s| s > from))
                    {
                        team.moved = Some(from);
                    }
                }
                _ => {}
            }
            Ok(json!({ "decision": decision, "why": why }))
        })
        .await
    }

    pub async fn set_cost(
        &self,
        id: &str,
        cost: Cost,
        actor: &str,
    ) -> Result<Improvement, Problem> {
        let numbers = [cost.setup_hours, cost.weekly_hours, cost.minutes_a_case];
        if numbers
            .iter()
            .flatten()
            .any(|n| !n.is_finite() || *n < 0.0 || *n > 1e6)
        {
            return Err(wrong(
                "Costs are hours or minutes from 0 on.",
                "Write a number.",
            ));
        }
        self.change(id, Kind::ImprovementEdited, actor, move |_, imp| {
            imp.plan.cost = cost;
            Ok(json!({ "cost": cost }))
        })
        .await
    }

    /// Says how much the tool was used, a row a team and day; said again, the last word counts. All rows or none.
    pub async fn set_uses(&self, id: &str, rows: Vec<UseRow>) -> Result<(), Problem> {
        let imp = self.find(id).await?;
        let mut tx = self.library.db().begin().await?;
        for row in rows {
            if !imp.teams.iter().any(|t| t.team == row.team) {
                return Err(wrong(
                    format!("The team \"{}\" does not take part.", row.team),
                    "Name a team of this improvement.",
                ));
            }
            if [row.uses, row.people, row.cases]
                .iter()
                .any(|&n| !(0..=1_000_000_000).contains(&n))
            {
                return Err(wrong("Uses are counted from 0 on.", "Send whole numbers."));
            }
            let row = UseRow {
                day: row.day.div_euclid(DAY) * DAY,
                ..row
            };
            uses::put(&mut tx, id, &row).await?;
        }
        Ok(tx.commit().await?)
    }

    /// Sets a goal of a process, or changes its target.
    pub async fn put_goal(
        &self,
        process: &str,
        name: &str,
        measure: &str,
        target: Option<f64>,
        actor: &str,
    ) -> Result<String, Problem> {
        let process = self.library.process(process).await?;
        if name.trim().is_empty() || name.len() > 200 {
            return Err(wrong("A goal needs a name.", "Write it in a few words."));
        }
        if !["days", "won", "other"].contains(&measure) {
            return Err(wrong(
                format!("\"{measure}\" is no measure of a goal."),
                "Use days, won or other.",
            ));
        }
        if target.is_some_and(|t| !t.is_finite() || t < 0.0) {
            return Err(wrong("A target is a number from 0 on.", "Write a number."));
        }
        let mut tx = self.library.db().begin().await?;
        let id = self
            .put_goal_in(&mut tx, &process.id, name.trim(), measure, target, actor)
            .await?;
        tx.commit().await?;
        Ok(id)
    }

    async fn put_goal_in(
        &self,
        tx: &mut Tx,
        process: &str,
        name: &str,
        measure: &str,
        target: Option<f64>,
        actor: &str,
    ) -> Result<String, Problem> {
        let row = GoalRow {
            id: format!("goal_{}", self.library.clock().id().simple()),
            process: process.into(),
            at: self.library.today(process).await?,
            name: name.into(),
            measure: measure.into(),
            target,
        };
        let id = goals::put(tx, &row).await?;
        let payload = json!({ "name": name, "measure": measure, "target": target });
        activity::record_of(tx, row.at, Kind::GoalSet, actor, (process, &id), &payload).await?;
        Ok(id)
    }

    /// Changes an improvement as the transaction sees it, and records it.
    async fn change(
        &self,
        id: &str,
        kind: Kind,
        actor: &str,
        change: impl FnOnce(Micros, &mut Improvement) -> Result<Value, Problem>,
    ) -> Result<Improvement, Problem> {
        let found = improvements::find(self.library.db(), id)
            .await?
            .ok_or_else(|| Problem::not_found("improvement"))?;
        let now = self.library.today(&found.process).await?;
        let teams = improvements::rollout(self.library.db(), id).await?;
        let mut tx = self.library.db().begin().await?;
        let row: ImprovementRow = improvements::find_in(&mut tx, id)
            .await?
            .ok_or_else(|| Problem::not_found("improvement"))?;
        let mut imp = Improvement::read(row, teams)?;
        let before = imp.teams.clone();
        let payload = change(now, &mut imp)?;
        improvements::update(&mut tx, &imp.row()?).await?;
        for (turn, team) in imp.teams.iter().enumerate() {
            if before.get(turn) != Some(team) {
                put_team(&mut tx, id, turn, team).await?;
            }
        }
        self.record(&mut tx, kind, actor, &imp, &payload).await?;
        tx.commit().await?;
        Ok(imp)
    }

    async fn record(
        &self,
        tx: &mut Tx,
        kind: Kind,
        actor: &str,
        imp: &Improvement,
        payload: &Value,
    ) -> Result<(), Problem> {
        let about = (imp.process.as_str(), imp.id.as_str());
        let now = self.library.today(&imp.process).await?;
        activity::record_of(tx, now, kind, actor, about, payload).await?;
        Ok(())
    }
}

fn unplug_now(now: Micros, imp: &mut Improvement) {
    imp.state = State::Unplugged;
    imp.ended = Some(now);
    for pause in imp.plan.pauses.iter_mut().filter(|p| p.to.is_none()) {
        pause.to = Some(now);
    }
}

fn expect(imp: &Improvement, states: &[State], done: &str) -> Result<(), Problem> {
    if states.contains(&imp.state) {
        return Ok(());
    }
    Err(Problem::new(
        409,
        "wrong_state",
        format!("It is {}, so it cannot be {done}.", imp.state.word()),
        "Look at the page again: somebody else may have been here.",
    ))
}

async fn put_team(tx: &mut Tx, id: &str, turn: usize, team: &Team) -> Result<(), Problem> {
    let row = RolloutRow {
        team: team.team.clone(),
        turn: turn as i64,
        planned: team.planned,
        moved: team.moved,
    };
    Ok(improvements::put_rollout(tx, id, &row).await?)
}

/// A request as an improvement, with all that was left out proposed.
fn read(
    plug: &Plug,
    process: &Loaded,
    stays: &Stays,
    seed: u64,
    now: Micros,
    actor: &str,
    id: uuid::Uuid,
) -> Result<Improvement, Problem> {
    let tool = Tool::parse(&plug.tool).ok_or_else(|| {
        let words = super::CATALOGUE.map(Tool::word).join(", ");
        wrong(
            format!("There is no tool \"{}\".", plug.tool),
            format!("Choose one of: {words}."),
        )
    })?;
    let measure = Measure::parse(&plug.measure).ok_or_else(|| {
        let words = super::MEASURES.map(Measure::word).join(", ");
        wrong(
            format!("There is no measure \"{}\".", plug.measure),
            format!("Choose one of: {words}."),
        )
    })?;
    if measure == Measure::Won && process.steps.won.is_empty() {
        return Err(wrong(
            "This process has no outcome that says a case was won.",
            "Choose another measure, or say under Steps which activity means won.",
        ));
    }
    let name = plug
        .name
        .as_deref()
        .map(str::trim)
        .filter(|n| !n.is_empty());
    if tool == Tool::Own && name.is_none() {
        return Err(wrong(
            "A tool of your own needs a name.",
            "Write what people call it.",
        ));
    }
    let name = name.unwrap_or(tool.name());
    if name.chars().count() > 80 {
        return Err(wrong(
            "The name is too long.",
            "Keep it under 80 characters.",
        ));
    }
    let link = plug
        .link
        .as_deref()
        .map(str::trim)
        .filter(|l| !l.is_empty());
    if link.is_some_and(|l| {
        !(l.starts_with("https://") || l.starts_with("http://")) || l.len() > 2_000
    }) {
        return Err(wrong(
            "The link is no web address.",
            "Begin it with https://.",
        ));
    }
    let horizon_days = plug.horizon_days.unwrap_or_else(|| usual_horizon(stays));
    let washout_days = plug.washout_days.unwrap_or(horizon_days);
    for (what, days) in [("horizon", horizon_days), ("wash-out", washout_days)] {
        if !(0.0..=365.0).contains(&days) || (what == "horizon" && days < 1.0) {
            return Err(wrong(
                format!("A {what} of {days} days is not possible."),
                "Choose between 1 and 365 days.",
            ));
        }
    }
    let scale = 1.0 / measure.unit().scale();
    if plug.zone.is_some_and(|z| !z.is_finite() || z <= 0.0)
        || plug
            .unchanged_points
            .is_some_and(|z| !(z > 0.0 && z <= 50.0))
    {
        return Err(wrong(
            "A zone is a number over 0.",
            "Write how much makes no difference.",
        ));
    }
    let every_weeks = plug.every_weeks.unwrap_or(USUAL_EVERY);
    if !(1..=52).contains(&every_weeks) {
        return Err(wrong(
            "Teams start 1 to 52 weeks apart.",
            "Choose fewer weeks.",
        ));
    }
    let today = now.div_euclid(DAY) * DAY;
    let (drawn, first, starts) = if plug.given.is_empty() {
        let first = match &plug.first {
            Some(text) => day(text)?,
            None => monday(now + DAY),
        };
        if first < today {
            return Err(wrong(
                "A draw cannot start in the past: the order would be known with its outcome.",
                "Choose today or a later day. For a roll-out that is under way, give its days instead.",
            ));
        }
        let teams = chosen_teams(plug, process)?;
        let starts = draw(&teams, plug.never, plug.at_once, first, every_weeks, seed);
        (true, first, starts)
    } else {
        let starts = given(plug, process)?;
        let first = starts.iter().filter_map(|(_, s)| *s).min().unwrap_or(today);
        (plug.given_by_lot, first, starts)
    };
    let last = starts.iter().filter_map(|(_, s)| *s).max().unwrap_or(first);
    let after = plug.weeks_after.unwrap_or(USUAL_AFTER).clamp(1, 104);
    let plan = Plan {
        drawn,
        seed,
        given: !plug.given.is_empty(),
        horizon_days,
        washout_days,
        first,
        every_weeks,
        ends: last + Micros::from(after) * WEEK + (horizon_days * DAY as f64) as Micros,
        zone: plug.zone.map(|z| z * scale),
        unchanged_zone: plug.unchanged_points.unwrap_or(USUAL_UNCHANGED) / 100.0,
        outlook: None,
        pauses: Vec::new(),
        cost: Cost::default(),
    };
    Ok(Improvement {
        id: format!("imp_{}", id.simple()),
        process: process.row.id.clone(),
        goal: None,
        created: now,
        created_by: actor.into(),
        tool,
        name: name.into(),
        link: link.map(str::to_string),
        step: plug.step.clone(),
        measure,
        state: State::Planned,
        plan,
        ended: None,
        teams: starts
            .into_iter()
            .map(|(team, planned)| Team {
                team,
                planned,
                moved: None,
            })
            .collect(),
    })
}

fn known_teams(process: &Loaded) -> Vec<String> {
    process.teams.iter().map(|(t, _)| t.clone()).collect()
}

fn unknown_team(team: &str, known: &[String]) -> Problem {
    wrong(
        format!("There is no team \"{team}\" in this process."),
        match known.is_empty() {
            true => {
                "The log does not say which team a case belongs to: import it with a team column."
                    .into()
            }
            false => format!("Choose from: {}.", known.join(", ")),
        },
    )
}

fn chosen_teams(plug: &Plug, process: &Loaded) -> Result<Vec<String>, Problem> {
    let known = known_teams(process);
    let mut teams = plug.teams.clone();
    if teams.is_empty() {
        teams.clone_from(&known);
    }
    // The draw depends on the seed, not on the order in which teams were ticked.
    teams.sort();
    teams.dedup();
    match teams.iter().find(|t| !known.contains(t)) {
        Some(team) => Err(unknown_team(team, &known)),
        None if teams.is_empty() => Err(unknown_team("", &known)),
        None => Ok(teams),
    }
}

fn given(plug: &Plug, process: &Loaded) -> Result<Vec<(String, Option<Micros>)>, Problem> {
    let known = known_teams(process);
    let mut starts: Vec<(String, Option<Micros>)> = Vec::new();
    for line in plug.given.iter().filter(|l| !l.trim().is_empty()) {
        let (team, when) = line.rsplit_once('=').ok_or_else(|| {
            wrong(
                format!("\"{line}\" has no \"=\"."),
                "Write team=2026-03-02, one a team.",
            )
        })?;
        let (team, when) = (team.trim(), when.trim());
        if !known.iter().any(|k| k == team) {
            return Err(unknown_team(team, &known));
        }
        if starts.iter().any(|(t, _)| t == team) {
            return Err(wrong(
                format!("{team} is given twice."),
                "Give each team once.",
            ));
        }
        let start = match when {
            "" | "never" => None,
            text => Some(day(text)?),
        };
        starts.push((team.into(), start));
    }
    // Whoever is not named waits.
    let wanted = if plug.teams.is_empty() {
        &known
    } else {
        &plug.teams
    };
    for team in wanted {
        if !known.contains(team) {
            return Err(unknown_team(team, &known));
        }
        if !starts.iter().any(|(t, _)| t == team) {
            starts.push((team.clone(), None));
        }
    }
    starts.sort_by_key(|(_, s)| s.unwrap_or(Micros::MAX));
    Ok(starts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_monday_is_a_monday() {
        // 1970-01-05 was the first one.
        for (at, monday_at) in [(0, 4), (3, 4), (4, 4), (5, 11)] {
            assert_eq!(monday(at * DAY), monday_at * DAY, "day {at}");
        }
        assert_eq!(monday(4 * DAY + 1), 11 * DAY);
    }
}
