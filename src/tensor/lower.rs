//! Lowering: from a typed program to equations between tensors.
//!
//! One pass over the nodes that the wanted statements reach, children first. Orientation ends here:
//! a row and a column are both one axis. Broadcasting is made explicit here, once. A definition
//! becomes a symbol with an equation, so that results are in its terms.

mod block;
mod call;
mod entry;
mod node;
mod prime;

use super::arena::Arena;
use super::node::{Axes, ExprId, Properties, Symbol, SymbolId, SymbolKind, Wire, Wires};
use super::template::{Value, range};
use crate::diagnostic::{Diagnostic, Label, Span};
use crate::shape::dim::DimId;
use crate::shape::typed::{DefinitionId, IndexId, Item, Meaning, Typed, VariableId};
use crate::syntax::ast::{Attribute, Expr, NameId, NodeId};
use rustc_hash::FxHashMap;
use smallvec::SmallVec;
use std::fmt;

/// Why a program cannot be lowered.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum LowerError {
    /// Something that is read and shaped, but that the calculus has no meaning for yet.
    Unsupported {
        /// What it is.
        what: String,
        /// Where it stands.
        span: Span,
    },
    /// A divisor is zero, whatever the values of the variables.
    DivisionByZero {
        /// Where it stands.
        span: Span,
    },
    /// There is no expression or definition to work on.
    Nothing,
    /// The objective is no name of a definition.
    UnknownObjective(String),
}

impl fmt::Display for LowerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LowerError::Unsupported { what, .. } => write!(f, "{what} is not supported yet"),
            LowerError::DivisionByZero { .. } => f.write_str("this divides by zero"),
            LowerError::Nothing => f.write_str("there is no expression or definition to work on"),
            LowerError::UnknownObjective(name) => {
                write!(f, "`{name}` is not a definition of the program")
            }
        }
    }
}

impl std::error::Error for LowerError {}

impl From<LowerError> for Diagnostic {
    fn from(error: LowerError) -> Diagnostic {
        let labels = match &error {
            LowerError::Unsupported { span, .. } | LowerError::DivisionByZero { span } => {
                vec![Label { span: *span, text: String::new() }]
            }
            _ => Vec::new(),
        };
        Diagnostic { message: error.to_string(), labels, notes: Vec::new(), help: None }
    }
}

/// `name = body`
#[derive(Clone, Copy, Debug)]
pub struct Equation {
    /// The leaf that stands for the value.
    pub symbol: ExprId,
    /// The value.
    pub body: ExprId,
}

/// A lowered program: an arena, and what the statements are in it.
#[derive(Debug)]
pub struct Lowered {
    /// All expressions.
    pub arena: Arena,
    /// The definitions that the objective needs, in the order of the program; the last is the
    /// objective, under its own or a given name.
    pub equations: Vec<Equation>,
    /// The symbol of each variable that was met.
    pub variables: Vec<Option<ExprId>>,
    /// The symbol of each definition that was met.
    pub definitions: Vec<Option<ExprId>>,
    /// The symbol of the objective.
    pub objective: ExprId,
    /// Whether the program gives the objective its name.
    pub named: bool,
}

/// What gives `grad`, `jac`, `hess` and `vjp` inside a program their meaning. Lowering knows no
/// calculus: whoever lowers brings it.
pub trait Differentiate {
    /// The derivative of `y` by the symbol `by`, through `equations`: the axes of `y` first. With a
    /// cotangent, which has the axes of `y`, their contraction: the axes of `by` alone.
    fn derivative(
        &self,
        arena: &mut Arena,
        equations: &[Equation],
        y: ExprId,
        by: ExprId,
        cotangent: Option<ExprId>,
    ) -> ExprId;
}

/// Lowers what `objective` (a definition's name, or the last statement with a value) needs.
///
/// # Errors
/// [`LowerError`] where there is no such objective, or the calculus has no meaning for a node.
///
/// # Panics
/// Never: nodes come in the order of children first.
pub fn lower(
    typed: &Typed,
    objective: Option<&str>,
    calculus: &dyn Differentiate,
) -> Result<Lowered, LowerError> {
    let target = find_target(typed, objective)?;
    let mut lowering = Lowerer::new(typed, calculus);
    let root = match &target {
        Target::Definition(id) => typed.definitions[id.0 as usize].body,
        Target::Expression(root, _) => *root,
    };
    let mut needed = reach(typed, &[root]);
    if let Target::Definition(id) = &target {
        needed[id.0 as usize] = true;
    }
    lowering.definitions_of(&needed)?;
    let (objective, named) = match target {
        Target::Definition(id) => {
            (lowering.definitions[id.0 as usize].expect("the objective is needed"), true)
        }
        Target::Expression(root, indices) => {
            lowering.nodes(root)?;
            let body = lowering.statement(root, &indices);
            let symbol = lowering.objective(body);
            lowering.equations.push(Equation { symbol, body });
            (symbol, false)
        }
    };
    let Lowerer { arena, equations, variables, definitions, .. } = lowering;
    Ok(Lowered { arena, equations, variables, definitions, objective, named })
}

