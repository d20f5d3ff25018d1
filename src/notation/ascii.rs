//! ASCII: the language itself. What is printed here reads back with the same meaning.

use super::layout::{self, Glyphs, Place, Sink, is_minus_one, rank, write};
use super::math::{Math, Symbol};

/// An expression in the language, on one line.
pub fn ascii(math: &Math) -> String {
    let mut out = String::with_capacity(64);
    write_ascii(&mut out, math);
    out
}

/// Appends an expression in the language, on one line.
pub fn write_ascii(out: &mut String, math: &Math) {
    write(Ascii, out, math, Place::Whole);
}

/// The notation of the language.
#[derive(Clone, Copy)]
pub(super) struct Ascii;

impl Glyphs for Ascii {
    fn class(self, math: &Math) -> layout::Class {
        match math {
            Math::Power(base, exponent) if is_inverse(base, exponent) => layout::Class::Atom,
            _ => layout::class(math),
        }
    }

    fn power<S: Sink>(self, out: &mut S, base: &Math, exponent: &Math, element: bool) {
        if !element && is_inverse(base, exponent) {
            out.text("inv(");
            out.open();
            write(self, out, base, Place::Whole);
            out.close();
            return out.text(")");
        }
        write(self, out, base, Place::Operand);
        out.text(if element { ".^" } else { "^" });
        let plain = match exponent {
            // `x^T` is a transpose, and a size may be `n-1`
            Math::Symbol(s) => &*s.name != "T" && layout::class(exponent) == layout::Class::Atom,
            Math::Number(n) => !n.is_fraction() && !n.is_negative(),
            Math::Pi => true,
            _ => false,
        };
        if plain {
            write(self, out, exponent, Place::Whole);
        } else {
            self.bracketed(out, exponent);
        }
    }

    fn transpose<S: Sink>(self, out: &mut S, inner: &Math) {
        write(self, out, inner, Place::Operand);
        out.text("'");
    }

    fn unknown_gradient<S: Sink>(self, out: &mut S, function: &Symbol, order: u32, at: &Math) {
        out.text(if order == 1 { "grad(" } else { "hess(" });
        out.open();
        self.symbol(out, function);
        out.text("(");
        write(self, out, at, Place::Whole);
        out.text("),");
        out.line();
        write(self, out, at, Place::Whole);
        out.close();
        out.text(")");
    }

    fn index_sum<S: Sink>(self, out: &mut S, indices: &[Symbol], body: &Math) {
        out.text("sum[");
        for (i, index) in indices.iter().enumerate() {
            out.text(if i > 0 { "," } else { "" });
            self.symbol(out, index);
        }
        out.text("](");
        out.open();
        write(self, out, body, Place::Whole);
        out.close();
        out.text(")");
    }

    fn delta<S: Sink>(self, out: &mut S, i: &Math, j: &Math) {
        out.text("delta[");
        write(self, out, i, Place::Whole);
        out.text(",");
        write(self, out, j, Place::Whole);
        out.text("]");
    }
}

/// Whether a power is written `inv(A)`; of a scalar it is `x^(-1)`.
fn is_inverse(base: &Math, exponent: &Math) -> bool {
    is_minus_one(exponent) && rank(base) != Some(0)
}

#[cfg(test)]
mod tests {
    use super::super::sample::*;
    use super::*;
    use crate::number::Number;
    use crate::syntax::ast::Comparison;

    #[test]
    fn gallery_in_the_language() {
        let lines: Vec<String> =
            gallery().iter().map(|(name, math)| format!("{name}: {}", ascii(math))).collect();
        insta::assert_snapshot!(lines.join("\n"));
    }

    #[test]
    fn products_of_different_kinds_are_kept_apart() {
        let (a, b, x) = (|| v("a"), || v("b"), || v("x"));
        let written = |math: Math, text: &str| assert_eq!(ascii(&math), text);
        written(prod([had([a(), b()]), c("s")]), "(a .* b)*s");
        written(had([prod([m("A"), x()]), b()]), "(A*x) .* b");
        written(had([prod([n(2), x()]), b()]), "2*x .* b");
        written(had([b(), prod([n(2), x()])]), "b .* (2*x)");
        written(prod([n(2), had([a(), b()])]), "2*a .* b");
        written(had([prod([n(2), had([a(), b()])]), x()]), "(2*a .* b) .* x");
        written(equot(had([a(), b()]), x()), "(a .* b) ./ x");
        written(equot(a(), had([b(), x()])), "a ./ (b .* x)");
        written(prod([m("A"), prod([m("B"), x()])]), "A*(B*x)");
        written(quot(quot(a(), c("s")), c("t")), "(a/s)/t");
        written(quot(a(), prod([c("s"), c("t")])), "a/(s*t)");
        written(prod([quot(a(), c("s")), c("t")]), "a/s*t");
        written(prod([c("t"), quot(a(), c("s"))]), "t*(a/s)");
        written(prod([c("t"), half()]), "t*(1/2)");
        written(equot(half(), x()), "(1/2) ./ x");
    }

    #[test]
    fn signs_stand_in_front_or_in_brackets() {
        let written = |math: Math, text: &str| assert_eq!(ascii(&math), text);
        written(sub(minus(c("a")), minus(c("b"))), "-a + b");
        written(add([c("a"), minus(prod([n(2), c("b")]))]), "a - 2*b");
        written(prod([c("a"), minus(c("b"))]), "a*(-b)");
        written(sub(c("a"), sub(c("b"), c("c"))), "a - (b - c)");
        written(pow(minus(c("a")), n(2)), "(-a)^2");
        written(minus(pow(c("a"), n(2))), "-a^2");
        written(call(&EXP, minus(c("a"))), "exp(-a)");
        written(Math::Number(Number::MINUS_ONE), "-1");
    }

    #[test]
    fn powers_and_postfixes_bracket_what_is_not_an_atom() {
        let written = |math: Math, text: &str| assert_eq!(ascii(&math), text);
        written(pow(pow(c("a"), n(2)), n(3)), "(a^2)^3");
        written(pow(t(m("A")), n(2)), "(A')^2");
        written(t(t(m("A"))), "(A')'");
        written(t(prod([m("A"), m("B")])), "(A*B)'");
        written(t(inv(m("A"))), "inv(A)'");
        written(inv(add([m("A"), m("B")])), "inv(A + B)");
        written(pow(c("x"), c("T")), "x^(T)");
        written(pow(c("x"), minus(c("k"))), "x^(-k)");
        written(pow(half(), n(2)), "(1/2)^2");
        written(entry(t(m("A")), &["i", "j"]), "(A')[i,j]");
        written(Math::Zeros(vec![]), "0");
        written(Math::Ones(vec![c("m"), c("n")]), "ones(m, n)");
        written(t(g("y")), "grad_y'");
        written(
            Math::Compare(Comparison::LessEqual, Box::new(c("a")), Box::new(sub(c("b"), n(1)))),
            "a <= b - 1",
        );
    }

    #[test]
    fn an_empty_list_is_its_neutral_element() {
        assert_eq!(ascii(&prod([])), "1");
        assert_eq!(ascii(&had([])), "1");
        assert_eq!(ascii(&add([])), "0");
        assert_eq!(ascii(&prod([add([c("a"), c("b")])])), "a + b");
    }
}
