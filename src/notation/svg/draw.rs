//! The picture as SVG.

use super::graph::{Edge, Graph, Kind, Node};
use super::layout::{Picture, Place, Wire};
use super::measure::{LINE, SIZE, SMALL};
use crate::notation::html::escape;
use std::fmt::Write as _;

/// Half the distance between a value's line and its cotangent's.
const PAIR: f64 = 3.5;

/// Colours follow the reader's paper; a page may set its own.
const STYLE: &str = "\
.derive-graph{--paper:#fff;--ink:#1b1f24;--soft:#59636e;--line:#8c959f;--box:#f6f8fa;--back:#bc4c00;--mark:#fff1b8;--goal:#0969da;font-family:'STIX Two Text','Cambria',Georgia,'DejaVu Serif',serif}
@media (prefers-color-scheme:dark){.derive-graph{--paper:#0d1117;--ink:#e6edf3;--soft:#9198a1;--line:#656c76;--box:#161b22;--back:#f0883e;--mark:#4b3a10;--goal:#58a6ff}}
.derive-graph .paper{fill:var(--paper)}
.derive-graph text{fill:var(--ink);white-space:pre}
.derive-graph .shape{fill:var(--soft)}
.derive-graph .box{fill:var(--box);stroke:var(--line)}
.derive-graph .variable .box{fill:var(--paper)}
.derive-graph .copy .box{fill:var(--paper);stroke-dasharray:3 3}
.derive-graph .objective .box{stroke:var(--goal);stroke-width:2}
.derive-graph .seed .box{fill:none;stroke:none}
.derive-graph .seed text,.derive-graph .cotangent{fill:var(--back)}
.derive-graph .down{fill:none;stroke:var(--line);stroke-width:1.4}
.derive-graph .up{fill:none;stroke:var(--back);stroke-width:1.4;stroke-dasharray:5 3}
.derive-graph .downward{fill:var(--line)}
.derive-graph .upward{fill:var(--back)}
";

/// Writes the picture; `link` gives the class of a name.
pub(super) fn draw(
    graph: &Graph,
    picture: &Picture,
    link: &dyn Fn(&str) -> Option<String>,
) -> String {
    let (width, height) = (picture.width.ceil(), picture.height.ceil());
    let mut out = String::with_capacity(400 * (graph.nodes.len() + graph.edges.len()) + 2000);
    // writing into a string cannot fail
    let _ = write!(
        out,
        "<svg class=\"derive-graph\" xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" role=\"img\">\n<title>{}</title>\n<style>\n{STYLE}</style>\n{}<rect class=\"paper\" width=\"{width}\" height=\"{height}\" rx=\"6\"/>\n",
        escape(&graph.title),
        MARKERS
    );
    for (edge, wire) in graph.edges.iter().zip(&picture.wires) {
        lines(&mut out, edge, wire);
    }
    for (node, place) in graph.nodes.iter().zip(&picture.boxes) {
        shape(&mut out, node, *place, link);
    }
    for (edge, wire) in graph.edges.iter().zip(&picture.wires) {
        label(&mut out, edge, wire, link);
    }
    out.push_str("</svg>");
    out
}

const MARKERS: &str = "<defs>\
<marker id=\"derive-down\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"6\" markerHeight=\"6\" orient=\"auto\"><path class=\"downward\" d=\"M0 0L8 4L0 8z\"/></marker>\
<marker id=\"derive-up\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"6\" markerHeight=\"6\" orient=\"auto\"><path class=\"upward\" d=\"M0 0L8 4L0 8z\"/></marker>\
</defs>\n";

fn lines(out: &mut String, edge: &Edge, wire: &Wire) {
    let apart = if edge.forward && edge.back { PAIR } else { 0.0 };
    if edge.forward {
        let path = path(&wire.points, -apart, false);
        let _ =
            writeln!(out, "<path class=\"down\" marker-end=\"url(#derive-down)\" d=\"{path}\"/>");
    }
    if edge.back {
        let path = path(&wire.points, apart, true);
        let _ = writeln!(out, "<path class=\"up\" marker-end=\"url(#derive-up)\" d=\"{path}\"/>");
    }
}

/// A smooth line through all points, straight where it passes a row.
fn path(points: &[(f64, f64, f64)], aside: f64, upwards: bool) -> String {
    let mut stops: Vec<(f64, f64, f64)> = points.to_vec();
    if upwards {
        stops.reverse();
        for stop in &mut stops {
            std::mem::swap(&mut stop.1, &mut stop.2);
        }
    }
    let mut out = String::new();
    let mut before: Option<(f64, f64)> = None;
    for (x, enter, leave) in stops {
        let x = x + aside;
        match before {
            None => {
                let _ = write!(out, "M{x:.1} {enter:.1}");
            }
            Some((from, y)) => {
                let middle = f64::midpoint(y, enter);
                let _ = write!(out, "C{from:.1} {middle:.1} {x:.1} {middle:.1} {x:.1} {enter:.1}");
            }
        }
        if (leave - enter).abs() > 0.05 {
            let _ = write!(out, "V{leave:.1}");
        }
        before = Some((x, leave));
    }
    out
}

fn shape(out: &mut String, node: &Node, place: Place, link: &dyn Fn(&str) -> Option<String>) {
    let class = match node.kind {
        Kind::Variable => "variable",
        Kind::Value => "value",
        Kind::Objective => "objective",
        Kind::Copy => "copy",
        Kind::Seed => "seed",
    };
    let linked = node.name.as_deref().and_then(link).map(|c| format!(" {c}")).unwrap_or_default();
    let round = if matches!(node.kind, Kind::Variable | Kind::Copy) { 14.0 } else { 5.0 };
    let Place { left, top, width, height } = place;
    let _ = writeln!(
        out,
        "<g class=\"{class}{linked}\"><rect class=\"box\" x=\"{left:.1}\" y=\"{top:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" rx=\"{round}\"/>"
    );
    let middle = left + width / 2.0;
    let several = node.lines.len() > 1;
    let mut y = top + 6.0 + LINE * 0.72;
    for line in &node.lines {
        // lines that were broken keep their indentation
        let (x, anchor) = if several { (left + 13.0, "start") } else { (middle, "middle") };
        let _ = writeln!(
            out,
            "<text x=\"{x:.1}\" y=\"{y:.1}\" font-size=\"{SIZE}\" text-anchor=\"{anchor}\">{}</text>",
            escape(line)
        );
        y += LINE;
    }
    if let Some(shape) = &node.shape {
        let y = y - 3.0;
        let _ = writeln!(
            out,
            "<text class=\"shape\" x=\"{middle:.1}\" y=\"{y:.1}\" font-size=\"{SMALL}\" text-anchor=\"middle\">{}</text>",
            escape(shape)
        );
    }
    out.push_str("</g>\n");
}

fn label(out: &mut String, edge: &Edge, wire: &Wire, link: &dyn Fn(&str) -> Option<String>) {
    let (Some(text), Some((x, y))) = (&edge.label, wire.label) else { return };
    let linked = link(text).map(|c| format!(" {c}")).unwrap_or_default();
    let _ = writeln!(
        out,
        "<text class=\"cotangent{linked}\" x=\"{x:.1}\" y=\"{:.1}\" font-size=\"{SMALL}\">{}</text>",
        y + SMALL * 0.35,
        escape(text)
    );
}
