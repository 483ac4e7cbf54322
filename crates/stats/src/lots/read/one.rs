//! One order at all looks.

use super::{Reading, Table};
use crate::linalg::{Ldl, axpy, dot};
use crate::rollout::{MIN_COMPARISON, Rollout};

/// A treated team whose effect hangs on more than this share of what cannot be told gives no estimate.
const UNREACHED: f64 = 1e-7;

/// Room to work in, kept from order to order. Teams stand in the order in which they stop being comparison; "place"
/// is a team's number in that order.
pub(super) struct Reader<'a> {
    table: &'a Table,
    /// Team at each place.
    team: Vec<usize>,
    /// What is left of the normal equations of team effects; lower triangle by rows of places.
    matrix: Vec<f64>,
    /// Columns of eliminated places times their pivots, by rows of places; only the current panel is filled.
    panel: Vec<f64>,
    pivots: Vec<f64>,
    /// Right-hand sides: the target, the outcome, the cases treated in reality.
    target: Vec<f64>,
    outcome: Vec<f64>,
    treated: Vec<f64>,
    weight: Vec<f64>,
    gathered: [Vec<f64>; 3],
    solution: Vec<f64>,
    rest: Ldl,
}

/// Sums that belong to no team.
#[derive(Default)]
struct Totals {
    cases: f64,
    outcome: f64,
    treated: f64,
    spread: f64,
}

impl<'a> Reader<'a> {
    pub(super) fn new(table: &'a Table) -> Self {
        Self {
            table,
            team: Vec::new(),
            matrix: Vec::new(),
            panel: Vec::new(),
            pivots: Vec::new(),
            target: Vec::new(),
            outcome: Vec::new(),
            treated: Vec::new(),
            weight: Vec::new(),
            gathered: [Vec::new(), Vec::new(), Vec::new()],
            solution: Vec::new(),
            rest: Ldl::default(),
        }
    }

    pub(super) fn read(&mut self, order: &Rollout, ends: &[usize]) -> Vec<Option<Reading>> {
        self.begin(order);
        let mut totals = Totals::default();
        let mut readings = Vec::with_capacity(ends.len());
        let (mut period, mut eliminated) = (self.table.common.periods, 0);
        for &end in ends {
            while period < end {
                self.add(order, period, &mut totals);
                period += 1;
            }
            if end < self.table.common.periods {
                readings.push(None);
                continue;
            }
            let until = |place: usize| order.spans[self.team[place]].until as usize;
            let mut done = eliminated;
            while done < self.team.len() && until(done) <= end {
                done += 1;
            }
            self.eliminate(eliminated, done);
            eliminated = done;
            readings.push(self.look(eliminated, &totals));
        }
        readings
    }

    /// Orders the teams and takes over the periods that all orders share.
    fn begin(&mut self, order: &Rollout) {
        let common = &self.table.common;
        let teams = self.table.teams;
        self.team.clear();
        self.team.extend(0..teams);
        self.team.sort_by_key(|&team| (order.spans[team], team));
        self.matrix.clear();
        for (place, &team) in self.team.iter().enumerate() {
            let row = &common.matrix[team * teams..(team + 1) * teams];
            self.matrix
                .extend(self.team[..=place].iter().map(|&other| row[other]));
            self.matrix.resize((place + 1) * teams, 0.0);
        }
        self.outcome.clear();
        self.outcome
            .extend(self.team.iter().map(|&team| common.outcome[team]));
        for zeroed in [&mut self.target, &mut self.treated, &mut self.pivots] {
            zeroed.clear();
            zeroed.resize(teams, 0.0);
        }
        self.weight = (0..teams).map(|p| self.matrix[p * teams + p]).collect();
    }

