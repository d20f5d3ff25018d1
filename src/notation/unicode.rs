//! Text with mathematical characters, as on a blackboard: `∇W = (∇y ⊙ y ⊙ (1 − y)) xᵀ`.
//!
//! What Unicode has no character for (a subscript b) falls back to the spelling of the language.

use super::layout::{
    self, Class, Glyphs, Place, Sink, bracket_indices, is_minus_one, rank, write, write_arguments,
    write_list, write_number,
};
use super::math::{Math, Symbol};
use super::name::{greek_letter, split, subscript, superscript};
use crate::functions::{Function, Notation};
use crate::number::Number;
use smallvec::SmallVec;

/// An expression in Unicode, on one line.
pub fn unicode(math: &Math) -> String {
    let mut out = String::with_capacity(64);
    write_unicode(&mut out, math);
    out
}

/// Appends an expression in Unicode, on one line.
pub fn write_unicode(out: &mut String, math: &Math) {
    write(Unicode, out, math, Place::Whole);
}

/// The notation of mathematical characters.
#[derive(Clone, Copy)]
pub(super) struct Unicode;

impl Glyphs for Unicode {
    const MINUS: &'static str = "−";
    const HADAMARD: &'static str = "⊙";
    const ELEMENT_QUOTIENT: &'static str = "⊘";
    const JUXTAPOSED: bool = true;

    fn class(self, math: &Math) -> Class {
        match math {
            Math::IndexSum(..) => Class::BigSum,
            // `∇yᵀ` would leave open what is transposed
            Math::Gradient(_) => Class::Transposed,
            Math::Call(function, arguments, axis) => match function.unicode {
                Notation::Wrap(before, after)
                    if axis.is_none() && arguments.len() == 1 && !closed(before, after) =>
                {
                    Class::Power
                }
                Notation::Prefix(_) if axis.is_none() && bare(arguments) => Class::Power,
                Notation::Infix(_) => Class::Hadamard,
                _ => Class::Atom,
            },
            _ => layout::class(math),
        }
    }

