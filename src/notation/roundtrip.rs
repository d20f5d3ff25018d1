//! What is printed in ASCII is read back by the parser as the same expression.

use super::ascii::ascii;
use super::layout::{is_minus_one, peel, rank};
use super::math::Math;
use super::sample::*;
use crate::syntax::ast::{Expr, NodeId, ProductOp, Program, Statement};
use crate::syntax::parser::parse;

/// An expression as fully bracketed text, where only what is the same expression is the same text:
/// products from left to right, signs in front of terms, a number before an elementwise product.
fn meaning(math: &Math) -> String {
    let fold = |list: &[Math], symbol: &str| {
        let joined = list.iter().map(meaning);
        joined.reduce(|a, b| binary(&a, symbol, &b)).unwrap_or_else(|| "1".into())
    };
    match peel(math) {
        Math::Number(n) => n.to_string(),
        Math::Symbol(s) => s.name.to_string(),
        Math::Gradient(s) => format!("grad_{}", s.name),
        Math::Sum(terms) => {
            let signed: Vec<String> = terms
                .iter()
                .map(|(minus, term)| signed(*minus, term))
                .map(|(minus, term)| if minus { format!("neg {term}") } else { term })
                .collect();
            match signed.as_slice() {
                [one] => one.clone(),
                _ => format!("({})", signed.join(" + ")),
            }
        }
        Math::Negate(inner) => {
            let (minus, inner) = signed(true, inner);
            if minus { format!("neg {inner}") } else { inner }
        }
        Math::Product(list) => match list.as_slice() {
            [number @ Math::Number(_), inner] => match peel(inner) {
                Math::Hadamard(parts) if !parts.is_empty() => {
                    let mut parts = parts.clone();
                    parts[0] = prod([number.clone(), parts[0].clone()]);
                    fold(&parts, ".*")
                }
                Math::ElementQuotient(a, b) => {
                    let a = prod([number.clone(), (**a).clone()]);
                    binary(&meaning(&a), "./", &meaning(b))
                }
                _ => fold(list, "*"),
            },
            _ => fold(list, "*"),
        },
        Math::Hadamard(list) => fold(list, ".*"),
        Math::Quotient(a, b) => binary(&meaning(a), "/", &meaning(b)),
        Math::ElementQuotient(a, b) => binary(&meaning(a), "./", &meaning(b)),
        Math::Power(a, e) if is_minus_one(e) && rank(a) != Some(0) => {
            format!("inv({})", meaning(a))
        }
        Math::Power(a, e) => format!("({} ^ {})", meaning(a), meaning(e)),
        Math::ElementPower(a, e) => format!("({} .^ {})", meaning(a), meaning(e)),
        Math::Transpose(a) => format!("({})'", meaning(a)),
        Math::Call(f, list, _) => {
            let list: Vec<String> = list.iter().map(meaning).collect();
            format!("{}({})", f.name, list.join(", "))
        }
        Math::Entry(a, at) => {
            let at: Vec<String> = at.iter().map(meaning).collect();
            format!("{}[{}]", meaning(a), at.join(","))
        }
        Math::IndexSum(names, body) => {
            let names: Vec<&str> = names.iter().map(|n| &*n.name).collect();
            format!("sum[{}]({})", names.join(","), meaning(body))
        }
        Math::Block(rows) => {
            let row = |row: &Vec<Math>| row.iter().map(meaning).collect::<Vec<_>>().join(", ");
            format!("[{}]", rows.iter().map(row).collect::<Vec<_>>().join("; "))
        }
        other => format!("{other:?}"),
    }
}

/// A product or quotient; a sign in front is that of the whole, and `-1/2` is a number.
fn binary(a: &str, symbol: &str, b: &str) -> String {
    let digits = |s: &str| s.bytes().all(|c| c.is_ascii_digit());
    match a.strip_prefix("neg ") {
        Some(a) => negative(&binary(a, symbol, b)),
        None if symbol == "/" && digits(a) && digits(b) => format!("{a}/{b}"),
        None => format!("({a} {symbol} {b})"),
    }
}

fn negative(a: &str) -> String {
    a.strip_prefix("neg ").map_or_else(|| format!("neg {a}"), String::from)
}

fn signed(minus: bool, term: &Math) -> (bool, String) {
    match peel(term) {
        Math::Negate(inner) => signed(!minus, inner),
        Math::Sum(terms) if terms.len() == 1 => signed(minus != terms[0].0, &terms[0].1),
        other => match meaning(other).strip_prefix("neg ") {
            Some(inner) => (!minus, inner.to_string()),
            None => (minus, meaning(other)),
        },
    }
}

