//! The rules: entries of the table of identities, read once and applied from left to right.
//!
//! A rewrite is applied where the result is lighter; a lemma, by the prover alone, where matrix
//! functions of lighter arguments come out.

use super::pattern::{Matcher, Pattern};
use crate::functions::{self, Function};
use crate::identities::{Identity, Tag, identities};
use crate::shape::infer::infer;
use crate::shape::typed::Item;
use crate::syntax::parser::parse;
use crate::tensor::arena::Arena;
use crate::tensor::lower::{Differentiate, Equation, lower_sides};
use crate::tensor::memo::Memo;
use crate::tensor::node::{ExprId, MapFunction, MatrixFunction, Node};
use smallvec::{SmallVec, smallvec};
use std::cell::RefCell;
use std::rc::Rc;

/// What must occur in an expression for a rule to apply.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Key {
    Matrix(MatrixFunction),
    Function(&'static Function),
}

/// An identity as a rule, before it is read.
struct Rule {
    identity: &'static Identity,
    keys: Vec<Key>,
}

/// The rules with this tag, those of statements that have a function to know them by.
fn rules(tag: Tag) -> &'static [Rule] {
    static LISTS: std::sync::OnceLock<[Vec<Rule>; 2]> = std::sync::OnceLock::new();
    let lists = LISTS.get_or_init(|| {
        [Tag::Rewrite, Tag::Lemma].map(|tag| {
            let usable = |i: &&Identity| {
                i.tag == tag
                    && !["grad(", "jac(", "hess(", "vjp(", "sum["]
                        .iter()
                        .any(|d| i.program.contains(d))
            };
            let rule = |identity: &'static Identity| {
                let left = identity.statement().split(" == ").next().unwrap_or("");
                Rule { identity, keys: keys(left) }
            };
            identities().iter().filter(usable).map(rule).filter(|r| !r.keys.is_empty()).collect()
        })
    });
    &lists[usize::from(tag == Tag::Lemma)]
}

/// The functions that a text calls.
fn keys(text: &str) -> Vec<Key> {
    let mut list = Vec::new();
    if text.contains(['^', '/']) || text.contains("sqrt(") {
        list.extend(functions::find("pow").map(Key::Function));
    }
    for (at, _) in text.match_indices('(') {
        let name: String =
            text[..at].chars().rev().take_while(char::is_ascii_alphanumeric).collect();
        let name: String = name.chars().rev().collect();
        let key = match name.as_str() {
            "inv" => Key::Matrix(MatrixFunction::Inverse),
            "det" => Key::Matrix(MatrixFunction::Determinant),
            "logdet" => Key::Matrix(MatrixFunction::LogDeterminant),
            "chol" => Key::Matrix(MatrixFunction::Cholesky),
            "eigvals" => Key::Matrix(MatrixFunction::Eigenvalues),
            "eigvecs" => Key::Matrix(MatrixFunction::Eigenvectors),
            // a root is a power; the others are products
            "sqrt" | "tr" | "eye" | "diag" | "sum" | "" => continue,
            other => match functions::find(other) {
                Some(f) => Key::Function(f),
                None => continue,
            },
        };
        if !list.contains(&key) {
            list.push(key);
        }
    }
    list
}

/// Nothing has a derivative here: entries of the table that speak of derivatives are no rules.
struct NoCalculus;

impl Differentiate for NoCalculus {
    fn derivative(
        &self,
        arena: &mut Arena,
        _: &[Equation],
        y: ExprId,
        _: ExprId,
        _: Option<ExprId>,
    ) -> ExprId {
        let _ = arena;
        y
    }
}

/// An identity as a pattern, where it can be one.
fn compile(identity: &Identity) -> Option<Pattern> {
    let typed = infer(parse(identity.program).ok()?).ok()?;
    let (sides, indices) = typed.items.iter().find_map(|item| match item {
        Item::Claim(claim) => Some(&**claim),
        _ => None,
    })?;
    if !indices.is_empty() {
        return None;
    }
    let lowered = lower_sides(&typed, &sides[..2], indices, &NoCalculus).ok()?;
    let mut arena = lowered.arena;
    arena.facts = true;
    let (left, right) = (lowered.sides[0], lowered.sides[1]);
    let entrywise = super::reachable(&arena, &[left]).iter().all(|e| arena.rank(*e) == 0);
    let heads = heads_of_pattern(&arena, left);
    Some(Pattern { arena, left, right, entrywise, heads })
}

/// The rules that were read, by name.
type Read = Vec<(&'static str, Option<Rc<Pattern>>)>;

thread_local! {
    static PATTERNS: RefCell<Read> = const { RefCell::new(Vec::new()) };
}

fn pattern(identity: &'static Identity) -> Option<Rc<Pattern>> {
    let known = PATTERNS.with_borrow(|list| {
        list.iter().find(|(name, _)| *name == identity.name).map(|(_, p)| p.clone())
    });
    known.unwrap_or_else(|| {
        let new = compile(identity).map(Rc::new);
        PATTERNS.with_borrow_mut(|list| list.push((identity.name, new.clone())));
        new
    })
}

/// A rule that may apply, and the functions that an expression must show for it.
#[derive(Debug)]
struct Ready {
    name: &'static str,
    pattern: Rc<Pattern>,
    heads: u32,
}

/// The functions by which rules are known that some expressions have, and the rules of these.
#[derive(Debug, Default)]
pub(super) struct Present {
    keys: SmallVec<[Key; 8]>,
    rules: SmallVec<[Ready; 8]>,
}

/// The functions by which rewrites are known.
fn rewrite_keys() -> &'static [Key] {
    static KEYS: std::sync::OnceLock<Vec<Key>> = std::sync::OnceLock::new();
    KEYS.get_or_init(|| {
        let mut list: Vec<Key> = Vec::new();
        for key in rules(Tag::Rewrite).iter().flat_map(|r| &r.keys) {
            if !list.contains(key) {
                list.push(*key);
            }
        }
        list
    })
}