    fn times(self, _left: &Math, right: &Math) -> &'static str {
        if begins_with_digit(right) { " · " } else { " " }
    }

    fn comparison(self, operator: &'static str) -> &'static str {
        match operator {
            "<=" => "≤",
            ">=" => "≥",
            other => other,
        }
    }

    fn symbol<S: Sink>(self, out: &mut S, symbol: &Symbol) {
        if symbol.name.len() == 1 {
            return out.text(&symbol.name);
        }
        let (head, tail) = split(&symbol.name);
        let letter = greek_letter(head).unwrap_or(head);
        out.text(letter);
        if tail.is_empty() {
            return;
        }
        if tail.bytes().all(|b| b.is_ascii_digit()) {
            for digit in tail.bytes() {
                out.text(SUBSCRIPT_DIGITS[usize::from(digit - b'0')]);
            }
            return;
        }
        match small(tail.chars(), subscript) {
            Some(small) => small.write(out),
            None => out.text(&symbol.name[head.len()..]),
        }
    }

    fn gradient<S: Sink>(self, out: &mut S, symbol: &Symbol) {
        out.text("∇");
        self.symbol(out, symbol);
    }

    fn number<S: Sink>(self, out: &mut S, number: &Number) {
        let sign = FRACTIONS.iter().find(|f| number.small() == Some(f.0));
        match sign {
            Some((_, sign)) => out.text(sign),
            None => write_number(out, number),
        }
    }

    fn pi<S: Sink>(self, out: &mut S) {
        out.text("π");
    }

    fn identity<S: Sink>(self, out: &mut S, size: Option<&Math>) {
        out.text("I");
        if let Some(size) = size {
            match size_text(size) {
                Some(small) => small.write(out),
                None => write_arguments(self, out, std::slice::from_ref(size), None),
            }
        }
    }

    fn power<S: Sink>(self, out: &mut S, base: &Math, exponent: &Math, element: bool) {
        write(self, out, base, Place::Operand);
        // the powers of a vector can only be meant entry by entry
        if element && !matches!(rank(base), Some(0 | 1)) {
            out.text("∘");
        }
        if let Some(small) = raised(exponent) {
            return small.write(out);
        }
        out.text("^");
        if let Math::Number(n) = layout::peel(exponent) {
            // `x^(1/2)`: a small ½ in brackets is hard to read
            out.text(if n.is_negative() { "(−" } else { "(" });
            write_number(out, &n.abs());
            out.text(")");
        } else if matches!(exponent, Math::Symbol(_)) {
            write(self, out, exponent, Place::Operand);
        } else {
            self.bracketed(out, exponent);
        }
    }

    fn transpose<S: Sink>(self, out: &mut S, inner: &Math) {
        if let Math::Power(base, exponent) = inner
            && is_minus_one(exponent)
        {
            write(self, out, base, Place::Operand);
            return out.text("⁻ᵀ");
        }
        write(self, out, inner, Place::Operand);
        out.text("ᵀ");
    }

    fn call<S: Sink>(
        self,
        out: &mut S,
        function: &'static Function,
        arguments: &[Math],
        axis: Option<u8>,
    ) {
        let (before, after) = match function.unicode {
            Notation::Operator(name) => {
                out.text(name);
                return write_arguments(self, out, arguments, axis);
            }
            Notation::Prefix(sign) if axis.is_none() => {
                out.text(sign);
                return match arguments {
                    [argument] if bare(arguments) => write(self, out, argument, Place::Whole),
                    _ => write_arguments(self, out, arguments, None),
                };
            }
            Notation::Infix(sign) => return layout::infix(self, out, sign, arguments),
            _ if axis.is_some() => {
                out.text(function.name);
                return write_arguments(self, out, arguments, axis);
            }
            Notation::Around(before, after) | Notation::Wrap(before, after) => (before, after),
            Notation::Prefix(sign) => (sign, ""),
        };
        out.text(before);
        out.open();
        write_list(self, out, arguments);
        out.close();
        out.text(after);
    }

    fn unknown<S: Sink>(self, out: &mut S, function: &Symbol, primes: u32, arguments: &[Math]) {
        self.symbol(out, function);
        for _ in 0..primes {
            out.text("′");
        }
        write_arguments(self, out, arguments, None);
    }

    fn unknown_gradient<S: Sink>(self, out: &mut S, function: &Symbol, order: u32, at: &Math) {
        out.text(if order == 1 { "∇" } else { "∇²" });
        self.symbol(out, function);
        write_arguments(self, out, std::slice::from_ref(at), None);
    }

    fn entry<S: Sink>(self, out: &mut S, base: &Math, indices: &[Math]) {
        let plain = match base {
            Math::Symbol(s) => split(&s.name).1.is_empty(),
            Math::Identity(_) | Math::Ones(_) | Math::Zeros(_) | Math::Entry(..) => false,
            // `∇yᵢ`, `σ(W x)ᵢ`, `(A B)ᵢⱼ`
            _ => true,
        };
        write(self, out, base, Place::Operand);
        match indices_text(indices).filter(|_| plain) {
            Some(small) => small.write(out),
            None => bracket_indices(self, out, indices),
        }
    }

    fn index_sum<S: Sink>(self, out: &mut S, indices: &[Symbol], body: &Math) {
        out.text("Σ");
        let names = indices.iter().map(|i| &*i.name);
        let letters = names.clone().all(|name| name.len() == 1);
        let small = small(names.flat_map(str::chars), subscript).filter(|_| letters);
        if let Some(small) = small {
            small.write(out);
        } else {
            out.text("_{");
            for (i, index) in indices.iter().enumerate() {
                out.text(if i > 0 { "," } else { "" });
                self.symbol(out, index);
            }
            out.text("}");
        }
        out.text(" ");
        write(self, out, body, Place::Term);
    }

    fn partial<S: Sink>(self, out: &mut S, of: &Math, by: &Math) {
        out.text("∂");
        write(self, out, of, Place::Operand);
        out.text("/∂");
        write(self, out, by, Place::Operand);
    }

    fn inner<S: Sink>(self, out: &mut S, a: &Math, b: &Math) {
        out.text("⟨");
        out.open();
        write_list(self, out, &[a.clone(), b.clone()]);
        out.close();
        out.text("⟩");
    }

    fn delta<S: Sink>(self, out: &mut S, i: &Math, j: &Math) {
        out.text("δ");
        let indices = [i.clone(), j.clone()];
        match indices_text(&indices) {
            Some(small) => small.write(out),
            None => bracket_indices(self, out, &indices),
        }
    }
}

