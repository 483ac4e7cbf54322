//! The way a move takes between two activities: level where it can, over or under what stands between.

use super::layout::{LANE, NODE_H, NODE_W, Placed, Spot};
use std::fmt::Write;

/// Cubic curves from border to border, never none.
pub struct Curve {
    parts: Vec<[(f64, f64); 4]>,
    /// Which way the label stands off the curve.
    pub side: (f64, f64),
}

pub fn route(a: &Spot, b: &Spot, placed: &Placed, has_twin: bool, lanes: &mut Lanes) -> Curve {
    let (hw, hh) = (NODE_W / 2.0, NODE_H / 2.0);
    if a.activity == b.activity {
        let x = a.x - hw;
        return Curve {
            parts: vec![[
                (x, a.y + 12.0),
                (x - 30.0, a.y + 26.0),
                (x - 30.0, a.y - 26.0),
                (x, a.y - 10.0),
            ]],
            side: (-1.0, 1.6),
        };
    }
    if a.column == b.column {
        let down = b.y > a.y;
        let near = placed
            .spots
            .iter()
            .filter(|s| s.column == a.column && (s.y - a.y) * (s.y - b.y) < 0.0)
            .count()
            == 0;
        let shift = match (has_twin, down) {
            (false, _) => 0.0,
            (true, true) => -16.0,
            (true, false) => 22.0,
        };
        if near {
            let (y1, y2) = if down {
                (a.y + hh, b.y - hh)
            } else {
                (a.y - hh, b.y + hh)
            };
            let x = a.x + shift;
            let third = (y2 - y1) / 3.0;
            return Curve {
                parts: vec![[(x, y1), (x, y1 + third), (x, y2 - third), (x, y2)]],
                side: (if shift < 0.0 { -1.0 } else { 1.0 }, 0.0),
            };
        }
        // Past the nodes between, on the left going down, on the right going up; longer ones further out, so that they nest.
        let rows = a.row.abs_diff(b.row) as f64;
        let out = (10.0 + 8.0 * (rows - 1.0)).min(if down && a.column == 0 {
            a.x - hw - 4.0
        } else {
            46.0
        });
        let (x, bulge) = if down {
            (a.x - hw, -out * 4.0 / 3.0)
        } else {
            (a.x + hw, out * 4.0 / 3.0)
        };
        let sign = if down { 1.0 } else { -1.0 };
        let off = (4.0 + 3.0 * rows).min(18.0) * sign;
        let reach = ((b.y - a.y).abs() / 4.0).min(60.0) * sign;
        let points = [
            (x, a.y + off),
            (x + bulge, a.y + off + reach * 0.3),
            (x + bulge, b.y - off - reach * 0.3),
            (x, b.y - off),
        ];
        return Curve {
            parts: vec![points],
            side: (bulge.signum() * 0.2, 0.0),
        };
    }
    let forward = b.column > a.column;
    let span = a.column.abs_diff(b.column);
    if span == 1 {
        let (x1, x2) = if forward {
            (a.x + hw, b.x - hw)
        } else {
            (a.x - hw, b.x + hw)
        };
        let (dy1, dy2) = if forward { (-6.0, -6.0) } else { (12.0, 12.0) };
        let (y1, y2) = (
            a.y + dy1,
            b.y + dy2
                + if (a.y - b.y).abs() > 1.0 {
                    if a.y > b.y { 10.0 } else { -4.0 }
                } else {
                    0.0
                },
        );
        let pull = (x2 - x1) * 0.75;
        return Curve {
            parts: vec![[(x1, y1), (x1 + pull, y1), (x2 - pull, y2), (x2, y2)]],
            side: (0.0, -1.0),
        };
    }
    // Over the columns between: above when going on, below when going back, each in a lane of its own.
    let between = placed
        .spots
        .iter()
        .filter(|s| s.column > a.column.min(b.column) && s.column < a.column.max(b.column));
    let dir = if forward { 1.0 } else { -1.0 };
    let tops = between
        .clone()
        .map(|s| s.y - hh)
        .fold((a.y - hh).min(b.y - hh), f64::min);
    let bottoms = between
        .map(|s| s.y + hh)
        .fold((a.y + hh).max(b.y + hh), f64::max);
    let span = (a.x.min(b.x), a.x.max(b.x));
    let level = if forward {
        lanes.take(span, tops - 22.0, -LANE)
    } else {
        lanes.take(span, bottoms + 22.0, LANE)
    };
    let (up, m1) = climb(a, dir, level, placed);
    let (mut down, m2) = climb(b, -dir, level, placed);
    down.reverse();
    let third = (m2 - m1) / 3.0;
    let along = [
        (m1, level),
        (m1 + third, level),
        (m2 - third, level),
        (m2, level),
    ];
    Curve {
        parts: vec![up, along, down],
        side: (0.0, -dir),
    }
}

