//! What is drawn, and that nothing overlaps.

use super::graph::{Graph, Kind, graph};
use super::layout::{Picture, Place, layout};
use super::measure::{SMALL, width};
use super::*;
use crate::notation::math::{Math, Symbol};
use crate::notation::sample::one_layer;

/// A network of two layers.
fn two_layers() -> Answer {
    let program = "u = W1*x\nz = W2*sigmoid(u)\nL = norm2(z - y)^2";
    crate::gradient(&crate::Question::new(program)).expect("it has gradients").answer
}

fn names(graph: &Graph) -> Vec<&str> {
    graph.nodes.iter().map(|n| n.lines[0].as_str()).collect()
}

#[test]
fn an_expression_is_drawn_by_its_operations() {
    let graph = graph(&one_layer());
    assert_eq!(names(&graph), ["W", "x", "b", "W x", "W x + b", "y = σ(·)", "∇y given"]);
    let edges: Vec<(usize, usize)> = graph.edges.iter().map(|e| (e.from, e.to)).collect();
    assert_eq!(edges, [(0, 3), (1, 3), (3, 4), (2, 4), (4, 5), (5, 6)]);
    // cotangents flow only to what is asked for
    let back: Vec<bool> = graph.edges.iter().map(|e| e.back).collect();
    assert_eq!(back, [true, false, true, false, true, true]);
    assert_eq!(graph.edges[0].label.as_deref(), Some("∇W"));
}

#[test]
fn a_program_is_drawn_by_its_definitions() {
    let graph = graph(&two_layers());
    assert!(names(&graph).contains(&"u = W₁ x"), "{:?}", names(&graph));
    assert!(names(&graph).contains(&"z = W₂ σ(u)"));
    // operands stand above what is made of them
    for edge in &graph.edges {
        assert!(graph.nodes[edge.from].layer < graph.nodes[edge.to].layer);
    }
    assert_eq!(graph.nodes.last().map(|n| n.kind), Some(Kind::Seed));
}

/// A chain in which each value uses one much further up, and a matrix that all share.
fn chain(length: usize) -> Answer {
    let mut answer = two_layers();
    let template = answer.bindings[0].clone();
    let symbol = |at: usize| Symbol { name: format!("h{at}").into(), rank: 1 };
    let w = answer.parameters[0].name.clone();
    answer.bindings = (0..length)
        .map(|at| {
            let mut binding = template.clone();
            binding.name = Math::Symbol(symbol(at));
            let before = at.checked_sub(1).map(symbol);
            let far = at.checked_sub(9).map(symbol);
            let mut terms = vec![(false, w.clone())];
            terms.extend(before.into_iter().chain(far).map(|s| (false, Math::Symbol(s))));
            binding.value = Math::Sum(terms);
            let before = |n: usize| at.checked_sub(n).map(|at| at as u32);
            binding.needs = before(1).into_iter().chain(before(9)).collect();
            binding
        })
        .collect();
    answer.value = Math::Symbol(symbol(length - 1));
    answer.value_needs = smallvec::smallvec![length as u32 - 1];
    answer
}

fn overlap(a: Place, b: Place) -> bool {
    let apart = |a: f64, wide: f64, b: f64| a + wide <= b + 0.01;
    !(apart(a.left, a.width, b.left)
        || apart(b.left, b.width, a.left)
        || apart(a.top, a.height, b.top)
        || apart(b.top, b.height, a.top))
}

/// Every box and every label, as boxes.
fn taken(graph: &Graph, picture: &Picture) -> Vec<Place> {
    let labels = graph.edges.iter().zip(&picture.wires).filter_map(|(edge, wire)| {
        let (text, (left, y)) = (edge.label.as_ref()?, wire.label?);
        Some(Place { left, top: y - 8.0, width: width(text, SMALL), height: 16.0 })
    });
    picture.boxes.iter().copied().chain(labels).collect()
}

#[test]
fn no_text_overlaps_another_and_no_line_crosses_a_text() {
    for answer in [one_layer(), two_layers(), chain(60)] {
        let graph = graph(&answer);
        let picture = layout(&graph);
        let taken = taken(&graph, &picture);
        for (at, a) in taken.iter().enumerate() {
            assert!(a.left >= 0.0 && a.left + a.width <= picture.width, "{a:?}");
            assert!(a.top >= 0.0 && a.top + a.height <= picture.height, "{a:?}");
            for b in &taken[..at] {
                assert!(!overlap(*a, *b), "{a:?} {b:?}");
            }
        }
        // within a row lines are straight, and between rows there is no text
        for wire in &picture.wires {
            for (x, top, bottom) in &wire.points[1..wire.points.len() - 1] {
                let line = Place { left: x - 4.0, top: *top, width: 8.0, height: bottom - top };
                assert!(!taken.iter().any(|t| line.height > 0.0 && overlap(line, *t)), "{line:?}");
            }
        }
    }
}

#[test]
fn a_long_chain_stays_in_proportion() {
    let size = |length| {
        let graph = graph(&chain(length));
        (graph.nodes.len(), svg(&chain(length)).len())
    };
    let ((a, b), (c, d)) = (size(500), size(4000));
    assert!(c <= 9 * a && d <= 9 * b, "{a} {b} {c} {d}");
}

#[test]
fn the_picture_stands_by_itself() {
    let svg = svg(&one_layer());
    assert!(svg.starts_with("<svg class=\"derive-graph\" xmlns=\"http://www.w3.org/2000/svg\""));
    assert!(svg.contains("prefers-color-scheme:dark") && svg.contains(">∇W</text>"));
    assert_eq!(svg.matches("http").count(), 1, "only the namespace");
}