/// Whether text before and after an argument brackets it by itself, as `√(…)` does.
fn closed(before: &str, after: &str) -> bool {
    before.ends_with('(') && after.ends_with(')') && !before.contains('^')
}

/// Whether a sign stands before its argument without brackets: `√2`, `√π`, `√n`.
fn bare(arguments: &[Math]) -> bool {
    match arguments {
        [Math::Number(n)] => !n.is_fraction() && !n.is_negative(),
        [Math::Symbol(s)] => s.rank == 0,
        [argument] => matches!(argument, Math::Pi),
        _ => false,
    }
}

/// Whether an expression in the place of a factor begins with a digit.
pub(super) fn begins_with_digit(math: &Math) -> bool {
    match math {
        Math::Number(_) => true,
        Math::Power(base, _) | Math::ElementPower(base, _) | Math::Transpose(base) => {
            matches!(layout::peel(base), Math::Number(n) if !n.is_fraction())
        }
        _ => false,
    }
}

/// Fractions that are one character.
const FRACTIONS: [((i64, i64), &str); 5] =
    [((1, 2), "½"), ((1, 3), "⅓"), ((2, 3), "⅔"), ((1, 4), "¼"), ((3, 4), "¾")];

const SUBSCRIPT_DIGITS: [&str; 10] = ["₀", "₁", "₂", "₃", "₄", "₅", "₆", "₇", "₈", "₉"];

/// Subscripts or superscripts: a few characters, kept without an allocation.
#[derive(Default)]
struct Small(SmallVec<[char; 12]>);

impl Small {
    fn write<S: Sink>(&self, out: &mut S) {
        for c in &self.0 {
            out.text(c.encode_utf8(&mut [0; 4]));
        }
    }
}

/// All characters made small, or nothing.
fn small(chars: impl Iterator<Item = char>, make: fn(char) -> Option<char>) -> Option<Small> {
    let mut list = Small::default();
    for c in chars {
        list.0.push(make(c)?);
    }
    Some(list)
}

