//! Typed programs built by hand, for tests that should not depend on the parser.

use crate::array::Array;
use crate::diagnostic::Span;
use crate::number::Number;
use crate::shape::dim::{DimId, Dims};
use crate::shape::table::Shapes;
use crate::shape::typed::{
    Definition, DefinitionId, Index, IndexId, Item, Meaning, Origin, Shape, Typed, Unknown,
    UnknownId, Variable, VariableId,
};
use crate::syntax::ast::{Attributes, Expr, List, NameId, NodeId, ProductOp, Program};

/// A program under construction.
pub(super) struct Toy(pub(super) Typed);

impl Toy {
    pub(super) fn new() -> Toy {
        Toy(Typed {
            program: Program::default(),
            dims: Dims::default(),
            shapes: Shapes::default(),
            meanings: vec![],
            free: vec![],
            variables: vec![],
            definitions: vec![],
            unknowns: vec![],
            indices: vec![],
            items: vec![],
            size_values: rustc_hash::FxHashMap::default(),
            ranges: rustc_hash::FxHashMap::default(),
            positions: rustc_hash::FxHashMap::default(),
        })
    }

    fn name(&mut self, name: &str) -> NameId {
        self.0.program.names.intern(name)
    }

    pub(super) fn dims(&mut self, names: &[&str]) -> Vec<DimId> {
        names.iter().map(|n| self.0.dims.name(n)).collect()
    }

    pub(super) fn list(&mut self, nodes: &[NodeId]) -> List {
        let start = self.0.program.children.len() as u32;
        self.0.program.children.extend_from_slice(nodes);
        List { start, len: nodes.len() as u32 }
    }

    pub(super) fn node(
        &mut self,
        expr: Expr,
        meaning: Meaning,
        axes: &[DimId],
        free: &[IndexId],
    ) -> NodeId {
        self.0.program.nodes.push(expr);
        self.0.program.spans.push(Span::default());
        self.0.shapes.push(axes);
        self.0.meanings.push(meaning);
        self.0.free.push(free.iter().copied().collect());
        NodeId(self.0.program.nodes.len() as u32 - 1)
    }

    pub(super) fn variable(&mut self, name: &str, dims: &[&str]) -> NodeId {
        let axes = self.dims(dims);
        let name = self.name(name);
        let v = VariableId(self.0.variables.len() as u32);
        self.0.variables.push(Variable {
            name,
            shape: Shape { axes: axes.iter().copied().collect(), row: false },
            attributes: Attributes::NONE,
            origin: Origin::Declared,
        });
        self.node(Expr::Name(name), Meaning::Variable(v), &axes, &[])
    }

    pub(super) fn again(&mut self, node: NodeId) -> NodeId {
        let axes: Vec<DimId> = self.0.shape(node).axes.to_vec();
        let free: Vec<IndexId> = self.0.free(node).to_vec();
        let expr = self.0.program.node(node).clone();
        self.node(expr, self.0.meaning(node), &axes, &free)
    }

    pub(super) fn index(&mut self, name: &str, dim: &str) -> IndexId {
        let dim = self.0.dims.name(dim);
        let name = self.name(name);
        self.0.indices.push(Index { name, dim });
        IndexId(self.0.indices.len() as u32 - 1)
    }

    pub(super) fn entry(&mut self, base: NodeId, indices: &[IndexId]) -> NodeId {
        let nodes: Vec<NodeId> = indices
            .iter()
            .map(|&i| {
                let name = self.0.indices[i.0 as usize].name;
                self.node(Expr::Name(name), Meaning::Index(i), &[], &[])
            })
            .collect();
        let list = self.list(&nodes);
        self.node(Expr::Entry(base, list), Meaning::Plain, &[], indices)
    }

    pub(super) fn sum(&mut self, over: &[IndexId], body: NodeId, free: &[IndexId]) -> NodeId {
        let nodes: Vec<NodeId> = over
            .iter()
            .map(|&i| {
                let name = self.0.indices[i.0 as usize].name;
                self.node(Expr::Name(name), Meaning::Index(i), &[], &[])
            })
            .collect();
        let list = self.list(&nodes);
        self.node(Expr::IndexSum(list, body), Meaning::Plain, &[], free)
    }

    pub(super) fn product(
        &mut self,
        op: ProductOp,
        a: NodeId,
        b: NodeId,
        axes: &[DimId],
        free: &[IndexId],
    ) -> NodeId {
        self.node(Expr::Product(op, a, b), Meaning::Plain, axes, free)
    }

    pub(super) fn number(&mut self, n: i64) -> NodeId {
        self.node(Expr::Number(Number::integer(n)), Meaning::Plain, &[], &[])
    }

    pub(super) fn define(&mut self, name: &str, body: NodeId, indices: &[IndexId]) -> DefinitionId {
        let name = self.name(name);
        let mut axes: Vec<DimId> =
            indices.iter().map(|i| self.0.indices[i.0 as usize].dim).collect();
        axes.extend(self.0.shape(body).axes);
        self.0.definitions.push(Definition {
            name,
            shape: Shape { axes: axes.into_iter().collect(), row: false },
            indices: indices.into(),
            body,
        });
        let d = DefinitionId(self.0.definitions.len() as u32 - 1);
        self.0.items.push(Item::Definition(d));
        d
    }

    pub(super) fn used(&mut self, d: DefinitionId) -> NodeId {
        let definition = self.0.definitions[d.0 as usize].clone();
        let axes = definition.shape.axes.to_vec();
        self.node(Expr::Name(definition.name), Meaning::Definition(d), &axes, &[])
    }

    pub(super) fn unknown(&mut self, name: &str, scalar: bool) -> UnknownId {
        let name = self.name(name);
        self.0.unknowns.push(Unknown { name, scalar, declared: true });
        UnknownId(self.0.unknowns.len() as u32 - 1)
    }

    pub(super) fn apply(&mut self, f: UnknownId, primes: u8, x: NodeId) -> NodeId {
        let arguments = self.list(&[x]);
        let unknown = self.0.unknowns[f.0 as usize].clone();
        let axes: Vec<DimId> = match (unknown.scalar, primes) {
            (true, 0) => vec![],
            _ => self.0.shape(x).axes.to_vec(),
        };
        let free: Vec<IndexId> = self.0.free(x).to_vec();
        let call = Expr::Call { function: unknown.name, primes, arguments, axis: None };
        self.node(call, Meaning::Unknown(f), &axes, &free)
    }

    pub(super) fn expression(mut self, node: NodeId) -> Typed {
        let free = self.0.free(node).to_vec();
        self.0.items.push(Item::Expression(node, free.into()));
        self.0
    }
}

pub(super) fn array(shape: &[usize], data: &[f64]) -> Array {
    Array { shape: shape.to_vec(), data: data.to_vec() }
}
