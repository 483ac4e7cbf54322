//! A BPMN process as its author drew it, with how often and after what wait each activity occurs.

mod shapes;

use crate::map::escape;
use mining::figures::Figures;
use mining::model::bpmn::{Bounds, Drawing, Edge, ProcessModel, Shape};
use std::fmt::Write;

/// Room around the drawing.
const MARGIN: f64 = 16.0;

/// Makes the address the cases with an activity are shown at.
pub type Link<'a> = Option<&'a dyn Fn(&str) -> String>;

/// The drawing as a file of its own, as `map::file` gives the map. `None` when nothing is drawn in the model's file.
pub fn file(model: &ProcessModel, figures: &Figures) -> Option<String> {
    let svg = draw(model, figures, None)?;
    Some(super::standalone(&svg, &crate::assets::css()))
}

/// The drawing as SVG. `None` when nothing is drawn in the model's file.
pub fn draw(model: &ProcessModel, figures: &Figures, link: Link) -> Option<String> {
    let drawing = model.drawing.as_ref().filter(|d| !d.shapes.is_empty())?;
    let last = drawing.shapes.iter().map(|s| s.diagram).max().unwrap_or(0);
    let mut body = String::with_capacity(32_768);
    let (mut width, mut height) = (0.0f64, 0.0f64);
    // Each diagram has a plane of its own: one below the other.
    for diagram in 0..=last {
        let Some(frame) = frame(drawing, diagram) else {
            continue;
        };
        let _ = write!(
            body,
            "<g transform=\"translate({:.1} {:.1})\">",
            MARGIN - frame.x,
            height + MARGIN - frame.y
        );
        let mut shapes: Vec<&Shape> = drawing
            .shapes
            .iter()
            .filter(|s| s.diagram == diagram)
            .collect();
        // What holds others is drawn first.
        shapes.sort_by(|a, b| {
            (b.bounds.width * b.bounds.height).total_cmp(&(a.bounds.width * a.bounds.height))
        });
        let (holders, others): (Vec<&Shape>, Vec<&Shape>) = shapes
            .into_iter()
            .partition(|s| shapes::is_holder(model, s));
        for shape in holders {
            shapes::draw(&mut body, model, shape, figures, link);
        }
        for edge in drawing.edges.iter().filter(|e| e.diagram == diagram) {
            line(&mut body, model, edge);
        }
        for shape in others {
            shapes::draw(&mut body, model, shape, figures, link);
        }
        body.push_str("</g>");
        width = width.max(frame.width + 2.0 * MARGIN);
        height += frame.height + 2.0 * MARGIN;
    }
    let name = if model.name.is_empty() {
        "The process"
    } else {
        &model.name
    };
    Some(format!(
        "<svg class=\"map drawing\" style=\"--w:{width:.0}\" viewBox=\"0 0 {width:.0} {height:.0}\" width=\"{width:.0}\" height=\"{height:.0}\" \
         role=\"group\" aria-labelledby=\"drawing-t\" xmlns=\"http://www.w3.org/2000/svg\"><title id=\"drawing-t\">{}, as its author drew it</title>{body}</svg>",
        escape(name)
    ))
}

/// All that a diagram covers.
fn frame(drawing: &Drawing, diagram: usize) -> Option<Bounds> {
    let corners = |b: &Bounds| [(b.x, b.y), (b.x + b.width, b.y + b.height)];
    let shapes = drawing.shapes.iter().filter(|s| s.diagram == diagram);
    let shapes = shapes.flat_map(|s| {
        corners(&s.bounds)
            .into_iter()
            .chain(s.label.iter().flat_map(corners))
    });
    let edges = drawing
        .edges
        .iter()
        .filter(|e| e.diagram == diagram)
        .flat_map(|e| e.points.iter().copied());
    let mut out: Option<(f64, f64, f64, f64)> = None;
    for (x, y) in shapes.chain(edges) {
        let (l, t, r, b) = out.unwrap_or((x, y, x, y));
        out = Some((l.min(x), t.min(y), r.max(x), b.max(y)));
    }
    out.map(|(l, t, r, b)| Bounds {
        x: l,
        y: t,
        width: r - l,
        height: b - t,
    })
}

fn line(svg: &mut String, model: &ProcessModel, edge: &Edge) {
    let [.., from, to] = edge.points.as_slice() else {
        return;
    };
    let flow = model.flows.iter().find(|f| f.id == edge.element);
    let message = model.message_flows.iter().find(|f| f.id == edge.element);
    let class = match (flow, message) {
        (Some(_), _) => "flow",
        (_, Some(_)) => "flow is-message",
        _ => "flow is-association",
    };
    let points: Vec<String> = edge
        .points
        .iter()
        .map(|(x, y)| format!("{x:.1},{y:.1}"))
        .collect();
    let _ = write!(
        svg,
        "<polyline class=\"{class}\" points=\"{}\"/>",
        points.join(" ")
    );
    if flow.is_some() || message.is_some() {
        let length = (to.0 - from.0).hypot(to.1 - from.1).max(1e-6);
        let (ux, uy) = ((to.0 - from.0) / length, (to.1 - from.1) / length);
        let (bx, by) = (to.0 - ux * 9.0, to.1 - uy * 9.0);
        let hollow = if message.is_some() { " is-message" } else { "" };
        let _ = write!(
            svg,
            "<polygon class=\"flow-tip{hollow}\" points=\"{:.1},{:.1} {:.1},{:.1} {:.1},{:.1}\"/>",
            to.0,
            to.1,
            bx - uy * 4.5,
            by + ux * 4.5,
            bx + uy * 4.5,
            by - ux * 4.5
        );
    }
    if let Some(named) = flow.or(message).filter(|f| !f.name.is_empty()) {
        let middle = edge.points.len() / 2;
        let (a, b) = (edge.points[middle - 1], edge.points[middle]);
        let at = edge
            .label
            .map_or(((a.0 + b.0) / 2.0, (a.1 + b.1) / 2.0 - 6.0), |l| {
                (l.x + l.width / 2.0, l.y + l.height / 2.0 + 4.0)
            });
        let _ = write!(
            svg,
            "<text class=\"flow-name\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
            at.0,
            at.1,
            escape(&named.name)
        );
    }
}