/// A whole number in small characters.
fn small_number(n: &Number, make: fn(char) -> Option<char>) -> Option<Small> {
    let Some(value) = n.as_integer() else { return small(n.to_string().chars(), make) };
    let mut list = Small::default();
    let mut rest = value.unsigned_abs();
    loop {
        list.0.push(make((b'0' + (rest % 10) as u8) as char)?);
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    if value < 0 {
        list.0.push(make('-')?);
    }
    list.0.reverse();
    Some(list)
}

/// A minus sign before small characters.
fn small_minus(mut inner: Small) -> Small {
    inner.0.insert(0, '⁻');
    inner
}

/// An exponent as superscripts: a whole number, or a name of one letter.
fn raised(exponent: &Math) -> Option<Small> {
    match layout::peel(exponent) {
        Math::Number(n) if n.is_integer() => small_number(n, superscript),
        Math::Symbol(s) if s.name.len() == 1 => small(s.name.chars(), superscript),
        Math::Negate(inner) => raised(inner).map(small_minus),
        Math::Sum(terms) => match terms.as_slice() {
            [(true, inner)] => raised(inner).map(small_minus),
            _ => None,
        },
        _ => None,
    }
}

fn size_text(size: &Math) -> Option<Small> {
    match layout::peel(size) {
        Math::Number(n) if n.is_integer() => small_number(n, subscript),
        Math::Symbol(s) if s.name.len() == 1 => small(s.name.chars(), subscript),
        // `Iₘₙ`
        Math::Product(list) => {
            let mut all = Small::default();
            for factor in list {
                match layout::peel(factor) {
                    Math::Symbol(_) => all.0.extend(size_text(factor)?.0),
                    _ => return None,
                }
            }
            Some(all)
        }
        _ => None,
    }
}

/// Indices as subscripts, where they are names of one letter, or a single number.
fn indices_text(indices: &[Math]) -> Option<Small> {
    if indices.iter().any(|i| matches!(i, Math::Range(_))) {
        return None;
    }
    let number = |i: &Math| matches!(i, Math::Number(_));
    if indices.len() > 1 && indices.iter().any(number) {
        return None;
    }
    let mut all = Small::default();
    for index in indices {
        all.0.extend(size_text(index)?.0);
    }
    Some(all)
}

#[cfg(test)]
mod tests {
    use super::super::sample::*;
    use super::*;

    #[test]
    fn gallery_in_unicode() {
        let lines: Vec<String> =
            gallery().iter().map(|(name, math)| format!("{name}: {}", unicode(math))).collect();
        insta::assert_snapshot!(lines.join("\n"));
    }

    #[test]
    fn subscripts_fall_back_to_the_language() {
        assert_eq!(unicode(&v("x_t")), "xₜ");
        assert_eq!(unicode(&v("sigma0")), "σ₀");
        assert_eq!(unicode(&v("x_bar")), "x_bar");
        assert_eq!(unicode(&entry(m("A"), &["i", "b"])), "A[i,b]");
        assert_eq!(unicode(&isum(&["i", "alpha"], entry(v("x"), &["i"]))), "Σ_{i,α} xᵢ");
        assert_eq!(unicode(&isum(&["i", "j"], entry(m("A"), &["i", "j"]))), "Σᵢⱼ Aᵢⱼ");
    }

    #[test]
    fn a_sum_sign_takes_what_follows() {
        let s = || isum(&["i"], entry(v("x"), &["i"]));
        assert_eq!(unicode(&prod([s(), c("a")])), "(Σᵢ xᵢ) a");
        assert_eq!(unicode(&prod([c("a"), s()])), "a Σᵢ xᵢ");
        assert_eq!(unicode(&pow(s(), n(2))), "(Σᵢ xᵢ)²");
        assert_eq!(unicode(&isum(&["i"], add([c("a"), c("b")]))), "Σᵢ (a + b)");
    }

    #[test]
    fn numbers_are_not_run_together() {
        assert_eq!(unicode(&prod([n(2), n(3)])), "2 · 3");
        let d = |text| Math::Number(crate::number::Number::from_decimal(text).expect("a decimal"));
        assert_eq!(unicode(&prod([d("0.2"), v("x")])), "0.2 x");
        assert_eq!(unicode(&prod([d("12.05"), d("1e-3")])), "12.05 · 0.001");
        assert_eq!(unicode(&prod([d("1.5e-8"), v("x")])), "1.5e-8 x");
        assert_eq!(unicode(&prod([quot(n(2), c("n")), v("x")])), "(2/n) x");
        assert_eq!(unicode(&t(g("y"))), "(∇y)ᵀ");
        assert_eq!(unicode(&inv(m("A"))), "A⁻¹");
        assert_eq!(unicode(&pow(c("x"), half())), "x^(1/2)");
        assert_eq!(unicode(&prod([half(), v("x")])), "½ x");
    }
}
