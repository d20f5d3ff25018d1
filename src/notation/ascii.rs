//! ASCII: the language itself.

use super::layout::{Glyphs, Sign, print};
use super::math::{Math, Symbol};
use crate::functions::{Function, Notation};

/// The expression in the language: it reads back.
pub fn ascii(m: &Math) -> String {
    print(&Ascii, m)
}

struct Ascii;

impl Glyphs for Ascii {
    fn symbol(&self, out: &mut String, s: &Symbol) {
        out.push_str(&s.name);
    }

    fn gradient(&self, out: &mut String, s: &Symbol) {
        out.push_str("grad_");
        out.push_str(&s.name);
    }

    fn sign(&self, sign: Sign) -> &'static str {
        match sign {
            Sign::Plus => " + ",
            Sign::Minus => " - ",
            Sign::Negative => "-",
            Sign::Times => "*",
            Sign::Hadamard => " .* ",
            Sign::Over => "/",
            Sign::ElementOver => " ./ ",
            Sign::Transpose | Sign::Prime => "'",
            Sign::Pi => "pi",
            Sign::Comma => ", ",
            Sign::Less => " < ",
            Sign::LessEqual => " <= ",
            Sign::Greater => " > ",
            Sign::GreaterEqual => " >= ",
        }
    }

    fn function(&self, f: &'static Function) -> Notation {
        Notation::Operator(f.name)
    }

    fn fractions(&self) -> bool {
        false
    }

    fn brackets(&self, _: &str) -> (&'static str, &'static str) {
        ("(", ")")
    }

    fn exponent(&self, out: &mut String, exponent: &str, elementwise: bool) {
        out.push_str(if elementwise { ".^" } else { "^" });
        out.push_str(exponent);
    }

    fn indices(&self, out: &mut String, indices: &[String], _: bool) {
        out.push('[');
        out.push_str(&indices.join(","));
        out.push(']');
    }

    fn index_sum(&self, out: &mut String, names: &[String]) {
        out.push_str("sum[");
        out.push_str(&names.join(","));
        out.push(']');
    }

    fn delta(&self, out: &mut String, a: &str, b: &str) {
        out.push_str("delta[");
        out.push_str(a);
        out.push(',');
        out.push_str(b);
        out.push(']');
    }

    fn fill(&self, out: &mut String, ones: bool, sizes: &[String]) {
        out.push_str(if ones { "ones(" } else { "zeros(" });
        out.push_str(&sizes.join(", "));
        out.push(')');
    }

    fn identity(&self, out: &mut String, size: Option<&str>) {
        match size {
            Some(n) => {
                out.push_str("eye(");
                out.push_str(n);
                out.push(')');
            }
            None => out.push('I'),
        }
    }

    fn inverse(&self, out: &mut String, inner: &str, _: &str) {
        out.push_str("inv(");
        out.push_str(inner);
        out.push(')');
    }

    fn unknown_gradient(&self, out: &mut String, f: &Symbol, at: &str) {
        out.push_str(&format!("grad({}({at}), {at})", f.name));
    }

    fn axis(&self, axis: usize) -> String {
        format!(", axis={axis}")
    }

    fn inverse_is_call(&self) -> bool {
        true
    }
}
