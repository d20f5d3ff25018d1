//! From simplified tensors to an [`Answer`]: what gets a name, in what order, and its notation.

mod graph;
mod naming;
mod plan;

use self::graph::Graph;
use self::naming::Naming;
use self::plan::Plan;
use super::answer::{
    Answer, Besides, Binding, Condition, Indices, Needs, Outcome, Parameter, ResultKind, Shape,
};
use super::forms::Forms;
use super::math::{Math, Symbol as Name};
use super::raise::{Raiser, size_math, symbol_math};
use super::written::{Spelling, written_of};
use crate::shape::typed::{DefinitionId, IndexId, Meaning, Origin, Typed, UnknownId};
use crate::syntax::ast::{Attributes, NodeId};
use crate::tensor::arena::Arena;
use crate::tensor::lower::{Equation, Lowered};
use crate::tensor::memo::Memo;
use crate::tensor::node::{
    ExprId, MatrixFunction, Node, Properties, ReduceKind, SymbolId, SymbolKind,
};
use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::SmallVec;
use std::rc::Rc;

/// A result before notation.
#[derive(Clone, Debug)]
pub struct Result_ {
    /// What it is.
    pub kind: ResultKind,
    /// The symbols it is taken by.
    pub wrt: SmallVec<[ExprId; 2]>,
    /// Its value.
    pub value: ExprId,
    /// Other forms of it, if it has any.
    pub forms: Option<Box<Forms>>,
}

/// Why an answer cannot be written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Unwritable {
    /// What has no notation.
    pub what: String,
}

impl std::fmt::Display for Unwritable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} has no notation in the language yet", self.what)
    }
}

impl std::error::Error for Unwritable {}

/// Brings results into notation.
///
/// # Errors
/// [`Unwritable`] where an expression has neither a matrix form nor an index form.
///
/// # Panics
/// Never: what is named is a symbol.
pub fn assemble(
    typed: &Typed,
    lowered: &mut Lowered,
    cotangents: &[Equation],
    cotangent: Option<ExprId>,
    results: &[Result_],
    want_index: bool,
    reserved: &[Rc<str>],
) -> Result<Answer, Unwritable> {
    let mut naming = Naming::new(typed, lowered, cotangents, results, reserved);
    let plan = {
        let graph = naming.graph(&lowered.arena);
        naming.share(&mut lowered.arena, &graph);
        Plan::of(&naming, lowered, &graph, results)
    };
    // what is written from here on are nodes that are there
    lowered.arena.forget_index();
    let arena = &lowered.arena;
    let spelling = Spelling::of(typed, lowered);
    let author = Author::new(spelling, arena, &plan);
    let mut shapes = Shapes::new(arena);
    let mut bindings = Vec::with_capacity(plan.bindings.len());
    for (symbol, needs) in plan.bindings {
        bindings.push(binding(&naming, arena, &author, &mut shapes, symbol, needs)?);
    }
    let objective_id = symbol_of(arena, lowered.objective);
    let mut outcomes = Vec::with_capacity(results.len());
    for (result, needs) in results.iter().zip(plan.results) {
        let (value, entrywise, index, axes) = naming.write_all(arena, result.value, want_index)?;
        let forms = result.forms.as_ref().map(|f| f.written(&mut naming.raiser(arena, None)));
        outcomes.push(Outcome {
            kind: result.kind,
            wrt: result.wrt.iter().map(|e| target(arena, *e)).collect(),
            shape: shapes.of(arena, result.value),
            value,
            entrywise,
            needs,
            besides: if index.is_none() && axes.is_empty() && forms.is_none() {
                None
            } else {
                Some(Box::new(Besides { index, axes, forms: forms.unwrap_or_default() }))
            },
        });
    }
    let typed_value = typed_objective(&author, lowered, &plan.value);
    let (value, value_axes) = match (typed_value, &outcomes[..]) {
        (Some(written), _) => written,
        (None, [only]) if only.kind == ResultKind::Value => {
            let axes = if only.entrywise { only.axes().into() } else { Box::default() };
            (only.value.clone(), axes)
        }
        _ => naming.write(arena, lowered.objective, objective_body(lowered))?,
    };
    let parameters = parameters(typed, lowered, cotangent, &mut shapes);
    let objective = arena.symbol(objective_id);
    Ok(Answer {
        objective: Name { name: objective.name.clone(), rank: objective.rank },
        named: lowered.named,
        value,
        value_axes,
        shape: shapes.of(arena, lowered.objective),
        value_needs: plan.value,
        bindings,
        parameters,
        functions: unknown_functions(typed, arena),
        scalar_functions: typed
            .unknowns
            .iter()
            .enumerate()
            .filter(|(k, u)| u.scalar && mentions(typed, UnknownId(*k as u32)))
            .map(|(_, u)| Name { name: typed.program.name(u.name).into(), rank: 0 })
            .collect(),
        spellings: typed.program.names.respelt().map(|(n, w)| (n.into(), w.into())).collect(),
        results: outcomes,
        conditions: conditions(arena, results, &naming),
        remarks: Vec::new(),
    })
}

