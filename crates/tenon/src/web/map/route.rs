//! The way a move takes between two activities: level where it can, over or under what stands between.

use super::layout::{ARC, NODE_H, NODE_W, Placed, Spot};

/// A cubic curve from border to border.
pub struct Curve {
    pub points: [(f64, f64); 4],
    /// Which way the label stands off the curve.
    pub side: (f64, f64),
}

pub fn route(a: &Spot, b: &Spot, placed: &Placed, has_twin: bool) -> Curve {
    let (hw, hh) = (NODE_W / 2.0, NODE_H / 2.0);
    if a.activity == b.activity {
        let x = a.x - hw;
        return Curve { points: [(x, a.y + 12.0), (x - 30.0, a.y + 26.0), (x - 30.0, a.y - 26.0), (x, a.y - 10.0)], side: (-1.0, 1.6) };
    }
    if a.column == b.column {
        let down = b.y > a.y;
        let near = placed.spots.iter().filter(|s| s.column == a.column && (s.y - a.y) * (s.y - b.y) < 0.0).count() == 0;
        let shift = match (has_twin, down) {
            (false, _) => 0.0,
            (true, true) => -16.0,
            (true, false) => 22.0,
        };
        if near {
            let (y1, y2) = if down { (a.y + hh, b.y - hh) } else { (a.y - hh, b.y + hh) };
            let x = a.x + shift;
            let third = (y2 - y1) / 3.0;
            return Curve { points: [(x, y1), (x, y1 + third), (x, y2 - third), (x, y2)], side: (if shift < 0.0 { -1.0 } else { 1.0 }, 0.0) };
        }
        // Past the nodes between, on the left going down, on the right going up; longer ones further out, so that they nest.
        let rows = a.row.abs_diff(b.row) as f64;
        let out = (10.0 + 8.0 * (rows - 1.0)).min(if down && a.column == 0 { a.x - hw - 4.0 } else { 46.0 });
        let (x, bulge) = if down { (a.x - hw, -out * 4.0 / 3.0) } else { (a.x + hw, out * 4.0 / 3.0) };
        let sign = if down { 1.0 } else { -1.0 };
        let off = (4.0 + 3.0 * rows).min(18.0) * sign;
        let reach = ((b.y - a.y).abs() / 4.0).min(60.0) * sign;
        let points = [(x, a.y + off), (x + bulge, a.y + off + reach * 0.3), (x + bulge, b.y - off - reach * 0.3), (x, b.y - off)];
        return Curve { points, side: (bulge.signum() * 0.2, 0.0) };
    }
    let forward = b.column > a.column;
    let span = a.column.abs_diff(b.column);
    if span == 1 {
        let (x1, x2) = if forward { (a.x + hw, b.x - hw) } else { (a.x - hw, b.x + hw) };
        let (dy1, dy2) = if forward { (-6.0, -6.0) } else { (12.0, 12.0) };
        let (y1, y2) = (a.y + dy1, b.y + dy2 + if (a.y - b.y).abs() > 1.0 { if a.y > b.y { 10.0 } else { -4.0 } } else { 0.0 });
        let pull = (x2 - x1) * 0.75;
        return Curve { points: [(x1, y1), (x1 + pull, y1), (x2 - pull, y2), (x2, y2)], side: (0.0, -1.0) };
    }
    // Over the columns between: above when going on, below when going back.
    let between = placed.spots.iter().filter(|s| s.column > a.column.min(b.column) && s.column < a.column.max(b.column));
    if forward {
        let top = between.map(|s| s.y - hh).fold(f64::MAX, f64::min).min(a.y - hh).min(b.y - hh) - 26.0 - ARC * (span as f64 - 2.0);
        let high = (top - 0.25 * (a.y + b.y) / 2.0) / 0.75;
        let high = high.max(8.0);
        Curve { points: [(a.x + hw * 0.5, a.y - hh), (a.x + hw + 30.0, high), (b.x - hw - 30.0, high), (b.x - hw * 0.5, b.y - hh)], side: (0.0, -1.0) }
    } else {
        let low = between.map(|s| s.y + hh).fold(0.0, f64::max).max(a.y + hh).max(b.y + hh) + 30.0 + ARC * (span as f64 - 2.0);
        let low = low.min(placed.bottom + 10.0);
        Curve { points: [(a.x - hw * 0.5, a.y + hh), (a.x - hw - 20.0, low), (b.x + hw + 20.0, low), (b.x + hw * 0.5, b.y + hh)], side: (0.0, 1.0) }
    }
}

impl Curve {
    /// The point at `t` from 0 to 1.
    pub fn at(&self, t: f64) -> (f64, f64) {
        let u = 1.0 - t;
        let w = [u * u * u, 3.0 * u * u * t, 3.0 * u * t * t, t * t * t];
        self.points.iter().zip(w).fold((0.0, 0.0), |(x, y), (p, w)| (x + p.0 * w, y + p.1 * w))
    }
}