/// From a node to a level over or under the columns, and where along the level it arrives: straight up where nothing
/// stands in the way, else out by the side and up between the columns.
fn climb(from: &Spot, dir: f64, level: f64, placed: &Placed) -> ([(f64, f64); 4], f64) {
    let (hw, hh) = (NODE_W / 2.0, NODE_H / 2.0);
    let up = if level < from.y { -1.0 } else { 1.0 };
    let is_blocked = placed
        .spots
        .iter()
        .any(|s| s.column == from.column && (s.y - from.y) * up > 1.0);
    if is_blocked {
        let (x, y) = (from.x + dir * hw, from.y + up * 10.0);
        let arrive = x + dir * 44.0;
        let points = [
            (x, y),
            (x + dir * 24.0, y),
            (x - dir * 4.0, level),
            (arrive, level),
        ];
        return (points, arrive);
    }
    let (x, y) = (from.x + dir * hw * 0.4, from.y + up * hh);
    let arrive = x + dir * 46.0;
    let points = [
        (x, y),
        (x + dir * 6.0, y + (level - y) * 0.75),
        (arrive - dir * 24.0, level),
        (arrive, level),
    ];
    (points, arrive)
}

/// Levels in use by moves that run over or under columns.
#[derive(Default)]
pub struct Lanes {
    used: Vec<((f64, f64), f64)>,
}

impl Lanes {
    /// The first level from `from` on that no move over the same columns runs at.
    fn take(&mut self, span: (f64, f64), from: f64, by: f64) -> f64 {
        let mut level = from;
        let is_taken = |level: f64| {
            self.used
                .iter()
                .any(|((l, r), at)| *l < span.1 && span.0 < *r && (at - level).abs() < LANE - 1.0)
        };
        while is_taken(level) {
            level += by;
        }
        self.used.push((span, level));
        level
    }
}

impl Curve {
    /// The point at `t` from 0 to 1.
    pub fn at(&self, t: f64) -> (f64, f64) {
        let whole = t * self.parts.len() as f64;
        let part = (whole as usize).min(self.parts.len() - 1);
        let t = whole - part as f64;
        let u = 1.0 - t;
        let w = [u * u * u, 3.0 * u * u * t, 3.0 * u * t * t, t * t * t];
        self.parts[part]
            .iter()
            .zip(w)
            .fold((0.0, 0.0), |(x, y), (p, w)| (x + p.0 * w, y + p.1 * w))
    }

    /// Points along it, some ten apart on a usual map.
    pub fn points(&self) -> Vec<(f64, f64)> {
        (0..=24).map(|i| self.at(f64::from(i) / 24.0)).collect()
    }

    /// The drawing of a path element that ends a little earlier, where its tip begins.
    pub fn path(&self, end: (f64, f64)) -> String {
        let [start, ..] = self.parts[0];
        let mut out = format!("M{:.1} {:.1}", start.0, start.1);
        let last = self.parts.len() - 1;
        for (i, [_, p1, p2, p3]) in self.parts.iter().enumerate() {
            let p3 = if i == last { end } else { *p3 };
            let _ = write!(
                out,
                "C{:.1} {:.1} {:.1} {:.1} {:.1} {:.1}",
                p1.0, p1.1, p2.0, p2.1, p3.0, p3.1
            );
        }
        out
    }

    /// Where it ends, and the point before that it comes from.
    pub fn end(&self) -> ((f64, f64), (f64, f64)) {
        let [_, _, from, to] = self.parts[self.parts.len() - 1];
        (from, to)
    }
}
