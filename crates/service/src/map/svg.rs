//! The map as SVG: themed by classes, readable by machines that read aloud, free of scripts.

use super::layout::{NODE_H, NODE_W, Placed, Spot, middle};
use super::route::{Curve, Lanes, route};
use super::text::lines;
use base::format;
use mining::figures::{EdgeFigures, EdgeKind, Figures};
use std::fmt::Write;

/// A label or node that others must not cover: left, top, right, bottom.
type Box = (f64, f64, f64, f64);

/// Lower bounds, in days, of the four wait colours.
const WAITS: [f64; 3] = [1.0, 3.0, 7.0];
/// Characters of what is told where one points.
const TITLE: usize = 200;

/// How much of a text in the usual weight fits where the same in bold does.
const BOLD: f64 = 0.86;

pub fn draw(
    figures: &Figures,
    chosen: &[usize],
    placed: &Placed,
    selected: Option<usize>,
    link: super::Link,
) -> String {
    let mut svg = String::with_capacity(32_768);
    bands(&mut svg, figures, placed, selected);
    losses(&mut svg, figures, placed);
    let most = chosen
        .iter()
        .map(|&i| figures.edges[i].count)
        .max()
        .unwrap_or(1) as f64;
    let mut taken: Vec<Box> = placed
        .spots
        .iter()
        .map(|s| {
            (
                s.x - NODE_W / 2.0,
                s.y - NODE_H / 2.0,
                s.x + NODE_W / 2.0,
                s.y + NODE_H / 2.0,
            )
        })
        .collect();
    // The names of the steps keep their line.
    taken.push((0.0, 8.0, placed.width, 48.0));
    let mut lanes = Lanes::default();
    starts(&mut svg, figures, placed);
    let mut drawn: Vec<(&EdgeFigures, Curve, bool)> = Vec::with_capacity(chosen.len());
    for &i in chosen {
        let e = &figures.edges[i];
        let (Some(&a), Some(&b)) = (
            placed.at.get(&e.from_activity),
            placed.at.get(&e.to_activity),
        ) else {
            continue;
        };
        let (a, b) = (placed.spots[a], placed.spots[b]);
        let has_twin = figures
            .edges
            .iter()
            .any(|o| o.from_activity == e.to_activity && o.to_activity == e.from_activity);
        let curve = route(&a, &b, placed, has_twin, &mut lanes);
        edge(&mut svg, e, &curve, most, link);
        let on_band = selected.is_some_and(|s| {
            let inside = |column| {
                placed
                    .bands
                    .iter()
                    .any(|b| b.0 == s && b.1 <= column && column <= b.2)
            };
            inside(a.column) && inside(b.column)
        });
        drawn.push((e, curve, on_band));
    }
    let lines: Vec<Vec<(f64, f64)>> = drawn.iter().map(|(_, c, _)| c.points()).collect();
    let mut labels = String::new();
    for (at, (e, curve, on_band)) in drawn.iter().enumerate() {
        let others = lines.iter().enumerate().filter(|&(i, _)| i != at);
        let others: Vec<(f64, f64)> = others.flat_map(|(_, points)| points).copied().collect();
        label(&mut labels, e, curve, &mut taken, &others, *on_band);
    }
    svg.push_str(&labels);
    for spot in &placed.spots {
        node(&mut svg, figures, spot, selected);
    }
    // Loops and their labels may reach past the columns.
    let points = lines.iter().flatten().map(|p| p.0);
    let (left, right) = taken
        .iter()
        .flat_map(|b| [b.0, b.2])
        .chain(points)
        .fold((0.0f64, placed.width), |(l, r), x| (l.min(x), r.max(x)));
    let (left, right) = (left.floor(), right.ceil());
    let (width, height) = (right - left, placed.height);
    format!(
        "<svg class=\"map\" style=\"--w:{width:.0}\" viewBox=\"{left:.0} 0 {width:.0} {height:.0}\" width=\"{width:.0}\" height=\"{height:.0}\" role=\"group\" aria-labelledby=\"map-t\" xmlns=\"http://www.w3.org/2000/svg\">\
         <title id=\"map-t\">Process map: {} in {}. Longest usual waits: {}.</title>{svg}</svg>",
        format::many(placed.spots.len() as i64, "activity"),
        format::many(figures.steps.len() as i64, "step"),
        escape(&longest(figures, chosen))
    )
}

