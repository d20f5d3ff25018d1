//! Where brackets and line breaks go, decided once for all notations.
//!
//! The precedence is that of the language: postfix, power, unary minus, products of every kind from
//! left to right, sums, comparisons. On top of it brackets are kept where leaving them out would be
//! right but would mislead a reader: products of different kinds are never mixed without them.
//! A notation ([`Glyphs`]) chooses characters; where its layout brackets by itself (a fraction bar)
//! it says so through the [`Class`] of an expression. Nothing is computed here.

mod class;

pub(super) use self::class::{Class, Place, class, is_minus_one, peel, rank};
use self::class::{brackets, scaled};
use super::math::{Math, Symbol};
use crate::functions::Function;
use crate::number::Number;
use crate::syntax::operator::comparison_text;

/// Where notation is written to.
pub(super) trait Sink {
    /// Writes characters.
    fn text(&mut self, text: &str);
    /// Writes a space at which the line may be broken.
    fn line(&mut self);
    /// Begins a part that is kept on one line where possible.
    fn open(&mut self);
    /// Ends that part.
    fn close(&mut self);
}

/// Everything on one line.
impl Sink for String {
    #[inline]
    fn text(&mut self, text: &str) {
        self.push_str(text);
    }
    #[inline]
    fn line(&mut self) {
        self.push(' ');
    }
    #[inline]
    fn open(&mut self) {}
    #[inline]
    fn close(&mut self) {}
}

/// The characters and the layout of a notation. The defaults are those of the language itself.
pub(super) trait Glyphs: Copy {
    /// The minus sign.
    const MINUS: &'static str = "-";
    /// The elementwise product.
    const HADAMARD: &'static str = ".*";
    /// The elementwise quotient.
    const ELEMENT_QUOTIENT: &'static str = "./";
    /// Whether products are written without a sign.
    const JUXTAPOSED: bool = false;

    /// What decides about brackets around an expression.
    fn class(self, math: &Math) -> Class {
        class(math)
    }
    /// What stands between two factors.
    fn times(self, _left: &Math, _right: &Math) -> &'static str {
        "*"
    }
    /// A comparison, given in ASCII.
    fn comparison(self, operator: &'static str) -> &'static str {
        operator
    }
    /// An expression in brackets.
    fn bracketed<S: Sink>(self, out: &mut S, math: &Math) {
        out.text("(");
        out.open();
        bare(self, out, math);
        out.close();
        out.text(")");
    }
    /// A number, nonnegative.
    fn number<S: Sink>(self, out: &mut S, number: &Number) {
        write_number(out, number);
    }
    /// A name.
    fn symbol<S: Sink>(self, out: &mut S, symbol: &Symbol) {
        out.text(&symbol.name);
    }
    /// The cotangent of a named value.
    fn gradient<S: Sink>(self, out: &mut S, symbol: &Symbol) {
        out.text("grad_");
        out.text(&symbol.name);
    }
    /// π
    fn pi<S: Sink>(self, out: &mut S) {
        out.text("pi");
    }
    /// The identity matrix.
    fn identity<S: Sink>(self, out: &mut S, size: Option<&Math>) {
        match size {
            Some(size) => constant(self, out, "eye", std::slice::from_ref(size)),
            None => out.text("I"),
        }
    }
    /// An array of ones.
    fn ones<S: Sink>(self, out: &mut S, sizes: &[Math]) {
        constant(self, out, "ones", sizes);
    }
    /// An array of zeros.
    fn zeros<S: Sink>(self, out: &mut S, sizes: &[Math]) {
        constant(self, out, "zeros", sizes);
    }
    /// A quotient by a scalar.
    fn quotient<S: Sink>(self, out: &mut S, numerator: &Math, denominator: &Math) {
        write(self, out, numerator, Place::Numerator);
        out.text("/");
        write(self, out, denominator, Place::Factor);
    }
    /// A power; `element` by element or not.
    fn power<S: Sink>(self, out: &mut S, base: &Math, exponent: &Math, element: bool);
    /// A transpose.
    fn transpose<S: Sink>(self, out: &mut S, inner: &Math);
    /// A function of the table.
    fn call<S: Sink>(
        self,
        out: &mut S,
        function: &'static Function,
        arguments: &[Math],
        axis: Option<u8>,
    ) {
        out.text(function.name);
        write_arguments(self, out, arguments, axis);
    }
    /// An unknown function.
    fn unknown<S: Sink>(self, out: &mut S, function: &Symbol, primes: u32, arguments: &[Math]) {
        self.symbol(out, function);
        for _ in 0..primes {
            out.text("'");
        }
        write_arguments(self, out, arguments, None);
    }
    /// The gradient (1) or the Hessian (2) of an unknown function of an array.
    fn unknown_gradient<S: Sink>(self, out: &mut S, function: &Symbol, order: u32, at: &Math);
    /// An entry.
    fn entry<S: Sink>(self, out: &mut S, base: &Math, indices: &[Math]) {
        write(self, out, base, Place::Operand);
        bracket_indices(self, out, indices);
    }
    /// Rows of blocks.
    fn block<S: Sink>(self, out: &mut S, rows: &[Vec<Math>]) {
        out.text("[");
        out.open();
        for (i, row) in rows.iter().enumerate() {
            if i > 0 {
                out.text(";");
                out.line();
            }
            write_list(self, out, row);
        }
        out.close();
        out.text("]");
    }
    /// A sum over indices.
    fn index_sum<S: Sink>(self, out: &mut S, indices: &[Symbol], body: &Math);
    /// A partial derivative.
    fn partial<S: Sink>(self, out: &mut S, of: &Math, by: &Math) {
        let (y, first) = base_and_indices(of);
        let (x, second) = base_and_indices(by);
        out.text(if rank(y) == Some(0) { "grad(" } else { "jac(" });
        write_list(self, out, &[y.clone(), x.clone()]);
        out.text(")");
        let indices = [first, second].concat();
        if !indices.is_empty() {
            bracket_indices(self, out, &indices);
        }
    }
    /// A small change of a named value.
    fn differential<S: Sink>(self, out: &mut S, symbol: &Symbol) {
        out.text("d");
        self.symbol(out, symbol);
    }
    /// An inner product.
    fn inner<S: Sink>(self, out: &mut S, a: &Math, b: &Math) {
        out.text("sum(");
        out.open();
        write(self, out, a, Place::Lead);
        operator(out, Self::HADAMARD);
        write(self, out, b, Place::Factor);
        out.close();
        out.text(")");
    }
    /// The Kronecker delta.
    fn delta<S: Sink>(self, out: &mut S, i: &Math, j: &Math);
}

