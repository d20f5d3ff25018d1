//! A syntax tree as text: parsing it gives the same tree.
//!
//! Printing walks with a stack of its own, so that no depth can overflow.

use super::ast::{Expr, NodeId, ProductOp, Program, Statement};
use super::operator::precedence::{COMPARISON, POSTFIX, POWER, PRODUCT, SUM, UNARY};
use super::operator::{comparison_text, product_text};
use super::statement::attribute_text;

/// Binding strength of what needs no brackets.
const ATOM: u8 = 9;

/// What is still to be written.
enum Piece<'a> {
    Text(&'a str),
    Owned(String),
    /// A node, in brackets where it binds less tightly.
    Node(NodeId, u8),
}

/// The program in ASCII, one statement a line.
pub fn print(program: &Program) -> String {
    let mut out = String::new();
    for (number, statement) in program.statements.iter().enumerate() {
        match statement {
            Statement::Variables(list) => {
                for (at, d) in list.iter().enumerate() {
                    out.push_str(if at == 0 { "var " } else { ", " });
                    out.push_str(program.name(d.name));
                    let dims = program.list(d.dims);
                    for (at, dim) in dims.iter().enumerate() {
                        out.push_str(if at == 0 { "[" } else { ", " });
                        write(program, *dim, &mut out);
                    }
                    out.push_str(if dims.is_empty() { "" } else { "]" });
                    for a in &d.attributes {
                        out.push(' ');
                        out.push_str(attribute_text(*a));
                    }
                }
            }
            Statement::Functions { names, scalar } => {
                for (at, (name, _)) in names.iter().enumerate() {
                    out.push_str(if at == 0 { "fn " } else { ", " });
                    out.push_str(program.name(*name));
                }
                out.push_str(if *scalar { " scalar" } else { "" });
            }
            Statement::Definition { name, indices, body, .. } => {
                out.push_str(program.name(*name));
                for (at, index) in program.list(*indices).iter().enumerate() {
                    out.push_str(if at == 0 { "[" } else { "," });
                    write(program, *index, &mut out);
                }
                out.push_str(if indices.is_empty() { " = " } else { "] = " });
                write(program, *body, &mut out);
            }
            Statement::Expression(root) => {
                // a line that begins with a sign would be meant to go on with the one above
                let text = print_node(program, *root);
                let amid = number > 0 && number + 1 < program.statements.len();
                let (open, close) =
                    if amid && text.starts_with('-') { ("(", ")") } else { ("", "") };
                out.extend([open, &text, close]);
            }
            Statement::Claim(sides) => {
                for (at, side) in sides.iter().enumerate() {
                    out.push_str(if at == 0 { "" } else { " == " });
                    write(program, *side, &mut out);
                }
            }
        }
        out.push('\n');
    }
    out
}

/// One expression in ASCII.
pub fn print_node(program: &Program, root: NodeId) -> String {
    let mut out = String::new();
    write(program, root, &mut out);
    out
}

/// One expression in ASCII, in brackets where it binds less tightly than `least` (see
/// [`super::operator::precedence`]).
pub fn print_operand(program: &Program, root: NodeId, least: u8) -> String {
    let text = print_node(program, root);
    if strength(program.node(root)) < least { format!("({text})") } else { text }
}

fn strength(expr: &Expr) -> u8 {
    match expr {
        Expr::Number(n) if n.is_fraction() => PRODUCT,
        Expr::Negate(_) => UNARY,
        Expr::Sum(_) => SUM,
        Expr::Product(..) => PRODUCT,
        Expr::Power(..) | Expr::ElementPower(..) => POWER,
        Expr::Transpose(_) | Expr::Entry(..) => POSTFIX,
        Expr::Compare(..) => COMPARISON,
        Expr::Range(..) => 0,
        _ => ATOM,
    }
}

fn write(program: &Program, root: NodeId, out: &mut String) {
    let mut todo = vec![Piece::Node(root, 0)];
    while let Some(piece) = todo.pop() {
        let (id, least) = match piece {
            Piece::Text(text) => {
                out.push_str(text);
                continue;
            }
            Piece::Owned(text) => {
                out.push_str(&text);
                continue;
            }
            Piece::Node(id, least) => (id, least),
        };
        let expr = program.node(id);
        if strength(expr) < least {
            todo.extend([Piece::Text(")"), Piece::Node(id, 0), Piece::Text("(")]);
            continue;
        }
        let start = todo.len();
        open(program, expr, &mut todo);
        // what was pushed in reading order is popped in reading order
        todo[start..].reverse();
    }
}

