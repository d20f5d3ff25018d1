//! Printing a presentation tree: the one place that decides on brackets.
//!
//! A notation implements [`Glyphs`]: it chooses signs, never structure. In ASCII what is printed
//! reads back as the same expression, since brackets follow the language's precedence.

use super::math::{Math, Symbol};
use crate::functions::{Function, Notation};
use crate::number::Number;
use crate::syntax::operator::precedence::{COMPARISON, POSTFIX, POWER, PRODUCT, SUM, UNARY};

/// Binding strength of what needs no brackets anywhere.
const ATOM: u8 = 9;

/// The signs of a notation.
pub(crate) trait Glyphs {
    /// A name.
    fn symbol(&self, out: &mut String, s: &Symbol);
    /// `∇y`
    fn gradient(&self, out: &mut String, s: &Symbol);
    /// A fixed sign.
    fn sign(&self, sign: Sign) -> &'static str;
    /// How an application of a function of the table is written.
    fn function(&self, f: &'static Function) -> Notation;
    /// Whether quotients of scalars are written with a bar.
    fn fractions(&self) -> bool;
    /// Delimiters around `content`.
    fn brackets(&self, content: &str) -> (&'static str, &'static str);
    /// An exponent after its base.
    fn exponent(&self, out: &mut String, exponent: &str, elementwise: bool);
    /// Indices after their base; false where they are written in brackets.
    fn indices(&self, out: &mut String, indices: &[String], plain: bool);
    /// The index names of a sum, before its body.
    fn index_sum(&self, out: &mut String, names: &[String]);
    /// `δ` with two indices.
    fn delta(&self, out: &mut String, a: &str, b: &str);
    /// An array of ones or zeros.
    fn fill(&self, out: &mut String, ones: bool, sizes: &[String]);
    /// The identity matrix.
    fn identity(&self, out: &mut String, size: Option<&str>);
    /// The inverse of an already bracketed matrix.
    fn inverse(&self, out: &mut String, inner: &str, bracketed: &str);
    /// The gradient of an unknown function.
    fn unknown_gradient(&self, out: &mut String, f: &Symbol, at: &str);
    /// The `axis=` of a call.
    fn axis(&self, axis: usize) -> String;
    /// Whether the inverse binds like a call (`inv(A)`), not like a power.
    fn inverse_is_call(&self) -> bool;
}

/// Fixed signs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Sign {
    Plus,
    Minus,
    /// A leading minus.
    Negative,
    Times,
    Hadamard,
    Over,
    ElementOver,
    Transpose,
    Pi,
    Comma,
    Prime,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
}

/// A printed expression.
pub(crate) fn print(g: &dyn Glyphs, m: &Math) -> String {
    let mut out = String::new();
    Printer { g }.write(&mut out, m, 0);
    out
}

struct Printer<'a> {
    g: &'a dyn Glyphs,
}

