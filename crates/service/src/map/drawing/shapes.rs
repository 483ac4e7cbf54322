//! The shapes of a BPMN drawing.

use super::Link;
use crate::map::{clip, escape, lines};
use base::format;
use mining::figures::Figures;
use mining::model::bpmn::{
    ArtifactKind, Bounds, GatewayKind, Node, NodeKind, ProcessModel, Shape, Trigger,
};
use std::fmt::Write;

/// Pools, lanes, groups and sub-processes that show their inside.
pub fn is_holder(model: &ProcessModel, shape: &Shape) -> bool {
    match node(model, shape) {
        Some((_, n)) => {
            matches!(n.kind, NodeKind::SubProcess(_) | NodeKind::CallActivity) && shape.expanded
        }
        None => artifact(model, shape).is_none_or(|a| a.kind == ArtifactKind::Group),
    }
}

fn node<'m>(model: &'m ProcessModel, shape: &Shape) -> Option<(usize, &'m Node)> {
    model
        .nodes
        .iter()
        .enumerate()
        .find(|(_, n)| n.id == shape.element)
}

fn artifact<'m>(
    model: &'m ProcessModel,
    shape: &Shape,
) -> Option<&'m mining::model::bpmn::Artifact> {
    model.artifacts.iter().find(|a| a.id == shape.element)
}

pub fn draw(svg: &mut String, model: &ProcessModel, shape: &Shape, figures: &Figures, link: Link) {
    let b = &shape.bounds;
    if let Some((ix, n)) = node(model, shape) {
        match n.kind {
            NodeKind::SubProcess(_) | NodeKind::CallActivity if shape.expanded => {
                holder(svg, b, &n.name, "is-sub", false)
            }
            NodeKind::Gateway(kind) => gateway(svg, b, kind, n, shape),
            NodeKind::Task(_) | NodeKind::CallActivity | NodeKind::SubProcess(_) => {
                activity(svg, b, n, model.is_activity(ix), figures, link)
            }
            kind => event(svg, b, kind, n, shape),
        }
    } else if let Some(lane) = model.lanes.iter().find(|l| l.id == shape.element) {
        holder(svg, b, &lane.name, "is-lane", shape.horizontal);
    } else if let Some(pool) = model.pools.iter().find(|p| p.id == shape.element) {
        holder(svg, b, &pool.name, "is-pool", shape.horizontal);
    } else if let Some(a) = artifact(model, shape) {
        beside(svg, b, a.kind, &a.text, shape);
    }
}

fn holder(svg: &mut String, b: &Bounds, name: &str, class: &str, sideways: bool) {
    let round = if class == "is-sub" { 10 } else { 0 };
    let _ = write!(
        svg,
        "<rect class=\"holder {class}\" x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" rx=\"{round}\"/>",
        b.x, b.y, b.width, b.height
    );
    if sideways {
        let (x, y) = (b.x + 18.0, b.y + b.height / 2.0);
        let _ = write!(
            svg,
            "<text class=\"holder-name\" transform=\"translate({x:.1} {y:.1}) rotate(-90)\" text-anchor=\"middle\">{}</text>",
            escape(name)
        );
    } else {
        let _ = write!(
            svg,
            "<text class=\"holder-name\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
            b.x + b.width / 2.0,
            b.y + 18.0,
            escape(name)
        );
    }
}

fn activity(svg: &mut String, b: &Bounds, n: &Node, is_leaf: bool, figures: &Figures, link: Link) {
    let seen = figures
        .activities
        .iter()
        .find(|a| is_leaf && a.name == n.name && a.cases > 0);
    let told = seen.map(|a| {
        let wait = a
            .wait_before
            .as_ref()
            .map(|w| format!(", {}", format::span_text(w.median_seconds)))
            .unwrap_or_default();
        format!("{}{wait}", format::count(a.cases as i64))
    });
    if let (Some(link), Some(told)) = (link, &told) {
        let _ = write!(
            svg,
            "<a href=\"{}\" aria-label=\"{}, {}\">",
            escape(&link(&n.name)),
            escape(&n.name),
            escape(told)
        );
    }
    let class = if seen.is_some() || figures.counts.cases == 0 {
        "node"
    } else {
        "node is-unseen"
    };
    let _ = write!(
        svg,
        "<g class=\"{class}\"><rect x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" rx=\"8\"/>",
        b.x, b.y, b.width, b.height
    );
    let room = ((b.height - 4.0) / 14.0) as usize - usize::from(told.is_some() && b.height > 32.0);
    let names = words(&n.name, b.width - 10.0, room.clamp(1, 4));
    let (x, rows) = (
        b.x + b.width / 2.0,
        names.len() as f64 + if told.is_some() { 1.0 } else { 0.0 },
    );
    let mut y = b.y + b.height / 2.0 - rows * 7.0 + 11.0;
    for line in &names {
        let _ = write!(
            svg,
            "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"middle\">{}</text>",
            escape(line)
        );
        y += 14.0;
    }
    if let Some(told) = &told {
        let _ = write!(
            svg,
            "<text class=\"node-n\" x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"middle\">{}</text>",
            escape(told)
        );
    }
    if matches!(n.kind, NodeKind::SubProcess(_)) {
        let _ = write!(
            svg,
            "<path class=\"sign\" d=\"M{:.1} {:.1}h12v12h-12zm6 2.5v7m-3.5-3.5h7\"/>",
            x - 6.0,
            b.y + b.height - 14.0
        );
    }
    svg.push_str("</g>");
    if link.is_some() && told.is_some() {
        svg.push_str("</a>");
    }
}

