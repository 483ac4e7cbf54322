//! Who takes a tool of Tenon's own up, counted from the record: uses by team and day, the share of people who have used it,
//! and what they got by it. People are counted here, and named nowhere.

use super::{Improvement, Improvements, State, Tool};
use base::identity::Directory;
use base::problem::Problem;
use mining::figures::{CaseOrder, Selection, case_list};
use mining::time::{DAY, Micros};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use store::uses::{self, Act, UseRow};

const WEEK: Micros = 7 * DAY;
const HOUR: f64 = 3.6e9;

/// How a tool is taken up.
#[derive(Debug, Clone, Default, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Adoption {
    /// People in the teams that have it, by Tenon's own teams of the same names; 0 where there are none.
    pub people: u64,
    /// Those of them who used it in the last four weeks.
    pub active: u64,
    /// By week since the first team's start: how many have used it at least once until then.
    pub ever: Vec<u64>,
    pub got: Option<Got>,
    /// By team of the case: how fast customers were answered at the step; teams by name.
    pub responses: Vec<Responses>,
    /// What came of the posts that were shared at the step.
    pub shared: Option<Shared>,
}

/// What came of posts, as far as their channels tell.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Shared {
    pub posts: i64,
    pub likes: i64,
    pub reposts: i64,
    /// As the channels count them.
    pub replies: i64,
    pub views: i64,
    /// Conversations at the desk that began with an answer to a post.
    pub conversations: i64,
}

/// How fast customers were answered.
#[derive(Debug, Clone, Default, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Responses {
    /// Empty where the case has none.
    pub team: String,
    /// Conversations that customers began, and how many of them were answered.
    pub threads: u64,
    pub answered: u64,
    /// Minutes to the first reply, median over those that were answered.
    pub median_minutes: Option<f64>,
}

/// The first replies of each team.
fn responses(rows: Vec<(Option<String>, Micros, Option<Micros>)>) -> Vec<Responses> {
    let mut by_team: BTreeMap<String, (u64, Vec<f64>)> = BTreeMap::new();
    for (team, created, replied) in rows {
        let of = by_team.entry(team.unwrap_or_default()).or_default();
        of.0 += 1;
        of.1.extend(replied.map(|at| (at - created).max(0) as f64 / 6e7));
    }
    let told = by_team.into_iter().map(|(team, (threads, mut minutes))| {
        minutes.sort_by(f64::total_cmp);
        Responses {
            team,
            threads,
            answered: minutes.len() as u64,
            median_minutes: median(&minutes),
        }
    });
    told.collect()
}

/// Of sorted numbers.
fn median(sorted: &[f64]) -> Option<f64> {
    let half = sorted.len() / 2;
    match sorted.len() {
        0 => None,
        n if n % 2 == 0 => Some((sorted[half - 1] + sorted[half]) / 2.0),
        _ => Some(sorted[half]),
    }
}

/// What people got by asking the network at the step.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Got {
    pub questions: u64,
    pub answered: u64,
    pub accepted: u64,
    /// Hours from a question to its first answer, median over those that were answered.
    pub median_hours: Option<f64>,
    /// What those who accepted an answer say it saved them, in minutes, and how many said it.
    pub saved_minutes: i64,
    pub reported: u64,
}

impl Tool {
    /// Whether its use is read from Tenon's own record.
    pub fn is_recorded(self) -> bool {
        matches!(
            self,
            Tool::Ask | Tool::Room | Tool::Playbook | Tool::Desk | Tool::Share | Tool::Listen
        )
    }
}

/// An act with the team it counts for.
struct Counted<'a> {
    act: &'a Act,
    team: &'a str,
}

impl Improvements {
    /// How much the tool of an improvement was used, as told or counted from the record, and how it is taken up; that is
    /// `None` for a tool whose use is not read from the record, and before its start.
    pub async fn used(
        &self,
        imp: &Improvement,
    ) -> Result<(Vec<UseRow>, Option<Adoption>), Problem> {
        let told = uses::of_improvement(self.library.db(), &imp.id).await?;
        let begun = imp.teams.iter().filter_map(|t| t.start()).min();
        let begun = begun.filter(|_| imp.tool.is_recorded() && imp.state != State::Planned);
        let Some(begun) = begun else {
            return Ok((told, None));
        };
        let acts = self.acts(imp, begun).await?;
        let teams = self.teams_of_acts(imp, &acts).await?;
        let counted = count(&acts, &teams);
        let uses = with_told(by_day(&counted), told);
        let adoption = self.adoption(imp, begun, &counted).await?;
        Ok((uses, Some(adoption)))
    }

