//! `MathML` and SVG are read by an XML parser: every answer to the given cases is well formed, has only
//! elements of MathML Core, and gives each element as many children as it takes.

#[path = "common/given.rs"]
mod given;
#[path = "common/solved.rs"]
mod solved;

use derive::Solution;
use derive::notation::html::{html, mathml, mathml_steps};
use derive::notation::steps::Notation;
use derive::notation::svg::svg;
use derive::notation::text::Report;
use given::cases;
use roxmltree::{Document, Node};
use solved::solve;

/// The number of children that an element of MathML Core takes; `None` where it holds text, no upper
/// limit where it is a row.
///
/// **Source** MathML Core, W3C, sections 3.2 to 3.6.
fn arity(name: &str) -> Option<std::ops::RangeInclusive<usize>> {
    Some(match name {
        "mspace" => 0..=0,
        "mfrac" | "msub" | "msup" | "munder" | "mover" | "mroot" => 2..=2,
        "msubsup" | "munderover" => 3..=3,
        "math" | "mrow" | "mstyle" | "mpadded" | "mphantom" | "msqrt" | "mtable" | "mtr"
        | "mtd" | "a" => 0..=usize::MAX,
        _ => return None,
    })
}

/// What is wrong with an element and those inside it.
fn complain(node: Node<'_, '_>, out: &mut Vec<String>) {
    let name = node.tag_name().name();
    let children: Vec<Node<'_, '_>> = node.children().filter(Node::is_element).collect();
    let loose = node.children().any(|c| c.is_text() && !c.text().unwrap_or("").trim().is_empty());
    let of = |parent: &str| children.iter().all(|c| c.tag_name().name() == parent);
    match (name, arity(name)) {
        ("mi" | "mn" | "mo" | "mtext", _) => {
            let text = node.text().unwrap_or("");
            if !children.is_empty() || text.is_empty() {
                out.push(format!("<{name}> holds text: {text:?}"));
            }
        }
        (_, None) => out.push(format!("<{name}> is no element of MathML Core")),
        (_, Some(range)) => {
            if loose || !range.contains(&children.len()) {
                out.push(format!("<{name}> has {} children", children.len()));
            }
        }
    }
    if name == "mtable" && !of("mtr") || name == "mtr" && !of("mtd") {
        out.push(format!("<{name}> has other children than rows and cells"));
    }
    for child in children {
        complain(child, out);
    }
}

fn checked(id: &str, text: &str) {
    let document = Document::parse(text).unwrap_or_else(|e| panic!("{id}: {e}\n{text}"));
    let mut list = Vec::new();
    assert_eq!(document.root_element().tag_name().name(), "math", "{id}");
    complain(document.root_element(), &mut list);
    assert!(list.is_empty(), "{id}: {}\n{text}", list.join("; "));
}

/// The answers to the given cases, with their derivations.
fn solutions() -> impl Iterator<Item = (String, Solution)> {
    cases().into_iter().map(|case| {
        let id = case["id"].as_str().unwrap_or_default().to_string();
        let solution = solve(&case).unwrap_or_else(|e| panic!("{id}: {e}"));
        (id, solution)
    })
}

#[test]
fn every_answer_is_mathml() {
    for (id, solution) in solutions() {
        checked(&id, mathml(&solution.answer).trim());
        let steps = solution.steps.as_ref().expect("steps were asked for");
        for notation in [Notation::Matrix, Notation::Index, Notation::Both] {
            let text = mathml_steps(&solution.answer, steps, notation);
            for formula in text.split_inclusive("</math>").filter(|t| !t.trim().is_empty()) {
                checked(&id, formula.trim());
            }
        }
    }
}

#[test]
fn every_formula_of_a_page_is_mathml() {
    for (id, solution) in solutions() {
        let steps = solution.steps.as_ref().map(|s| (s, Notation::Both));
        let page = html(&solution.answer, &Report::skipped(""), steps);
        let formulas: Vec<&str> = page.split("<math").skip(1).collect();
        assert!(!formulas.is_empty(), "{id} has formulas");
        for formula in formulas {
            let (formula, _) = formula.split_once("</math>").expect("a formula ends");
            checked(&id, &format!("<math{formula}</math>"));
        }
    }
}

#[test]
fn every_graph_is_xml() {
    for (id, solution) in solutions() {
        let graph = svg(&solution.answer);
        let document = Document::parse(graph.trim()).unwrap_or_else(|e| panic!("{id}: {e}"));
        assert_eq!(document.root_element().tag_name().name(), "svg", "{id}");
    }
}

#[test]
fn mistakes_are_seen() {
    let wrong = [
        ("<math><mfrac><mi>a</mi></mfrac></math>", "<mfrac> has 1 children"),
        ("<math><msup><mi>a</mi></msup></math>", "<msup> has 1 children"),
        ("<math><mi></mi></math>", "<mi> holds text"),
        ("<math><div/></math>", "<div> is no element"),
        ("<math><mrow>x</mrow></math>", "<mrow> has 0 children"),
        ("<math><mtable><mtd/></mtable></math>", "<mtable> has other children"),
    ];
    for (text, complaint) in wrong {
        let document = Document::parse(text).expect("it is XML");
        let mut list = Vec::new();
        complain(document.root_element(), &mut list);
        assert!(list.iter().any(|c| c.contains(complaint)), "{text}: {list:?}");
    }
}
