//! Declarations: variables with their shapes and properties, functions, names of definitions.

use super::dim::DimId;
use super::error::ShapeError;
use super::infer::{Inference, Uses};
use super::names::Binding;
use super::table::Place;
use super::typed::{
    Definition, DefinitionId, Origin, Shape, Unknown, UnknownId, Variable, VariableId,
};
use crate::diagnostic::Span;
use crate::syntax::ast::{
    Attribute, Attributes, Declaration, Expr, NameId, NodeId, ProductOp, Statement,
};
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

impl Inference<'_> {
    /// Collects declarations: variables with their shapes, functions, names of definitions.
    pub(super) fn declarations(&mut self) -> Result<(), ShapeError> {
        let program = self.program;
        for statement in &program.statements {
            match statement {
                Statement::Variables(list) => {
                    for d in list {
                        self.unique(d.name, d.span)?;
                        let mut axes: SmallVec<[DimId; 4]> = SmallVec::new();
                        for dim in program.list(d.dims) {
                            axes.push(self.size_expression(*dim)?);
                        }
                        let shape = self.shapes.add(&axes, false);
                        self.check_attributes(d, shape)?;
                        let id = self.variable(d.name, Some(shape), Origin::Declared, d.span);
                        self.variables[id.0 as usize].attributes = d.attributes;
                    }
                }
                Statement::Functions { names, scalar } => {
                    for (name, span) in names {
                        self.unique(*name, *span)?;
                        let id = UnknownId(self.unknowns.len() as u32);
                        self.unknowns.push(Unknown {
                            name: *name,
                            scalar: *scalar,
                            declared: true,
                        });
                        self.bind_name(*name, Binding::Function(id), *span);
                    }
                }
                _ => {}
            }
        }
        for statement in &program.statements {
            if let Statement::Definition { name, span, body, .. } = statement {
                self.unique(*name, *span)?;
                let id = DefinitionId(self.definitions.len() as u32);
                self.definitions.push(Definition {
                    name: *name,
                    shape: Shape::default(),
                    indices: Box::default(),
                    body: *body,
                });
                self.definition_uses.push(Uses::NO);
                self.is_body_of(*body, id);
                self.bind_name(*name, Binding::Definition(id), *span);
            }
        }
        Ok(())
    }

    fn check_attributes(&self, d: &Declaration, shape: Place) -> Result<(), ShapeError> {
        for a in &d.attributes {
            let fits = match (a, self.axes(shape)) {
                (Attribute::Positive, _) | (Attribute::Simplex, [_]) => true,
                (Attribute::Simplex, _) => false,
                (_, axes) => matches!(axes, [m, n] if m == n),
            };
            if !fits {
                let asked = if *a == Attribute::Simplex { "a vector" } else { "a square matrix" };
                let found = self.describe(shape);
                let text = crate::syntax::attribute_text(*a);
                return Err(ShapeError::Operand {
                    expected: format!("{asked} for the attribute `{text}`"),
                    found,
                    span: d.span,
                    help: None,
                });
            }
        }
        Ok(())
    }

    fn unique(&self, name: NameId, span: Span) -> Result<(), ShapeError> {
        if let Some((_, first)) = self.known[name.0 as usize].binding {
            let name = self.written(name).to_string();
            return Err(ShapeError::Twice { name, span, first });
        }
        Ok(())
    }

    pub(super) fn bind_name(&mut self, name: NameId, binding: Binding, span: Span) {
        self.known[name.0 as usize].binding = Some((binding, span));
    }

    pub(super) fn variable(
        &mut self,
        name: NameId,
        shape: Option<Place>,
        origin: Origin,
        span: Span,
    ) -> VariableId {
        let id = VariableId(self.variables.len() as u32);
        let (attributes, unknown) = (Attributes::NONE, Shape::default());
        self.variables.push(Variable { name, shape: unknown, attributes, origin });
        self.variable_states.push(shape);
        self.variable_uses.push(Uses::NO);
        self.bind_name(name, Binding::Variable(id), span);
        id
    }

    /// The size that a dimension name is.
    pub(super) fn named_size(&mut self, name: NameId) -> DimId {
        if let Some(size) = self.known[name.0 as usize].size {
            return size;
        }
        let size = self.dims.name(self.program.name(name));
        self.known[name.0 as usize].size = Some(size);
        size
    }

    /// The size that an expression in a declaration is: `m`, `3`, `m-p+1`, `n/2`.
    pub(super) fn size_expression(&mut self, root: NodeId) -> Result<DimId, ShapeError> {
        if let Expr::Name(name) = self.program.node(root) {
            self.roles[root.0 as usize].size = true;
            return Ok(self.named_size(*name));
        }
        let mut values: FxHashMap<NodeId, DimId> = FxHashMap::default();
        let mut stack = vec![root];
        let mut list = Vec::new();
        while let Some(id) = stack.pop() {
            list.push(id);
            self.program.for_each_child(id, |c| stack.push(c));
        }
        list.sort_unstable();
        for id in list {
            let span = self.program.span(id);
            let bad = || {
                ShapeError::Invalid {
                message: "expected a size: a name, a whole number from 1, or a sum, product or exact quotient of these".into(),
                span,
                help: None,
            }
            };
            self.roles[id.0 as usize].size = true;
            let value = match self.program.node(id) {
                Expr::Number(n) => match n.as_integer().filter(|n| *n >= 1) {
                    Some(n) => self.dims.number(n),
                    None => return Err(bad()),
                },
                Expr::Name(name) => self.named_size(*name),
                Expr::Sum(terms) => {
                    let mut total = self.dims.number(0);
                    for t in self.program.list(*terms) {
                        total = self.dims.combine(total, values[t], 1);
                    }
                    total
                }
                Expr::Negate(a) => {
                    let zero = self.dims.number(0);
                    self.dims.combine(zero, values[a], -1)
                }
                Expr::Product(ProductOp::Product, a, b) => self.dims.product(values[a], values[b]),
                Expr::Product(ProductOp::Quotient, a, b) => {
                    self.dims.quotient(values[a], values[b]).ok_or_else(bad)?
                }
                _ => return Err(bad()),
            };
            if !self.dims.is_manageable(value) {
                return Err(Inference::size_limit(span));
            }
            values.insert(id, value);
        }
        let value = values[&root];
        if self.dims.is_never_positive(value) {
            let text = self.dims.text(value);
            return Err(ShapeError::Invalid {
                message: format!("a size is at least 1, and `{text}` never is"),
                span: self.program.span(root),
                help: None,
            });
        }
        Ok(value)
    }

    pub(super) fn size_limit(span: Span) -> ShapeError {
        ShapeError::Invalid {
            message: "this size is too large an expression".into(),
            span,
            help: Some("give it a dimension name of its own".into()),
        }
    }
}