/// The picture with its styles inside, for other programs.
pub fn standalone(svg: &str, css: &str) -> String {
    svg.replacen(
        '>',
        &format!("><style>{css}\nsvg{{background:var(--surface);font-family:var(--sans)}}</style>"),
        1,
    )
}

fn bands(svg: &mut String, figures: &Figures, placed: &Placed, selected: Option<usize>) {
    for &(step, first, last) in &placed.bands {
        let class = if selected == Some(step) {
            "band is-selected"
        } else {
            "band"
        };
        let left = middle(first) - 80.0;
        let width = middle(last) + 80.0 - left;
        let name = &figures.steps[step].name;
        let _ = write!(
            svg,
            "<rect class=\"{class}\" x=\"{left:.0}\" y=\"8\" width=\"{width:.0}\" height=\"{:.0}\" rx=\"6\"/>\
             <svg x=\"{:.0}\" y=\"14\" width=\"{:.0}\" height=\"34\"><title>{}</title>",
            placed.height - 16.0,
            left + 10.0,
            width - 16.0,
            escape(name)
        );
        // Bold letters are wider than those the room is counted in.
        for (i, line) in lines(name, (width - 20.0) * BOLD).iter().enumerate() {
            let _ = write!(
                svg,
                "<text class=\"band-name\" x=\"0\" y=\"{}\">{}</text>",
                13 + 15 * i,
                escape(line)
            );
        }
        svg.push_str("</svg>");
    }
}

fn losses(svg: &mut String, figures: &Figures, placed: &Placed) {
    let gone = |i: usize| {
        figures.steps[i].lost
            + if i + 1 < figures.steps.len() {
                figures.steps[i].ended
            } else {
                0
            }
    };
    let most = (0..figures.steps.len()).map(gone).max().unwrap_or(0).max(1) as f64;
    let word = if figures.counts.lost > 0 {
        "lost here"
    } else {
        "stop here"
    };
    for &(step, first, last) in &placed.bands {
        let n = gone(step);
        if n == 0 {
            continue;
        }
        let (x, y) = ((middle(first) + middle(last)) / 2.0, placed.bottom);
        let w = (n as f64 / most * 112.0).max(4.0);
        let _ = write!(
            svg,
            "<path class=\"lost\" d=\"M{x} {:.0}v18\"/><path class=\"lost-tip\" d=\"M{:.0} {:.0}h10l-5 7z\"/>\
             <rect class=\"lost-bar\" x=\"{:.1}\" y=\"{:.0}\" width=\"{w:.1}\" height=\"4\" rx=\"2\"/>\
             <text class=\"lost-n\" x=\"{x}\" y=\"{:.0}\" text-anchor=\"middle\">{} {word}</text>",
            y - 2.0,
            x - 5.0,
            y + 15.0,
            x - w / 2.0,
            y + 30.0,
            y + 52.0,
            format::count(n as i64)
        );
    }
}

/// A dot above each activity that begins more than one case in twenty.
fn starts(svg: &mut String, figures: &Figures, placed: &Placed) {
    for spot in &placed.spots {
        let activity = &figures.activities[spot.activity as usize];
        if activity.starts * 20 > figures.counts.cases {
            let top = spot.y - NODE_H / 2.0;
            let _ = write!(
                svg,
                "<circle class=\"start\" cx=\"{:.1}\" cy=\"{:.1}\" r=\"5\"/><path class=\"edge w0\" d=\"M{:.1} {:.1}v12\" stroke-width=\"2\"/>",
                spot.x - 40.0,
                top - 18.0,
                spot.x - 40.0,
                top - 13.0
            );
        }
    }
}

