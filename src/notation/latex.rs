//! LaTeX as a person types it: short, semantic, and within what `KaTeX` reads in strict mode.
//!
//! Only ASCII is written. Brackets grow (`\left(`) only around what is taller than a line.

use super::layout::{
    self, Class, Glyphs, Place, Sink, is_minus_one, peel, rank, write, write_number,
};
use super::math::{Math, Symbol};
use super::name::{greek_latex, is_compound, split};
use super::unicode::begins_with_digit;
use super::walk::{mentions_gradient, parts_mut};
use crate::functions::{Function, Notation};
use crate::number::Number;

/// Choices of the LaTeX notation.
#[derive(Clone, Copy, Default, Debug)]
pub struct LatexOptions<'a> {
    /// Vectors and matrices in bold type.
    pub bold: bool,
    /// How a transpose is written.
    pub transpose: Transposed,
    /// The loss, where its gradients are written as its derivatives: `∂L/∂W` in place of `∇W`.
    pub loss: Option<&'a Symbol>,
}

/// The sign of a transpose.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum Transposed {
    /// `A^{\top}`
    #[default]
    Top,
    /// `A^{T}`
    Letter,
    /// `A'`
    Prime,
}

/// An expression in LaTeX, without delimiters.
pub fn latex(math: &Math) -> String {
    latex_with(math, LatexOptions::default())
}

/// An expression in LaTeX, without delimiters, with choices.
pub fn latex_with(math: &Math, options: LatexOptions<'_>) -> String {
    let mut out = String::with_capacity(96);
    let style = Latex(options);
    match options.loss.filter(|_| mentions_gradient(math)) {
        Some(loss) => {
            let mut math = math.clone();
            differentiated(&mut math, loss);
            write(style, &mut out, &math, Place::Whole);
        }
        None => write(style, &mut out, math, Place::Whole),
    }
    out
}

/// Writes gradients as derivatives of a loss.
fn differentiated(math: &mut Math, loss: &Symbol) {
    let by = match math {
        Math::Gradient(s) => Math::Symbol(s.clone()),
        Math::Entry(base, indices) => match &**base {
            Math::Gradient(s) => {
                Math::Entry(Box::new(Math::Symbol(s.clone())), std::mem::take(indices))
            }
            _ => return parts_mut(math, &mut |part| differentiated(part, loss)),
        },
        _ => return parts_mut(math, &mut |part| differentiated(part, loss)),
    };
    *math = Math::Partial(Box::new(Math::Symbol(loss.clone())), Box::new(by));
}

/// The notation of LaTeX.
#[derive(Clone, Copy)]
pub(super) struct Latex<'a>(pub(super) LatexOptions<'a>);