/// Writes an expression, in brackets where its place asks for them.
pub(super) fn write<G: Glyphs, S: Sink>(g: G, out: &mut S, math: &Math, place: Place) {
    let math = peel(math);
    if place != Place::Whole && brackets(g.class(math), place, G::JUXTAPOSED) {
        g.bracketed(out, math);
    } else {
        bare(g, out, math);
    }
}

/// Writes an expression without brackets around it.
pub(super) fn bare<G: Glyphs, S: Sink>(g: G, out: &mut S, math: &Math) {
    match math {
        Math::Number(n) if n.is_negative() => {
            out.text(G::MINUS);
            g.number(out, &n.neg());
        }
        Math::Number(n) => g.number(out, n),
        Math::Symbol(s) => g.symbol(out, s),
        Math::Gradient(s) => g.gradient(out, s),
        Math::Pi => g.pi(out),
        Math::Identity(size) => g.identity(out, size.as_deref()),
        Math::Ones(sizes) => g.ones(out, sizes),
        Math::Zeros(sizes) => g.zeros(out, sizes),
        Math::Sum(terms) => sum(g, out, terms),
        Math::Product(factors) => product(g, out, factors),
        Math::Hadamard(factors) => hadamard(g, out, factors),
        Math::Quotient(a, b) => g.quotient(out, a, b),
        Math::ElementQuotient(a, b) => {
            write(g, out, a, Place::Lead);
            operator(out, G::ELEMENT_QUOTIENT);
            write(g, out, b, Place::Factor);
        }
        Math::Power(base, exponent) => g.power(out, peel(base), peel(exponent), false),
        Math::ElementPower(base, exponent) => g.power(out, peel(base), peel(exponent), true),
        Math::Negate(inner) => {
            out.text(G::MINUS);
            write(g, out, inner, Place::Term);
        }
        Math::Transpose(inner) => g.transpose(out, peel(inner)),
        Math::Call(function, arguments, axis) => g.call(out, function, arguments, *axis),
        Math::Unknown(f, arguments) => g.unknown(out, &f.name, f.primes, arguments),
        Math::UnknownGradient(function, order, at) => g.unknown_gradient(out, function, *order, at),
        Math::Entry(base, indices) => match (peel(base), &indices[..]) {
            // the size tells a reader without context how far an index runs
            (Math::Identity(_), [i, j])
                if G::JUXTAPOSED && !indices.iter().any(|i| matches!(i, Math::Range(_))) =>
            {
                g.delta(out, i, j);
            }
            (base, _) => g.entry(out, base, indices),
        },
        Math::Range(_) => position(g, out, math),
        Math::Block(rows) => g.block(out, rows),
        Math::IndexSum(indices, body) => g.index_sum(out, indices, body),
        Math::Delta(i, j) => g.delta(out, i, j),
        Math::Partial(of, by) => g.partial(out, of, by),
        Math::Differential(s) => g.differential(out, s),
        Math::Inner(a, b) => g.inner(out, a, b),
        Math::Compare(symbol, a, b) => {
            write(g, out, a, Place::Side);
            operator(out, g.comparison(comparison_text(*symbol)));
            write(g, out, b, Place::Side);
        }
    }
}

