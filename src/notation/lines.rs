//! Breaking long formulas into lines, for people only: a formula that fits stays on its line.

use super::layout::{Glyphs, Place, Sink, write};
use super::math::Math;
use pretty::{Arena, DocAllocator, DocBuilder};

/// An expression after what stands left of it, in lines of at most `width` columns where it can
/// be. Lines after the first are indented by `indent`; the outermost operators break first.
pub(super) fn broken<G: Glyphs>(
    g: G,
    left: &str,
    math: &Math,
    indent: usize,
    width: usize,
) -> String {
    let mut out = String::with_capacity(left.len() + 64);
    out.push_str(left);
    write_broken(g, &mut out, 0, math, indent, width);
    out
}

/// Appends an expression to a line of which the part from `start` on is already written; the lines
/// are broken as by [`broken`].
pub(super) fn write_broken<G: Glyphs>(
    g: G,
    out: &mut String,
    start: usize,
    math: &Math,
    indent: usize,
    width: usize,
) {
    let middle = out.len();
    write(g, out, math, Place::Whole);
    let line = &out[start..];
    if line.len() <= width || line.chars().count() <= width {
        return;
    }
    let flat = out.split_off(start);
    let arena = Arena::new();
    let mut sink = Breaking {
        arena: &arena,
        flat: &flat,
        from: 0,
        to: middle - start,
        stack: vec![arena.nil()],
    };
    sink.open();
    write(g, &mut sink, math, Place::Whole);
    sink.flush();
    let right = sink.stack.pop().unwrap_or_else(|| arena.nil());
    sink.push(right.nest(isize::try_from(indent).unwrap_or(0)).group());
    let doc = sink.stack.pop().unwrap_or_else(|| arena.nil());
    // writing into a string cannot fail
    let _ = doc.render_fmt(width, out);
}

/// A sink that breaks lines. What it is given is the line that was written before, piece by piece, so
/// that it keeps places in that line and no text of its own.
struct Breaking<'a> {
    arena: &'a Arena<'a>,
    /// The line.
    flat: &'a str,
    /// The part of it that is written but not yet in a document.
    from: usize,
    to: usize,
    /// What is open, innermost last; never empty.
    stack: Vec<DocBuilder<'a, Arena<'a>>>,
}

impl<'a> Breaking<'a> {
    fn flush(&mut self) {
        if self.from < self.to {
            let doc = self.arena.text(&self.flat[self.from..self.to]);
            self.push(doc);
            self.from = self.to;
        }
    }

    fn push(&mut self, doc: DocBuilder<'a, Arena<'a>>) {
        let below = self.stack.pop().unwrap_or_else(|| self.arena.nil());
        self.stack.push(below.append(doc));
    }
}

impl Sink for Breaking<'_> {
    fn text(&mut self, text: &str) {
        self.to += text.len();
    }
    fn line(&mut self) {
        self.flush();
        let doc = self.arena.line();
        self.push(doc);
        self.to += 1;
        self.from = self.to;
    }
    fn open(&mut self) {
        self.flush();
        self.stack.push(self.arena.nil());
    }
    fn close(&mut self) {
        self.flush();
        if let Some(doc) = self.stack.pop() {
            self.push(doc.nest(2).group());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::ascii::Ascii;
    use super::super::sample::*;
    use super::*;

    #[test]
    fn a_long_sum_breaks_before_its_operators() {
        let long = || prod([m("Alpha"), v("vector_one")]);
        let math = sub(add([long(), call(&SIGMOID, long())]), long());
        assert_eq!(
            broken(Ascii, "y = ", &math, 4, 40),
            "y = (Alpha*vector_one\n        + sigmoid(Alpha*vector_one))\n    - Alpha*vector_one"
        );
        assert_eq!(broken(Ascii, "", &add([v("a"), v("b")]), 4, 40), "a + b");
    }

    #[test]
    fn many_terms_need_no_deep_stack() {
        let math = add((0..20_000).map(|_| v("x")));
        assert!(broken(Ascii, "", &math, 2, 40).lines().count() > 1000);
    }
}
