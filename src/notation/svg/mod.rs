//! The computation graph of an answer as a picture: values flow downwards, cotangents back up.
//!
//! What is drawn is found in `graph`, placed in `layout` and written in `draw`; how wide a
//! text is, which no picture without a font can know, is estimated from above in `measure`, so
//! that texts never overlap. Linear in the size of the answer; computes nothing.

mod draw;
mod graph;
mod layout;
mod measure;

use super::answer::Answer;

/// The graph as one SVG document, readable on light and dark paper.
pub fn svg(answer: &Answer) -> String {
    inline(answer, &|_| None) + "\n"
}

/// The graph as an element of a page. A text that names a value (`W₁`, `∇u`) gets the class that
/// `link` gives to it.
pub(super) fn inline(answer: &Answer, link: &dyn Fn(&str) -> Option<String>) -> String {
    let graph = graph::graph(answer);
    let picture = layout::layout(&graph);
    draw::draw(&graph, &picture, link)
}

#[cfg(test)]
mod tests;
