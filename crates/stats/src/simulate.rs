//! Invented teams whose truth is known, to try the verdict on.
//!
//! Time in step is log-normal around the team's own pace, a season that all share, and the team's luck, which lasts from
//! week to week (AR(1)). Each way in which reality breaks the assumptions can be switched on.

use crate::calendar::{Calendar, DAY, Every, Micros, WEEK};
use crate::cells::Cells;
use crate::dist::normal_cdf;
use crate::rng::Rng;
use crate::rollout::Rollout;

/// Horizon of the simulated measure, in days.
pub const HORIZON_DAYS: f64 = 14.0;
/// Periods left out before a start, as long as the horizon.
pub const WASHOUT: Micros = 2 * WEEK;

/// How the order of teams comes about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chosen {
    /// Drawn by lot.
    ByLot,
    /// The slowest teams of the last four weeks start first.
    WorstFirst,
}

/// A world. [`Setting::usual`] breaks no assumption.
#[derive(Debug, Clone, PartialEq)]
pub struct Setting {
    /// Number of teams.
    pub teams: usize,
    /// Cases a team gets in a week, on average.
    pub a_week: f64,
    /// Weeks that are simulated, all mature.
    pub weeks: usize,
    /// First week and number of teams of each wave; the other teams do not start.
    pub waves: Vec<(u32, usize)>,
    /// How the order comes about.
    pub chosen: Chosen,
    /// Change of the logarithm of time by wave, once full; one number for all waves or one a wave.
    pub effect: Vec<f64>,
    /// Weeks until the effect is full; 0: at once.
    pub grows_over: f64,
    /// Spread of the logarithm of pace between teams.
    pub pace: f64,
    /// Spread of the logarithm of a team's luck in a week.
    pub luck: f64,
    /// Share of luck that lasts to the next week.
    pub lasting: f64,
    /// Half the swing of the season, in the logarithm.
    pub season: f64,
    /// Spread of the logarithm of team sizes.
    pub sizes: f64,
    /// Change of the logarithm a year in teams that will start, without any tool.
    pub own_trend: f64,
    /// Share of the hard third of new cases that a team with the tool hands to one without.
    pub handed_over: f64,
    /// Cases still open at the start are sped up from then on.
    pub open_cases_too: bool,
    /// The effect is only on cases that use the tool, which long cases do more.
    pub by_use: bool,
    /// Change of the share that goes on in treated cells.
    pub goes_on: f64,
}

impl Setting {
    /// Teams with this many cases a week each; three waves in weeks 16, 20 and 24 and a fourth part that waits, 40 weeks.
    pub fn usual(teams: usize, a_week: f64) -> Self {
        let part = teams.div_ceil(4);
        let rest = teams - part;
        let size = |wave: usize| rest / 3 + usize::from(wave < rest % 3);
        Self {
            teams,
            a_week,
            weeks: 40,
            waves: (0..3)
                .map(|wave| (16 + 4 * wave as u32, size(wave)))
                .collect(),
            chosen: Chosen::ByLot,
            effect: vec![0.0],
            grows_over: 0.0,
            pace: 0.12,
            luck: 0.076,
            lasting: 0.6,
            season: 0.1,
            sizes: 0.0,
            own_trend: 0.0,
            handed_over: 0.0,
            open_cases_too: false,
            by_use: false,
            goes_on: 0.0,
        }
    }
}

/// One draw from a setting.
#[derive(Debug, Clone)]
pub struct Simulated {
    /// Days in step.
    pub days: Cells,
    /// Whether a case went on.
    pub on: Cells,
    /// Whether a case used the tool.
    pub used: Cells,
    /// When teams start.
    pub starts: Vec<Option<Micros>>,
    /// The mean effect on the treated cases that count, given the luck of their teams.
    pub truth: f64,
    /// Days of treated cases that used the tool and of those that did not: count and sum.
    pub by_use: [(f64, f64); 2],
}

/// Median of time in step in days, and spread of its logarithm: a restricted mean of about 5.2 days, of which an effect
/// of -0.2 takes about 0.79.
const MEDIAN: f64 = 4.0;
const SPREAD: f64 = 0.88;

