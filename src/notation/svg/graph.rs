//! What is drawn: values as nodes, operands above what is made of them.
//!
//! The nodes are the variables and the definitions of the program; where it is one expression, its
//! operations. A value that stands far from where it is used is drawn again there, so that the
//! number of lines stays in proportion to the program.

use crate::notation::answer::{Answer, Binding, ResultKind};
use crate::notation::layout::peel;
use crate::notation::lines::broken;
use crate::notation::math::{Math, Symbol};
use crate::notation::order::backward;
use crate::notation::unicode::{Unicode, unicode};
use crate::notation::walk::{any, children_mut};
use rustc_hash::{FxHashMap, FxHashSet};
use std::rc::Rc;

/// Text of an operation up to this length is shown whole.
const SHORT: usize = 22;
/// The width of a definition, in characters, and its most lines.
const COLUMNS: usize = 34;
const LINES: usize = 5;
/// An edge over more layers than this ends in a copy of the value.
const FAR: usize = 4;

/// What a node is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    /// A variable.
    Variable,
    /// An operation, or a definition.
    Value,
    /// The objective.
    Objective,
    /// A value that is drawn elsewhere.
    Copy,
    /// What the backward pass begins with.
    Seed,
}

/// A node.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) kind: Kind,
    /// `W₁`: what the node is called, where it has a name.
    pub(super) name: Option<String>,
    /// What it is, in lines.
    pub(super) lines: Vec<String>,
    /// `m×n`
    pub(super) shape: Option<String>,
    /// The layer, 0 at the top.
    pub(super) layer: usize,
}

/// An operand and what is made of it.
#[derive(Clone, Debug)]
pub(super) struct Edge {
    pub(super) from: usize,
    pub(super) to: usize,
    /// Whether a value flows down.
    pub(super) forward: bool,
    /// Whether a cotangent flows up.
    pub(super) back: bool,
    /// The cotangent's name.
    pub(super) label: Option<String>,
}

/// The picture's content: nodes above what is made of them.
#[derive(Clone, Debug, Default)]
pub(super) struct Graph {
    pub(super) title: String,
    pub(super) nodes: Vec<Node>,
    pub(super) edges: Vec<Edge>,
}

/// The graph of an answer.
pub(super) fn graph(answer: &Answer) -> Graph {
    let mut builder = Builder::new(answer);
    builder.values();
    let active = builder.active();
    place(builder, &active)
}

/// Values in the order in which they are computed, each with its operands.
struct Builder<'a> {
    answer: &'a Answer,
    nodes: Vec<Node>,
    /// Canonical names, for those that have one.
    symbols: Vec<Option<Rc<str>>>,
    operands: Vec<Vec<usize>>,
    named: FxHashMap<Rc<str>, usize>,
    /// Operations by their text: what is written twice is drawn once.
    operations: FxHashMap<String, usize>,
}

