//! A definition as its author wrote it: the syntax tree as a presentation tree, unchanged.

use super::math::{Math, Symbol, Unknown};
use super::raise::size_math;
use crate::number::Number;
use crate::shape::typed::{Fill, Meaning, Typed};
use crate::syntax::ast::{Expr, NameId, NodeId, ProductOp};
use crate::tensor::lower::Lowered;
use smallvec::{SmallVec, smallvec};
use std::rc::Rc;

/// The deepest tree that is written as it stands.
const DEPTH: usize = 60;

/// The names of a program, as its symbols have them.
pub(crate) struct Spelling<'a> {
    pub(crate) typed: &'a Typed,
    /// Where what it lowers to has the names already.
    lowered: Option<&'a Lowered>,
}

impl<'a> Spelling<'a> {
    /// The names as the program has them.
    pub(crate) fn plain(typed: &'a Typed) -> Spelling<'a> {
        Spelling { typed, lowered: None }
    }

    /// The names as the symbols have them that the program was lowered to.
    pub(crate) fn of(typed: &'a Typed, lowered: &'a Lowered) -> Spelling<'a> {
        Spelling { typed, lowered: Some(lowered) }
    }

    /// The name at a node with this meaning.
    fn name(&self, id: NameId, meaning: Meaning) -> Rc<str> {
        let text = self.typed.program.name(id);
        let symbol = self.lowered.and_then(|lowered| {
            let symbol = match meaning {
                Meaning::Variable(v) => lowered.variables[v.0 as usize],
                Meaning::Definition(d) => lowered.definitions[d.0 as usize],
                _ => None,
            };
            Some(lowered.arena.symbol(lowered.arena.as_symbol(symbol?)?))
        });
        let own = symbol.map(|s| &s.name).filter(|own| ***own == *text);
        own.map_or_else(|| text.into(), Rc::clone)
    }
}

/// The tree below `root`; `None` where it is too deep to be written in one piece.
pub(crate) fn written(spelling: &Spelling<'_>, root: NodeId) -> Option<Math> {
    written_of(spelling, root, |_| true)
}

/// As [`written`]; `None` too where a node of it may not be written.
pub(crate) fn written_of(
    spelling: &Spelling<'_>,
    root: NodeId,
    may: impl Fn(NodeId) -> bool,
) -> Option<Math> {
    let typed = spelling.typed;
    let mut stack: SmallVec<[NodeId; 16]> = smallvec![root];
    let mut list: SmallVec<[NodeId; 16]> = SmallVec::new();
    let mut first = root;
    while let Some(id) = stack.pop() {
        if !may(id) {
            return None;
        }
        list.push(id);
        first = first.min(id);
        typed.program.for_each_child(id, |c| stack.push(c));
    }
    // the nodes of one expression stand together, mostly with nothing between them
    let count = (root.0 - first.0) as usize + 1;
    if list.len() < count {
        list.sort_unstable();
    } else {
        list.clear();
        list.extend((first.0..=root.0).map(NodeId));
    }
    let mut values = Values { first: first.0, slots: (0..count).map(|_| None).collect() };
    let large = list.len() > DEPTH;
    for id in list {
        let mut depth = 0;
        if large {
            typed.program.for_each_child(id, |c| depth = depth.max(values.depth(c) + 1));
        }
        if depth > DEPTH {
            return None;
        }
        let math = node(spelling, id, &mut values)?;
        values.slots[(id.0 - first.0) as usize] = Some((depth, math));
    }
    values.take(root)
}

/// Finished parts of one expression.
struct Values {
    first: u32,
    slots: SmallVec<[Option<(usize, Math)>; 16]>,
}

impl Values {
    fn depth(&self, id: NodeId) -> usize {
        self.slots[(id.0 - self.first) as usize].as_ref().map_or(0, |v| v.0)
    }

    fn take(&mut self, id: NodeId) -> Option<Math> {
        self.slots[(id.0 - self.first) as usize].take().map(|v| v.1)
    }
}