fn event(svg: &mut String, b: &Bounds, kind: NodeKind, n: &Node, shape: &Shape) {
    let (cx, cy, r) = (
        b.x + b.width / 2.0,
        b.y + b.height / 2.0,
        b.width.min(b.height) / 2.0,
    );
    let (class, trigger, is_double) = match kind {
        NodeKind::Start(t) => ("event", t, false),
        NodeKind::EventStart { trigger, .. } => ("event", trigger, false),
        NodeKind::End(t) => ("event is-end", t, false),
        NodeKind::Catch(t) | NodeKind::Throw(t) => ("event", t, true),
        NodeKind::Boundary {
            trigger,
            interrupting,
            ..
        } => (
            if interrupting {
                "event"
            } else {
                "event is-soft"
            },
            trigger,
            true,
        ),
        _ => ("event", Trigger::None, false),
    };
    let _ = write!(
        svg,
        "<circle class=\"{class}\" cx=\"{cx:.1}\" cy=\"{cy:.1}\" r=\"{r:.1}\"/>"
    );
    if is_double {
        let _ = write!(
            svg,
            "<circle class=\"{class}\" cx=\"{cx:.1}\" cy=\"{cy:.1}\" r=\"{:.1}\"/>",
            r - 3.0
        );
    }
    let s = r * 0.5;
    let sign = match trigger {
        Trigger::None => String::new(),
        Trigger::Message => format!(
            "M{:.1} {:.1}h{:.1}v{:.1}h-{:.1}zl{:.1} {:.1} {:.1} -{:.1}",
            cx - s,
            cy - s * 0.7,
            2.0 * s,
            1.4 * s,
            2.0 * s,
            s,
            s * 0.8,
            s,
            s * 0.8
        ),
        Trigger::Timer => format!(
            "M{:.1} {cy:.1}a{s:.1} {s:.1} 0 1 0 {:.1} 0a{s:.1} {s:.1} 0 1 0 -{:.1} 0M{cx:.1} {:.1}v{:.1}h{:.1}",
            cx - s,
            2.0 * s,
            2.0 * s,
            cy - s * 0.7,
            s * 0.7,
            s * 0.5
        ),
        Trigger::Terminate => format!(
            "M{:.1} {cy:.1}a{s:.1} {s:.1} 0 1 0 {:.1} 0a{s:.1} {s:.1} 0 1 0 -{:.1} 0z",
            cx - s,
            2.0 * s,
            2.0 * s
        ),
        Trigger::Signal => format!(
            "M{cx:.1} {:.1}l{s:.1} {:.1}h-{:.1}z",
            cy - s,
            1.6 * s,
            2.0 * s
        ),
        Trigger::Error => format!(
            "M{:.1} {:.1}l{:.1} -{:.1} {:.1} {:.1} {:.1} -{:.1}",
            cx - s,
            cy + s * 0.8,
            s * 0.7,
            s * 1.4,
            s * 0.6,
            s * 0.9,
            s * 0.7,
            s * 1.1
        ),
        Trigger::Escalation => format!(
            "M{cx:.1} {:.1}l{:.1} {:.1}-{:.1} -{:.1}-{:.1} {:.1}z",
            cy - s,
            s * 0.8,
            1.8 * s,
            s * 0.8,
            s * 0.8,
            s * 0.8,
            s * 0.8
        ),
        Trigger::Link => format!(
            "M{:.1} {cy:.1}h{:.1}m-{:.1} -{:.1}l{:.1} {:.1} -{:.1} {:.1}",
            cx - s,
            2.0 * s,
            s * 0.8,
            s * 0.7,
            s * 0.8,
            s * 0.7,
            s * 0.8,
            s * 0.7
        ),
        _ => format!(
            "M{:.1} {:.1}h{:.1}m-{:.1} {s:.1}h{:.1}m-{:.1} {s:.1}h{:.1}",
            cx - s,
            cy - s,
            2.0 * s,
            2.0 * s,
            2.0 * s,
            2.0 * s,
            2.0 * s
        ),
    };
    if !sign.is_empty() {
        let filled = if trigger == Trigger::Terminate || matches!(kind, NodeKind::Throw(_)) {
            " is-filled"
        } else {
            ""
        };
        let _ = write!(svg, "<path class=\"sign{filled}\" d=\"{sign}\"/>");
    }
    named(svg, &n.name, shape, cy + r + 14.0);
}