impl Glyphs for Latex<'_> {
    const HADAMARD: &'static str = r"\odot";
    const ELEMENT_QUOTIENT: &'static str = r"\oslash";
    const JUXTAPOSED: bool = true;

    fn class(self, math: &Math) -> Class {
        match math {
            Math::Number(n) if n.is_fraction() && !n.is_negative() => Class::Built,
            Math::Quotient(..) | Math::Partial(..) => Class::Built,
            Math::IndexSum(..) => Class::BigSum,
            Math::Call(function, arguments, axis) => match function.latex {
                Notation::Wrap(before, after)
                    if (before.contains('^') || after.contains('^'))
                        && axis.is_none()
                        && arguments.len() == 1 =>
                {
                    Class::Power
                }
                Notation::Infix(_) => Class::Hadamard,
                _ => Class::Atom,
            },
            _ => layout::class(math),
        }
    }

    fn times(self, left: &Math, right: &Math) -> &'static str {
        if begins_with_digit(right) {
            r" \cdot "
        } else if is_word(left) || is_word(right) || is_change(left) || is_change(right) {
            r" \, "
        } else {
            " "
        }
    }

    fn comparison(self, operator: &'static str) -> &'static str {
        match operator {
            "<=" => r"\le",
            ">=" => r"\ge",
            other => other,
        }
    }

    fn bracketed<S: Sink>(self, out: &mut S, math: &Math) {
        open(out, tall(math));
        layout::bare(self, out, math);
        close(out, tall(math));
    }

    fn number<S: Sink>(self, out: &mut S, number: &Number) {
        if !number.is_negative()
            && let Some((digits, Some(power))) = number.decimal_text()
        {
            if digits != "1" {
                out.text(&digits);
                out.text(r" \cdot ");
            }
            return out.text(&format!("10^{{{power}}}"));
        }
        if !number.is_fraction() {
            return write_number(out, number);
        }
        let (numerator, denominator) = number.parts();
        out.text(r"\frac{");
        out.text(&numerator);
        out.text("}{");
        out.text(&denominator);
        out.text("}");
    }

    fn symbol<S: Sink>(self, out: &mut S, symbol: &Symbol) {
        let (head, tail) = split(&symbol.name);
        let bold = self.0.bold && symbol.rank > 0;
        match greek_latex(head) {
            Some(letter) if bold => braced(out, r"\boldsymbol{", letter),
            Some(letter) => out.text(letter),
            None if bold => word(out, r"\mathbf{", head),
            None if head.len() == 1 && head != "_" || is_compound(head) => out.text(head),
            None => word(out, r"\mathrm{", head),
        }
        if tail.is_empty() {
            return;
        }
        out.text("_{");
        for (i, part) in tail.split('_').enumerate() {
            out.text(if i > 0 { "," } else { "" });
            match greek_latex(part) {
                Some(letter) => out.text(letter),
                None if part.len() == 1 || part.bytes().all(|b| b.is_ascii_digit()) => {
                    out.text(part);
                }
                None => word(out, r"\mathrm{", part),
            }
        }
        out.text("}");
    }

    fn gradient<S: Sink>(self, out: &mut S, symbol: &Symbol) {
        out.text(r"\nabla_{");
        self.symbol(out, symbol);
        out.text("}");
    }

    fn pi<S: Sink>(self, out: &mut S) {
        out.text(r"\pi");
    }

    fn identity<S: Sink>(self, out: &mut S, size: Option<&Math>) {
        out.text(if self.0.bold { r"\mathbf{I}" } else { "I" });
        if let Some(size) = size {
            self.subscript(out, std::slice::from_ref(size), "");
        }
    }

    fn ones<S: Sink>(self, out: &mut S, sizes: &[Math]) {
        if sizes.is_empty() {
            return out.text("1");
        }
        out.text(r"\mathbf{1}");
        self.subscript(out, sizes, r" \times ");
    }

    fn zeros<S: Sink>(self, out: &mut S, sizes: &[Math]) {
        if sizes.is_empty() {
            return out.text("0");
        }
        out.text(r"\mathbf{0}");
        self.subscript(out, sizes, r" \times ");
    }

    fn quotient<S: Sink>(self, out: &mut S, numerator: &Math, denominator: &Math) {
        // a derivative stands before a fraction, not inside it
        if let Math::Partial(..) = numerator {
            write(self, out, numerator, Place::Whole);
            out.text(" ");
            return self.quotient(out, &Math::Number(Number::ONE), denominator);
        }
        if let Math::Product(factors) = numerator
            && let Some((first @ Math::Partial(..), rest)) = factors.split_first()
            && !rest.iter().any(|f| matches!(f, Math::IndexSum(..)))
        {
            write(self, out, first, Place::Whole);
            out.text(" ");
            return self.quotient(out, &super::raise::product(rest.to_vec()), denominator);
        }
        out.text(r"\frac{");
        write(self, out, numerator, Place::Whole);
        out.text("}{");
        write(self, out, denominator, Place::Whole);
        out.text("}");
    }

    fn power<S: Sink>(self, out: &mut S, base: &Math, exponent: &Math, element: bool) {
        write(self, out, base, Place::Operand);
        out.text("^{");
        // the powers of a scalar can only be meant as they are
        if element && rank(base) != Some(0) {
            out.text(r"\circ ");
        }
        match exponent {
            Math::Number(n) => write_exponent(out, n),
            _ => write(self, out, exponent, Place::Whole),
        }
        out.text("}");
    }

    fn transpose<S: Sink>(self, out: &mut S, inner: &Math) {
        if let Math::Power(base, exponent) = inner
            && is_minus_one(exponent)
        {
            write(self, out, base, Place::Operand);
            return out.text(match self.0.transpose {
                Transposed::Top => r"^{-\top}",
                Transposed::Letter => "^{-T}",
                Transposed::Prime => r"^{-1\prime}",
            });
        }
        write(self, out, inner, Place::Operand);
        out.text(match self.0.transpose {
            Transposed::Top => r"^{\top}",
            Transposed::Letter => "^{T}",
            Transposed::Prime => r"^{\prime}",
        });
    }

    fn call<S: Sink>(
        self,
        out: &mut S,
        function: &'static Function,
        arguments: &[Math],
        axis: Option<u8>,
    ) {
        match function.latex {
            Notation::Operator(name) | Notation::Prefix(name) => {
                out.text(name);
                self.arguments(out, arguments, axis);
            }
            Notation::Infix(sign) => layout::infix(self, out, sign, arguments),
            _ if axis.is_some() => {
                braced(out, r"\operatorname{", &function.name.replace('_', r"\_"));
                self.arguments(out, arguments, axis);
            }
            Notation::Around(before, after) => {
                out.text(before);
                out.text(if before.ends_with([' ', '{', '(']) { "" } else { " " });
                self.list(out, arguments);
                out.text(if after.starts_with([' ', '}', ')']) { "" } else { " " });
                out.text(after);
            }
            Notation::Wrap(before, after) => {
                out.text(before);
                self.list(out, arguments);
                out.text(after);
            }
        }
    }

    fn unknown<S: Sink>(self, out: &mut S, function: &Symbol, primes: u32, arguments: &[Math]) {
        self.symbol(out, function);
        if primes > 3 {
            out.text("^{(");
            layout::write_integer(out, u64::from(primes));
            out.text(")}");
        } else {
            for _ in 0..primes {
                out.text("'");
            }
        }
        self.arguments(out, arguments, None);
    }

    fn unknown_gradient<S: Sink>(self, out: &mut S, function: &Symbol, order: u32, at: &Math) {
        out.text(if order == 1 { r"\nabla " } else { r"\nabla^{2} " });
        self.symbol(out, function);
        self.arguments(out, std::slice::from_ref(at), None);
    }

    fn entry<S: Sink>(self, out: &mut S, base: &Math, indices: &[Math]) {
        // a name that has a subscript of its own cannot take another
        let taken = match base {
            Math::Symbol(s) => !split(&s.name).1.is_empty(),
            Math::Identity(size) => size.is_some(),
            Math::Gradient(_) | Math::Ones(_) | Math::Zeros(_) => true,
            Math::Call(function, ..) => !matches!(function.latex, Notation::Operator(_)),
            _ => false,
        };
        if taken {
            self.bracketed(out, base);
        } else if matches!(base, Math::Symbol(_))
            && !indices.iter().any(|i| matches!(i, Math::Range(_)))
        {
            // an entry of a matrix in bold type is a number
            write(Latex(LatexOptions { bold: false, ..self.0 }), out, base, Place::Operand);
        } else {
            write(self, out, base, Place::Operand);
        }
        self.indices(out, indices);
    }

    fn block<S: Sink>(self, out: &mut S, rows: &[Vec<Math>]) {
        out.text(r"\begin{bmatrix} ");
        for (i, row) in rows.iter().enumerate() {
            out.text(if i > 0 { r" \\ " } else { "" });
            for (j, block) in row.iter().enumerate() {
                out.text(if j > 0 { " & " } else { "" });
                write(self, out, block, Place::Whole);
            }
        }
        out.text(r" \end{bmatrix}");
    }

    fn index_sum<S: Sink>(self, out: &mut S, indices: &[Symbol], body: &Math) {
        out.text(r"\sum_{");
        for (i, index) in indices.iter().enumerate() {
            out.text(if i > 0 { "," } else { "" });
            self.symbol(out, index);
        }
        out.text("} ");
        write(self, out, body, Place::Term);
    }

    fn partial<S: Sink>(self, out: &mut S, of: &Math, by: &Math) {
        out.text(r"\frac{\partial ");
        write(self, out, of, Place::Operand);
        out.text(r"}{\partial ");
        write(self, out, by, Place::Operand);
        out.text("}");
    }

    fn differential<S: Sink>(self, out: &mut S, symbol: &Symbol) {
        // the change of `out` is no word
        let head = split(&symbol.name).0;
        let is_word = head.len() > 1 && greek_latex(head).is_none();
        out.text(if is_word { r"\mathrm{d} \, " } else { r"\mathrm{d}" });
        self.symbol(out, symbol);
    }

    fn inner<S: Sink>(self, out: &mut S, a: &Math, b: &Math) {
        let tall = tall(a) || tall(b);
        out.text(if tall { r"\left\langle " } else { r"\langle " });
        self.list(out, &[a.clone(), b.clone()]);
        out.text(if tall { r" \right\rangle" } else { r" \rangle" });
    }

    fn delta<S: Sink>(self, out: &mut S, i: &Math, j: &Math) {
        out.text(r"\delta");
        self.indices(out, &[i.clone(), j.clone()]);
    }
}

