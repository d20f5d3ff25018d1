//! Formulas as MathML, which browsers typeset without a script.
//!
//! The layout writes tags and plain characters into one text; characters become elements when it is
//! finished: letters identifiers, digits numbers, the rest operators. A name gets the class that the
//! page links it by.

use super::escape;
use super::link::Links;
use crate::functions::{Function, Notation};
use crate::notation::latex::is_change;
use crate::notation::layout::{
    self, Class, Glyphs, Place, Sink, bare, is_minus_one, rank, write, write_arguments, write_list,
};
use crate::notation::math::{Math, Symbol};
use crate::notation::name::{greek_letter, is_compound, split};
use crate::notation::raise::product;
use crate::notation::unicode::begins_with_digit;
use crate::notation::walk::any;
use crate::number::Number;
use std::fmt::Write as _;

/// Between these stands a tag, or an element that is finished.
const OPEN: char = '\u{e000}';
const CLOSE: char = '\u{e001}';
/// A product without a sign.
const TIMES: &str = "\u{e000}<mo>\u{2062}</mo>\u{e001}";
/// The same with some air, beside what is a word.
const WIDE: &str = "\u{e000}<mspace width=\"0.2em\"/>\u{e001}";

/// A formula in a line of text.
pub(super) fn formula(math: &Math, links: &Links) -> String {
    let mut out = String::with_capacity(256);
    write(MathMl { links }, &mut out, math, Place::Whole);
    element(&out)
}

/// `∂²y/∂x∂z` with everything in its place; without a second variable it is `∂y/∂x`.
pub(super) fn derivative(of: &Math, by: &[&Math], links: &Links) -> String {
    let g = MathMl { links };
    let mut out = String::new();
    tag(&mut out, "<mfrac><mrow>");
    out.text("∂");
    if by.len() > 1 {
        square(&mut out);
    }
    write(g, &mut out, of, Place::Operand);
    tag(&mut out, "</mrow><mrow>");
    if let [x, z] = by
        && x == z
        && !matches!(x, Math::Entry(..))
    {
        out.text("∂");
        tag(&mut out, "<msup>");
        row(g, &mut out, x, Place::Operand);
        tag(&mut out, "<mn>2</mn></msup>");
    } else {
        for x in by {
            out.text("∂");
            write(g, &mut out, x, Place::Operand);
        }
    }
    tag(&mut out, "</mrow></mfrac>");
    element(&out)
}

fn square(out: &mut String) {
    tag(out, "<msup><mrow/><mn>2</mn></msup>");
}

fn element(written: &str) -> String {
    format!("<math>{}</math>", elements(written))
}

/// Tags as they are, and each character between them as an element.
fn elements(written: &str) -> String {
    let mut out = String::with_capacity(2 * written.len());
    let mut rest = written;
    // an operator between two operands has a space before it
    let mut spaced = false;
    while let Some(first) = rest.chars().next() {
        let length = if first == OPEN {
            let end = rest.find(CLOSE).unwrap_or(rest.len());
            out.push_str(&rest[first.len_utf8()..end]);
            (end + CLOSE.len_utf8()).min(rest.len())
        } else {
            let (name, length) = if first.is_ascii_digit() {
                ("mn", run(rest, |c| c.is_ascii_digit() || c == '.'))
            } else if first.is_alphabetic() {
                ("mi", run(rest, |c| c.is_alphanumeric() || c == '_'))
            } else {
                ("mo", first.len_utf8())
            };
            let text = &rest[..length];
            match first {
                c if c.is_whitespace() => {}
                '₀'..='₉' => {
                    let digit = char::from_digit(first as u32 - '₀' as u32, 10).unwrap_or('0');
                    let _ = write!(out, "<msub><mrow/><mn>{digit}</mn></msub>");
                }
                '−' if !spaced => out.push_str("<mo form=\"prefix\">−</mo>"),
                '(' | ')' | '|' | '‖' => {
                    let _ = write!(out, "<mo stretchy=\"false\">{text}</mo>");
                }
                _ => {
                    let _ = write!(out, "<{name}>{}</{name}>", escape(text));
                }
            }
            length
        };
        spaced = first.is_whitespace();
        rest = &rest[length..];
    }
    out
}

fn run(text: &str, inside: impl Fn(char) -> bool) -> usize {
    text.find(|c| !inside(c)).unwrap_or(text.len())
}

