//! Counts by pair of codes: a plain table while it is small, a hash map when it is not.

use rustc_hash::FxHashMap;

const DENSE: usize = 1 << 17;

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Grid<T> {
    columns: usize,
    cells: Cells<T>,
}

#[derive(Debug, Clone, PartialEq)]
enum Cells<T> {
    Dense(Vec<T>),
    Sparse(FxHashMap<u64, T>),
}

impl<T: Default + Clone + PartialEq> Grid<T> {
    pub fn new(rows: usize, columns: usize) -> Self {
        let cells = match rows.checked_mul(columns) {
            Some(n) if n <= DENSE => Cells::Dense(vec![T::default(); n]),
            _ => Cells::Sparse(FxHashMap::default()),
        };
        Grid { columns, cells }
    }

    pub fn at(&mut self, row: usize, column: usize) -> &mut T {
        match &mut self.cells {
            Cells::Dense(cells) => &mut cells[row * self.columns + column],
            Cells::Sparse(cells) => cells.entry((row as u64) << 32 | column as u64).or_default(),
        }
    }

    /// What was touched, by row and column.
    pub fn touched(&self) -> Vec<(usize, usize, &T)> {
        let none = T::default();
        let mut all: Vec<(usize, usize, &T)> = match &self.cells {
            Cells::Dense(cells) => {
                let columns = self.columns.max(1);
                cells
                    .iter()
                    .enumerate()
                    .map(|(i, c)| (i / columns, i % columns, c))
                    .collect()
            }
            Cells::Sparse(cells) => cells
                .iter()
                .map(|(&k, c)| ((k >> 32) as usize, (k & 0xffff_ffff) as usize, c))
                .collect(),
        };
        all.retain(|(_, _, c)| **c != none);
        all.sort_unstable_by_key(|&(row, column, _)| (row, column));
        all
    }

    /// Adds another grid of the same shape cell by cell.
    pub fn merge(&mut self, other: Grid<T>, add: impl Fn(&mut T, T)) {
        match (&mut self.cells, other.cells) {
            (Cells::Dense(cells), Cells::Dense(others)) => {
                let pairs = cells.iter_mut().zip(others);
                pairs.for_each(|(cell, other)| add(cell, other));
            }
            // Grids of one shape are of one kind.
            (Cells::Sparse(_), Cells::Dense(_)) => {}
            (_, Cells::Sparse(cells)) => {
                for (k, cell) in cells {
                    add(
                        self.at((k >> 32) as usize, (k & 0xffff_ffff) as usize),
                        cell,
                    );
                }
            }
        }
    }
}