impl Latex<'_> {
    fn list<S: Sink>(self, out: &mut S, list: &[Math]) {
        for (i, item) in list.iter().enumerate() {
            out.text(if i > 0 { ", " } else { "" });
            write(self, out, item, Place::Whole);
        }
    }

    fn arguments<S: Sink>(self, out: &mut S, arguments: &[Math], axis: Option<u8>) {
        let tall = arguments.iter().any(tall);
        open(out, tall);
        self.list(out, arguments);
        if let Some(axis) = axis {
            out.text(r", \mathrm{axis} = ");
            layout::write_integer(out, u64::from(axis));
        }
        close(out, tall);
    }

    fn subscript<S: Sink>(self, out: &mut S, parts: &[Math], between: &str) {
        out.text("_{");
        for (i, part) in parts.iter().enumerate() {
            out.text(if i > 0 { between } else { "" });
            super::layout::position(self, out, part);
        }
        out.text("}");
    }

    /// Indices run together where each is a letter, and stand apart by commas otherwise.
    fn indices<S: Sink>(self, out: &mut S, indices: &[Math]) {
        let letter = |i: &Math| matches!(i, Math::Symbol(s) if s.name.len() == 1);
        self.subscript(out, indices, if indices.iter().all(letter) { "" } else { "," });
    }
}