impl Lowered {
    /// The symbol of each name of the program that was met, by the name's number.
    pub fn symbols_by_name(&self, typed: &Typed) -> Vec<Option<ExprId>> {
        let mut symbols = vec![None; typed.program.names.len()];
        let variables = typed.variables.iter().map(|v| v.name).zip(&self.variables);
        let definitions = typed.definitions.iter().map(|d| d.name).zip(&self.definitions);
        for (name, symbol) in variables.chain(definitions) {
            symbols[name.0 as usize] = *symbol;
        }
        symbols
    }

    /// A symbol for a variable that the objective does not depend on; `None` where the name is that
    /// of no variable.
    pub fn unmet(&mut self, typed: &Typed, name: NameId) -> Option<ExprId> {
        let at = typed.variables.iter().position(|v| v.name == name)?;
        let variable = &typed.variables[at];
        let symbol = Symbol {
            properties: Lowerer::properties(&variable.attributes),
            ..Symbol::new(
                typed.program.name(name).into(),
                SymbolKind::Variable(VariableId(at as u32)),
            )
        };
        let e = self.arena.symbol_expr(symbol, &variable.shape.axes);
        self.variables[at] = Some(e);
        Some(e)
    }
}

/// Lowered expressions that share an arena.
#[derive(Debug)]
pub struct LoweredSides {
    /// All expressions.
    pub arena: Arena,
    /// The definitions that they need, in the order of the program.
    pub equations: Vec<Equation>,
    /// Each of them, its free indices as leading axes in the order asked for.
    pub sides: Vec<ExprId>,
}

/// Lowers expressions together, such as the sides of a claim; of each, these free indices are its
/// leading axes, and one that it lacks is broadcast.
///
/// # Errors
/// [`LowerError`] where the calculus has no meaning for a node.
pub fn lower_sides(
    typed: &Typed,
    roots: &[NodeId],
    indices: &[IndexId],
    calculus: &dyn Differentiate,
) -> Result<LoweredSides, LowerError> {
    let mut lowering = Lowerer::new(typed, calculus);
    let needed = reach(typed, roots);
    lowering.definitions_of(&needed)?;
    let mut sides = Vec::with_capacity(roots.len());
    for root in roots {
        lowering.nodes(*root)?;
        sides.push(lowering.statement(*root, indices));
    }
    Ok(LoweredSides { arena: lowering.arena, equations: lowering.equations, sides })
}

enum Target {
    Definition(DefinitionId),
    Expression(NodeId, Vec<IndexId>),
}

fn find_target(typed: &Typed, objective: Option<&str>) -> Result<Target, LowerError> {
    if let Some(name) = objective {
        let at = typed.definitions.iter().rposition(|d| {
            let id = d.name;
            typed.program.name(id) == name || typed.program.written(id) == name
        });
        let at = at.ok_or_else(|| LowerError::UnknownObjective(name.to_string()))?;
        return Ok(Target::Definition(DefinitionId(at as u32)));
    }
    let last = typed.items.iter().rev().find_map(|item| match item {
        Item::Definition(id) => Some(Target::Definition(*id)),
        Item::Expression(node, indices) => Some(Target::Expression(*node, indices.to_vec())),
        Item::Claim(..) => None,
    });
    last.ok_or(LowerError::Nothing)
}

/// The definitions that a target needs.
fn reach(typed: &Typed, roots: &[NodeId]) -> Vec<bool> {
    let mut needed = vec![false; typed.definitions.len()];
    if needed.is_empty() {
        return needed;
    }
    let mut seen = vec![false; typed.program.nodes.len()];
    let mut todo: SmallVec<[NodeId; 32]> = SmallVec::from_slice(roots);
    while let Some(id) = todo.pop() {
        if std::mem::replace(&mut seen[id.0 as usize], true) {
            continue;
        }
        if let Meaning::Definition(d) = typed.meaning(id)
            && !std::mem::replace(&mut needed[d.0 as usize], true)
        {
            todo.push(typed.definitions[d.0 as usize].body);
        }
        typed.program.for_each_child(id, |child| todo.push(child));
    }
    needed
}

