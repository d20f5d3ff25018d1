//! What names mean: variables, definitions, sizes, indices, functions.

use super::error::ShapeError;
use super::infer::{Inference, NONE};
use super::typed::{
    DefinitionId, DerivativeKind, Fill, Index, IndexId, Item, Meaning, Origin, Unknown, UnknownId,
    VariableId,
};
use crate::diagnostic::Span;
use crate::functions::{self, Signature, Special};
use crate::syntax::ast::{Expr, NameId, NodeId, Statement};
use crate::syntax::operator::greek;
use smallvec::SmallVec;

/// What a name was declared as.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Binding {
    Variable(VariableId),
    Definition(DefinitionId),
    Function(UnknownId),
}

impl Inference<'_> {
    /// Gives every node its meaning and its free indices.
    pub(super) fn resolve(&mut self) -> Result<(), ShapeError> {
        self.read_ranges()?;
        self.mark_positions();
        for at in 0..self.program.nodes.len() {
            let id = NodeId(at as u32);
            if self.roles[at].size {
                continue;
            }
            match self.program.node(id) {
                Expr::Name(name) if self.roles[at].index => {
                    let index = IndexId(self.indices.len() as u32);
                    let dim = self.fresh();
                    self.indices.push(Index { name: *name, dim });
                    self.index_parent.push(index.0);
                    self.meanings[at] = Meaning::Index(index);
                    *self.free_mut(id) = SmallVec::from_slice(&[index]);
                }
                Expr::Name(name) => self.meanings[at] = self.name_meaning(*name, id)?,
                Expr::Call { function, arguments, axis, .. } => {
                    let list = self.program.list(*arguments);
                    self.meanings[at] = self.call_meaning(id, *function, list, axis.is_some())?;
                    self.merge_free(id);
                }
                Expr::IndexSum(bound, body) => {
                    let (bound, body) = (self.program.list(*bound), *body);
                    let mut free: SmallVec<[IndexId; 2]> = self.free(body).into();
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
                    *self.free_mut(id) = free;
                }
                _ => self.merge_free(id),
            }
        }
        self.statements()
    }

    fn name_meaning(&mut self, name: NameId, id: NodeId) -> Result<Meaning, ShapeError> {
        let span = self.program.span(id);
        match self.known[name.0 as usize].binding {
            Some((Binding::Variable(v), _)) => {
                self.seen(v, id);
                return Ok(Meaning::Variable(v));
            }
            Some((Binding::Definition(d), first)) => {
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
                let uses = &mut self.definition_uses[d.0 as usize];
                Inference::note_use(&mut self.next_use, uses, id);
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
        if let Some(size) = self.known[name.0 as usize].size {
            return Ok(Meaning::Size(size));
        }
        match text {
            "pi" => return Ok(Meaning::Pi),
            "I" => return Ok(Meaning::Identity),
            "delta" if self.roles[id.0 as usize].entry_base => return Ok(Meaning::Delta),
            _ => {}
        }
        if let Some(f) = functions::find(text) {
            // σ and other Greek names of functions are variables when they stand alone, spelt out too
            if f.name.len() > 1 && text == f.name || greek(text).is_none() {
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
        self.seen(v, id);
        Ok(Meaning::Variable(v))
    }

    /// A variable occurs.
    fn seen(&mut self, v: VariableId, id: NodeId) {
        let uses = &mut self.variable_uses[v.0 as usize];
        if uses.first == NONE {
            self.appearance.push(v);
        }
        Inference::note_use(&mut self.next_use, uses, id);
    }

    pub(super) fn written(&self, name: NameId) -> &str {
        self.program.written(name)
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
        if let Some((Binding::Function(u), _)) = self.known[name.0 as usize].binding {
            return self.unknown_call(u, list, axis, span);
        }
        if let Some(entry) = functions::find_entry(text) {
            let f = entry.function();
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
                _ => Meaning::Function(entry),
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
        self.bind_name(name, Binding::Function(u), span);
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
                    let mut free = self.free(*body).to_vec();
                    if !indices.is_empty() {
                        let mut ordered = Vec::new();
                        for i in self.program.list(*indices) {
                            let Meaning::Index(own) = self.meanings[i.0 as usize] else { continue };
                            let name = self.indices[own.0 as usize].name;
                            if let Some(k) =
                                free.iter().position(|f| self.indices[f.0 as usize].name == name)
                            {
                                let inner = free.remove(k);
                                self.unite_indices(own, inner)?;
                                ordered.push(inner);
                            } else {
                                let of = |i: &IndexId| self.indices[i.0 as usize].name == name;
                                let fault = if ordered.iter().any(of) {
                                    "stands twice on the left"
                                } else {
                                    "does not occur on the right"
                                };
                                return Err(ShapeError::Invalid {
                                    message: format!("the index `{}` {fault}", self.written(name)),
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
                    self.definitions[id.0 as usize].indices = free.into();
                    self.items.push(Item::Definition(id));
                }
                Statement::Expression(root) => {
                    let free = self.free(*root).to_vec();
                    self.items.push(Item::Expression(*root, free.into()));
                }
                Statement::Claim(sides) => {
                    let mut all: Vec<IndexId> = Vec::new();
                    for side in sides {
                        for at in 0..self.free(*side).len() {
                            let i = self.free(*side)[at];
                            let name = self.indices[i.0 as usize].name;
                            match all.iter().find(|j| self.indices[j.0 as usize].name == name) {
                                Some(j) => self.unite_indices(*j, i)?,
                                None => all.push(i),
                            }
                        }
                    }
                    self.items.push(Item::Claim(Box::new((sides.clone(), all))));
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