fn open<S: Sink>(out: &mut S, tall: bool) {
    out.text(if tall { r"\left(" } else { "(" });
}

fn close<S: Sink>(out: &mut S, tall: bool) {
    out.text(if tall { r"\right)" } else { ")" });
}

/// A fraction as an exponent stands on one line.
fn write_exponent<S: Sink>(out: &mut S, number: &Number) {
    if number.is_negative() {
        out.text("-");
    }
    write_number(out, &number.abs());
}

/// A name of several letters, its underscores escaped.
fn word<S: Sink>(out: &mut S, style: &str, name: &str) {
    if name.contains('_') {
        braced(out, style, &name.replace('_', r"\_"));
    } else {
        braced(out, style, name);
    }
}

fn braced<S: Sink>(out: &mut S, before: &str, inner: &str) {
    out.text(before);
    out.text(inner);
    out.text("}");
}

/// Whether a factor is an upright word, which needs space around it.
fn is_word(math: &Math) -> bool {
    match math {
        Math::Symbol(s) => {
            let head = split(&s.name).0;
            head.len() > 1 && greek_latex(head).is_none()
        }
        Math::Transpose(inner) | Math::Power(inner, _) | Math::Entry(inner, _) => {
            is_word(peel(inner))
        }
        _ => false,
    }
}

/// Whether a factor ends in the name of a change: `dW x` is not `d(W x)`.
pub(super) fn is_change(math: &Math) -> bool {
    match math {
        Math::Differential(_) => true,
        Math::Transpose(inner) | Math::Entry(inner, _) => is_change(peel(inner)),
        _ => false,
    }
}