impl<'a> Builder<'a> {
    fn new(answer: &'a Answer) -> Builder<'a> {
        Builder {
            answer,
            nodes: Vec::new(),
            symbols: Vec::new(),
            operands: Vec::new(),
            named: FxHashMap::default(),
            operations: FxHashMap::default(),
        }
    }

    fn push(&mut self, node: Node, symbol: Option<Rc<str>>, operands: Vec<usize>) -> usize {
        let mut seen = FxHashSet::default();
        let operands = operands.into_iter().filter(|o| seen.insert(*o)).collect();
        self.nodes.push(node);
        self.symbols.push(symbol.clone());
        self.operands.push(operands);
        if let Some(symbol) = symbol {
            self.named.insert(symbol, self.nodes.len() - 1);
        }
        self.nodes.len() - 1
    }

    fn values(&mut self) {
        let answer = self.answer;
        for parameter in &answer.parameters {
            if let Math::Symbol(symbol) = &parameter.name {
                let name = unicode(&parameter.name);
                let node = Node {
                    kind: Kind::Variable,
                    lines: vec![name.clone()],
                    name: Some(name),
                    shape: shape(&parameter.shape),
                    layer: 0,
                };
                self.push(node, Some(symbol.name.clone()), Vec::new());
            }
        }
        let definitions = definitions(answer);
        for binding in &definitions {
            if let Math::Symbol(symbol) = &binding.name {
                self.definition(symbol, &binding.value, &binding.shape, Kind::Value);
            }
        }
        if definitions.is_empty() {
            let mut shown = peel(&answer.value).clone();
            let mut operands = Vec::new();
            if cut(&shown) {
                children_mut(&mut shown, &mut |child| self.inline(child, &mut operands));
            } else {
                operands = self.mentioned(&shown);
            }
            self.objective(&shown, operands);
        } else {
            let operands = self.mentioned(&answer.value);
            self.objective(&answer.value, operands);
        }
    }

    fn objective(&mut self, shown: &Math, operands: Vec<usize>) {
        let symbol = &self.answer.objective;
        let name = unicode(&Math::Symbol(symbol.clone()));
        let node = Node {
            kind: Kind::Objective,
            lines: equation(&name, shown),
            name: Some(name),
            shape: shape(&self.answer.shape).or_else(|| Some("scalar".to_string())),
            layer: 0,
        };
        self.push(node, Some(symbol.name.clone()), operands);
    }

    fn definition(&mut self, symbol: &Symbol, value: &Math, sizes: &[Math], kind: Kind) {
        let name = unicode(&Math::Symbol(symbol.clone()));
        let operands = self.mentioned(value);
        let node = Node {
            kind,
            lines: equation(&name, value),
            name: Some(name),
            shape: shape(sizes),
            layer: 0,
        };
        self.push(node, Some(symbol.name.clone()), operands);
    }

    /// The values that an expression is made of, in the order of reading.
    fn mentioned(&self, math: &Math) -> Vec<usize> {
        let mut found = Vec::new();
        any(math, &mut |part| {
            if let Math::Symbol(symbol) = part
                && let Some(at) = self.named.get(&symbol.name)
            {
                found.push(*at);
            }
            false
        });
        found
    }

    /// Draws the operations inside an expression, and leaves dots in their stead.
    fn inline(&mut self, math: &mut Math, operands: &mut Vec<usize>) {
        let whole = peel(math);
        match whole {
            Math::Symbol(symbol) => operands.extend(self.named.get(&symbol.name)),
            _ if !has_parts(whole) => {}
            _ if is_light(whole) => {
                children_mut(math, &mut |child| self.inline(child, operands));
            }
            _ => {
                let whole = whole.clone();
                let Some(at) = self.operation(&whole) else { return };
                operands.push(at);
                *math = Math::Symbol(Symbol { name: "·".into(), rank: 0 });
            }
        }
    }

    /// The node of an operation; nothing for what has no variables.
    fn operation(&mut self, math: &Math) -> Option<usize> {
        let text = unicode(math);
        if let Some(at) = self.operations.get(&text) {
            return Some(*at);
        }
        let mut shown = math.clone();
        let mut operands = Vec::new();
        if cut(math) {
            children_mut(&mut shown, &mut |child| self.inline(child, &mut operands));
        } else {
            operands = self.mentioned(math);
        }
        if operands.is_empty() {
            return None;
        }
        let lines = if text.chars().count() <= SHORT {
            vec![text.clone()]
        } else {
            clipped(&broken(Unicode, "", &shown, 2, COLUMNS))
        };
        let node = Node { kind: Kind::Value, name: None, lines, shape: None, layer: 0 };
        let at = self.push(node, None, operands);
        self.operations.insert(text, at);
        Some(at)
    }

    /// The values through which a cotangent flows: those that depend on what is asked for.
    fn active(&self) -> Vec<bool> {
        let mut targets: FxHashSet<&str> = FxHashSet::default();
        for result in self.answer.results.iter().filter(|r| r.kind != ResultKind::Value) {
            targets.extend(result.wrt.iter().map(|s| &*s.name));
        }
        let mut active = vec![false; self.nodes.len()];
        for at in 0..self.nodes.len() {
            active[at] = self.symbols[at].as_ref().is_some_and(|s| targets.contains(&**s))
                || self.operands[at].iter().any(|o| active[*o]);
        }
        active
    }
}

/// The definitions that the objective is made of, in the order in which they are computed.
fn definitions(answer: &Answer) -> Vec<&Binding> {
    let forward = &answer.bindings[..backward(answer)];
    let mut place: FxHashMap<&str, u32> = FxHashMap::default();
    for (at, binding) in forward.iter().enumerate() {
        if let Math::Symbol(symbol) = &binding.name {
            place.insert(&symbol.name, at as u32);
        }
    }
    // the value as it is written may name what its simplified form does not
    let mut direct = answer.value_needs.clone();
    any(&answer.value, &mut |part| {
        if let Math::Symbol(symbol) = part {
            direct.extend(place.get(&*symbol.name).copied());
        }
        false
    });
    let needed = answer.closure(&direct);
    let needed = needed.iter().filter_map(|at| forward.get(*at));
    needed.filter(|b| !is(&b.name, &answer.objective)).collect()
}

fn is(name: &Math, symbol: &Symbol) -> bool {
    matches!(name, Math::Symbol(s) if s.name == symbol.name)
}

/// Whether an expression has parts that stand for values.
fn has_parts(math: &Math) -> bool {
    any(math, &mut |part| matches!(part, Math::Symbol(_)))
}

/// Whether an expression is cut into its operands; what has indices is drawn as one.
fn cut(math: &Math) -> bool {
    !any(math, &mut |part| matches!(part, Math::Entry(..) | Math::IndexSum(..) | Math::Delta(..)))
}

/// What is written with its operand rather than as an operation of its own.
fn is_light(math: &Math) -> bool {
    match math {
        Math::Transpose(_) | Math::Negate(_) => true,
        Math::Sum(terms) => terms.len() < 2,
        Math::Product(factors) => {
            matches!(factors.as_slice(), [Math::Number(_), _] | [_])
        }
        _ => false,
    }
}

/// `u = W x + b` in lines.
fn equation(name: &str, value: &Math) -> Vec<String> {
    clipped(&broken(Unicode, &format!("{name} = "), value, 4, COLUMNS))
}

fn clipped(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = text.lines().take(LINES).map(clip).collect();
    if text.lines().nth(LINES).is_some()
        && let Some(last) = lines.last_mut()
    {
        *last = "  …".to_string();
    }
    lines
}

/// A line that no break could make short.
fn clip(line: &str) -> String {
    let most = COLUMNS + COLUMNS / 2;
    if line.chars().count() <= most {
        return line.to_string();
    }
    line.chars().take(most).chain(['…']).collect()
}

fn shape(sizes: &[Math]) -> Option<String> {
    let sizes: Vec<String> = sizes.iter().map(unicode).collect();
    (!sizes.is_empty()).then(|| sizes.join("×"))
}

/// Puts values into layers by the longest way down to the objective, and draws copies of what is
/// used far away.
fn place(builder: Builder<'_>, active: &[bool]) -> Graph {
    let Builder { answer, nodes, symbols: _, operands, .. } = builder;
    let mut height = vec![0usize; nodes.len()];
    for at in (0..nodes.len()).rev() {
        for operand in &operands[at] {
            height[*operand] = height[*operand].max(height[at] + 1);
        }
    }
    let layers = height.iter().max().map_or(1, |h| h + 1);
    let objective = nodes.len().saturating_sub(1);
    let seeded = active.last().copied().unwrap_or(false);
    let scalar = answer.shape.is_empty();
    let kind = answer.results.first().map(|r| r.kind);
    let of = nodes.last().and_then(|n| n.name.clone()).unwrap_or_default();
    let cotangent = |name: &str| match kind {
        Some(ResultKind::Gradient) => format!("∇{name}"),
        _ => format!("∂{of}/∂{name}"),
    };
    let mut graph = Graph { title: format!("Computation graph of {of}"), ..Graph::default() };
    for (node, height) in nodes.iter().zip(&height) {
        graph.nodes.push(Node { layer: layers - 1 - height, ..node.clone() });
    }
    // one copy of a value for all uses in a layer
    let mut copies: FxHashMap<(usize, usize), usize> = FxHashMap::default();
    for (to, list) in operands.iter().enumerate() {
        for &from in list {
            let span = height[from] - height[to];
            let leaf = operands[from].is_empty();
            let drawn = if span <= if leaf { 1 } else { FAR } {
                from
            } else {
                let layer = graph.nodes[to].layer - 1;
                let copy = || {
                    let node = &nodes[from];
                    let name = node.name.clone().or_else(|| node.lines.first().cloned());
                    let lines = vec![name.unwrap_or_default()];
                    Node { kind: Kind::Copy, lines, layer, shape: None, name: node.name.clone() }
                };
                *copies.entry((from, layer)).or_insert_with(|| {
                    graph.nodes.push(copy());
                    graph.nodes.len() - 1
                })
            };
            let back = active[from] && active[to];
            let label = nodes[from].name.as_ref().filter(|_| back).map(|name| cotangent(name));
            graph.edges.push(Edge { from: drawn, to, forward: true, back, label });
        }
    }
    if seeded {
        let name = cotangent(&of);
        let text = if kind == Some(ResultKind::Gradient) && scalar {
            format!("{name} = 1")
        } else if kind == Some(ResultKind::Gradient) {
            format!("{name} given")
        } else {
            format!("{name} = {}", if scalar { "1" } else { "I" })
        };
        let lines = vec![text];
        let node = Node { kind: Kind::Seed, lines, layer: layers, shape: None, name: Some(name) };
        graph.nodes.push(node);
        let to = graph.nodes.len() - 1;
        graph.edges.push(Edge { from: objective, to, forward: false, back: true, label: None });
    }
    graph
}