impl Printer<'_> {
    fn strength(&self, m: &Math) -> u8 {
        match m {
            Math::Number(n) if n.is_integer() => ATOM,
            Math::Number(_) => {
                if self.g.fractions() {
                    ATOM
                } else {
                    PRODUCT
                }
            }
            Math::Sum(_) => SUM,
            Math::Product(_) | Math::Hadamard(_) | Math::ElementQuotient(..) => PRODUCT,
            Math::Quotient(..) => {
                if self.g.fractions() {
                    UNARY
                } else {
                    PRODUCT
                }
            }
            Math::Negate(_) => UNARY,
            Math::Power(_, e) if is_inverse(e) && self.g.inverse_is_call() => ATOM,
            Math::Power(..) | Math::ElementPower(..) => POWER,
            Math::Transpose(_) | Math::Entry(..) => POSTFIX,
            Math::Compare(..) => COMPARISON,
            Math::IndexSum(..) => {
                if self.g.inverse_is_call() {
                    ATOM
                } else {
                    SUM
                }
            }
            _ => ATOM,
        }
    }

    fn text(&self, m: &Math, least: u8) -> String {
        let mut out = String::new();
        self.write(&mut out, m, least);
        out
    }

    fn write(&self, out: &mut String, m: &Math, least: u8) {
        if self.strength(m) < least {
            let inner = self.text(m, 0);
            let (open, close) = self.g.brackets(&inner);
            out.push_str(open);
            out.push_str(&inner);
            out.push_str(close);
            return;
        }
        let g = self.g;
        match m {
            Math::Number(n) => self.number(out, n),
            Math::Symbol(s) => g.symbol(out, s),
            Math::Gradient(s) => g.gradient(out, s),
            Math::Pi => out.push_str(g.sign(Sign::Pi)),
            Math::Identity(n) => {
                let size = n.as_ref().map(|n| self.text(n, 0));
                g.identity(out, size.as_deref());
            }
            Math::Ones(sizes) | Math::Zeros(sizes) => {
                let list: Vec<String> = sizes.iter().map(|s| self.text(s, 0)).collect();
                g.fill(out, matches!(m, Math::Ones(_)), &list);
            }
            Math::Sum(terms) => {
                for (at, (minus, term)) in terms.iter().enumerate() {
                    let sign = match (at, minus) {
                        (0, true) => g.sign(Sign::Negative),
                        (0, false) => "",
                        (_, true) => g.sign(Sign::Minus),
                        (_, false) => g.sign(Sign::Plus),
                    };
                    out.push_str(sign);
                    self.write(out, term, PRODUCT);
                }
            }
            Math::Product(list) => self.product(out, list),
            Math::Hadamard(list) => {
                for (at, factor) in list.iter().enumerate() {
                    if at > 0 {
                        out.push_str(g.sign(Sign::Hadamard));
                    }
                    self.write(out, factor, UNARY);
                }
            }
            Math::Quotient(a, b) if g.fractions() => {
                out.push_str("\\frac{");
                self.write(out, a, 0);
                out.push_str("}{");
                self.write(out, b, 0);
                out.push('}');
            }
            Math::Quotient(a, b) => {
                let least = if matches!(**a, Math::Product(_) | Math::Number(_)) { PRODUCT } else { UNARY };
                self.write(out, a, least);
                out.push_str(g.sign(Sign::Over));
                self.write(out, b, POWER);
            }
            Math::ElementQuotient(a, b) => {
                let least = if matches!(**a, Math::Hadamard(_) | Math::Number(_)) { PRODUCT } else { UNARY };
                self.write(out, a, least);
                out.push_str(g.sign(Sign::ElementOver));
                self.write(out, b, POWER);
            }
            Math::Power(a, e) if is_inverse(e) => {
                let bracketed = self.text(a, POSTFIX);
                g.inverse(out, &self.text(a, 0), &bracketed);
            }
            Math::Power(a, e) => self.power(out, a, e, false),
            Math::ElementPower(a, e) => {
                let vector = matches!(&**a, Math::Symbol(s) | Math::Gradient(s) if s.rank == 1);
                self.power(out, a, e, !vector || g.inverse_is_call());
            }
            Math::Negate(a) => {
                out.push_str(g.sign(Sign::Negative));
                self.write(out, a, POWER);
            }
            Math::Transpose(a) => {
                if let Math::Power(base, e) = &**a
                    && is_inverse(e)
                    && !g.inverse_is_call()
                {
                    let inner = self.text(base, POSTFIX);
                    out.push_str(&inner);
                    g.exponent(out, "-T", false);
                    return;
                }
                self.write(out, a, POSTFIX);
                out.push_str(g.sign(Sign::Transpose));
            }
            Math::Call(f, list, axis) => self.call(out, f, list, *axis),
            Math::Unknown(f, primes, list) => {
                g.symbol(out, f);
                for _ in 0..*primes {
                    out.push_str(g.sign(Sign::Prime));
                }
                self.arguments(out, list, None);
            }
            Math::UnknownGradient(f, at) => g.unknown_gradient(out, f, &self.text(at, 0)),
            Math::Entry(a, list) => {
                let plain = matches!(**a, Math::Symbol(_));
                let indices: Vec<String> = list.iter().map(|i| self.text(i, 0)).collect();
                let mut base = self.text(a, POSTFIX);
                g.indices(&mut base, &indices, plain);
                out.push_str(&base);
            }
            Math::IndexSum(names, body) => {
                let list: Vec<String> = names
                    .iter()
                    .map(|n| {
                        let mut s = String::new();
                        g.symbol(&mut s, n);
                        s
                    })
                    .collect();
                g.index_sum(out, &list);
                if g.inverse_is_call() {
                    out.push('(');
                    self.write(out, body, 0);
                    out.push(')');
                } else {
                    self.write(out, body, PRODUCT);
                }
            }
            Math::Delta(a, b) => g.delta(out, &self.text(a, 0), &self.text(b, 0)),
            Math::Compare(op, a, b) => {
                self.write(out, a, SUM);
                out.push_str(g.sign(match *op {
                    "<" => Sign::Less,
                    "<=" => Sign::LessEqual,
                    ">" => Sign::Greater,
                    _ => Sign::GreaterEqual,
                }));
                self.write(out, b, SUM);
            }
        }
    }

    fn number(&self, out: &mut String, n: &Number) {
        let (above, below) = n.parts();
        if below == "1" {
            out.push_str(&above);
        } else if self.g.fractions() {
            out.push_str("\\frac{");
            out.push_str(&above);
            out.push_str("}{");
            out.push_str(&below);
            out.push('}');
        } else {
            out.push_str(&above);
            out.push('/');
            out.push_str(&below);
        }
    }

    fn product(&self, out: &mut String, list: &[Math]) {
        for (at, factor) in list.iter().enumerate() {
            let g = self.g;
            if at > 0 {
                let digits = matches!(factor, Math::Number(_));
                out.push_str(if digits && g.sign(Sign::Times).trim().is_empty() {
                    if g.fractions() { " \\cdot " } else { " · " }
                } else {
                    g.sign(Sign::Times)
                });
            }
            let leads = at == 0 && matches!(factor, Math::Quotient(..) | Math::Number(_));
            let sum_last = matches!(factor, Math::IndexSum(..)) && at + 1 == list.len();
            let least = if leads {
                PRODUCT
            } else if sum_last {
                SUM
            } else {
                UNARY
            };
            self.write(out, factor, least);
        }
    }

    fn power(&self, out: &mut String, base: &Math, exponent: &Math, elementwise: bool) {
        self.write(out, base, POSTFIX);
        let simple = matches!(exponent, Math::Symbol(_)) || matches!(exponent, Math::Number(n) if n.is_integer());
        let inner = self.text(exponent, 0);
        if simple || !self.g.inverse_is_call() {
            self.g.exponent(out, &inner, elementwise);
        } else {
            self.g.exponent(out, &format!("({inner})"), elementwise);
        }
    }

    fn call(&self, out: &mut String, f: &'static Function, list: &[Math], axis: Option<usize>) {
        match self.g.function(f) {
            Notation::Operator("√") if matches!(list[0], Math::Symbol(_)) => {
                out.push('√');
                self.write(out, &list[0], ATOM);
            }
            Notation::Operator(name) => {
                out.push_str(name);
                self.arguments(out, list, axis);
            }
            Notation::Around(open, close) | Notation::Wrap(open, close) => {
                out.push_str(open);
                self.write(out, &list[0], 0);
                out.push_str(close);
            }
        }
    }

    fn arguments(&self, out: &mut String, list: &[Math], axis: Option<usize>) {
        let mut inner = String::new();
        for (at, m) in list.iter().enumerate() {
            if at > 0 {
                inner.push_str(self.g.sign(Sign::Comma));
            }
            self.write(&mut inner, m, 0);
        }
        if let Some(axis) = axis {
            inner.push_str(&self.g.axis(axis));
        }
        let (open, close) = self.g.brackets(&inner);
        out.push_str(open);
        out.push_str(&inner);
        out.push_str(close);
    }
}

/// Whether an exponent is −1.
pub(crate) fn is_inverse(exponent: &Math) -> bool {
    matches!(exponent, Math::Negate(n) if matches!(&**n, Math::Number(k) if k.is_one()))
}