struct Lowerer<'a> {
    typed: &'a Typed,
    calculus: &'a dyn Differentiate,
    arena: Arena,
    equations: Vec<Equation>,
    values: Vec<Option<ExprId>>,
    variables: Vec<Option<ExprId>>,
    definitions: Vec<Option<ExprId>>,
    functions: Vec<Option<SymbolId>>,
    order: u32,
    /// Unit vectors, by size and position.
    unit_vectors: FxHashMap<(DimId, i64), ExprId>,
    /// Room for the nodes below a root.
    stack: Vec<NodeId>,
    list: Vec<NodeId>,
}

/// The wires of a node that is being lowered: its free indices first, then its own axes.
struct Context {
    free: SmallVec<[IndexId; 4]>,
    sizes: SmallVec<[DimId; 8]>,
}

impl<'a> Lowerer<'a> {
    fn new(typed: &'a Typed, calculus: &'a dyn Differentiate) -> Lowerer<'a> {
        let mut arena = Arena::with_room(typed.program.nodes.len());
        let names = typed.dims.texts().collect();
        arena.name_sizes(names);
        let decimal = |e: &Expr| matches!(e, Expr::Number(n) if n.decimal().is_some());
        arena.decimals = typed.program.nodes.iter().any(decimal);
        for (dim, value) in typed.dims.numbers() {
            arena.set_size(dim, value);
        }
        Lowerer {
            typed,
            calculus,
            arena,
            equations: Vec::with_capacity(typed.definitions.len() + 1),
            values: vec![None; typed.program.nodes.len()],
            variables: vec![None; typed.variables.len()],
            definitions: vec![None; typed.definitions.len()],
            functions: vec![None; typed.unknowns.len()],
            order: 0,
            unit_vectors: FxHashMap::default(),
            stack: Vec::with_capacity(16),
            list: Vec::with_capacity(16),
        }
    }

    /// Lowers definitions in the order of the program.
    fn definitions_of(&mut self, needed: &[bool]) -> Result<(), LowerError> {
        let typed = self.typed;
        for (id, definition) in typed.definitions.iter().enumerate() {
            if needed[id] {
                self.nodes(definition.body)?;
                let body = self.statement(definition.body, &definition.indices);
                let id = DefinitionId(id as u32);
                let symbol = self.definition(id, body);
                self.equations.push(Equation { symbol, body });
            }
        }
        Ok(())
    }

    /// Lowers a node and what stands below it.
    fn nodes(&mut self, root: NodeId) -> Result<(), LowerError> {
        // children come before parents; what an earlier statement lowered is behind us
        let (mut stack, mut list) =
            (std::mem::take(&mut self.stack), std::mem::take(&mut self.list));
        stack.push(root);
        while let Some(id) = stack.pop() {
            if self.values[id.0 as usize].is_none() {
                list.push(id);
                match self.typed.program.node(id) {
                    // positions are read by the entry
                    Expr::Entry(base, _) => stack.push(*base),
                    _ => self.typed.program.for_each_child(id, |child| stack.push(child)),
                }
            }
        }
        list.sort_unstable();
        list.dedup();
        for id in list.drain(..) {
            let value = self.node(id)?;
            self.values[id.0 as usize] = value;
        }
        (self.stack, self.list) = (stack, list);
        Ok(())
    }

    /// The value of a node that was lowered.
    fn value(&self, id: NodeId) -> ExprId {
        self.values[id.0 as usize].expect("children are lowered before parents")
    }

    /// The value of a statement, with its free indices as axes in this order.
    fn statement(&mut self, root: NodeId, indices: &[IndexId]) -> ExprId {
        if indices.is_empty() && self.typed.free(root).is_empty() {
            return self.value(root);
        }
        let context = self.context(indices, &[]);
        let own = self.typed.shape(root).axes.len();
        let first = indices.len();
        let value = self.operand(root, &context, &range(first, first + own));
        let mut sizes = context.sizes;
        sizes.extend(self.typed.shape(root).axes.iter().copied());
        let all = range(0, first + own);
        self.arena.value_broadcast(&value, &all, &sizes).expr
    }

    fn unsupported<T>(&self, id: NodeId, what: impl Into<String>) -> Result<T, LowerError> {
        Err(LowerError::Unsupported { what: what.into(), span: self.typed.program.span(id) })
    }

    fn properties(attributes: &[Attribute]) -> Properties {
        attributes.iter().fold(Properties::NONE, |all, attribute| {
            let own = match attribute {
                Attribute::Symmetric => Properties::SYMMETRIC,
                Attribute::PosDef => Properties::POSDEF.and(Properties::SYMMETRIC),
                Attribute::Positive => Properties::POSITIVE,
                Attribute::Diagonal => Properties::DIAGONAL,
                Attribute::Orthogonal => Properties::ORTHOGONAL,
                Attribute::Simplex => Properties::SIMPLEX,
            };
            all.and(own)
        })
    }

    fn next_order(&mut self) -> u32 {
        self.order += 1;
        self.order
    }

    fn variable(&mut self, id: VariableId) -> ExprId {
        if let Some(e) = self.variables[id.0 as usize] {
            return e;
        }
        let variable = &self.typed.variables[id.0 as usize];
        let order = self.next_order();
        let name = self.typed.program.name(variable.name).into();
        let symbol = Symbol {
            properties: Lowerer::properties(&variable.attributes),
            order,
            ..Symbol::new(name, SymbolKind::Variable(id))
        };
        let e = self.arena.symbol_expr(symbol, &variable.shape.axes);
        self.variables[id.0 as usize] = Some(e);
        e
    }

    fn definition(&mut self, id: DefinitionId, body: ExprId) -> ExprId {
        let definition = &self.typed.definitions[id.0 as usize];
        let kind = SymbolKind::Definition(id);
        let name = self.typed.program.name(definition.name).into();
        let e = self.name_value(name, kind, body);
        self.definitions[id.0 as usize] = Some(e);
        e
    }

    fn objective(&mut self, body: ExprId) -> ExprId {
        // its gradient is called `grad_y`, which may be another name of the program
        let known = |name: &str| self.typed.program.find_name(name).is_some();
        let taken = |name: &str| known(name) || known(&format!("grad_{name}"));
        let name = ["y", "out", "value", "result", "objective"]
            .into_iter()
            .find(|n| !taken(n))
            .unwrap_or("unnamed_objective");
        self.name_value(name.into(), SymbolKind::Objective, body)
    }

    fn name_value(&mut self, name: std::rc::Rc<str>, kind: SymbolKind, body: ExprId) -> ExprId {
        let order = self.next_order();
        let axes = Axes::from_slice(self.arena.axes(body));
        let positive = self.arena.is_positive(body);
        let mut properties = Properties::NONE.and_if(positive, Properties::POSITIVE);
        if let super::node::Node::Named { function, active, .. } = self.arena.node(body)
            && active as usize == axes.len()
        {
            let simplex = function == self.arena.known.softmax;
            properties = properties
                .and_if(simplex, Properties::SIMPLEX)
                .and_if(simplex, Properties::POSITIVE)
                .and_if(function.total == Some(0), Properties::CENTRED);
        }
        let symmetric = axes.len() == 2 && axes[0] == axes[1] && {
            self.arena.facts = true;
            let symmetric = self.arena.is_symmetric(body);
            self.arena.facts = false;
            symmetric
        };
        let properties = properties.and_if(symmetric, Properties::SYMMETRIC);
        self.arena.symbol_expr(Symbol { properties, order, ..Symbol::new(name, kind) }, &axes)
    }

    fn context(&self, free: &[IndexId], own: &[DimId]) -> Context {
        let dims = free.iter().map(|i| self.typed.indices[i.0 as usize].dim);
        Context { free: free.into(), sizes: dims.chain(own.iter().copied()).collect() }
    }

    /// The value of a child, its free indices on the wires of the context, its own axes on `own`.
    fn operand(&mut self, id: NodeId, context: &Context, own: &[Wire]) -> Value {
        let expr = self.value(id);
        let free = self.typed.free(id);
        if free.is_empty() && own.windows(2).all(|w| w[0] < w[1]) {
            return Value { expr, wires: own.into() };
        }
        let mut wires: Wires = free
            .iter()
            .map(|i| {
                let at = context.free.iter().position(|j| i == j);
                at.expect("the context has every free index of a child") as u32
            })
            .collect();
        wires.extend_from_slice(own);
        let mut sorted = wires.clone();
        sorted.sort_unstable();
        Value { expr: self.arena.permute(expr, &wires, &sorted), wires: sorted }
    }

    /// An elementwise operand: its own axes are the last ones of the context, or it is a scalar.
    fn element(&mut self, id: NodeId, context: &Context) -> Value {
        let rank = self.typed.shape(id).axes.len();
        let n = context.sizes.len();
        self.operand(id, context, &range(n - rank, n))
    }
}
