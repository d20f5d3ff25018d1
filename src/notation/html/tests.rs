//! What stands on the page.

use super::*;
use crate::notation::sample::one_layer;

/// A network of two layers.
fn two_layers() -> Answer {
    let program = "u = W1*x\nz = W2*sigmoid(u)\nL = norm2(z - y)^2";
    crate::gradient(&crate::Question::new(program)).expect("it has gradients").answer
}

fn page(answer: &Answer, steps: Option<(&Steps, Notation)>) -> String {
    html(answer, &Report::skipped("the judge cannot evaluate <it>"), steps)
}

/// Every element that is opened is closed, in order.
fn assert_nested(page: &str) {
    let mut open: Vec<&str> = Vec::new();
    let mut rest = page;
    while let Some(at) = rest.find('<') {
        rest = &rest[at + 1..];
        let end = rest.find('>').expect("a tag ends");
        let tag = &rest[..end];
        let name = tag.split([' ', '/']).find(|t| !t.is_empty()).unwrap_or_default();
        if tag.starts_with('/') {
            assert_eq!(open.pop(), Some(name), "{tag}");
        } else if !tag.ends_with('/') && !matches!(name, "!doctype" | "meta") {
            open.push(name);
        }
        rest = &rest[end + 1..];
    }
    assert!(open.is_empty(), "{open:?}");
}

#[test]
fn a_page_needs_nothing_else() {
    for answer in [one_layer(), two_layers()] {
        let page = page(&answer, None);
        assert_nested(&page);
        for outside in ["<script", "src=", "@import", "<link", "onclick", "https:"] {
            assert!(!page.contains(outside), "{outside}");
        }
        assert_eq!(page.matches("http:").count(), 1, "only the namespace of the picture");
        for heading in ["Result", "Shapes", "Computation graph", "Verification"] {
            assert!(page.contains(&format!("<h2>{heading}</h2>")), "{heading}");
        }
        assert!(page.contains("the judge cannot evaluate &lt;it&gt;"));
        assert!(!page.contains("<h2>Derivation</h2>"), "there are no steps");
    }
}

#[test]
fn steps_stand_in_two_columns() {
    let question = crate::Question::new("y = sigmoid(W*x + b)").wrt(&["W"]).with_steps();
    let solution = crate::gradient(&question).expect("it has gradients");
    let steps = solution.steps.as_ref().expect("steps were asked for");
    let two = page(&solution.answer, Some((steps, Notation::Both)));
    assert_nested(&two);
    assert!(two.contains("<div class=\"steps two\">") && two.contains("index notation"));
    assert!(two.contains("<div class=\"rule\">chain-rule</div>"));
    // what corresponds in both columns lights up together
    let class = Links::new(&solution.answer, Some(steps)).class("∇u").expect("∇u is linked");
    assert!(two.contains(&format!("<mfrac class=\"{class}\">")), "{two}");
    let one = page(&solution.answer, Some((steps, Notation::Index)));
    assert_nested(&one);
    assert!(one.contains("<div class=\"steps one\">"));
}

#[test]
fn names_are_linked_across_the_page() {
    let page = page(&one_layer(), None);
    let class = Links::new(&one_layer(), None).class("x").expect("x is linked");
    assert!(page.contains(&format!("main:has(.{class}:hover) .{class}")));
    let rows = page.matches(&format!("<mrow class=\"{class}\"><mi>x</mi></mrow>")).count();
    assert!(rows >= 3, "in the expression, the result and the shapes");
    assert!(page.contains(&format!("<g class=\"variable {class}\">")), "and in the graph");
}

#[test]
fn formulas_alone_are_one_element() {
    let one = mathml(&one_layer());
    assert!(one.starts_with("<math display=\"block\"><mtable") && one.ends_with("</math>\n"));
    assert_nested(&one);
    assert!(!one.contains("class="));
    assert_eq!(one.matches("<mtr>").count(), 2, "the objective and its gradient");
}