fn tag<S: Sink>(out: &mut S, text: &str) {
    out.text(&format!("{OPEN}{text}{CLOSE}"));
}

/// An expression as one element.
fn row<S: Sink>(g: MathMl<'_>, out: &mut S, math: &Math, place: Place) {
    tag(out, "<mrow>");
    write(g, out, math, place);
    tag(out, "</mrow>");
}

/// An identifier: a letter, or a word in upright type.
fn word<S: Sink>(out: &mut S, text: &str) {
    let letter = greek_letter(text).unwrap_or(text);
    if letter.bytes().all(|b| b.is_ascii_digit()) {
        tag(out, &format!("<mn>{letter}</mn>"));
    } else {
        tag(out, &format!("<mi>{}</mi>", escape(letter)));
    }
}

/// The letters of a name with its subscript.
fn letters<S: Sink>(out: &mut S, symbol: &Symbol) {
    let (head, tail) = split(&symbol.name);
    if tail.is_empty() {
        return word(out, head);
    }
    tag(out, "<msub>");
    word(out, head);
    subscript(out, tail);
    tag(out, "</msub>");
}

fn subscript<S: Sink>(out: &mut S, tail: &str) {
    tag(out, "<mrow>");
    for (at, part) in tail.split('_').enumerate() {
        out.text(if at > 0 { "," } else { "" });
        word(out, part);
    }
    tag(out, "</mrow>");
}

/// The notation of MathML.
#[derive(Clone, Copy)]
struct MathMl<'a> {
    links: &'a Links,
}

impl MathMl<'_> {
    /// Begins a name, with its class.
    fn named<S: Sink>(self, out: &mut S, math: &Math) {
        match self.links.class_of(math) {
            Some(class) => tag(out, &format!("<mrow class=\"{class}\">")),
            None => tag(out, "<mrow>"),
        }
    }

    fn raised<S: Sink>(self, out: &mut S, base: &Math, mark: &str) {
        if let Math::Symbol(symbol) = base
            && !is_compound(&symbol.name)
            && let (head, tail) = split(&symbol.name)
            && !tail.is_empty()
        {
            // the mark stands above the subscript
            self.named(out, base);
            tag(out, "<msubsup>");
            word(out, head);
            subscript(out, tail);
            tag(out, mark);
            return tag(out, "</msubsup></mrow>");
        }
        tag(out, "<msup>");
        row(self, out, base, Place::Operand);
        tag(out, mark);
        tag(out, "</msup>");
    }
}