    /// Takes in one period.
    fn add(&mut self, order: &Rollout, period: usize, totals: &mut Totals) {
        let table = self.table;
        let teams = table.teams;
        let waiting = self
            .team
            .iter()
            .take_while(|&&team| !order.spans[team].compares(period))
            .count();
        let rows = [&table.n, &table.sum, &table.treated];
        for (gathered, of) in self.gathered.iter_mut().zip(rows) {
            let row = table.row(of, period);
            gathered.clear();
            gathered.extend(self.team.iter().map(|&team| row[team]));
        }
        let [n, sum, real] = &self.gathered;
        let (n_waiting, sum_waiting, real_waiting) =
            (&n[waiting..], &sum[waiting..], &real[waiting..]);
        if n_waiting.iter().filter(|&&n| n > 0.0).count() < MIN_COMPARISON {
            return;
        }
        let total: f64 = n_waiting.iter().sum();
        let outcome: f64 = sum_waiting.iter().sum();
        let treated: f64 = real_waiting.iter().sum();
        let mut cases = 0.0;
        for place in 0..waiting {
            let starts = order.spans[self.team[place]].treated(period);
            if starts && self.weight[place] > 0.0 {
                cases += n[place];
                self.target[place] += n[place];
                totals.outcome += sum[place];
                totals.treated += real[place];
            }
        }
        totals.cases += cases;
        totals.outcome -= cases * outcome / total;
        totals.treated -= cases * treated / total;
        totals.spread += cases * cases / total;
        for (at, &n) in n_waiting.iter().enumerate() {
            if n > 0.0 {
                let place = waiting + at;
                let share = n / total;
                let row = &mut self.matrix[place * teams + waiting..=place * teams + place];
                axpy(-share, &n_waiting[..=at], row);
                row[at] += n;
                self.weight[place] += n;
                self.target[place] -= share * cases;
                self.outcome[place] += sum_waiting[at] - share * outcome;
                self.treated[place] += real_waiting[at] - share * treated;
            }
        }
    }

    /// Eliminates the places `from..to`, which will not change any more, from all later ones.
    fn eliminate(&mut self, from: usize, to: usize) {
        let teams = self.table.teams;
        let width = to - from;
        if width == 0 {
            return;
        }
        let tolerance = 1e-11 * self.weight.iter().copied().fold(0.0, f64::max);
        self.panel.clear();
        self.panel.resize(teams * width, 0.0);
        for place in from..teams {
            let (before, current) = self.matrix.split_at_mut(place * teams);
            let products = &mut self.panel[place * width..(place + 1) * width];
            for k in 0..width.min(place - from) {
                let pivot_row = &before[(from + k) * teams + from..(from + k) * teams + from + k];
                let value = current[from + k] - dot(&products[..k], pivot_row);
                products[k] = if self.pivots[from + k] == 0.0 {
                    0.0
                } else {
                    value
                };
            }
            let columns = width.min(place - from);
            let mut own = current[place];
            for k in 0..columns {
                let pivot = self.pivots[from + k];
                current[from + k] = if pivot == 0.0 {
                    0.0
                } else {
                    products[k] / pivot
                };
                own -= current[from + k] * products[k];
            }
            if place < to {
                self.pivots[place] = if own <= tolerance { 0.0 } else { own };
            } else {
                current[place] = own;
                for other in to..place {
                    let row = &before[other * teams + from..other * teams + to];
                    current[other] -= dot(products, row);
                }
            }
        }
    }

    /// What the order shows now.
    fn look(&mut self, eliminated: usize, totals: &Totals) -> Option<Reading> {
        let teams = self.table.teams;
        if totals.cases <= 0.0 {
            return None;
        }
        let waiting = teams - eliminated;
        let rest = self.rest.start(waiting);
        for place in 0..waiting {
            let from = (eliminated + place) * teams + eliminated;
            rest[place * waiting..place * waiting + place + 1]
                .copy_from_slice(&self.matrix[from..=from + place]);
        }
        self.rest.factor();
        let x = &mut self.solution;
        x.clone_from(&self.target);
        for place in 0..teams {
            let (done, later) = x.split_at_mut(place);
            let columns = place.min(eliminated);
            let row = &self.matrix[place * teams..place * teams + columns];
            later[0] -= dot(row, &done[..columns]);
        }
        self.rest.forward(&mut x[eliminated..]);
        let unreached = |place: usize| {
            let pinned = if place < eliminated {
                self.pivots[place] == 0.0
            } else {
                self.rest.is_pinned(place - eliminated)
            };
            pinned && x[place].abs() > UNREACHED * totals.cases
        };
        if (0..teams).any(unreached) {
            return None;
        }
        self.rest.back(&mut x[eliminated..]);
        for (value, &pivot) in x[..eliminated].iter_mut().zip(&self.pivots) {
            *value = if pivot == 0.0 { 0.0 } else { *value / pivot };
        }
        for place in (0..teams).rev() {
            let columns = place.min(eliminated);
            let (done, later) = x.split_at_mut(place);
            let row = &self.matrix[place * teams..place * teams + columns];
            axpy(-later[0], row, &mut done[..columns]);
        }
        let cases = totals.cases;
        Some(Reading {
            effect: (totals.outcome - dot(x, &self.outcome)) / cases,
            slope: (totals.treated - dot(x, &self.treated)) / cases,
            variance: (cases + totals.spread + dot(x, &self.target)) / (cases * cases),
        })
    }
}