/// The same text of what was read.
fn read(program: &Program, id: NodeId) -> String {
    let go = |id: NodeId| read(program, id);
    let name = |id: NodeId| match program.node(id) {
        Expr::Name(n) => program.name(*n).to_string(),
        other => format!("{other:?}"),
    };
    match program.node(id) {
        Expr::Number(n) => n.to_string(),
        Expr::Name(n) => program.name(*n).to_string(),
        Expr::Negate(a) => negative(&go(*a)),
        Expr::Sum(list) => {
            let terms: Vec<String> = program.list(*list).iter().map(|t| go(*t)).collect();
            format!("({})", terms.join(" + "))
        }
        Expr::Product(op, a, b) => {
            let symbol = match op {
                ProductOp::Product => "*",
                ProductOp::Hadamard => ".*",
                ProductOp::Quotient => "/",
                ProductOp::ElementQuotient => "./",
            };
            binary(&go(*a), symbol, &go(*b))
        }
        Expr::Power(a, e) => format!("({} ^ {})", go(*a), go(*e)),
        Expr::ElementPower(a, e) => format!("({} .^ {})", go(*a), go(*e)),
        Expr::Transpose(a) => format!("({})'", go(*a)),
        Expr::Call { function, arguments, .. } => {
            let list: Vec<String> = program.list(*arguments).iter().map(|a| go(*a)).collect();
            format!("{}({})", program.name(*function), list.join(", "))
        }
        Expr::Entry(a, at) => {
            let at: Vec<String> = program.list(*at).iter().map(|i| name(*i)).collect();
            format!("{}[{}]", go(*a), at.join(","))
        }
        Expr::IndexSum(names, body) => {
            let names: Vec<String> = program.list(*names).iter().map(|n| name(*n)).collect();
            format!("sum[{}]({})", names.join(","), go(*body))
        }
        Expr::Block { down, list } => {
            let blocks: Vec<String> = program.list(*list).iter().map(|b| go(*b)).collect();
            if *down {
                let rows: Vec<&str> = blocks
                    .iter()
                    .zip(program.list(*list))
                    .map(|(text, b)| match program.node(*b) {
                        Expr::Block { down: false, .. } => &text[1..text.len() - 1],
                        _ => text,
                    })
                    .collect();
                format!("[{}]", rows.join("; "))
            } else {
                format!("[{}]", blocks.join(", "))
            }
        }
        Expr::Compare(..) | Expr::Range(..) => String::new(),
    }
}

/// Numbers that look random and are the same every time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    fn leaf(&mut self) -> Math {
        match self.roll(7) {
            0 => n(2),
            1 => half(),
            2 => c("s"),
            3 => m("A"),
            4 => g("y"),
            5 => entry(v("x"), &["i"]),
            _ => v("x"),
        }
    }

    /// A divisor and an exponent begin with a name: a quotient of two literals is one number.
    fn math(&mut self, depth: u32) -> Math {
        if depth == 0 {
            return self.leaf();
        }
        let mut part = || self.math(depth - 1);
        let (a, b, d) = (part(), part(), part());
        match self.roll(14) {
            0 | 1 => add([a, b, d]),
            2 => sub(a, b),
            3 => minus(a),
            4 | 5 => prod([a, b]),
            6 => prod([a, b, d]),
            7 => had([a, b, d]),
            8 => quot(a, add([c("s"), b])),
            9 => equot(a, b),
            10 => {
                if self.roll(2) == 0 {
                    pow(a, n(3))
                } else {
                    epow(a, minus(c("s")))
                }
            }
            11 => {
                if self.roll(2) == 0 {
                    inv(m("A"))
                } else {
                    t(a)
                }
            }
            12 => call(&SIGMOID, a),
            _ => {
                if self.roll(2) == 0 {
                    entry(a, &["i", "j"])
                } else {
                    isum(&["k"], a)
                }
            }
        }
    }
}

/// Elementwise quotients of literals are numbers too; leave them to the parser's own tests.
fn divides_literals(math: &Math) -> bool {
    super::walk::any(math, &mut |part| match part {
        Math::ElementQuotient(_, b) => matches!(peel(b), Math::Number(_)),
        _ => false,
    })
}

#[test]
fn what_is_printed_reads_back_as_the_same_expression() {
    let mut dice = Dice(1);
    let mut tried = 0;
    for round in 0..4000 {
        let math = dice.math(1 + round % 4);
        if divides_literals(&math) {
            continue;
        }
        tried += 1;
        let text = ascii(&math);
        let program = parse(&text).unwrap_or_else(|e| panic!("{text}: {e}"));
        let Some(Statement::Expression(id)) = program.statements.first() else {
            panic!("{text} is no expression");
        };
        assert_eq!(read(&program, *id), meaning(&math), "{text}");
    }
    assert!(tried > 2000);
}

#[test]
fn the_gallery_reads_back() {
    for (name, math) in gallery() {
        let text = ascii(&math);
        assert!(parse(&text).is_ok(), "{name}: {text}");
    }
}