/// `u` and `[k]` of `u[k]`; a symbol has no indices.
pub(super) fn base_and_indices(math: &Math) -> (&Math, &[Math]) {
    match math {
        Math::Entry(base, indices) => (base, indices),
        other => (other, &[]),
    }
}

fn operator<S: Sink>(out: &mut S, symbol: &str) {
    out.line();
    out.text(symbol);
    out.text(" ");
}

fn sum<G: Glyphs, S: Sink>(g: G, out: &mut S, terms: &[(bool, Math)]) {
    if terms.is_empty() {
        out.text("0");
    }
    for (i, (minus, term)) in terms.iter().enumerate() {
        let (minus, term) = signed(*minus, term);
        if i > 0 {
            operator(out, if minus { G::MINUS } else { "+" });
        } else if minus {
            out.text(G::MINUS);
        }
        // a sum breaks before its terms do
        out.open();
        write(g, out, term, Place::Term);
        out.close();
    }
}

/// A term with the minus signs in front of it taken together.
fn signed(mut minus: bool, term: &Math) -> (bool, &Math) {
    let mut term = peel(term);
    loop {
        let inner = match term {
            Math::Negate(inner) => inner,
            Math::Sum(terms) if terms.len() == 1 => &terms[0].1,
            _ => return (minus, term),
        };
        minus = !minus;
        term = peel(inner);
    }
}

/// A factor 1 that only tells a reader without context how far an index runs.
fn sizes_an_index(factor: &Math) -> bool {
    matches!(factor, Math::Entry(base, _) if matches!(**base, Math::Ones(_)))
}

fn product<G: Glyphs, S: Sink>(g: G, out: &mut S, factors: &[Math]) {
    if G::JUXTAPOSED && factors.iter().any(sizes_an_index) {
        let rest: Vec<Math> = factors.iter().filter(|f| !sizes_an_index(f)).cloned().collect();
        match &rest[..] {
            [] => {}
            [one] => return write(g, out, one, Place::Term),
            _ => return product(g, out, &rest),
        }
    }
    if let Some((number, inner)) = scaled(factors) {
        g.number(out, number);
        out.text(g.times(&factors[0], inner));
        return bare(g, out, inner);
    }
    if factors.is_empty() {
        out.text("1");
    }
    for (i, factor) in factors.iter().enumerate() {
        let factor = peel(factor);
        let place = match i {
            0 => Place::First,
            _ if i + 1 == factors.len() => Place::Last,
            _ => Place::Factor,
        };
        if i > 0 {
            out.text(g.times(peel(&factors[i - 1]), factor));
        }
        write(g, out, factor, place);
    }
}

/// Writes a function of two arguments with a sign between them.
pub(super) fn infix<G: Glyphs, S: Sink>(g: G, out: &mut S, sign: &str, arguments: &[Math]) {
    for (i, argument) in arguments.iter().enumerate() {
        if i > 0 {
            operator(out, sign);
        }
        write(g, out, argument, if i == 0 { Place::Lead } else { Place::Factor });
    }
}

fn hadamard<G: Glyphs, S: Sink>(g: G, out: &mut S, factors: &[Math]) {
    if factors.is_empty() {
        out.text("1");
    }
    for (i, factor) in factors.iter().enumerate() {
        if i > 0 {
            operator(out, G::HADAMARD);
        }
        write(g, out, factor, if i == 0 { Place::Lead } else { Place::Factor });
    }
}

