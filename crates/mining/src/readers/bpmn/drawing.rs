//! BPMN DI: where the author drew what.

use super::super::xml_tree::Element;
use crate::model::bpmn::*;

/// Adds a diagram's shapes and edges. Files may have several diagrams, each with its own plane.
pub(super) fn read(diagram: &Element, model: &mut ProcessModel) {
    let drawing = model.drawing.get_or_insert_with(Drawing::default);
    let shapes = drawing.shapes.iter().map(|s| s.diagram);
    let number = shapes
        .chain(drawing.edges.iter().map(|e| e.diagram))
        .max()
        .map_or(0, |n| n + 1);
    for item in diagram.all("BPMNPlane").flat_map(|plane| &plane.children) {
        let element = item.get("bpmnElement").unwrap_or_default().to_string();
        let label = item
            .child("BPMNLabel")
            .and_then(|l| l.child("Bounds"))
            .and_then(bounds);
        match item.name.as_str() {
            "BPMNShape" => {
                let Some(bounds) = item.child("Bounds").and_then(bounds) else {
                    continue;
                };
                let flag = |name: &str| matches!(item.get(name), Some("true" | "1"));
                drawing.shapes.push(Shape {
                    diagram: number,
                    element,
                    bounds,
                    expanded: flag("isExpanded"),
                    // Pools and lanes lie across unless the file says otherwise.
                    horizontal: !matches!(item.get("isHorizontal"), Some("false" | "0")),
                    label,
                });
            }
            "BPMNEdge" => {
                let points = item
                    .all("waypoint")
                    .filter_map(|p| Some((number_in(p, "x")?, number_in(p, "y")?)));
                drawing.edges.push(Edge {
                    diagram: number,
                    element,
                    points: points.collect(),
                    label,
                });
            }
            _ => {}
        }
    }
    if drawing.shapes.is_empty() && drawing.edges.is_empty() {
        model.drawing = None;
    }
}

fn bounds(element: &Element) -> Option<Bounds> {
    Some(Bounds {
        x: number_in(element, "x")?,
        y: number_in(element, "y")?,
        width: number_in(element, "width")?,
        height: number_in(element, "height")?,
    })
}

fn number_in(element: &Element, name: &str) -> Option<f64> {
    element
        .get(name)?
        .trim()
        .parse()
        .ok()
        .filter(|n: &f64| n.is_finite())
}