fn edge(svg: &mut String, e: &EdgeFigures, curve: &Curve, most: f64, link: super::Link) {
    // Repeats and ways back stay thin: many of them would hide the way on.
    let widest = if matches!(e.kind, EdgeKind::Back | EdgeKind::SelfLoop) {
        2.4
    } else {
        7.4
    };
    let width = 1.6 + widest * (e.count as f64 / most).sqrt();
    let wait = wait_class(e);
    let back = if matches!(e.kind, EdgeKind::Back | EdgeKind::SelfLoop) {
        " rework"
    } else {
        ""
    };
    let size = 3.0 + width * 0.8;
    let (p2, p3) = curve.end();
    let (dx, dy) = (p3.0 - p2.0, p3.1 - p2.1);
    let len = dx.hypot(dy).max(1e-6);
    let (ux, uy) = (dx / len, dy / len);
    let (bx, by) = (p3.0 - ux * size * 1.6, p3.1 - uy * size * 1.6);
    let told = format!(
        "{} to {}: {}{}",
        e.from,
        e.to,
        format::many(e.count, "time"),
        wait_words(e)
    );
    let told = format::short(&told, TITLE);
    // No browser takes an address longer than that.
    let link = link.filter(|_| e.from.len() + e.to.len() <= 2_000);
    let open = link
        .map(|l| {
            format!(
                "<a href=\"{}\" aria-label=\"{}\">",
                escape(&l(&e.from, &e.to)),
                escape(&told)
            )
        })
        .unwrap_or_default();
    let close = if link.is_some() { "</a>" } else { "" };
    let _ = write!(
        svg,
        "{open}<g class=\"move\"><title>{}</title><path class=\"edge {wait}{back}\" d=\"{}\" stroke-width=\"{width:.1}\"/>\
         <polygon class=\"tip {wait}\" points=\"{:.1},{:.1} {:.1},{:.1} {:.1},{:.1}\"/></g>{close}",
        escape(&told),
        curve.path((bx + ux, by + uy)),
        p3.0,
        p3.1,
        bx - uy * size,
        by + ux * size,
        bx + uy * size,
        by - ux * size
    );
}

/// Puts the label where it covers no node and no other label, and as little as can be of `others`, the points of other
/// lines; a label that finds no place is left to the title.
fn label(
    svg: &mut String,
    e: &EdgeFigures,
    curve: &Curve,
    taken: &mut Vec<Box>,
    others: &[(f64, f64)],
    on_band: bool,
) {
    let count = format::count(e.count as i64);
    let soft = match e.kind {
        EdgeKind::SelfLoop => "again".to_string(),
        EdgeKind::Back => "back".to_string(),
        _ => e
            .wait
            .as_ref()
            .map(|w| format::span_text(w.median_seconds))
            .unwrap_or_default(),
    };
    let w = 6.6 * count.chars().count().max(soft.chars().count()) as f64;
    let mut best: Option<(usize, f64, f64, Box)> = None;
    for t in [0.5, 0.44, 0.56, 0.38, 0.62, 0.3, 0.7, 0.22, 0.78] {
        let (x, y) = curve.at(t);
        for flip in [1.0, -1.0] {
            let cx = x + curve.side.0 * flip * (w / 2.0 + 9.0);
            let cy = y + curve.side.1 * flip * 17.0;
            let space = (cx - w / 2.0 - 2.0, cy - 14.0, cx + w / 2.0 + 2.0, cy + 13.0);
            let is_free = taken
                .iter()
                .all(|b| space.2 <= b.0 || b.2 <= space.0 || space.3 <= b.1 || b.3 <= space.1);
            if !is_free {
                continue;
            }
            let covered = others
                .iter()
                .filter(|p| space.0 < p.0 && p.0 < space.2 && space.1 < p.1 && p.1 < space.3)
                .count();
            if best.as_ref().is_none_or(|b| covered < b.0) {
                best = Some((covered, cx, cy, space));
            }
        }
    }
    let Some((_, cx, cy, space)) = best else {
        return;
    };
    taken.push(space);
    let band = if on_band { " on-band" } else { "" };
    let _ = write!(
        svg,
        "<text class=\"edge-n{band}\" text-anchor=\"middle\" aria-hidden=\"true\"><tspan x=\"{cx:.1}\" y=\"{:.1}\">{count}</tspan><tspan class=\"soft\" x=\"{cx:.1}\" y=\"{:.1}\">{soft}</tspan></text>",
        cy - 2.0,
        cy + 11.0
    );
}

