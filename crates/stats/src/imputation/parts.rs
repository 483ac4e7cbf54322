//! Which teams and periods can be told from one another.

use super::Design;

/// Connected parts of the graph of teams and periods with a comparison cell between them.
pub(super) struct Parts {
    team: Vec<usize>,
    period: Vec<usize>,
}

impl Parts {
    pub(super) fn of(design: &Design<'_>, without: Option<usize>) -> Self {
        let (teams, periods) = (design.teams(), design.periods);
        let mut parent: Vec<usize> = (0..teams + periods).collect();
        fn root(parent: &mut [usize], mut at: usize) -> usize {
            while parent[at] != at {
                parent[at] = parent[parent[at]];
                at = parent[at];
            }
            at
        }
        for team in (0..teams).filter(|&team| without != Some(team)) {
            for (period, &weight) in design.weights(team).iter().enumerate() {
                if weight > 0.0 {
                    let (a, b) = (root(&mut parent, team), root(&mut parent, teams + period));
                    parent[a] = b;
                }
            }
        }
        let of = |at| root(&mut parent, at);
        let all: Vec<usize> = (0..teams + periods).map(of).collect();
        Self {
            team: all[..teams].to_vec(),
            period: all[teams..].to_vec(),
        }
    }

    pub(super) fn linked(&self, team: usize, period: usize) -> bool {
        self.team[team] == self.period[period]
    }
}