    /// Counts the uses of a tool of Tenon's own anew and keeps them, for the verdict.
    pub async fn keep_uses(&self, imp: &Improvement) -> Result<(), Problem> {
        let begun = imp.teams.iter().filter_map(|t| t.start()).min();
        let Some(begun) = begun.filter(|_| imp.tool.is_recorded()) else {
            return Ok(());
        };
        let acts = self.acts(imp, begun).await?;
        let teams = self.teams_of_acts(imp, &acts).await?;
        let counted = by_day(&count(&acts, &teams));
        let db = self.library.db();
        if counted != uses::counted(db, &imp.id).await? {
            let mut tx = db.begin().await?;
            uses::put_counted(&mut tx, &imp.id, &counted).await?;
            tx.commit().await?;
        }
        Ok(())
    }

    async fn adoption(
        &self,
        imp: &Improvement,
        begun: Micros,
        counted: &[Counted<'_>],
    ) -> Result<Adoption, Problem> {
        let now = self.library.today(&imp.process).await?;
        let directory = Directory::load(self.library.db()).await?;
        let members = members(&directory, imp, now);
        let mut first: HashMap<&str, Micros> = HashMap::new();
        for one in counted
            .iter()
            .filter(|c| members.contains(c.act.person.as_str()))
        {
            let at = first.entry(&one.act.person).or_insert(one.act.at);
            *at = one.act.at.min(*at);
        }
        let weeks = ((now.max(begun) - begun) / WEEK + 1).min(520) as usize;
        let mut ever = vec![0u64; weeks];
        for &at in first.values() {
            let from = ((at - begun).max(0) / WEEK) as usize;
            ever.iter_mut().skip(from).for_each(|n| *n += 1);
        }
        let lately = counted.iter().filter(|c| c.act.at > now - 4 * WEEK);
        let lately: HashSet<&str> = lately.map(|c| c.act.person.as_str()).collect();
        let got = match imp.tool {
            Tool::Ask => Some(self.got(imp, begun).await?),
            _ => None,
        };
        let responses = match imp.tool {
            Tool::Desk => {
                let (db, at) = (self.library.db(), (&imp.process, &imp.step));
                responses(store::desk::response_times(db, at.0, at.1, begun).await?)
            }
            _ => Vec::new(),
        };
        let shared = match imp.tool {
            Tool::Share => Some(self.shared(imp, begun).await?),
            _ => None,
        };
        Ok(Adoption {
            responses,
            shared,
            people: members.len() as u64,
            active: lately.intersection(&members).count() as u64,
            ever,
            got,
        })
    }

    async fn shared(&self, imp: &Improvement, begun: Micros) -> Result<Shared, Problem> {
        let until = imp.ended.unwrap_or(Micros::MAX);
        let at = (imp.process.as_str(), imp.step.as_str());
        let db = self.library.db();
        let sum = store::share::came_of(db, at, begun, until).await?;
        Ok(Shared {
            posts: sum.posts,
            likes: sum.likes,
            reposts: sum.reposts,
            replies: sum.replies,
            views: sum.views,
            conversations: store::share::answers(db, at, begun, until).await?,
        })
    }

    async fn got(&self, imp: &Improvement, begun: Micros) -> Result<Got, Problem> {
        let until = imp.ended.unwrap_or(Micros::MAX);
        let at = (imp.process.as_str(), imp.step.as_str());
        let asked = uses::questions(self.library.db(), at, begun, until).await?;
        let mut hours: Vec<f64> = asked
            .iter()
            .filter_map(|q| Some((q.answered? - q.at) as f64 / HOUR))
            .collect();
        hours.sort_by(f64::total_cmp);
        let saved = asked.iter().filter_map(|q| Some((&q.asker, q.saved()?)));
        let (said, saved): (HashSet<&String>, Vec<i64>) = saved.unzip();
        Ok(Got {
            questions: asked.len() as u64,
            answered: hours.len() as u64,
            accepted: asked.iter().filter(|q| q.accepted.is_some()).count() as u64,
            median_hours: median(&hours),
            saved_minutes: saved.iter().sum(),
            reported: said.len() as u64,
        })
    }

    /// What was done with the tool at its step since the first team had it.
    async fn acts(&self, imp: &Improvement, begun: Micros) -> Result<Vec<Act>, Problem> {
        let db = self.library.db();
        let until = imp.ended.unwrap_or(Micros::MAX);
        let mut acts = match imp.tool {
            Tool::Ask => uses::asking(db, &imp.process, &imp.step, begun).await?,
            Tool::Playbook => {
                let loaded = self.library.load(&imp.process).await?;
                let mut steps = loaded.steps.steps.iter();
                let step = steps.find(|s| s.name == imp.step);
                // A stage that was renamed has its old names among the activities of its step.
                let mut names = vec![imp.step.as_str()];
                names.extend(step.iter().flat_map(|s| &s.activities).map(String::as_str));
                uses::checking(db, &imp.process, &names, begun).await?
            }
            Tool::Desk => uses::answering(db, &imp.process, &imp.step, begun).await?,
            Tool::Share => uses::sharing(db, &imp.process, &imp.step, begun).await?,
            Tool::Listen => uses::listening(db, &imp.process, &imp.step, begun).await?,
            Tool::Room => self.notes_at_step(imp, begun).await?,
            _ => Vec::new(),
        };
        acts.retain(|a| a.at < until);
        Ok(acts)
    }

    /// Notes on cases that were in the step when they were written.
    async fn notes_at_step(&self, imp: &Improvement, begun: Micros) -> Result<Vec<Act>, Problem> {
        let acts = uses::noting(self.library.db(), &imp.process, begun).await?;
        let loaded = self.library.load(&imp.process).await?;
        let cases = loaded.cases_named(acts.iter().filter_map(|a| a.case_ref.as_deref()));
        let place = crate::processes::fit::step_of(&loaded.log, &loaded.steps);
        let step = loaded.steps.steps.iter().position(|s| s.name == imp.step);
        let is_there = |act: &Act| {
            let case = act.case_ref.as_deref().and_then(|c| cases.get(c));
            let at = case.and_then(|&case| loaded.step_at(&place, case, act.at));
            step.is_some() && at == step
        };
        Ok(acts.iter().filter(|a| is_there(a)).cloned().collect())
    }

    /// The team each act counts for: that of the person, or that of the case where she is in none that takes part.
    async fn teams_of_acts(
        &self,
        imp: &Improvement,
        acts: &[Act],
    ) -> Result<Vec<Option<String>>, Problem> {
        if acts.is_empty() {
            return Ok(Vec::new());
        }
        let directory = Directory::load(self.library.db()).await?;
        let starts: HashMap<&str, Micros> = imp
            .teams
            .iter()
            .filter_map(|t| Some((t.team.as_str(), t.start()?)))
            .collect();
        let loaded = self.library.load(&imp.process).await?;
        let named = loaded.cases_named(acts.iter().filter_map(|a| a.case_ref.as_deref()));
        let cases: BTreeSet<u32> = named.values().map(|&c| c as u32).collect();
        let (all, cases) = (cases.len(), cases.into_iter().collect());
        let selection = Selection { cases };
        let (steps, options) = (&loaded.steps, &loaded.options);
        let order = CaseOrder::Name;
        let listed = case_list(&loaded.log, steps, &selection, options, order, 0, all);
        let listed = listed.map_err(anyhow::Error::from)?;
        let of_case: HashMap<String, String> = listed
            .rows
            .into_iter()
            .filter_map(|row| Some((row.name, row.team?)))
            .collect();
        let teams = acts.iter().map(|act| {
            let mine = directory.teams_of(&act.person);
            let mine = mine.iter().map(|t| t.name.as_str());
            let hers = mine.filter(|t| starts.contains_key(t)).min();
            let its = || act.case_ref.as_ref().and_then(|c| of_case.get(c));
            let team = hers.or_else(|| its().map(String::as_str))?;
            // What is done before a team has the tool is no use of it.
            let start = starts.get(team)?;
            (act.at >= *start).then(|| team.to_string())
        });
        Ok(teams.collect())
    }
}

fn count<'a>(acts: &'a [Act], teams: &'a [Option<String>]) -> Vec<Counted<'a>> {
    let both = acts.iter().zip(teams);
    both.filter_map(|(act, team)| {
        Some(Counted {
            act,
            team: team.as_deref()?,
        })
    })
    .collect()
}

/// What was told, and what was counted on days of which nothing was told.
pub(super) fn with_told(counted: Vec<UseRow>, told: Vec<UseRow>) -> Vec<UseRow> {
    let days: HashSet<(Micros, String)> = told.iter().map(|r| (r.day, r.team.clone())).collect();
    let others = counted.into_iter();
    let others = others.filter(|r| !days.contains(&(r.day, r.team.clone())));
    let mut all: Vec<UseRow> = others.chain(told).collect();
    all.sort_by(|a, b| (a.day, &a.team).cmp(&(b.day, &b.team)));
    all
}

fn by_day(counted: &[Counted]) -> Vec<UseRow> {
    type Day<'a> = (i64, HashSet<&'a str>, HashSet<&'a str>);
    let mut days: BTreeMap<(Micros, &str), Day> = BTreeMap::new();
    for one in counted {
        let day = one.act.at.div_euclid(DAY) * DAY;
        let entry = days.entry((day, one.team)).or_default();
        entry.0 += 1;
        entry.1.insert(&one.act.person);
        entry.2.extend(one.act.case_ref.as_deref());
    }
    let rows = days
        .into_iter()
        .map(|((day, team), (uses, people, cases))| UseRow {
            team: team.into(),
            day,
            uses,
            people: people.len() as i64,
            cases: cases.len() as i64,
        });
    rows.collect()
}

/// Ids of the active people in Tenon's teams that have the tool by now.
fn members<'a>(directory: &'a Directory, imp: &Improvement, now: Micros) -> HashSet<&'a str> {
    let having = imp
        .teams
        .iter()
        .filter(|t| t.start().is_some_and(|s| s <= now));
    let having: HashSet<&str> = having.map(|t| t.team.as_str()).collect();
    let teams = directory
        .teams()
        .iter()
        .filter(|t| having.contains(t.name.as_str()));
    let ids = teams.flat_map(|t| directory.members(&t.id));
    let active = ids
        .filter_map(|id| directory.person(id))
        .filter(|p| p.state == "active");
    active.map(|p| p.id.as_str()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn act(person: &str, day: i64, case: Option<&str>) -> Act {
        Act {
            person: person.into(),
            at: day * DAY + 5,
            case_ref: case.map(String::from),
        }
    }

    #[test]
    fn first_replies_are_told_by_team_with_those_that_wait() {
        let team = |name: &str| Some(name.to_string());
        let minute = 60_000_000;
        let rows = vec![
            (team("North"), 0, Some(10 * minute)),
            (team("North"), 0, Some(30 * minute)),
            (team("North"), 0, None),
            (None, 5, None),
        ];
        let told = responses(rows);
        let north = Responses {
            team: "North".into(),
            threads: 3,
            answered: 2,
            median_minutes: Some(20.0),
        };
        assert_eq!(told[1], north);
        assert_eq!((told[0].threads, told[0].median_minutes), (1, None));
    }

    #[test]
    fn uses_are_counted_by_team_and_day_and_people_and_cases_once_a_day() {
        let acts = [
            act("olu", 1, Some("Kestrel")),
            act("olu", 1, Some("Kestrel")),
            act("ines", 1, None),
            act("olu", 2, Some("Tidewater")),
            act("gil", 2, None),
        ];
        let north = || Some("North".to_string());
        let teams = [north(), north(), north(), north(), None];
        let rows = by_day(&count(&acts, &teams));
        let plain: Vec<(i64, i64, i64, i64)> = rows
            .iter()
            .map(|r| (r.day / DAY, r.uses, r.people, r.cases))
            .collect();
        assert_eq!(
            plain,
            [(1, 3, 2, 1), (2, 1, 1, 1)],
            "one of no team that takes part does not count"
        );
    }

    #[test]
    fn what_was_told_of_a_day_stands_and_other_days_are_counted() {
        let row = |day: i64, uses: i64| UseRow {
            team: "North".into(),
            day: day * DAY,
            uses,
            people: 1,
            cases: 1,
        };
        let all = with_told(vec![row(1, 1), row(3, 2)], vec![row(2, 9), row(1, 40)]);
        let plain: Vec<(i64, i64)> = all.iter().map(|r| (r.day / DAY, r.uses)).collect();
        assert_eq!(plain, [(1, 40), (2, 9), (3, 2)]);
    }
}