/// The upright name that LaTeX gives a function whose own has an underscore.
fn typeset(function: &'static Function) -> Option<&'static str> {
    match function.latex {
        Notation::Operator(name) if function.name.contains('_') => {
            name.strip_prefix(r"\operatorname{")?.strip_suffix('}').filter(|n| !n.contains('\\'))
        }
        _ => None,
    }
}

/// Whether a factor is `∇u`: `∇u x` is not `∇(u x)`.
fn names_gradient(math: &Math) -> bool {
    matches!(math, Math::Gradient(_))
}

/// Whether a factor has a bar, which beside another would look like one.
fn is_fraction(math: &Math) -> bool {
    match math {
        Math::Number(n) => n.is_fraction(),
        Math::Quotient(..) | Math::Partial(..) => true,
        _ => false,
    }
}

/// Whether letters run together would be read as one word.
fn is_word(math: &Math) -> bool {
    match math {
        Math::Symbol(s) => split(&s.name).0.len() > 1 && greek_letter(split(&s.name).0).is_none(),
        Math::Call(..) | Math::Unknown(..) | Math::IndexSum(..) => true,
        Math::Transpose(inner) | Math::Power(inner, _) => is_word(inner),
        _ => false,
    }
}

impl Glyphs for MathMl<'_> {
    const MINUS: &'static str = "−";
    const HADAMARD: &'static str = "⊙";
    const ELEMENT_QUOTIENT: &'static str = "⊘";
    const JUXTAPOSED: bool = true;

    fn class(self, math: &Math) -> Class {
        match math {
            Math::Number(n) if n.is_fraction() && !n.is_negative() => Class::Built,
            Math::Quotient(..) => Class::Built,
            Math::IndexSum(..) => Class::BigSum,
            // `∇yᵀ` would leave open what is transposed
            Math::Gradient(_) => Class::Transposed,
            Math::Call(function, ..) if matches!(function.unicode, Notation::Infix(_)) => {
                Class::Hadamard
            }
            _ => layout::class(math),
        }
    }
    fn times(self, left: &Math, right: &Math) -> &'static str {
        if begins_with_digit(right) {
            "·"
        } else if [left, right].iter().any(|f| is_word(f) || is_change(f) || is_fraction(f))
            || names_gradient(left)
        {
            WIDE
        } else {
            TIMES
        }
    }
    fn comparison(self, operator: &'static str) -> &'static str {
        match operator {
            "<=" => "≤",
            ">=" => "≥",
            other => other,
        }
    }
    fn bracketed<S: Sink>(self, out: &mut S, math: &Math) {
        let tall = any(math, &mut |part| match part {
            Math::Number(n) => n.is_fraction(),
            Math::Quotient(..) | Math::IndexSum(..) | Math::Block(_) => true,
            _ => false,
        });
        let (open, close) = if tall {
            ("<mrow><mo>(</mo>", "<mo>)</mo></mrow>")
        } else {
            ("<mrow><mo stretchy=\"false\">(</mo>", "<mo stretchy=\"false\">)</mo></mrow>")
        };
        tag(out, open);
        bare(self, out, math);
        tag(out, close);
    }
    fn number<S: Sink>(self, out: &mut S, number: &Number) {
        let (numerator, denominator) = number.parts();
        if let Some((digits, power)) = number.decimal_text().filter(|_| !number.is_negative()) {
            let times =
                if digits == "1" { String::new() } else { format!("<mn>{digits}</mn><mo>·</mo>") };
            match power {
                None => tag(out, &format!("<mn>{digits}</mn>")),
                Some(power) => {
                    let sign = if power < 0 { "<mo>−</mo>" } else { "" };
                    let power = format!("<mrow>{sign}<mn>{}</mn></mrow>", power.unsigned_abs());
                    tag(out, &format!("<mrow>{times}<msup><mn>10</mn>{power}</msup></mrow>"));
                }
            }
        } else if number.is_integer() {
            tag(out, &format!("<mn>{numerator}</mn>"));
        } else {
            tag(out, &format!("<mfrac><mn>{numerator}</mn><mn>{denominator}</mn></mfrac>"));
        }
    }
    fn symbol<S: Sink>(self, out: &mut S, symbol: &Symbol) {
        self.named(out, &Math::Symbol(symbol.clone()));
        if is_compound(&symbol.name) {
            // a size such as `m-p+1`
            out.text(&symbol.name);
        } else {
            letters(out, symbol);
        }
        tag(out, "</mrow>");
    }
    fn gradient<S: Sink>(self, out: &mut S, symbol: &Symbol) {
        self.named(out, &Math::Gradient(symbol.clone()));
        tag(out, "<mo rspace=\"0\">∇</mo>");
        letters(out, symbol);
        tag(out, "</mrow>");
    }
    fn pi<S: Sink>(self, out: &mut S) {
        out.text("π");
    }
    fn identity<S: Sink>(self, out: &mut S, size: Option<&Math>) {
        let Some(size) = size else { return tag(out, "<mi>I</mi>") };
        tag(out, "<msub><mi>I</mi>");
        row(self, out, size, Place::Whole);
        tag(out, "</msub>");
    }
    fn quotient<S: Sink>(self, out: &mut S, numerator: &Math, denominator: &Math) {
        // a derivative stands before a fraction, not inside it
        let (first, rest) = match numerator {
            Math::Product(factors) => (&factors[0], &factors[1..]),
            other => (other, &[][..]),
        };
        if matches!(first, Math::Partial(..))
            && !rest.iter().any(|f| matches!(f, Math::IndexSum(..)))
        {
            write(self, out, first, Place::Whole);
            out.text(WIDE);
            return self.quotient(out, &product(rest.to_vec()), denominator);
        }
        tag(out, "<mfrac>");
        row(self, out, numerator, Place::Whole);
        row(self, out, denominator, Place::Whole);
        tag(out, "</mfrac>");
    }
    fn power<S: Sink>(self, out: &mut S, base: &Math, exponent: &Math, element: bool) {
        tag(out, "<msup>");
        row(self, out, base, Place::Operand);
        tag(out, "<mrow>");
        // the powers of a vector can only be meant entry by entry
        if element && !matches!(rank(base), Some(0 | 1)) {
            out.text("∘");
        }
        write(self, out, exponent, Place::Whole);
        tag(out, "</mrow></msup>");
    }
    fn transpose<S: Sink>(self, out: &mut S, inner: &Math) {
        match inner {
            Math::Power(base, exponent) if is_minus_one(exponent) => {
                self.raised(out, base, "<mrow><mo form=\"prefix\">−</mo><mi>⊤</mi></mrow>");
            }
            _ => self.raised(out, inner, "<mi>⊤</mi>"),
        }
    }
    fn call<S: Sink>(
        self,
        out: &mut S,
        function: &'static Function,
        arguments: &[Math],
        axis: Option<u8>,
    ) {
        match function.unicode {
            Notation::Prefix(_) if axis.is_none() => {
                tag(out, "<msqrt>");
                write_list(self, out, arguments);
                tag(out, "</msqrt>");
            }
            Notation::Operator(name) | Notation::Prefix(name) => {
                out.text(typeset(function).unwrap_or(name));
                write_arguments(self, out, arguments, axis);
            }
            Notation::Infix(sign) => layout::infix(self, out, sign, arguments),
            _ if axis.is_some() => {
                out.text(function.name);
                write_arguments(self, out, arguments, axis);
            }
            Notation::Around(before, after) | Notation::Wrap(before, after) => {
                tag(out, "<mrow>");
                out.text(before);
                write_list(self, out, arguments);
                out.text(after);
                tag(out, "</mrow>");
            }
        }
    }
    fn unknown<S: Sink>(self, out: &mut S, function: &Symbol, primes: u32, arguments: &[Math]) {
        if primes == 0 {
            letters(out, function);
        } else {
            tag(out, "<msup>");
            letters(out, function);
            let marks = "′".repeat(primes.min(8) as usize);
            tag(out, &format!("<mo>{marks}</mo></msup>"));
        }
        write_arguments(self, out, arguments, None);
    }
    fn unknown_gradient<S: Sink>(self, out: &mut S, function: &Symbol, order: u32, at: &Math) {
        let nabla = "<mo rspace=\"0\">∇</mo>";
        if order == 1 {
            tag(out, nabla);
        } else {
            tag(out, &format!("<msup>{nabla}<mn>{order}</mn></msup>"));
        }
        letters(out, function);
        write_arguments(self, out, std::slice::from_ref(at), None);
    }
    fn ones<S: Sink>(self, out: &mut S, sizes: &[Math]) {
        self.constant(out, '1', sizes);
    }
    fn zeros<S: Sink>(self, out: &mut S, sizes: &[Math]) {
        self.constant(out, '0', sizes);
    }
    fn entry<S: Sink>(self, out: &mut S, base: &Math, indices: &[Math]) {
        tag(out, "<msub>");
        // a name that has a subscript of its own cannot take another
        if let Math::Symbol(symbol) = base
            && !split(&symbol.name).1.is_empty()
        {
            self.bracketed(out, base);
        } else {
            row(self, out, base, Place::Operand);
        }
        self.indices(out, indices);
        tag(out, "</msub>");
    }
    fn index_sum<S: Sink>(self, out: &mut S, indices: &[Symbol], body: &Math) {
        tag(out, "<munder><mo>∑</mo>");
        let indices: Vec<Math> = indices.iter().cloned().map(Math::Symbol).collect();
        self.indices(out, &indices);
        tag(out, "</munder>");
        write(self, out, body, Place::Term);
    }
    fn partial<S: Sink>(self, out: &mut S, of: &Math, by: &Math) {
        match self.links.class_of_partial(of, by) {
            Some(class) => tag(out, &format!("<mfrac class=\"{class}\"><mrow>")),
            None => tag(out, "<mfrac><mrow>"),
        }
        // the names in it light up by themselves only outside
        let plain = MathMl { links: &Links::default() };
        out.text("∂");
        write(plain, out, of, Place::Operand);
        tag(out, "</mrow><mrow>");
        out.text("∂");
        write(plain, out, by, Place::Operand);
        tag(out, "</mrow></mfrac>");
    }
    fn differential<S: Sink>(self, out: &mut S, symbol: &Symbol) {
        let class = self.links.class_of(&Math::Differential(symbol.clone()));
        match class {
            Some(class) => tag(out, &format!("<mrow class=\"{class}\">")),
            None => tag(out, "<mrow>"),
        }
        tag(out, "<mi mathvariant=\"normal\">d</mi>");
        // the change of `out` is no word
        out.text(if is_word(&Math::Symbol(symbol.clone())) { WIDE } else { "" });
        letters(out, symbol);
        tag(out, "</mrow>");
    }
    fn inner<S: Sink>(self, out: &mut S, a: &Math, b: &Math) {
        out.text("⟨");
        write_list(self, out, &[a.clone(), b.clone()]);
        out.text("⟩");
    }
    fn delta<S: Sink>(self, out: &mut S, i: &Math, j: &Math) {
        tag(out, "<msub><mi>δ</mi>");
        self.indices(out, &[i.clone(), j.clone()]);
        tag(out, "</msub>");
    }
}