/// A named value: a definition as its author wrote it, another as it is raised.
fn binding(
    naming: &Naming<'_>,
    arena: &Arena,
    author: &Author<'_>,
    shapes: &mut Shapes,
    symbol: ExprId,
    needs: Needs,
) -> Result<Binding, Unwritable> {
    let body = naming.bodies.expr(symbol).expect("a binding has a body");
    let id = symbol_of(arena, symbol);
    let name = symbol_math(arena, id);
    let shape = shapes.of(arena, symbol);
    let as_written = match arena.symbol(id).kind {
        SymbolKind::Definition(d) => author.definition(d, shape.len(), &needs),
        _ => None,
    };
    let (value, axes) = match as_written {
        Some(written) => written,
        None => naming.write(arena, symbol, body)?,
    };
    let indices = (!axes.is_empty()).then(|| Box::new(axes));
    Ok(Binding { name, value, indices, shape, needs })
}

/// What the author of a program wrote.
struct Author<'a> {
    spelling: Spelling<'a>,
    /// The position of each definition among the bindings.
    places: Vec<Option<u32>>,
}

impl<'a> Author<'a> {
    fn new(spelling: Spelling<'a>, arena: &Arena, plan: &Plan) -> Author<'a> {
        let mut places = vec![None; spelling.typed.definitions.len()];
        for (at, (symbol, _)) in plan.bindings.iter().enumerate() {
            if let SymbolKind::Definition(d) = arena.symbol(symbol_of(arena, *symbol)).kind {
                places[d.0 as usize] = Some(at as u32);
            }
        }
        Author { spelling, places }
    }

    /// A definition as it was written, and its indices; what has a matrix form is written in that,
    /// by whatever indices it was given.
    fn definition(&self, id: DefinitionId, rank: usize, needs: &Needs) -> Option<(Math, Indices)> {
        let typed = self.spelling.typed;
        let definition = &typed.definitions[id.0 as usize];
        let indices = &definition.indices;
        if !indices.is_empty() && (indices.len() < rank || rank < 3) {
            return None;
        }
        let name = |i: &IndexId| {
            let name = typed.program.name(typed.indices[i.0 as usize].name);
            Name { name: name.into(), rank: 0 }
        };
        Some((self.text(definition.body, needs)?, indices.iter().map(name).collect()))
    }

    /// An expression as it was written, where it mentions nothing but what is needed: a definition
    /// that cancels out stands nowhere in an answer.
    fn text(&self, root: NodeId, needs: &Needs) -> Option<Math> {
        let typed = self.spelling.typed;
        written_of(&self.spelling, root, |id| match typed.meaning(id) {
            Meaning::Definition(d) => {
                self.places[d.0 as usize].is_some_and(|at| needs.contains(&at))
            }
            _ => true,
        })
    }
}

/// The symbol that a name, a target or an objective is.
fn symbol_of(arena: &Arena, e: ExprId) -> SymbolId {
    arena.as_symbol(e).expect("what is named is a symbol")
}

/// What the program says that the objective is.
fn objective_body(lowered: &Lowered) -> ExprId {
    lowered.equations.last().map_or(lowered.objective, |e| e.body)
}

fn target(arena: &Arena, e: ExprId) -> Name {
    let symbol = arena.symbol(symbol_of(arena, e));
    Name { name: symbol.name.clone(), rank: symbol.rank }
}

/// The shapes of an answer: what has one in common shares it.
struct Shapes(Vec<Option<Shape>>);

impl Shapes {
    fn new(arena: &Arena) -> Shapes {
        Shapes(vec![None; arena.shapes()])
    }