/// Whether an expression is taller than a line of text.
fn tall(math: &Math) -> bool {
    match math {
        Math::Number(n) => n.is_fraction(),
        Math::Quotient(..) | Math::Partial(..) | Math::IndexSum(..) | Math::Block(_) => true,
        Math::Sum(terms) => terms.iter().any(|(_, term)| tall(term)),
        Math::Product(parts) | Math::Hadamard(parts) => parts.iter().any(tall),
        Math::ElementQuotient(a, b) | Math::Compare(_, a, b) => tall(a) || tall(b),
        // exponents are small
        Math::Power(a, _) | Math::ElementPower(a, _) | Math::Transpose(a) | Math::Negate(a) => {
            tall(a)
        }
        Math::Entry(a, _) | Math::UnknownGradient(.., a) => tall(a),
        Math::Unknown(_, arguments) => arguments.iter().any(tall),
        Math::Call(function, arguments, _) => {
            !matches!(function.latex, Notation::Wrap(before, _) if before.contains('^'))
                && arguments.iter().any(tall)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::*;
    use super::*;

    #[test]
    fn gallery_in_latex() {
        let lines: Vec<String> =
            gallery().iter().map(|(name, math)| format!("{name}: {}", latex(math))).collect();
        insta::assert_snapshot!(lines.join("\n"));
    }

    #[test]
    fn braces_are_balanced_and_characters_are_ascii() {
        for (name, math) in gallery() {
            let text = latex_with(&math, LatexOptions { bold: true, ..LatexOptions::default() });
            assert!(text.is_ascii(), "{name}: {text}");
            assert_eq!(text.matches('{').count(), text.matches('}').count(), "{name}: {text}");
            assert_eq!(
                text.matches(r"\left(").count(),
                text.matches(r"\right)").count(),
                "{name}: {text}"
            );
        }
    }

    #[test]
    fn names_have_letters_words_and_subscripts() {
        let written = |math: Math, text: &str| assert_eq!(latex(&math), text);
        written(c("loss"), r"\mathrm{loss}");
        written(v("lambda_1"), r"\lambda_{1}");
        written(v("x_max"), r"x_{\mathrm{max}}");
        written(v("x_i_2"), r"x_{i,2}");
        written(v("a__b"), r"\mathrm{a\_\_b}");
        written(g("W1"), r"\nabla_{W_{1}}");
        let bold = LatexOptions { bold: true, ..LatexOptions::default() };
        assert_eq!(latex_with(&entry(m("W"), &["i", "j"]), bold), "W_{ij}");
        let loss = symbol("L", 0);
        let partial = LatexOptions { loss: Some(&loss), ..LatexOptions::default() };
        assert_eq!(
            latex_with(&prod([t(g("u")), m("W")]), partial),
            r"\left(\frac{\partial L}{\partial u}\right)^{\top} W"
        );
        assert_eq!(
            latex_with(&entry(g("u"), &["k"]), partial),
            r"\frac{\partial L}{\partial u_{k}}"
        );
        assert_eq!(
            latex_with(&quot(prod([entry(g("u"), &["k"]), c("a")]), c("b")), partial),
            r"\frac{\partial L}{\partial u_{k}} \frac{a}{b}"
        );
        assert_eq!(
            latex_with(&quot(g("u"), c("b")), partial),
            r"\frac{\partial L}{\partial u} \frac{1}{b}"
        );
        assert_eq!(
            latex_with(&prod([m("W"), v("beta"), c("a")]), bold),
            r"\mathbf{W} \boldsymbol{\beta} a"
        );
    }

    #[test]
    fn entries_of_what_has_a_subscript_are_bracketed() {
        let written = |math: Math, text: &str| assert_eq!(latex(&math), text);
        written(entry(m("A"), &["i", "j"]), "A_{ij}");
        written(entry(m("W1"), &["i", "j"]), "(W_{1})_{ij}");
        written(entry(m("A"), &["i", "row"]), r"A_{i,\mathrm{row}}");
        written(Math::Entry(Box::new(m("A")), Box::new([n(1), n(2)])), "A_{1,2}");
        written(isum(&["i", "j"], entry(m("A"), &["i", "j"])), r"\sum_{i,j} A_{ij}");
    }

    #[test]
    fn inverses_and_fractions() {
        let written = |math: Math, text: &str| assert_eq!(latex(&math), text);
        written(t(inv(m("A"))), r"A^{-\top}");
        written(inv(prod([m("A"), m("B")])), r"(A B)^{-1}");
        written(pow(c("x"), half()), r"x^{1/2}");
        written(pow(quot(c("a"), c("b")), n(2)), r"\left(\frac{a}{b}\right)^{2}");
        written(prod([c("x"), n(2)]), r"x \cdot 2");
        written(minus(prod([half(), v("x")])), r"-\frac{1}{2} x");
    }
}