impl MathMl<'_> {
    /// An array of one number: the digit in bold type, and below it the sizes.
    fn constant<S: Sink>(self, out: &mut S, digit: char, sizes: &[Math]) {
        if sizes.is_empty() {
            return tag(out, &format!("<mn>{digit}</mn>"));
        }
        tag(out, &format!("<msub><mn class=\"bold\">{digit}</mn><mrow>"));
        for (at, size) in sizes.iter().enumerate() {
            out.text(if at > 0 { "×" } else { "" });
            write(self, out, size, Place::Whole);
        }
        tag(out, "</mrow></msub>");
    }

    /// Indices: letters side by side, with commas where that could be misread.
    fn indices<S: Sink>(self, out: &mut S, indices: &[Math]) {
        let letter = |i: &Math| matches!(i, Math::Symbol(s) if s.name.len() == 1);
        let commas = !indices.iter().all(letter);
        tag(out, "<mrow>");
        for (at, index) in indices.iter().enumerate() {
            out.text(if at > 0 && commas { "," } else { "" });
            write(self, out, index, Place::Whole);
        }
        tag(out, "</mrow>");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notation::sample::*;

    fn plain(math: &Math) -> String {
        let text = formula(math, &Links::default());
        let text = text.trim_start_matches("<math>").trim_end_matches("</math>");
        text.replace("<mrow>", "").replace("</mrow>", "").replace(TIMES_SHOWN, "")
    }
    const TIMES_SHOWN: &str = "<mo>\u{2062}</mo>";

    #[test]
    fn formulas_have_structure() {
        assert_eq!(plain(&v("x_1")), "<msub><mi>x</mi><mn>1</mn></msub>");
        assert_eq!(plain(&g("sigma")), "<mo rspace=\"0\">∇</mo><mi>σ</mi>");
        assert_eq!(plain(&t(m("A"))), "<msup><mi>A</mi><mi>⊤</mi></msup>");
        assert_eq!(plain(&half()), "<mfrac><mn>1</mn><mn>2</mn></mfrac>");
        assert_eq!(plain(&quot(c("a"), c("b"))), "<mfrac><mi>a</mi><mi>b</mi></mfrac>");
        let sum = isum(&["i"], entry(v("x"), &["i"]));
        assert_eq!(
            plain(&sum),
            "<munder><mo>∑</mo><mi>i</mi></munder><msub><mi>x</mi><mi>i</mi></msub>"
        );
        assert_eq!(plain(&prod([m("A"), v("x")])), "<mi>A</mi><mi>x</mi>");
    }

    #[test]
    fn every_formula_is_well_formed() {
        for (name, math) in gallery() {
            let text = formula(&math, &Links::default());
            let mut open: Vec<&str> = Vec::new();
            for part in text.split('<').skip(1) {
                let tag = part.split(['>', ' ']).next().unwrap_or_default();
                match tag.strip_prefix('/') {
                    Some(tag) => assert_eq!(open.pop(), Some(tag), "{name}: {text}"),
                    None if part.split('>').next().is_some_and(|t| t.ends_with('/')) => {}
                    None => open.push(tag),
                }
            }
            assert!(open.is_empty(), "{name}: {text}");
            assert!(!text.contains([OPEN, CLOSE]), "{name}: {text}");
        }
    }
}