    fn of(&mut self, arena: &Arena, id: ExprId) -> Shape {
        let made = || arena.axes(id).iter().map(|d| size_math(arena.size_text(*d))).collect();
        self.0[arena.shape_index(id)].get_or_insert_with(made).clone()
    }
}

/// The objective as its author wrote it.
fn typed_objective(
    author: &Author<'_>,
    lowered: &Lowered,
    needs: &Needs,
) -> Option<(Math, Indices)> {
    use crate::shape::typed::Item;
    let typed = author.spelling.typed;
    let id = lowered.arena.as_symbol(lowered.objective)?;
    match lowered.arena.symbol(id).kind {
        SymbolKind::Definition(d) => {
            author.definition(d, lowered.arena.rank(lowered.objective), needs)
        }
        _ => typed.items.iter().rev().find_map(|i| match i {
            Item::Expression(node, free) if free.is_empty() => {
                Some((author.text(*node, needs)?, Box::default()))
            }
            _ => None,
        }),
    }
}

fn unknown_functions(typed: &Typed, arena: &Arena) -> Vec<(Name, u32)> {
    use crate::tensor::node::MapFunction;
    if typed.unknowns.is_empty() {
        return Vec::new();
    }
    let mut highest: FxHashMap<String, u32> = FxHashMap::default();
    for at in 0..arena.len() {
        if let Node::Map(MapFunction::Unknown(s, n), _) = arena.node(arena.id_at(at)) {
            let slot = highest.entry(arena.symbol(s).name.to_string()).or_default();
            *slot = (*slot).max(n);
        }
    }
    typed
        .unknowns
        .iter()
        .filter(|u| !u.scalar)
        .filter_map(|u| {
            let name = typed.program.name(u.name);
            highest.get(name).map(|n| (Name { name: name.into(), rank: 0 }, *n))
        })
        .collect()
}

fn parameters(
    typed: &Typed,
    lowered: &Lowered,
    cotangent: Option<ExprId>,
    shapes: &mut Shapes,
) -> Vec<Parameter> {
    let arena = &lowered.arena;
    // what the program writes is a parameter, though it may cancel
    let mut list = Vec::with_capacity(typed.variables.len() + 1);
    for (v, variable) in typed.variables.iter().enumerate() {
        let Some(symbol) = lowered.variables[v] else { continue };
        let id = symbol_of(arena, symbol);
        list.push(Parameter {
            name: symbol_math(arena, id),
            shape: shapes.of(arena, symbol),
            attributes: variable.attributes,
            assumed: variable.origin != Origin::Declared,
        });
    }
    if let Some(g) = cotangent {
        list.push(Parameter {
            name: symbol_math(arena, symbol_of(arena, g)),
            shape: shapes.of(arena, g),
            attributes: Attributes::NONE,
            assumed: true,
        });
    }
    list
}

/// The array whose entries these are, in another order or times a number.
fn entries(arena: &Arena, x: ExprId) -> ExprId {
    let core = arena.split_scale(x).1;
    let Node::Einsum(view) = arena.node(core) else { return core };
    let mut operands = view.operands();
    operands.next().filter(|_| operands.next().is_none()).map_or(core, |o| o.0)
}

/// Whether an unknown function occurs in the program, and is not only declared.
fn mentions(typed: &Typed, unknown: UnknownId) -> bool {
    (0..typed.program.nodes.len() as u32)
        .any(|at| typed.meaning(NodeId(at)) == Meaning::Unknown(unknown))
}

/// `X is invertible`, for every inverse in the results, and the like; a Cholesky factor in the
/// objective asks for its condition too.
fn conditions(arena: &Arena, results: &[Result_], naming: &Naming<'_>) -> Vec<Condition> {
    let mut list = Vec::new();
    let asks = |n: Node<'_>| matches!(n, Node::Matrix(..) | Node::Reduce(ReduceKind::Product, ..));
    if !(0..arena.len()).any(|at| asks(arena.node(arena.id_at(at)))) {
        return list;
    }
    let matrix = |id: ExprId| match arena.node(naming.bodies.expr(id).unwrap_or(id)) {
        Node::Matrix(kind, x) => Some((kind, x)),
        _ => None,
    };
    let declared = |x: ExprId| {
        arena.as_symbol(x).is_some_and(|s| arena.symbol(s).properties.has(Properties::POSDEF))
    };
    let roots: Vec<ExprId> = results.iter().map(|r| r.value).collect();
    let answer = Graph::of(arena, &naming.bodies, roots);
    let all = naming.graph(arena);
    let is_factor = |id: &ExprId| matches!(matrix(*id), Some((MatrixFunction::Cholesky, _)));
    let asked: Vec<ExprId> = all.ids().filter(is_factor).collect();
    let factored: FxHashSet<ExprId> = asked.iter().filter_map(|id| Some(matrix(*id)?.1)).collect();
    // the gradient of a product of entries divides by them
    let by = |id: ExprId| arena.as_power(id).filter(|p| arena.number_of(p.1).is_negative());
    let divisors: FxHashSet<ExprId> = answer.ids().filter_map(|id| Some(by(id)?.0)).collect();
    let product = |id: &ExprId| matches!(arena.node(*id), Node::Reduce(ReduceKind::Product, ..));
    let products: Vec<ExprId> = all.ids().filter(product).collect();
    for id in answer.ids().chain(asked).chain(products) {
        let condition = match arena.node(id) {
            Node::Reduce(ReduceKind::Product, _, x) => {
                let entries = entries(arena, x);
                divisors.contains(&entries).then_some((entries, "nonzero in every entry"))
            }
            Node::Matrix(_, x) if declared(x) => None,
            // a Cholesky factor is always invertible, and so is what it is taken of
            Node::Matrix(MatrixFunction::Inverse, x) if is_factor(&x) || factored.contains(&x) => {
                None
            }
            Node::Matrix(MatrixFunction::Inverse, x) => Some((x, "invertible")),
            Node::Matrix(MatrixFunction::Cholesky, x) => Some((x, "symmetric positive definite")),
            Node::Matrix(MatrixFunction::Eigenvalues | MatrixFunction::Eigenvectors, x) => {
                Some((x, "symmetric with distinct eigenvalues"))
            }
            _ => None,
        };
        if let Some((x, property)) = condition {
            let names = Memo::default();
            let mut raiser = Raiser {
                arena,
                names: &names,
                own: None,
                depth: Raiser::full_depth(),
                turning: false,
            };
            if let Some(of) = raiser.raise(x) {
                list.push(Condition { of, property });
            }
        }
    }
    list.sort_by_cached_key(Condition::ascii);
    list.dedup();
    list
}