/// The parts of a node, in reading order.
fn open<'a>(program: &'a Program, expr: &'a Expr, parts: &mut Vec<Piece<'a>>) {
    match expr {
        Expr::Number(n) => parts.push(Piece::Owned(n.text())),
        Expr::Name(name) => parts.push(Piece::Text(program.name(*name))),
        Expr::Negate(a) => parts.extend([Piece::Text("-"), Piece::Node(*a, UNARY)]),
        Expr::Sum(list) => {
            for (at, term) in program.list(*list).iter().enumerate() {
                match program.node(*term) {
                    Expr::Negate(inner) if at > 0 => {
                        parts.extend([Piece::Text(" - "), Piece::Node(*inner, PRODUCT)]);
                    }
                    _ if at > 0 => parts.extend([Piece::Text(" + "), Piece::Node(*term, PRODUCT)]),
                    _ => parts.push(Piece::Node(*term, PRODUCT)),
                }
            }
        }
        Expr::Product(op, a, b) => {
            // `1/2` is one number: two literals that are not stand apart in brackets
            let literals = *op == ProductOp::Quotient
                && matches!(program.node(*a), Expr::Number(_) | Expr::Negate(_));
            let right = if literals { POSTFIX } else { UNARY };
            parts.extend([
                Piece::Node(*a, PRODUCT),
                Piece::Text(product_text(*op)),
                Piece::Node(*b, right),
            ]);
        }
        Expr::Power(a, b) => {
            parts.extend([
                Piece::Node(*a, POSTFIX),
                Piece::Text("^"),
                Piece::Node(*b, exponent(program, *b)),
            ]);
        }
        Expr::ElementPower(a, b) => {
            parts.extend([
                Piece::Node(*a, POSTFIX),
                Piece::Text(".^"),
                Piece::Node(*b, exponent(program, *b)),
            ]);
        }
        Expr::Transpose(a) => parts.extend([Piece::Node(*a, POSTFIX), Piece::Text("'")]),
        Expr::Call { function, primes, arguments, axis } => {
            parts.push(Piece::Text(program.name(*function)));
            parts.push(Piece::Owned("'".repeat(usize::from(*primes))));
            parts.push(Piece::Text("("));
            for (at, a) in program.list(*arguments).iter().enumerate() {
                parts.push(Piece::Text(if at > 0 { ", " } else { "" }));
                parts.push(Piece::Node(*a, 0));
            }
            if let Some(axis) = axis {
                parts.extend([Piece::Text(", axis="), Piece::Node(*axis, 0)]);
            }
            parts.push(Piece::Text(")"));
        }
        Expr::Entry(a, list) => {
            parts.extend([Piece::Node(*a, POSTFIX), Piece::Text("[")]);
            separated(program, *list, parts);
            parts.push(Piece::Text("]"));
        }
        Expr::Range(a, b) => {
            parts.extend(a.map(|a| Piece::Node(a, SUM)));
            parts.push(Piece::Text(":"));
            parts.extend(b.map(|b| Piece::Node(b, SUM)));
        }
        Expr::Block { down, list } => {
            parts.push(Piece::Text("["));
            for (at, block) in program.list(*list).iter().enumerate() {
                let between = if *down { "; " } else { ", " };
                parts.push(Piece::Text(if at > 0 { between } else { "" }));
                match program.node(*block) {
                    // rows of blocks share the brackets
                    Expr::Block { down: false, list } if *down => {
                        for (at, block) in program.list(*list).iter().enumerate() {
                            parts.push(Piece::Text(if at > 0 { ", " } else { "" }));
                            parts.push(Piece::Node(*block, 0));
                        }
                    }
                    // in brackets alone they would be rows
                    Expr::Block { down: false, .. } => {
                        parts.extend([Piece::Text("("), Piece::Node(*block, 0), Piece::Text(")")]);
                    }
                    _ => parts.push(Piece::Node(*block, 0)),
                }
            }
            parts.push(Piece::Text("]"));
        }
        Expr::IndexSum(list, body) => {
            parts.push(Piece::Text("sum["));
            separated(program, *list, parts);
            parts.extend([Piece::Text("]("), Piece::Node(*body, 0), Piece::Text(")")]);
        }
        Expr::Compare(c, a, b) => {
            parts.extend([
                Piece::Node(*a, SUM),
                Piece::Text(" "),
                Piece::Text(comparison_text(*c)),
                Piece::Text(" "),
                Piece::Node(*b, SUM),
            ]);
        }
    }
}

/// An exponent stands without brackets where it is a literal or a name, with a minus or without;
/// but `T` would be a transpose.
fn exponent(program: &Program, id: NodeId) -> u8 {
    match program.node(id) {
        Expr::Number(_) => UNARY,
        Expr::Name(n) if program.name(*n) != "T" => UNARY,
        Expr::Negate(a) => match program.node(*a) {
            Expr::Number(n) if !n.is_fraction() => UNARY,
            Expr::Name(_) => UNARY,
            _ => ATOM + 1,
        },
        _ => ATOM + 1,
    }
}

fn separated<'a>(program: &'a Program, list: super::ast::List, parts: &mut Vec<Piece<'a>>) {
    for (at, i) in program.list(list).iter().enumerate() {
        parts.push(Piece::Text(if at > 0 { "," } else { "" }));
        parts.push(Piece::Node(*i, 0));
    }
}