fn gateway(svg: &mut String, b: &Bounds, kind: GatewayKind, n: &Node, shape: &Shape) {
    let (cx, cy, w, h) = (
        b.x + b.width / 2.0,
        b.y + b.height / 2.0,
        b.width / 2.0,
        b.height / 2.0,
    );
    let _ = write!(
        svg,
        "<path class=\"gateway\" d=\"M{cx:.1} {:.1}l{w:.1} {h:.1}-{w:.1} {h:.1}-{w:.1} -{h:.1}z\"/>",
        b.y
    );
    let s = w * 0.42;
    let cross = format!(
        "M{:.1} {:.1}l{:.1} {:.1}m0 -{:.1}l-{:.1} {:.1}",
        cx - s * 0.8,
        cy - s * 0.8,
        s * 1.6,
        s * 1.6,
        s * 1.6,
        s * 1.6,
        s * 1.6
    );
    let plus = format!(
        "M{:.1} {cy:.1}h{:.1}M{cx:.1} {:.1}v{:.1}",
        cx - s,
        2.0 * s,
        cy - s,
        2.0 * s
    );
    let ring = format!(
        "M{:.1} {cy:.1}a{s:.1} {s:.1} 0 1 0 {:.1} 0a{s:.1} {s:.1} 0 1 0 -{:.1} 0",
        cx - s,
        2.0 * s,
        2.0 * s
    );
    let sign = match kind {
        GatewayKind::Exclusive => cross,
        GatewayKind::Parallel => plus,
        GatewayKind::Inclusive | GatewayKind::EventBased => ring,
        GatewayKind::Complex => format!("{cross}{plus}"),
    };
    let _ = write!(svg, "<path class=\"sign is-bold\" d=\"{sign}\"/>");
    named(svg, &n.name, shape, b.y + b.height + 14.0);
}

/// A name below its shape, or where the author put it.
fn named(svg: &mut String, name: &str, shape: &Shape, below: f64) {
    let (x, mut y, room) = match shape.label {
        Some(l) => (l.x + l.width / 2.0, l.y + 11.0, l.width.max(90.0)),
        None => (shape.bounds.x + shape.bounds.width / 2.0, below, 110.0),
    };
    for line in words(name, room, 4) {
        let _ = write!(
            svg,
            "<text class=\"flow-name\" x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"middle\">{}</text>",
            escape(&line)
        );
        y += 13.0;
    }
}

fn beside(svg: &mut String, b: &Bounds, kind: ArtifactKind, text: &str, shape: &Shape) {
    match kind {
        ArtifactKind::TextAnnotation => {
            let _ = write!(
                svg,
                "<path class=\"sign\" d=\"M{:.1} {:.1}h-10v{:.1}h10\"/>",
                b.x + 10.0,
                b.y,
                b.height
            );
            for (i, line) in words(text, b.width - 8.0, 8).iter().enumerate() {
                let _ = write!(
                    svg,
                    "<text class=\"flow-name\" x=\"{:.1}\" y=\"{:.1}\">{}</text>",
                    b.x + 6.0,
                    b.y + 14.0 + 13.0 * i as f64,
                    escape(line)
                );
            }
        }
        ArtifactKind::DataObject | ArtifactKind::DataStore => {
            let _ = write!(
                svg,
                "<rect class=\"data\" x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" rx=\"2\"/>",
                b.x, b.y, b.width, b.height
            );
            named(svg, text, shape, b.y + b.height + 14.0);
        }
        ArtifactKind::Group => {
            let _ = write!(
                svg,
                "<rect class=\"group\" x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" rx=\"10\"/>",
                b.x, b.y, b.width, b.height
            );
        }
        ArtifactKind::Association => {}
    }
}

/// A text in at most so many lines.
fn words(text: &str, room: f64, most: usize) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut rest = text.split_whitespace().collect::<Vec<_>>().join(" ");
    while !rest.is_empty() && out.len() + 2 < most {
        let two = lines(&rest, room);
        let first = two[0].clone();
        let Some(after) = rest.strip_prefix(first.as_str()) else {
            out.push(first);
            return out;
        };
        rest = after.trim_start().to_string();
        out.push(first);
    }
    if !rest.is_empty() {
        let last = if most > out.len() + 1 {
            lines(&rest, room)
        } else {
            vec![clip(&rest, room)]
        };
        out.extend(last);
    }
    out
}
