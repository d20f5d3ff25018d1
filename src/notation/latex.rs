//! LaTeX, for documents.

use super::layout::{Glyphs, Sign, print};
use super::math::{Math, Symbol};
use crate::functions::{Function, Notation};
use crate::syntax::operator::greek;

/// The expression as LaTeX, in math mode.
pub fn latex(m: &Math) -> String {
    print(&Latex, m)
}

struct Latex;

/// A name: `\lambda`, `W_{1}`, `\mathrm{loss}`.
pub(crate) fn latex_name(s: &str) -> String {
    let digits = s.trim_end_matches(|c: char| c.is_ascii_digit());
    let (base, below) = match s.split_once('_') {
        Some((base, below)) if !base.is_empty() => (base, below),
        Some(_) => (s, ""),
        None => (digits, &s[digits.len()..]),
    };
    let word = |w: &str| match greek(w) {
        Some(_) => match w {
            "epsilon" => "\\varepsilon".to_string(),
            "phi" => "\\varphi".to_string(),
            w => format!("\\{w}"),
        },
        None if w.chars().count() == 1 || w.chars().all(|c| c.is_ascii_digit()) => w.to_string(),
        None => format!("\\mathrm{{{}}}", w.replace('_', "\\_")),
    };
    if below.is_empty() { word(base) } else { format!("{}_{{{}}}", word(base), word(below)) }
}

impl Glyphs for Latex {
    fn symbol(&self, out: &mut String, s: &Symbol) {
        out.push_str(&latex_name(&s.name));
    }

    fn gradient(&self, out: &mut String, s: &Symbol) {
        out.push_str("\\nabla_{");
        out.push_str(&latex_name(&s.name));
        out.push('}');
    }

    fn sign(&self, sign: Sign) -> &'static str {
        match sign {
            Sign::Plus => " + ",
            Sign::Minus => " - ",
            Sign::Negative => "-",
            Sign::Times => " ",
            Sign::Hadamard => " \\odot ",
            Sign::Over => "/",
            Sign::ElementOver => " \\oslash ",
            Sign::Transpose => "^{\\top}",
            Sign::Prime => "'",
            Sign::Pi => "\\pi",
            Sign::Comma => ", ",
            Sign::Less => " < ",
            Sign::LessEqual => " \\le ",
            Sign::Greater => " > ",
            Sign::GreaterEqual => " \\ge ",
        }
    }

    fn function(&self, f: &'static Function) -> Notation {
        f.latex
    }

    fn fractions(&self) -> bool {
        true
    }

    fn brackets(&self, content: &str) -> (&'static str, &'static str) {
        let tall = ["\\frac", "\\sum", "\\left"].iter().any(|t| content.contains(t));
        if tall { ("\\left(", "\\right)") } else { ("(", ")") }
    }

    fn exponent(&self, out: &mut String, exponent: &str, elementwise: bool) {
        let exponent = if exponent == "-T" { "-\\top" } else { exponent };
        out.push_str(if elementwise { "^{\\odot " } else { "^{" });
        out.push_str(exponent);
        out.push('}');
    }

    fn indices(&self, out: &mut String, indices: &[String], plain: bool) {
        let joined = if indices.iter().all(|i| i.len() == 1) { indices.concat() } else { indices.join(",") };
        if plain && !out.ends_with('}') {
            out.push_str(&format!("_{{{joined}}}"));
        } else {
            let inner = std::mem::take(out);
            out.push_str(&format!("\\left[{inner}\\right]_{{{joined}}}"));
        }
    }

    fn index_sum(&self, out: &mut String, names: &[String]) {
        out.push_str(&format!("\\sum_{{{}}} ", names.join(",")));
    }

    fn delta(&self, out: &mut String, a: &str, b: &str) {
        let separator = if a.len() == 1 && b.len() == 1 { "" } else { "," };
        out.push_str(&format!("\\delta_{{{a}{separator}{b}}}"));
    }

    fn fill(&self, out: &mut String, ones: bool, _: &[String]) {
        out.push_str(if ones { "\\mathbf{1}" } else { "\\mathbf{0}" });
    }

    fn identity(&self, out: &mut String, _: Option<&str>) {
        out.push('I');
    }

    fn inverse(&self, out: &mut String, _: &str, bracketed: &str) {
        out.push_str(bracketed);
        out.push_str("^{-1}");
    }

    fn unknown_gradient(&self, out: &mut String, f: &Symbol, at: &str) {
        out.push_str(&format!("\\nabla {}({at})", latex_name(&f.name)));
    }

    fn axis(&self, axis: usize) -> String {
        format!(",\\ \\mathrm{{axis}}={axis}")
    }

    fn inverse_is_call(&self) -> bool {
        false
    }
}
