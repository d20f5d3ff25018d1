//! The entries of the table of identities that a claim is, or whose sides stand in it: the names
//! of the steps that a normal form takes without being seen.

use super::Claim;
use crate::identities::{Identity, Tag, identities};
use crate::shape::infer::infer;
use crate::shape::typed::{Item, Meaning, Typed};
use crate::syntax::ast::{Expr, NodeId};
use crate::syntax::parser::parse;
use smallvec::SmallVec;

/// An identity, read: both sides.
struct Entry {
    identity: &'static Identity,
    typed: Typed,
    left: NodeId,
    right: NodeId,
}

thread_local! {
    static ENTRIES: Vec<Entry> = identities().iter().filter_map(entry).collect();
}

fn entry(identity: &'static Identity) -> Option<Entry> {
    let typed = infer(parse(identity.program).ok()?).ok()?;
    // what is declared of a variable is not looked for
    let plain = typed.definitions.is_empty()
        && typed.unknowns.is_empty()
        && typed.variables.iter().all(|v| v.attributes.is_empty());
    let (left, right) = typed.items.iter().find_map(|item| match item {
        Item::Claim(claim) if claim.1.is_empty() => Some((claim.0[0], claim.0[1])),
        _ => None,
    })?;
    plain.then_some(Entry { identity, typed, left, right })
}

/// The identity that a claim is an instance of.
pub(super) fn instance(claim: &Claim<'_>) -> Option<&'static str> {
    ENTRIES.with(|list| {
        let fits = |e: &&Entry| {
            let mut found = Found::new(e, claim.typed);
            let mut turned = Found::new(e, claim.typed);
            found.fits(e.left, claim.left) && found.fits(e.right, claim.right)
                || turned.fits(e.right, claim.left) && turned.fits(e.left, claim.right)
        };
        list.iter().find(fits).map(|e| e.identity.name)
    })
}

/// The definitional identities whose left side stands somewhere in a claim, in the order of the
/// table; of derivatives none.
pub(super) fn definitional(claim: &Claim<'_>) -> Vec<&'static str> {
    let mut nodes = Vec::new();
    let mut stack = vec![claim.left, claim.right];
    while let Some(id) = stack.pop() {
        nodes.push(id);
        claim.typed.program.for_each_child(id, |c| stack.push(c));
    }
    let derivative = |id: &NodeId| matches!(claim.typed.meaning(*id), Meaning::Derivative(_));
    let chain = nodes.iter().any(derivative).then_some("chain-rule");
    ENTRIES.with(|list| {
        let stands = |e: &&Entry| {
            e.identity.tag == Tag::Definitional
                && nodes.iter().any(|id| Found::new(e, claim.typed).fits(e.left, *id))
        };
        chain.into_iter().chain(list.iter().filter(stands).map(|e| e.identity.name)).collect()
    })
}

/// A comparison of an entry's tree with a claim's.
struct Found<'a> {
    entry: &'a Typed,
    claim: &'a Typed,
    names: SmallVec<[(u32, NodeId); 4]>,
}

impl<'a> Found<'a> {
    fn new(entry: &'a Entry, claim: &'a Typed) -> Found<'a> {
        Found { entry: &entry.typed, claim, names: SmallVec::new() }
    }

    /// Whether a tree of the claim is one of the entry, with anything of its shape for a name.
    fn fits(&mut self, pattern: NodeId, node: NodeId) -> bool {
        let (p, c) = (&self.entry.program, &self.claim.program);
        match (p.node(pattern), c.node(node)) {
            (Expr::Name(name), _) => {
                let rank = |t: &Typed, id: NodeId| t.shape(id).axes.len();
                if let Meaning::Variable(_) = self.entry.meaning(pattern) {
                    if rank(self.entry, pattern) != rank(self.claim, node) {
                        return false;
                    }
                } else if let Expr::Name(_) = c.node(node) {
                    // a size stands for a size
                } else {
                    return false;
                }
                match self.names.iter().find(|(n, _)| *n == name.0) {
                    Some(&(_, known)) => self.same(known, node),
                    None => {
                        self.names.push((name.0, node));
                        true
                    }
                }
            }
            (Expr::Number(a), Expr::Number(b)) => a == b,
            (Expr::Negate(a), Expr::Negate(b)) | (Expr::Transpose(a), Expr::Transpose(b)) => {
                self.fits(*a, *b)
            }
            (Expr::Sum(a), Expr::Sum(b)) => {
                let (a, b) = (p.list(*a), c.list(*b));
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| self.fits(*a, *b))
            }
            (Expr::Product(f, a, b), Expr::Product(g, x, y)) => {
                f == g && self.fits(*a, *x) && self.fits(*b, *y)
            }
            (Expr::Power(a, b), Expr::Power(x, y))
            | (Expr::ElementPower(a, b), Expr::ElementPower(x, y)) => {
                self.fits(*a, *x) && self.fits(*b, *y)
            }
            (
                Expr::Call { function: f, primes: m, arguments: a, axis: None },
                Expr::Call { function: g, primes: n, arguments: b, axis: None },
            ) => {
                let (a, b) = (p.list(*a), c.list(*b));
                p.name(*f) == c.name(*g)
                    && m == n
                    && a.len() == b.len()
                    && a.iter().zip(b).all(|(a, b)| self.fits(*a, *b))
            }
            _ => false,
        }
    }

    /// Whether two trees of the claim are written alike.
    fn same(&self, a: NodeId, b: NodeId) -> bool {
        let text = |id| {
            let span = self.claim.program.span(id);
            let source = &self.claim.program.source;
            source.get(span.start as usize..span.end as usize).map(|s| s.replace(' ', ""))
        };
        a == b || text(a) == text(b)
    }
}