/// Draws from a setting; the same seed gives the same draw.
pub fn simulate(setting: &Setting, seed: u64) -> Simulated {
    let mut rng = Rng::new(seed);
    let teams: Vec<Team> = (0..setting.teams)
        .map(|_| Team::draw(setting, &mut rng))
        .collect();
    let spans = order(setting, &teams, &mut rng);
    let calendar = Calendar::from(Every::Week, 0);
    let starts: Vec<_> = spans
        .iter()
        .map(|wave| wave.map(|wave| calendar.start(i64::from(setting.waves[wave].0))))
        .collect();
    let phase = std::f64::consts::TAU * rng.uniform();
    let empty = Cells::empty(calendar, setting.teams, setting.weeks);
    let mut world = World {
        setting,
        teams: &teams,
        waves: &spans,
        phase,
        drawn: Simulated {
            days: empty.clone(),
            on: empty.clone(),
            used: empty,
            starts,
            truth: 0.0,
            by_use: [(0.0, 0.0); 2],
        },
    };
    for week in 0..setting.weeks {
        for (team, of) in teams.iter().enumerate() {
            for _ in 0..rng.poisson(of.a_week) {
                world.case(team, week, &mut rng);
            }
        }
    }
    world.truth();
    world.drawn
}

struct Team {
    a_week: f64,
    pace: f64,
    luck: Vec<f64>,
    share: f64,
}

impl Team {
    fn draw(setting: &Setting, rng: &mut Rng) -> Self {
        let size = (setting.sizes * rng.normal() - 0.5 * setting.sizes * setting.sizes).exp();
        let fresh = (1.0 - setting.lasting * setting.lasting).sqrt();
        let mut luck = vec![setting.luck * rng.normal()];
        for week in 1..setting.weeks {
            let last = luck[week - 1];
            luck.push(setting.lasting * last + fresh * setting.luck * rng.normal());
        }
        Self {
            a_week: setting.a_week * size,
            pace: setting.pace * rng.normal(),
            luck,
            share: 0.7 + 0.05 * rng.normal(),
        }
    }
}

/// The wave of each team.
fn order(setting: &Setting, teams: &[Team], rng: &mut Rng) -> Vec<Option<usize>> {
    let sizes = setting.waves.iter().enumerate();
    let mut waves: Vec<Option<usize>> = sizes
        .flat_map(|(wave, &(_, size))| std::iter::repeat_n(Some(wave), size))
        .collect();
    waves.resize(teams.len(), None);
    match setting.chosen {
        Chosen::ByLot => {
            rng.shuffle(&mut waves);
            waves
        }
        Chosen::WorstFirst => {
            let first = setting.waves.first().map_or(0, |wave| wave.0 as usize);
            let late = |team: &Team| {
                team.pace
                    + team.luck[first.saturating_sub(4)..first]
                        .iter()
                        .sum::<f64>()
                        / 4.0
            };
            let mut worst: Vec<usize> = (0..teams.len()).collect();
            worst.sort_by(|&a, &b| late(&teams[b]).total_cmp(&late(&teams[a])));
            let mut by_team = vec![None; teams.len()];
            for (team, wave) in worst.into_iter().zip(waves) {
                by_team[team] = wave;
            }
            by_team
        }
    }
}

struct World<'a> {
    setting: &'a Setting,
    teams: &'a [Team],
    waves: &'a [Option<usize>],
    phase: f64,
    drawn: Simulated,
}