fn constant<G: Glyphs, S: Sink>(g: G, out: &mut S, name: &str, sizes: &[Math]) {
    if sizes.is_empty() {
        return out.text(if name == "zeros" { "0" } else { "1" });
    }
    out.text(name);
    write_arguments(g, out, sizes, None);
}

/// Writes `(a, b, axis=0)`.
pub(super) fn write_arguments<G: Glyphs, S: Sink>(
    g: G,
    out: &mut S,
    arguments: &[Math],
    axis: Option<u8>,
) {
    out.text("(");
    out.open();
    write_list(g, out, arguments);
    if let Some(axis) = axis {
        out.text(",");
        out.line();
        out.text("axis=");
        write_integer(out, u64::from(axis));
    }
    out.close();
    out.text(")");
}

/// Writes `a, b`.
pub(super) fn write_list<G: Glyphs, S: Sink>(g: G, out: &mut S, list: &[Math]) {
    for (i, item) in list.iter().enumerate() {
        if i > 0 {
            out.text(",");
            out.line();
        }
        write(g, out, item, Place::Whole);
    }
}

/// A position inside brackets, without blank space: `i+k-1`, `r+p*(o-1)`.
pub(super) fn position<G: Glyphs, S: Sink>(g: G, out: &mut S, math: &Math) {
    match math {
        Math::Range(None) => out.text(":"),
        Math::Range(Some(ends)) => {
            position(g, out, &ends.0);
            out.text(":");
            position(g, out, &ends.1);
        }
        Math::Symbol(_) => write(g, out, math, Place::Whole),
        // a name by itself would be read as an index
        Math::Product(list) if list.len() == 1 && !G::JUXTAPOSED => {
            out.text("1*");
            write(g, out, &list[0], Place::Factor);
        }
        Math::Sum(terms) => {
            for (at, (minus, term)) in terms.iter().enumerate() {
                out.text(match minus {
                    true => G::MINUS,
                    false if at > 0 => "+",
                    false => "",
                });
                // what is taken away may be a compound size
                if *minus && g.class(term) == Class::Sum {
                    g.bracketed(out, term);
                } else {
                    position(g, out, term);
                }
            }
        }
        Math::Product(list) => {
            let one = |m: &Math| matches!(m, Math::Number(n) if n.is_one());
            let skip = usize::from(G::JUXTAPOSED && list.len() > 1 && one(&list[0]));
            for (at, factor) in list[skip..].iter().enumerate() {
                out.text(if at > 0 && !G::JUXTAPOSED { "*" } else { "" });
                let sum = match factor {
                    Math::Sum(_) => true,
                    // a compound size
                    Math::Symbol(_) => {
                        list.len() > 1 && matches!(g.class(factor), Class::Sum | Class::Quotient)
                    }
                    _ => false,
                };
                out.text(if sum { "(" } else { "" });
                position(g, out, factor);
                out.text(if sum { ")" } else { "" });
            }
        }
        _ => write(g, out, math, Place::Term),
    }
}

/// Writes `[i,j]`.
pub(super) fn bracket_indices<G: Glyphs, S: Sink>(g: G, out: &mut S, indices: &[Math]) {
    out.text("[");
    for (i, index) in indices.iter().enumerate() {
        if i > 0 {
            out.text(",");
        }
        position(g, out, index);
    }
    out.text("]");
}

/// Writes `3` or `1/2`.
pub(super) fn write_number<S: Sink>(out: &mut S, number: &Number) {
    let decimal = if number.is_negative() { None } else { number.decimal_text() };
    if let Some((digits, power)) = decimal {
        out.text(&digits);
        if let Some(power) = power {
            out.text("e");
            out.text(&power.to_string());
        }
    } else if let Some((n @ 0.., d)) = number.small() {
        write_integer(out, n.unsigned_abs());
        if d != 1 {
            out.text("/");
            write_integer(out, d.unsigned_abs());
        }
    } else {
        out.text(&number.to_string());
    }
}

/// Writes a whole number without an allocation.
pub(super) fn write_integer<S: Sink>(out: &mut S, mut n: u64) {
    let mut digits = [0u8; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (n % 10) as u8;
        n /= 10;
        if n == 0 {
            break;
        }
    }
    out.text(std::str::from_utf8(&digits[at..]).unwrap_or_default());
}
