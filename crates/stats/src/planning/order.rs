//! Drawing the order of teams.

use serde::{Deserialize, Serialize};

use crate::calendar::Micros;
use crate::rng::Rng;

/// How many teams start together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waves {
    /// Teams in each wave, first to last.
    pub sizes: Vec<usize>,
    /// Teams that do not start while it is measured, to compare with.
    pub never: usize,
}

impl Waves {
    /// A proposal: a quarter of the teams, at least two, wait; the others start in up to three waves of like size. With
    /// fewer than three teams nobody can start and be compared.
    pub fn propose(teams: usize) -> Self {
        let never = (teams / 4).max(2).min(teams);
        let starting = teams - never;
        let waves = starting.min(3);
        let sizes = (0..waves).map(|wave| starting / waves + usize::from(wave < starting % waves));
        Self {
            sizes: sizes.collect(),
            never,
        }
    }

    /// All teams.
    pub fn teams(&self) -> usize {
        self.sizes.iter().sum::<usize>() + self.never
    }
}

/// Draws which team starts when: waves begin at `first` and then every `every`. The same seed gives the same draw.
pub fn draw(waves: &Waves, first: Micros, every: Micros, seed: u64) -> Vec<Option<Micros>> {
    let dates = waves
        .sizes
        .iter()
        .enumerate()
        .flat_map(|(wave, &size)| std::iter::repeat_n(Some(first + wave as i64 * every), size));
    let mut starts: Vec<Option<Micros>> = dates.collect();
    starts.resize(waves.teams(), None);
    Rng::new(seed).shuffle(&mut starts);
    starts
}
