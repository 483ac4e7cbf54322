//! BPMN DI.

use super::{attribute, processes};
use crate::model::bpmn::*;
use std::io::{self, Write};

pub(super) fn write(
    model: &ProcessModel,
    drawing: &Drawing,
    out: &mut dyn Write,
) -> io::Result<()> {
    let diagrams = drawing
        .shapes
        .iter()
        .map(|s| s.diagram)
        .chain(drawing.edges.iter().map(|e| e.diagram));
    let plane = match processes(model).first() {
        Some(process) if model.pools.is_empty() => process,
        _ => "collaboration",
    };
    for number in 0..diagrams.max().map_or(0, |n| n + 1) {
        let id = attribute("id", &format!("diagram{number}"));
        let of = attribute("bpmnElement", plane);
        writeln!(
            out,
            "<bpmndi:BPMNDiagram{id}><bpmndi:BPMNPlane id=\"plane{number}\"{of}>"
        )?;
        for shape in drawing.shapes.iter().filter(|s| s.diagram == number) {
            write_shape(shape, out)?;
        }
        for edge in drawing.edges.iter().filter(|e| e.diagram == number) {
            write!(
                out,
                "<bpmndi:BPMNEdge{}>",
                attribute("bpmnElement", &edge.element)
            )?;
            for (x, y) in &edge.points {
                write!(out, "<di:waypoint x=\"{x}\" y=\"{y}\"/>")?;
            }
            label(edge.label, out)?;
            out.write_all(b"</bpmndi:BPMNEdge>\n")?;
        }
        out.write_all(b"</bpmndi:BPMNPlane></bpmndi:BPMNDiagram>\n")?;
    }
    Ok(())
}

fn write_shape(shape: &Shape, out: &mut dyn Write) -> io::Result<()> {
    let expanded = if shape.expanded {
        " isExpanded=\"true\""
    } else {
        ""
    };
    let horizontal = if shape.horizontal {
        ""
    } else {
        " isHorizontal=\"false\""
    };
    write!(
        out,
        "<bpmndi:BPMNShape{}{expanded}{horizontal}>",
        attribute("bpmnElement", &shape.element)
    )?;
    bounds(shape.bounds, out)?;
    label(shape.label, out)?;
    out.write_all(b"</bpmndi:BPMNShape>\n")
}

fn label(at: Option<Bounds>, out: &mut dyn Write) -> io::Result<()> {
    let Some(at) = at else { return Ok(()) };
    out.write_all(b"<bpmndi:BPMNLabel>")?;
    bounds(at, out)?;
    out.write_all(b"</bpmndi:BPMNLabel>")
}

fn bounds(
    Bounds {
        x,
        y,
        width,
        height,
    }: Bounds,
    out: &mut dyn Write,
) -> io::Result<()> {
    write!(
        out,
        "<dc:Bounds x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\"/>"
    )
}