fn node(svg: &mut String, figures: &Figures, spot: &Spot, selected: Option<usize>) {
    let activity = &figures.activities[spot.activity as usize];
    let outcome = activity.step.is_none() && activity.ends * 2 > activity.events;
    let class = match (outcome, selected) {
        (true, _) => "node is-end",
        (_, Some(s)) if activity.step == Some(s) => "node is-selected",
        _ => "node",
    };
    let lines = lines(&activity.name, NODE_W - 12.0);
    let _ = write!(
        svg,
        "<g class=\"{class}\"><title>{}, {}</title><rect x=\"{:.1}\" y=\"{:.1}\" width=\"{NODE_W}\" height=\"{NODE_H}\" rx=\"5\"/>",
        escape(&format::short(&activity.name, TITLE)),
        format::many(activity.cases, "case"),
        spot.x - NODE_W / 2.0,
        spot.y - NODE_H / 2.0
    );
    let (first, step) = if lines.len() == 1 {
        (-2.0, 0.0)
    } else {
        (-9.0, 13.0)
    };
    for (i, line) in lines.iter().enumerate() {
        let _ = write!(
            svg,
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
            spot.x,
            spot.y + first + step * i as f64,
            escape(line)
        );
    }
    let y = spot.y + if lines.len() == 1 { 15.0 } else { 18.0 };
    let _ = write!(
        svg,
        "<text class=\"node-n\" x=\"{:.1}\" y=\"{y:.1}\" text-anchor=\"middle\">{}</text></g>",
        spot.x,
        format::count(activity.cases as i64)
    );
}

fn wait_class(e: &EdgeFigures) -> &'static str {
    let days = e.wait.as_ref().map_or(0.0, |w| w.median_seconds / 86_400.0);
    ["w0", "w1", "w2", "w3"][WAITS.iter().filter(|&&w| days >= w).count()]
}

fn wait_words(e: &EdgeFigures) -> String {
    e.wait
        .as_ref()
        .map(|w| format!(", usually after {}", format::span_text(w.median_seconds)))
        .unwrap_or_default()
}

fn longest(figures: &Figures, chosen: &[usize]) -> String {
    let mut waits: Vec<_> = chosen
        .iter()
        .map(|&i| &figures.edges[i])
        .filter_map(|e| e.wait.as_ref().map(|w| (w.median_seconds, e)))
        .collect();
    waits.sort_by(|a, b| b.0.total_cmp(&a.0));
    let told: Vec<String> = waits
        .iter()
        .take(2)
        .map(|(s, e)| {
            let (from, to) = (format::short(&e.from, 80), format::short(&e.to, 80));
            format!("{from} to {to} ({})", format::span_text(*s))
        })
        .collect();
    if told.is_empty() {
        "not known, the log has no times".into()
    } else {
        told.join(" and ")
    }
}

pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            // Not allowed in XML at all.
            c if (c as u32) < 32 && !matches!(c, '\n' | '\t' | '\r') => {}
            c => out.push(c),
        }
    }
    out
}