impl World<'_> {
    /// Middle of the logarithm of time, without any tool.
    fn level(&self, team: usize, week: usize) -> f64 {
        let year = week as f64 / 52.0;
        let season = self.setting.season * (std::f64::consts::TAU * year + self.phase).sin();
        let trend = self.waves[team].map_or(0.0, |_| self.setting.own_trend * year);
        let of = &self.teams[team];
        MEDIAN.ln() + of.pace + of.luck[week] + season + trend
    }

    fn start(&self, team: usize) -> Option<usize> {
        self.waves[team].map(|wave| self.setting.waves[wave].0 as usize)
    }

    /// Change of the logarithm for cases of a team that entered in a week.
    fn effect(&self, team: usize, week: usize) -> f64 {
        let (Some(wave), Some(start)) = (self.waves[team], self.start(team)) else {
            return 0.0;
        };
        if week < start {
            return 0.0;
        }
        let effects = &self.setting.effect;
        let full = effects.get(wave).or(effects.last()).copied().unwrap_or(0.0);
        let grown = (week - start + 1) as f64 / self.setting.grows_over.max(1.0);
        full * grown.min(1.0)
    }

    fn case(&mut self, first: usize, week: usize, rng: &mut Rng) {
        let hardness = rng.normal();
        let mut team = first;
        let has = |team: usize, world: &Self| world.start(team).is_some_and(|s| s <= week);
        if self.setting.handed_over > 0.0
            && hardness > 0.43
            && has(first, self)
            && rng.uniform() < self.setting.handed_over
        {
            let without: Vec<usize> = (0..self.teams.len()).filter(|&t| !has(t, self)).collect();
            let taker = rng.below(without.len() as u64) as usize;
            team = without.get(taker).copied().unwrap_or(first);
        }
        let untouched = (self.level(team, week) + SPREAD * hardness).exp();
        let treated = has(team, self);
        let effect = self.effect(team, week);
        let uses = treated && rng.uniform() < (0.06 * untouched).min(0.9);
        let mut time = untouched;
        if treated && (uses || !self.setting.by_use) {
            time *= effect.exp();
        }
        if self.setting.open_cases_too && !treated {
            time = self.sped_up(team, week, time, rng);
        }
        let days = time.min(HORIZON_DAYS);
        self.drawn.days.add(team, week, days);
        let share = self.teams[team].share + if treated { self.setting.goes_on } else { 0.0 };
        let on = rng.uniform() < share;
        self.drawn.on.add(team, week, f64::from(u8::from(on)));
        self.drawn.used.add(team, week, f64::from(u8::from(uses)));
        if treated {
            let group = &mut self.drawn.by_use[usize::from(uses)];
            *group = (group.0 + 1.0, group.1 + days);
        }
    }

    /// Time of a case that is still open when its team starts.
    fn sped_up(&self, team: usize, week: usize, time: f64, rng: &mut Rng) -> f64 {
        let Some(start) = self.start(team) else {
            return time;
        };
        let before = 7.0 * ((start - week) as f64 - rng.uniform());
        if time <= before {
            return time;
        }
        before + (time - before) * self.effect(team, start).exp()
    }

    fn truth(&mut self) {
        let rollout = Rollout::new(&self.drawn.starts, self.drawn.days.calendar, WASHOUT);
        let usable = rollout.usable(&self.drawn.days);
        let (mut cases, mut gained) = (0.0, 0.0);
        for team in 0..self.teams.len() {
            for (week, _) in usable.iter().enumerate().filter(|(_, usable)| **usable) {
                if rollout.spans[team].treated(week) {
                    let n = self.drawn.days.n(team, week);
                    let level = self.level(team, week);
                    let effect = self.effect(team, week);
                    cases += n;
                    gained += n * (restricted_mean(level + effect) - restricted_mean(level));
                }
            }
        }
        self.drawn.truth = gained / f64::max(cases, 1.0);
    }
}

/// Mean of a log-normal time cut off at the horizon.
fn restricted_mean(level: f64) -> f64 {
    let at = (HORIZON_DAYS.ln() - level) / SPREAD;
    let below = (level + SPREAD * SPREAD / 2.0).exp() * normal_cdf(at - SPREAD);
    below + HORIZON_DAYS * normal_cdf(-at)
}

/// Days of the simulated horizon as moments count them.
pub fn horizon() -> Micros {
    HORIZON_DAYS as i64 * DAY
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_world() {
        let setting = Setting::usual(6, 5.0);
        assert_eq!(simulate(&setting, 4).days, simulate(&setting, 4).days);
        assert_ne!(simulate(&setting, 4).days, simulate(&setting, 5).days);
    }

    #[test]
    fn levels_and_effects_are_as_described() {
        let mut setting = Setting::usual(12, 10.0);
        setting.effect = vec![-0.2];
        let (mut cases, mut days, mut truth) = (0.0, 0.0, 0.0);
        for seed in 0..40 {
            let drawn = simulate(&setting, seed);
            let early = drawn.days.up_to(14);
            cases += early.cases();
            days += (0..12)
                .map(|t| early.sums(t).iter().sum::<f64>())
                .sum::<f64>();
            truth += drawn.truth / 40.0;
        }
        assert!((days / cases - 5.24).abs() < 0.15, "{}", days / cases);
        assert!((truth + 0.79).abs() < 0.03, "{truth}");
        assert!((cases / 40.0 / 14.0 - 120.0).abs() < 3.0);
    }
}
