//! What names mean: variables, definitions, sizes, indices, functions.

use super::error::ShapeError;
use super::infer::Inference;
use super::typed::{
    Definition, DefinitionId, DerivativeKind, Fill, Index, IndexId, Item, Meaning, Origin, Shape,
    Unknown, UnknownId, Variable, VariableId,
};
use crate::diagnostic::Span;
use crate::functions::{self, Signature, Special};
use crate::syntax::ast::{Expr, NameId, NodeId, Statement};
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

/// What a name was declared as.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Binding {
    Variable(VariableId),
    Definition(DefinitionId),
    Function(UnknownId),
}

impl Inference<'_> {
    /// Collects declarations: variables with their shapes, functions, names of definitions.
    pub(super) fn declarations(&mut self) -> Result<(), ShapeError> {
        let program = self.program;
        for statement in &program.statements {
            match statement {
                Statement::Variables(list) => {
                    for d in list {
                        self.unique(d.name, d.span)?;
                        let mut axes = SmallVec::new();
                        for dim in &d.dims {
                            axes.push(self.size_expression(*dim)?);
                        }
                        let shape = Shape { axes, row: false };
                        self.check_attributes(d, &shape)?;
                        self.variable(d.name, Some(shape), Origin::Declared, d.span);
                        let last = self.variables.len() - 1;
                        self.variables[last].attributes.clone_from(&d.attributes);
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
                        self.bindings.insert(*name, (Binding::Function(id), *span));
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
                    indices: Vec::new(),
                    body: *body,
                });
                self.bindings.insert(*name, (Binding::Definition(id), *span));
            }
        }
        Ok(())
    }

    fn check_attributes(
        &self,
        d: &crate::syntax::ast::Declaration,
        shape: &Shape,
    ) -> Result<(), ShapeError> {
        use crate::syntax::ast::Attribute;
        for a in &d.attributes {
            let fits = match a {
                Attribute::Positive => true,
                Attribute::Simplex => shape.axes.len() == 1,
                _ => shape.axes.len() == 2 && shape.axes[0] == shape.axes[1],
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
        if let Some((_, first)) = self.bindings.get(&name) {
            let name = self.written(name).to_string();
            return Err(ShapeError::Twice { name, span, first: *first });
        }
        Ok(())
    }

    pub(super) fn variable(
        &mut self,
        name: NameId,
        shape: Option<Shape>,
        origin: Origin,
        span: Span,
    ) -> VariableId {
        let id = VariableId(self.variables.len() as u32);
        let known = shape.clone();
        self.variables.push(Variable {
            name,
            shape: shape.unwrap_or_default(),
            attributes: Vec::new(),
            origin,
        });
        self.variable_states.push(known);
        self.variable_nodes.push(Vec::new());
        self.bindings.insert(name, (Binding::Variable(id), span));
        id
    }

    /// The size that an expression in a declaration is: `m`, `3`, `m-p+1`, `n/2`.
    pub(super) fn size_expression(
        &mut self,
        root: NodeId,
    ) -> Result<super::dim::DimId, ShapeError> {
        // sizes are short: the nodes of one are contiguous and children come first
        let mut values: FxHashMap<NodeId, super::dim::DimId> = FxHashMap::default();
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
            self.is_size[id.0 as usize] = true;
            let value = match self.program.node(id) {
                Expr::Number(n) => match n.as_integer().filter(|n| *n >= 1) {
                    Some(n) => self.dims.number(n),
                    None => return Err(bad()),
                },
                Expr::Name(name) => {
                    let text = self.program.name(*name).to_string();
                    self.dimension_names.insert(*name);
                    self.dims.name(&text)
                }
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
                Expr::Product(crate::syntax::ast::ProductOp::Product, a, b) => {
                    self.dims.product(values[a], values[b])
                }
                Expr::Product(crate::syntax::ast::ProductOp::Quotient, a, b) => {
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

    /// Gives every node its meaning and its free indices.
    pub(super) fn resolve(&mut self) -> Result<(), ShapeError> {
        self.mark_positions();
        for at in 0..self.program.nodes.len() {
            let id = NodeId(at as u32);
            if self.is_size[at] {
                continue;
            }
            match self.program.node(id) {
                Expr::Name(name) if self.is_index[at] => {
                    let index = IndexId(self.indices.len() as u32);
                    let dim = self.fresh();
                    self.indices.push(Index { name: *name, dim });
                    self.index_parent.push(index.0);
                    self.meanings[at] = Meaning::Index(index);
                    self.free[at] = SmallVec::from_slice(&[index]);
                }
                Expr::Name(name) => self.meanings[at] = self.name_meaning(*name, id)?,
                Expr::Call { function, arguments, axis, .. } => {
                    let list = self.program.list(*arguments);
                    self.meanings[at] = self.call_meaning(id, *function, list, axis.is_some())?;
                    self.merge_free(id);
                }
                Expr::IndexSum(bound, body) => {
                    let (bound, body) = (self.program.list(*bound), *body);
                    let mut free = self.free[body.0 as usize].clone();
                    for b in bound {
                        let Expr::Name(name) = self.program.node(*b) else { continue };
                        let Meaning::Index(own) = self.meanings[b.0 as usize] else { continue };
                        let Some(k) =
                            free.iter().position(|i| self.indices[i.0 as usize].name == *name)
                        else {
                            return Err(self.unused_index(*b, *name, bound));
                        };
                        let inner = free.remove(k);
                        self.unite_indices(own, inner)?;
                        self.bound_spans.push((own, self.program.span(*b)));
                    }
                    self.free[at] = free;
                }
                _ => self.merge_free(id),
            }
        }
        self.statements()
    }

    /// An index that is bound and does not occur, or occurs bound already.
    fn unused_index(&self, at: NodeId, name: NameId, bound: &[NodeId]) -> ShapeError {
        let text = self.written(name);
        let same = |b: &&NodeId| *self.program.node(**b) == Expr::Name(name);
        let message = if bound.iter().filter(same).count() > 1 {
            format!("the index `{text}` is summed over twice")
        } else {
            format!(
                "nothing fixes the size that the index `{text}` runs over: it does not occur in this sum"
            )
        };
        ShapeError::Invalid { message, span: self.program.span(at), help: None }
    }

    /// Marks the nodes that stand for indices, and those inside sizes of `eye(n)`, `ones(m, n)`.
    fn mark_positions(&mut self) {
        let mut compound: Vec<NodeId> = Vec::new();
        for node in &self.program.nodes {
            match node {
                Expr::Entry(_, list) => {
                    for i in self.program.list(*list) {
                        match self.program.node(*i) {
                            Expr::Name(_) => self.is_index[i.0 as usize] = true,
                            Expr::Number(_) => {}
                            _ => compound.push(*i),
                        }
                    }
                }
                Expr::IndexSum(list, _) => {
                    for i in self.program.list(*list) {
                        self.is_index[i.0 as usize] = true;
                    }
                }
                _ => {}
            }
        }
        while let Some(id) = compound.pop() {
            // what is no size in `X[i+k-1]` is an index
            self.is_index[id.0 as usize] = match self.program.node(id) {
                Expr::Name(name) => !self.dimension_names.contains(name),
                _ => true,
            };
            self.program.for_each_child(id, |c| compound.push(c));
        }
        for statement in &self.program.statements {
            if let Statement::Definition { indices, .. } = statement {
                for i in indices {
                    self.is_index[i.0 as usize] = true;
                }
            }
        }
    }

    fn merge_free(&mut self, id: NodeId) {
        let mut all: SmallVec<[IndexId; 2]> = SmallVec::new();
        let mut clash = None;
        let (program, free, indices) = (self.program, &self.free, &self.indices);
        // a call of a derivative operator binds nothing; a sum's own names are handled there
        program.for_each_child(id, |child| {
            for i in &free[child.0 as usize] {
                let name = indices[i.0 as usize].name;
                match all.iter().find(|j| indices[j.0 as usize].name == name) {
                    Some(j) if j != i => clash.get_or_insert_with(Vec::new).push((*j, *i)),
                    Some(_) => {}
                    None => all.push(*i),
                }
            }
        });
        for (a, b) in clash.into_iter().flatten() {
            // sizes that differ are found when the index is used
            let _ = self.unite_indices(a, b);
        }
        self.free[id.0 as usize] = all;
    }

    pub(super) fn index_root(&self, i: IndexId) -> IndexId {
        let mut at = i.0;
        while self.index_parent[at as usize] != at {
            at = self.index_parent[at as usize];
        }
        IndexId(at)
    }

    pub(super) fn unite_indices(&mut self, a: IndexId, b: IndexId) -> Result<(), ShapeError> {
        let (a, b) = (self.index_root(a), self.index_root(b));
        if a == b {
            return Ok(());
        }
        let (keep, lose) = if a.0 < b.0 { (a, b) } else { (b, a) };
        let (x, y) = (self.indices[keep.0 as usize].dim, self.indices[lose.0 as usize].dim);
        self.index_parent[lose.0 as usize] = keep.0;
        if !self.unify(x, y) {
            return Err(ShapeError::Invalid {
                message: format!(
                    "the index `{}` runs over two different sizes, {} and {}",
                    self.program.written[self.indices[keep.0 as usize].name.0 as usize],
                    self.size_text(x),
                    self.size_text(y)
                ),
                span: Span::default(),
                help: None,
            });
        }
        Ok(())
    }

    fn name_meaning(&mut self, name: NameId, id: NodeId) -> Result<Meaning, ShapeError> {
        let span = self.program.span(id);
        match self.bindings.get(&name) {
            Some((Binding::Variable(v), _)) => {
                let v = *v;
                self.variable_nodes[v.0 as usize].push(id);
                self.seen(v);
                return Ok(Meaning::Variable(v));
            }
            Some((Binding::Definition(d), first)) => {
                let (d, first) = (*d, *first);
                let body = self.program.span(self.definitions[d.0 as usize].body);
                if span.start < body.end {
                    let text = self.written(name);
                    let (message, help) = if span.start < first.start {
                        let help = "definitions stand above the lines that use them";
                        (format!("`{text}` is used before it is defined"), help)
                    } else {
                        let help = "give the new value a name of its own";
                        (format!("`{text}` is defined by itself"), help)
                    };
                    return Err(ShapeError::Invalid { message, span, help: Some(help.into()) });
                }
                self.definition_nodes[d.0 as usize].push(id);
                return Ok(Meaning::Definition(d));
            }
            Some((Binding::Function(_), _)) => {
                return Err(ShapeError::Invalid {
                    message: format!(
                        "`{}` is a function and needs its argument",
                        self.written(name)
                    ),
                    span,
                    help: Some(format!("write `{}(…)` without a space", self.written(name))),
                });
            }
            None => {}
        }
        let text = self.program.name(name);
        if self.dimension_names.contains(&name) {
            let text = text.to_string();
            return Ok(Meaning::Size(self.dims.name(&text)));
        }
        match text {
            "pi" => return Ok(Meaning::Pi),
            "I" => return Ok(Meaning::Identity),
            "delta" if self.is_entry_base[id.0 as usize] => return Ok(Meaning::Delta),
            _ => {}
        }
        if let Some(f) = functions::find(text) {
            // σ and other Greek names of functions are variables when they stand alone
            if f.name.len() > 1 && text == f.name || !is_greek(self.written(name)) {
                return Err(ShapeError::Invalid {
                    message: format!("`{text}` is a function and needs its argument"),
                    span,
                    help: Some(format!(
                        "write `{text}(…)` without a space, or declare `{text}` with `var`"
                    )),
                });
            }
        }
        let v = self.variable(name, None, Origin::Inferred, span);
        self.variable_nodes[v.0 as usize].push(id);
        self.seen(v);
        Ok(Meaning::Variable(v))
    }

    fn seen(&mut self, v: VariableId) {
        if !self.appearance.contains_key(&v) {
            self.appearance.insert(v, self.appearance.len() as u32);
        }
    }

    pub(super) fn written(&self, name: NameId) -> &str {
        &self.program.written[name.0 as usize]
    }

    fn call_meaning(
        &mut self,
        id: NodeId,
        name: NameId,
        list: &[NodeId],
        axis: bool,
    ) -> Result<Meaning, ShapeError> {
        let span = self.program.span(id);
        let text = self.program.name(name);
        if let Some((Binding::Function(u), _)) = self.bindings.get(&name) {
            let u = *u;
            return self.unknown_call(u, list, axis, span);
        }
        if let Some(f) = functions::find(text) {
            if !f.accepts(list.len()) {
                return Err(ShapeError::Arity {
                    name: f.name.to_string(),
                    expected: counted(f),
                    found: list.len(),
                    span,
                    help: usage(f, list.len()),
                });
            }
            let axis_allowed = matches!(
                f.signature_for(list.len()),
                Signature::Reduction { axis: true, .. } | Signature::Axiswise | Signature::Mask
            );
            if axis && !axis_allowed {
                return Err(ShapeError::Invalid {
                    message: format!("`{}` takes no `axis`", f.name),
                    span,
                    help: None,
                });
            }
            return Ok(match f.signature {
                Signature::Special(special) => match special {
                    Special::Eye => Meaning::Identity,
                    Special::Ones => Meaning::Fill(Fill::Ones),
                    Special::Zeros => Meaning::Fill(Fill::Zeros),
                    Special::Vector | Special::Matrix => Meaning::Fill(Fill::Argument),
                    Special::Gradient => Meaning::Derivative(DerivativeKind::Gradient),
                    Special::Jacobian => Meaning::Derivative(DerivativeKind::Jacobian),
                    Special::Hessian => Meaning::Derivative(DerivativeKind::Hessian),
                    Special::Vjp => Meaning::Derivative(DerivativeKind::Vjp),
                },
                _ => Meaning::Function(f),
            });
        }
        if text.len() >= 3
            && let Some(suggestion) = functions::suggest(text)
        {
            return Err(ShapeError::Unknown {
                what: "function",
                name: self.written(name).to_string(),
                span: Span { start: span.start, end: span.start + self.written(name).len() as u32 },
                suggestion: Some(suggestion.to_string()),
            });
        }
        let u = UnknownId(self.unknowns.len() as u32);
        self.unknowns.push(Unknown { name, scalar: false, declared: false });
        self.bindings.insert(name, (Binding::Function(u), span));
        self.unknown_call(u, list, axis, span)
    }

    fn unknown_call(
        &self,
        u: UnknownId,
        list: &[NodeId],
        axis: bool,
        span: Span,
    ) -> Result<Meaning, ShapeError> {
        let name = self.written(self.unknowns[u.0 as usize].name).to_string();
        if list.len() != 1 {
            return Err(ShapeError::Arity {
                name,
                expected: "one argument, as an unknown function".into(),
                found: list.len(),
                span,
                help: None,
            });
        }
        if axis {
            return Err(ShapeError::Invalid {
                message: format!("`{name}` takes no `axis`, as an unknown function"),
                span,
                help: None,
            });
        }
        Ok(Meaning::Unknown(u))
    }

    /// The items, their free indices, and the indices of definitions.
    fn statements(&mut self) -> Result<(), ShapeError> {
        let mut next = 0u32;
        for statement in &self.program.statements {
            match statement {
                Statement::Definition { indices, body, .. } => {
                    let id = DefinitionId(next);
                    next += 1;
                    let mut free = self.free[body.0 as usize].to_vec();
                    if !indices.is_empty() {
                        let mut ordered = Vec::new();
                        for i in indices {
                            let Meaning::Index(own) = self.meanings[i.0 as usize] else { continue };
                            let name = self.indices[own.0 as usize].name;
                            if let Some(k) =
                                free.iter().position(|f| self.indices[f.0 as usize].name == name)
                            {
                                let inner = free.remove(k);
                                self.unite_indices(own, inner)?;
                                ordered.push(inner);
                            } else {
                                return Err(ShapeError::Invalid {
                                    message: format!(
                                        "the index `{}` does not occur on the right",
                                        self.written(name)
                                    ),
                                    span: self.program.span(*i),
                                    help: None,
                                });
                            }
                        }
                        if let Some(extra) = free.first() {
                            return Err(ShapeError::Invalid {
                                message: format!(
                                    "the index `{}` is free on the right but not on the left",
                                    self.written(self.indices[extra.0 as usize].name)
                                ),
                                span: self.program.span(*body),
                                help: None,
                            });
                        }
                        free = ordered;
                    }
                    self.definitions[id.0 as usize].indices = free;
                    self.items.push(Item::Definition(id));
                }
                Statement::Expression(root) => {
                    let free = self.free[root.0 as usize].to_vec();
                    self.items.push(Item::Expression(*root, free));
                }
                Statement::Claim(sides) => {
                    let mut all: Vec<IndexId> = Vec::new();
                    for side in sides {
                        for i in self.free[side.0 as usize].clone() {
                            let name = self.indices[i.0 as usize].name;
                            match all.iter().find(|j| self.indices[j.0 as usize].name == name) {
                                Some(j) => self.unite_indices(*j, i)?,
                                None => all.push(i),
                            }
                        }
                    }
                    self.items.push(Item::Claim(sides.clone(), all));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// How a function is called, with its parameters' names.
fn usage(f: &functions::Function, found: usize) -> Option<String> {
    if matches!(f.signature, Signature::Reduction { axis: true, .. }) && found > f.parameters.len()
    {
        return Some(format!("one axis is named by `{}(…, axis=0)`", f.name));
    }
    (!f.parameters.is_empty() && f.binary.is_none())
        .then(|| format!("write `{}({})`", f.name, f.parameters.join(", ")))
}

fn is_greek(written: &str) -> bool {
    !written.is_ascii()
}

fn counted(f: &functions::Function) -> String {
    let n = f.parameters.len();
    let words = ["no arguments", "one argument", "two arguments", "three arguments"];
    let base = words.get(n).copied().unwrap_or("more arguments");
    if f.binary.is_some()
        || matches!(f.signature, Signature::Special(Special::Ones | Special::Zeros))
    {
        return "one or two arguments".to_string();
    }
    base.to_string()
}