fn node(spelling: &Spelling<'_>, id: NodeId, values: &mut Values) -> Option<Math> {
    let typed = spelling.typed;
    let mut take = |id: &NodeId| values.take(*id);
    let boxed = |m: Math| Box::new(m);
    Some(match typed.program.node(id) {
        Expr::Number(n) => Math::Number(n.clone()),
        Expr::Name(name) => {
            let text = typed.program.name(*name);
            let rank = typed.shape(id).axes.len() as u8;
            let meaning = typed.meaning(id);
            match meaning {
                Meaning::Pi => Math::Pi,
                Meaning::Size(d) => size_math(typed.dims.text(d).into()),
                Meaning::Identity => {
                    let n =
                        typed.shape(id).axes.first().map(|d| size_math(typed.dims.text(*d).into()));
                    Math::Identity(n.map(boxed))
                }
                _ => match text.strip_prefix("grad_") {
                    Some(of) if typed.program.find_name(of).is_some() => {
                        Math::Gradient(Symbol { name: of.into(), rank })
                    }
                    _ => Math::Symbol(Symbol { name: spelling.name(*name, meaning), rank }),
                },
            }
        }
        Expr::Negate(a) => Math::Sum(vec![(true, take(a)?)]),
        Expr::Sum(list) => {
            let mut terms = Vec::with_capacity(typed.program.list(*list).len());
            for c in typed.program.list(*list) {
                let math = take(c)?;
                match math {
                    Math::Sum(mut inner) if inner.len() == 1 => terms.append(&mut inner),
                    m => terms.push((false, m)),
                }
            }
            Math::Sum(terms)
        }
        Expr::Product(op, a, b) => {
            let (left, right) = (take(a)?, take(b)?);
            // a sign before a product is that of the product
            match left {
                Math::Sum(mut terms) if terms.len() == 1 => {
                    let (minus, first) = terms.pop()?;
                    Math::Sum(vec![(minus, product(typed, *op, *a, first, right))])
                }
                left => product(typed, *op, *a, left, right),
            }
        }
        Expr::Power(a, b) => Math::Power(boxed(take(a)?), boxed(exponent(take(b)?))),
        Expr::ElementPower(a, b) => Math::ElementPower(boxed(take(a)?), boxed(exponent(take(b)?))),
        Expr::Transpose(a) => Math::Transpose(boxed(take(a)?)),
        Expr::Compare(c, a, b) => Math::Compare(*c, boxed(take(a)?), boxed(take(b)?)),
        Expr::Entry(a, list) => {
            let mut indices = each(typed.program.list(*list), &mut take)?;
            if matches!(typed.meaning(*a), Meaning::Delta) {
                let (second, first) = (indices.pop()?, indices.pop()?);
                return Some(Math::Delta(boxed(first), boxed(second)));
            }
            Math::Entry(boxed(take(a)?), indices.into())
        }
        Expr::Range(..) => range(typed, id)?,
        Expr::Block { down, list } => {
            let blocks: Option<_> = typed.program.list(*list).iter().map(&mut take).collect();
            if *down { super::raise::under(blocks?) } else { super::raise::beside(blocks?) }
        }
        Expr::IndexSum(list, body) => {
            let names = typed
                .program
                .list(*list)
                .iter()
                .filter_map(|i| match typed.program.node(*i) {
                    Expr::Name(n) => Some(Symbol { name: typed.program.name(*n).into(), rank: 0 }),
                    _ => None,
                })
                .collect();
            Math::IndexSum(names, boxed(take(body)?))
        }
        Expr::Call { function, primes, arguments, axis } => {
            let list = each(typed.program.list(*arguments), &mut take)?;
            call(typed, id, *function, *primes, list, axis.and_then(|a| take(&a)))?
        }
    })
}

/// The expressions of some nodes, in a list that is no longer than they are.
fn each(nodes: &[NodeId], take: &mut impl FnMut(&NodeId) -> Option<Math>) -> Option<Vec<Math>> {
    let mut list = Vec::with_capacity(nodes.len());
    for node in nodes {
        list.push(take(node)?);
    }
    Some(list)
}

/// The product of two expressions, of which the left one was written at `place`; products of more
/// than two factors are one list.
fn product(typed: &Typed, op: ProductOp, place: NodeId, left: Math, right: Math) -> Math {
    match op {
        ProductOp::Product => {
            let open = matches!(typed.program.node(place), Expr::Product(ProductOp::Product, ..));
            chain(left, right, open)
        }
        ProductOp::Hadamard => match (left, typed.program.node(place)) {
            (Math::Hadamard(mut list), Expr::Product(..)) => {
                list.push(right);
                Math::Hadamard(list)
            }
            (left, _) => Math::Hadamard(vec![left, right]),
        },
        ProductOp::Quotient => Math::Quotient(Box::new(left), Box::new(right)),
        ProductOp::ElementQuotient => Math::ElementQuotient(Box::new(left), Box::new(right)),
    }
}

/// `a:b`, or `:` where it is the whole axis.
fn range(typed: &Typed, id: NodeId) -> Option<Math> {
    let extent = typed.ranges.get(&id)?;
    let text = |d| size_math(typed.dims.text(d).into());
    let nothing = |d| typed.dims.as_number(d) == Some(0);
    let whole = nothing(extent.before) && nothing(extent.after);
    Some(Math::Range((!whole).then(|| Box::new((text(extent.first), text(extent.last))))))
}

fn exponent(m: Math) -> Math {
    match m {
        Math::Sum(mut terms) if terms.len() == 1 && terms[0].0 => match terms.pop() {
            Some((_, inner)) => Math::Negate(Box::new(inner)),
            None => Math::Number(Number::ONE),
        },
        m => m,
    }
}

fn chain(left: Math, right: Math, open: bool) -> Math {
    match left {
        Math::Product(mut list) if open => {
            list.push(right);
            Math::Product(list)
        }
        left => Math::Product(vec![left, right]),
    }
}

fn call(
    typed: &Typed,
    id: NodeId,
    function: NameId,
    primes: u8,
    list: Vec<Math>,
    axis: Option<Math>,
) -> Option<Math> {
    let name = typed.program.name(function);
    let axis = match axis {
        Some(Math::Number(n)) => u8::try_from(n.as_integer()?).ok(),
        _ => None,
    };
    Some(match typed.meaning(id) {
        Meaning::Unknown(_) => {
            let name = Symbol { name: name.into(), rank: 0 };
            Math::Unknown(Box::new(Unknown { name, primes: primes.into() }), list.into())
        }
        Meaning::Identity => Math::Identity(list.into_iter().next().map(Box::new)),
        Meaning::Fill(Fill::Ones) => Math::Ones(list),
        Meaning::Fill(Fill::Zeros) => Math::Zeros(list),
        Meaning::Fill(Fill::Argument) => {
            let sizes = typed
                .shape(id)
                .axes
                .iter()
                .map(|d| size_math(typed.dims.text(*d).into()))
                .collect();
            match list.into_iter().next()? {
                Math::Number(n) if n.is_one() => Math::Ones(sizes),
                value => Math::Product(vec![value, Math::Ones(sizes)]),
            }
        }
        Meaning::Function(f) if primes == 0 => Math::Call(f.function(), list.into(), axis),
        _ => return None,
    })
}