/// The function that a node is a value of.
fn head(arena: &Arena, id: ExprId) -> Option<Key> {
    match arena.node(id) {
        Node::Matrix(kind, _) => Some(Key::Matrix(kind)),
        Node::Map(MapFunction::Known(f), _) => Some(Key::Function(f)),
        Node::Named { function, .. } => Some(Key::Function(function)),
        _ => None,
    }
}

impl Present {
    pub(super) fn of(arena: &Arena, ids: &[ExprId]) -> Present {
        let mut keys: SmallVec<[Key; 8]> = SmallVec::new();
        let mut last = None;
        for id in ids {
            let key = head(arena, *id);
            // neighbours are often values of one function
            if let Some(key) = key.filter(|_| key != last)
                && !keys.contains(&key)
            {
                keys.push(key);
            }
            last = key;
        }
        keys.retain(|k| rewrite_keys().contains(k));
        let mut present = Present { keys, rules: SmallVec::new() };
        if !present.keys.is_empty() {
            present.rules = rules(Tag::Rewrite).iter().filter_map(|r| present.ready(r)).collect();
        }
        present
    }

    fn ready(&self, rule: &Rule) -> Option<Ready> {
        if !rule.keys.iter().all(|k| self.keys.contains(k)) {
            return None;
        }
        let pattern = pattern(rule.identity)?;
        let heads = pattern.heads.iter().fold(0, |all, key| all | self.bit(key));
        Some(Ready { name: rule.identity.name, pattern, heads })
    }

    /// The bit of a function; those that are too many for one each share the last.
    fn bit(&self, key: &Key) -> u32 {
        self.keys.iter().position(|k| k == key).map_or(0, |at| 1 << at.min(31))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// The functions that an expression shows: itself, or those among its terms and factors.
    fn heads(&self, arena: &Arena, id: ExprId, known: &mut Memo) -> u32 {
        let mut stack: SmallVec<[ExprId; 16]> = smallvec![id];
        while let Some(&top) = stack.last() {
            let before = stack.len();
            let mut all = 0;
            let mut part = |e: ExprId| match known.get(e) {
                Some(bits) => all |= bits,
                None => stack.push(e),
            };
            match arena.node(top) {
                Node::Add(terms) => terms.iter().for_each(|(_, e)| part(e)),
                Node::Einsum(view) => view.operands().for_each(|(e, _)| part(e)),
                _ => all = head(arena, top).map_or(0, |key| self.bit(&key)),
            }
            if stack.len() == before {
                known.set(top, all);
                stack.pop();
            }
        }
        known.count(id)
    }
}

/// The functions that an expression must show where a pattern is found in it.
fn heads_of_pattern(arena: &Arena, left: ExprId) -> Vec<Key> {
    let mut list = Vec::new();
    let mut stack = vec![left];
    while let Some(id) = stack.pop() {
        match arena.node(id) {
            Node::Add(terms) => stack.extend(terms.iter().map(|t| t.1)),
            Node::Einsum(view) => stack.extend(view.operands().map(|o| o.0)),
            _ => list.extend(head(arena, id)),
        }
    }
    list
}

/// A lighter expression by a rewrite of the table, and the name of the rewrite; `known` keeps which
/// functions expressions show.
pub(super) fn lighter(
    arena: &mut Arena,
    id: ExprId,
    present: &Present,
    known: &mut Memo,
) -> Option<(&'static str, ExprId)> {
    let heads = present.heads(arena, id, known);
    for rule in &present.rules {
        if rule.heads & !heads != 0 {
            continue;
        }
        let matcher = Matcher { pattern: &rule.pattern, arena };
        if let Some(other) = { matcher }.rewrite(id)
            && arena.weight(other) < arena.weight(id)
        {
            return Some((rule.name, other));
        }
    }
    None
}

/// A function of a matrix by functions of lighter ones, by a lemma of the table.
pub(crate) fn lemma(arena: &mut Arena, id: ExprId) -> Option<(&'static str, ExprId)> {
    let Node::Matrix(kind, argument) = arena.node(id) else { return None };
    let burden = (arena.weight(argument), arena.fingerprint(argument));
    for rule in rules(Tag::Lemma) {
        if rule.keys.first() != Some(&Key::Matrix(kind)) {
            continue;
        }
        let Some(pattern) = pattern(rule.identity) else { continue };
        if !matches!(pattern.arena.node(pattern.left), Node::Matrix(..)) {
            continue;
        }
        let matcher = Matcher { pattern: &pattern, arena };
        let Some(other) = { matcher }.rewrite(id) else { continue };
        let mut heaviest = (0, 0);
        for e in super::reachable(arena, &[other]) {
            if let Node::Matrix(_, inner) = arena.node(e) {
                heaviest = heaviest.max((arena.weight(inner), arena.fingerprint(inner)));
            }
        }
        if heaviest < burden {
            return Some((rule.identity.name, other));
        }
    }
    None
}
