//! Reads functions: executes their statements on expressions of the language instead of numbers.

use super::call::{self, Arguments, call, choose, integer, operator, unary};
use super::error::CodeError;
use super::outline::{Action, File, Statement};
use super::size::{SizeId, Sizes};
use super::spelling;
use super::tree::{Expr, ExprId, Operator, Prefix, Relation, Tree};
use super::value::{Array, Axis, Labels, Level, Truth, Value};
use super::writer::{Variable, Writer};
use crate::diagnostic::Span;
use std::collections::BTreeMap;

/// Calls of functions of the file nest at most so deep.
const DEEPEST: usize = 64;

/// What is known of the parameters before they are read.
#[derive(Clone, Debug, Default)]
pub(super) struct Knowledge {
    /// The axes of each by name, as texts: names, numbers, or empty for a size without a name.
    pub(super) shapes: BTreeMap<String, Vec<String>>,
    /// Those that hold class labels.
    pub(super) labels: Vec<String>,
}

/// Why a reading stopped.
#[derive(Clone, Debug)]
pub(super) enum Stop {
    Error(CodeError),
    /// A variable whose shape is not known.
    Unknown(String),
    /// A variable that turns out to hold labels.
    Labels(String),
}

impl From<CodeError> for Stop {
    fn from(error: CodeError) -> Stop {
        Stop::Error(error)
    }
}

type Read<T> = Result<T, Stop>;

/// A dictionary, or an object with attributes.
#[derive(Clone, Debug, Default)]
pub(super) struct Object {
    pub(super) entries: Vec<(String, Value, Span)>,
    /// Whether what it lacks is a parameter (`params["W1"]`, `self.W`).
    pub(super) open: bool,
    /// What `save_for_backward` kept.
    pub(super) saved: Vec<Value>,
}

/// A function that is being read.
#[derive(Clone, Debug)]
struct Frame {
    function: usize,
    locals: Vec<(String, Value, Span)>,
}

/// A reading of the functions of a file.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    pub(super) file: &'a File<'a>,
    pub(super) writer: Writer,
    pub(super) objects: Vec<Object>,
    /// Whether the value is being read, not its gradient.
    pub(super) value: bool,
    knowledge: &'a Knowledge,
    tree: Tree,
    bodies: BTreeMap<usize, Vec<Statement>>,
    frames: Vec<Frame>,
    /// The locals of the function that was read last.
    pub(super) last: Vec<(String, Value, Span)>,
    returned: Option<ExprId>,
    torch: bool,
}

impl<'a> Reader<'a> {
    pub(super) fn new(file: &'a File<'a>, knowledge: &'a Knowledge, sizes: Sizes) -> Reader<'a> {
        let words = (0..file.found.tokens.len()).map(|t| file.text(t).to_string());
        let shapes = knowledge.shapes.values().flatten().cloned();
        let words = words.chain(shapes).collect();
        Reader {
            file,
            writer: Writer::new(words, sizes),
            objects: Vec::new(),
            value: true,
            knowledge,
            tree: Tree::default(),
            bodies: BTreeMap::new(),
            frames: Vec::new(),
            last: Vec::new(),
            returned: None,
            torch: file.source.contains("torch"),
        }
    }

    /// The variable of this name, made when it is first asked for.
    pub(super) fn variable(&mut self, name: &str, positive: bool) -> Read<Value> {
        if let Some(known) = self.writer.variables.iter().find(|v| v.name == name) {
            let rows = known.axes.first().copied();
            if let (Some(classes), Some(Axis::Long(rows))) = (known.classes, rows) {
                return Ok(Value::Labels(Labels { text: known.text.clone(), rows, classes }));
            }
            let mut array = Array::new(known.axes.clone(), known.text.clone(), Level::Atom);
            array.memory = known.memory;
            return Ok(Value::Array(array));
        }
        let Some(shape) = self.knowledge.shapes.get(name) else {
            return Err(Stop::Unknown(name.to_string()));
        };
        let sizes = &mut self.writer.sizes;
        let axes = shape
            .iter()
            .map(|s| match s.as_str() {
                "1" => Axis::One,
                "" => Axis::Long(sizes.fresh()),
                text => Axis::Long(sizes.declared(text)),
            })
            .collect();
        let labels = self.knowledge.labels.iter().any(|l| l == name);
        let classes = labels.then(|| sizes.fresh());
        let memory = self.writer.memory();
        let text = self.writer.name(name);
        let name = name.to_string();
        self.writer.variables.push(Variable { name: name.clone(), text, axes, positive, classes, memory });
        self.variable(&name, positive)
    }

    /// The value of a call of a function of the file.
    pub(super) fn run(&mut self, function: usize, arguments: Vec<(String, Value)>, span: Span) -> Read<Value> {
        if self.frames.len() >= DEEPEST || self.frames.iter().any(|f| f.function == function) {
            let name = &self.file.functions[function].name;
            let message = format!("`{name}` calls itself, or calls nest too deep");
            return Err(CodeError::unsupported(message, span).into());
        }
        let own = &self.file.functions[function];
        let locals = arguments.into_iter().map(|(n, v)| (n, v, own.span)).collect();
        if !self.bodies.contains_key(&function) {
            let body = self.file.statements(own, &mut self.tree)?;
            self.bodies.insert(function, body);
        }
        let body = self.bodies[&function].clone();
        self.frames.push(Frame { function, locals });
        let mut result = Value::None;
        for statement in &body {
            match &statement.action {
                Action::Return(value) => {
                    if let Some(value) = value {
                        result = self.value_of(*value)?;
                        self.returned = Some(*value);
                    }
                    break;
                }
                Action::Evaluate(value) => {
                    let value = self.value_of(*value)?;
                    if own.lambda {
                        result = value;
                    }
                }
                Action::Assign(targets, value) => {
                    let value = self.value_of(*value)?;
                    for target in targets {
                        self.assign(*target, value.clone())?;
                    }
                }
                Action::Augment(op, target, value) => self.augment(*op, *target, *value)?,
            }
        }
        self.last = self.frames.pop().map(|f| f.locals).unwrap_or_default();
        Ok(result)
    }

    /// What the function that was read last returned: each part's name, as far as it has one, and
    /// its place.
    pub(super) fn returned(&self) -> Vec<(Option<String>, Span)> {
        let Some(root) = self.returned else { return Vec::new() };
        let part = |id: ExprId| match self.tree.node(id) {
            Expr::Name(name) => (Some(name.clone()), self.tree.span(id)),
            _ => (None, self.tree.span(id)),
        };
        match self.tree.node(root) {
            Expr::Tuple(list) => list.iter().map(|id| part(*id)).collect(),
            _ => vec![part(root)],
        }
    }

    fn bind(&mut self, name: &str, value: Value, span: Span) {
        let Some(frame) = self.frames.last_mut() else { return };
        match frame.locals.iter_mut().find(|l| l.0 == name) {
            Some(local) => (local.1, local.2) = (value, span),
            None => frame.locals.push((name.to_string(), value, span)),
        }
    }

    /// A value under a name: an expression becomes a definition.
    fn named(&mut self, wish: &str, value: Value) -> Value {
        match value {
            Value::Array(array) => {
                let mut named = self.writer.define(wish, &array);
                if named.memory == 0 {
                    named.memory = self.writer.memory();
                }
                Value::Array(named)
            }
            other => other,
        }
    }

    fn assign(&mut self, target: ExprId, value: Value) -> Read<()> {
        let span = self.tree.span(target);
        match self.tree.node(target).clone() {
            Expr::Name(name) => {
                if let Value::Array(Array { size: Some(size), .. }) = value {
                    self.writer.sizes.call(size, &name);
                }
                let value = self.named(&name, value);
                self.bind(&name, value, span);
                Ok(())
            }
            Expr::Tuple(targets) => {
                let Value::Tuple(values) = value else {
                    let message = format!("{} cannot be taken apart", value.kind());
                    return Err(CodeError::unsupported(message, span).into());
                };
                if values.len() != targets.len() {
                    let message = format!(
                        "{} names for {} values",
                        targets.len(),
                        values.len()
                    );
                    return Err(CodeError::shapes(message, span).into());
                }
                self.name_sizes(&targets, &values);
                for (target, value) in targets.into_iter().zip(values) {
                    self.assign(target, value)?;
                }
                Ok(())
            }
            Expr::Attribute(base, name) => {
                let Value::Object(object) = self.value_of(base)? else {
                    return Err(CodeError::unsupported("this assignment cannot be read", span).into());
                };
                let value = self.named(&name, value);
                self.put(object, &name, value, span);
                Ok(())
            }
            Expr::Subscript(base, index) => self.assign_entry(base, index, value, span),
            _ => Err(CodeError::unsupported("this assignment cannot be read", span).into()),
        }
    }

    /// `N, D = x.shape` and `N = x.shape[0]` name sizes.
    fn name_sizes(&mut self, targets: &[ExprId], values: &[Value]) {
        let mut sizes: Vec<SizeId> = Vec::new();
        for (target, value) in targets.iter().zip(values) {
            if let (Expr::Name(name), Value::Array(Array { size: Some(size), .. })) =
                (self.tree.node(*target), value)
            {
                if name != "_" {
                    self.writer.sizes.call(*size, name);
                    sizes.push(*size);
                }
            }
        }
        for (k, a) in sizes.iter().enumerate() {
            for b in &sizes[k + 1..] {
                self.writer.sizes.part(*a, *b);
            }
        }
    }

    fn put(&mut self, object: usize, key: &str, value: Value, span: Span) {
        let entries = &mut self.objects[object].entries;
        match entries.iter_mut().find(|e| e.0 == key) {
            Some(entry) => (entry.1, entry.2) = (value, span),
            None => entries.push((key.to_string(), value, span)),
        }
    }

    /// `a[index] = value`
    fn assign_entry(&mut self, base: ExprId, index: ExprId, value: Value, span: Span) -> Read<()> {
        let at = self.value_of(index)?;
        let whole = self.value_of(base)?;
        if let (Value::Object(object), Value::Text(key)) = (&whole, &at) {
            let value = self.named(key, value);
            self.put(*object, key, value, span);
            return Ok(());
        }
        let refused = || CodeError::unsupported("an assignment to these entries cannot be read", span);
        let Value::Array(array) = whole else { return Err(refused().into()) };
        let changed = match (at, value) {
            (Value::Array(mask), value) if mask.truth == Truth::Indicator => {
                let value = match value {
                    Value::Masked(array, own) if own == mask.text => array,
                    Value::Array(scalar) if scalar.axes.is_empty() => scalar,
                    _ => return Err(refused().into()),
                };
                choose(&mut self.writer, &mask, &value, &array, span)?
            }
            (Value::Slice(true) | Value::Ellipsis, Value::Array(value)) => {
                let zero = Array::integer(0);
                let none = operator(&mut self.writer, Operator::Multiply, &array, &zero, span)?;
                operator(&mut self.writer, Operator::Add, &none, &value, span)?
            }
            (Value::Tuple(list), Value::Array(value)) => {
                let Some(labels) = rows_and_labels(&list, &array, &self.writer) else {
                    return Err(refused().into());
                };
                let one = self.writer.one_hot(&labels);
                let w = &mut self.writer;
                let rest = operator(w, Operator::Subtract, &Array::integer(1), &one, span)?;
                let kept = operator(w, Operator::Multiply, &array, &rest, span)?;
                let value = by_row(value);
                let put = operator(w, Operator::Multiply, &value, &one, span)?;
                operator(w, Operator::Add, &kept, &put, span)?
            }
            _ => return Err(refused().into()),
        };
        self.change(base, &array, changed, span)
    }

    /// `target op= value`
    fn augment(&mut self, op: Operator, target: ExprId, value: ExprId) -> Read<()> {
        let span = self.tree.span(target);
        let right = self.value_of(value)?;
        let Value::Array(right) = right else {
            let message = format!("{} behind an operator cannot be read", right.kind());
            return Err(CodeError::unsupported(message, self.tree.span(value)).into());
        };
        if let Expr::Subscript(base, index) = self.tree.node(target).clone() {
            let (whole, at) = (self.value_of(base)?, self.value_of(index)?);
            if let Value::Array(array) = whole {
                let changed = self.augment_entries(op, &array, at, &right, span)?;
                return self.change(base, &array, changed, span);
            }
        }
        let left = self.value_of(target)?;
        let Value::Array(left) = left else {
            let message = format!("{} before an operator cannot be read", left.kind());
            return Err(CodeError::unsupported(message, span).into());
        };
        let changed = operator(&mut self.writer, op, &left, &right, span.to(self.tree.span(value)))?;
        if left.axes.is_empty() {
            return self.assign(target, Value::Array(changed));
        }
        if changed.axes.len() != left.axes.len() || changed.rank() != left.rank() {
            let (a, b) = (self.writer.shape(&left.axes), self.writer.shape(&changed.axes));
            let message = format!("an array of shape {a} cannot become {b} in place");
            return Err(CodeError::shapes(message, span).into());
        }
        self.change(target, &left, changed, span)
    }

    fn augment_entries(
        &mut self,
        op: Operator,
        array: &Array,
        at: Value,
        right: &Array,
        span: Span,
    ) -> Read<Array> {
        let w = &mut self.writer;
        match at {
            Value::Array(mask) if mask.truth == Truth::Indicator && right.axes.is_empty() => {
                let changed = operator(w, op, array, right, span)?;
                Ok(choose(w, &mask, &changed, array, span)?)
            }
            Value::Slice(true) | Value::Ellipsis => Ok(operator(w, op, array, right, span)?),
            Value::Tuple(list) if matches!(op, Operator::Add | Operator::Subtract) => {
                let Some(labels) = rows_and_labels(&list, array, w) else {
                    let message = "a change of these entries cannot be read";
                    return Err(CodeError::unsupported(message, span).into());
                };
                let one = w.one_hot(&labels);
                let change = operator(w, Operator::Multiply, &by_row(right.clone()), &one, span)?;
                Ok(operator(w, op, array, &change, span)?)
            }
            _ => {
                let message = "a change of these entries cannot be read";
                Err(CodeError::unsupported(message, span).into())
            }
        }
    }

    /// An array is changed in place: everything that shares its memory follows, or is spoilt.
    fn change(&mut self, target: ExprId, old: &Array, new: Array, span: Span) -> Read<()> {
        let wish = match self.tree.node(target) {
            Expr::Name(name) | Expr::Attribute(_, name) => name.clone(),
            _ => "t".to_string(),
        };
        let mut named = self.writer.define(&wish, &new);
        named.memory = old.memory;
        if old.memory == 0 {
            let message = "what is changed in place has no name";
            return Err(CodeError::unsupported(message, span).into());
        }
        let frames = self.frames.iter_mut().flat_map(|f| f.locals.iter_mut().map(|l| &mut l.1));
        let objects = self.objects.iter_mut().flat_map(|o| {
            let saved = o.saved.iter_mut();
            o.entries.iter_mut().map(|e| &mut e.1).chain(saved)
        });
        let mut pending: Vec<&mut Value> = frames.chain(objects).collect();
        while let Some(value) = pending.pop() {
            match value {
                Value::Array(array) if array.memory == old.memory => {
                    if array.axes == old.axes && array.text == old.text {
                        *array = named.clone();
                    } else {
                        let place = &wish;
                        let why = format!("this shares its memory with `{place}`, which was changed in place; that cannot be read");
                        *value = Value::Spoilt(why);
                    }
                }
                Value::Tuple(list) => pending.extend(list.iter_mut()),
                _ => {}
            }
        }
        if let Expr::Name(name) = self.tree.node(target).clone() {
            // the line that says what it is now
            self.bind(&name, Value::Array(named), span);
        }
        Ok(())
    }

    /// The value of an expression: one loop over its nodes.
    pub(super) fn value_of(&mut self, root: ExprId) -> Read<Value> {
        let first = self.tree.first(root);
        let mut values: Vec<Option<Value>> = Vec::with_capacity((root.0 - first + 1) as usize);
        for k in first..=root.0 {
            let id = ExprId(k);
            let value = self.node(id, first, &mut values)?;
            values.push(Some(value));
        }
        Ok(values.pop().flatten().unwrap_or(Value::None))
    }

    fn node(&mut self, id: ExprId, first: u32, values: &mut [Option<Value>]) -> Read<Value> {
        let span = self.tree.span(id);
        let expr = self.tree.node(id).clone();
        // every node has one parent, so a value is taken and not copied
        let mut at = |id: ExprId| values[(id.0 - first) as usize].take().unwrap_or(Value::None);
        let value = match expr {
            Expr::Number => Value::Array(number(self.file.slice(span), span)?),
            Expr::Text => Value::Text(unquoted(self.file.slice(span))),
            Expr::Ellipsis => Value::Ellipsis,
            Expr::Name(name) => return self.name(&name, span),
            Expr::Tuple(list) => Value::Tuple(list.into_iter().map(at).collect()),
            Expr::Dict(pairs) => {
                let mut entries = Vec::new();
                for (key, value) in pairs {
                    let place = self.tree.span(value);
                    let (key, value) = (at(key), at(value));
                    let Value::Text(key) = key else {
                        let message = "a dictionary whose keys are no texts cannot be read";
                        return Err(CodeError::unsupported(message, span).into());
                    };
                    entries.push((key, value, place));
                }
                self.objects.push(Object { entries, ..Object::default() });
                Value::Object(self.objects.len() - 1)
            }
            Expr::Slice(low, high) => Value::Slice(low.is_none() && high.is_none()),
            Expr::Prefix(op, a) => Value::Array(self.prefix(op, at(a), span)?),
            Expr::Binary(op, a, b) => {
                let places = (self.tree.span(a), self.tree.span(b));
                let (a, b) = (at(a), at(b));
                let (a, b) = (self.operand(a, places.0)?, self.operand(b, places.1)?);
                Value::Array(operator(&mut self.writer, op, &a, &b, span)?)
            }
            Expr::Compare(relation, a, b) => {
                let places = (self.tree.span(a), self.tree.span(b));
                let (a, b) = (at(a), at(b));
                let (a, b) = (self.operand(a, places.0)?, self.operand(b, places.1)?);
                let w = &mut self.writer;
                Value::Array(match relation {
                    Relation::Greater => w.exceeds(&a, &b, false, span)?,
                    Relation::Less => w.exceeds(&b, &a, false, span)?,
                    Relation::LessEqual => w.exceeds(&a, &b, true, span)?,
                    Relation::GreaterEqual => w.exceeds(&b, &a, true, span)?,
                })
            }
            Expr::Attribute(base, name) => return self.attribute(at(base), &name, span),
            Expr::Subscript(base, index) => {
                let (base, index) = (at(base), at(index));
                return self.subscript(base, index, span);
            }
            Expr::Call(callee, list) => {
                let callee = at(callee);
                let (mut positional, mut named) = (Vec::new(), Vec::new());
                for argument in list {
                    let value = at(argument.value);
                    if let Value::Spoilt(why) = value {
                        return Err(CodeError::unsupported(why, span).into());
                    }
                    match argument.name {
                        Some(name) => named.push((name, value)),
                        None => positional.push(value),
                    }
                }
                return self.call(callee, positional, named, span);
            }
        };
        Ok(value)
    }

    fn operand(&self, value: Value, span: Span) -> Read<Array> {
        match value {
            Value::Array(array) => Ok(array),
            Value::Bool(truth) => Ok(Array::integer(i64::from(truth))),
            Value::Spoilt(why) => Err(CodeError::unsupported(why, span).into()),
            other => {
                let message = format!("{} in arithmetic cannot be read", other.kind());
                Err(CodeError::unsupported(message, span).into())
            }
        }
    }

    fn prefix(&mut self, op: Prefix, value: Value, span: Span) -> Read<Array> {
        let x = self.operand(value, span)?;
        if let (Some(n), Prefix::Minus) = (x.integer, op) {
            return Ok(Array::integer(-n));
        }
        Ok(match op {
            Prefix::Plus => x,
            Prefix::Minus => {
                unary(&mut self.writer, &x, span, |p| (format!("-{}", p.at(Level::Power)), Level::Minus))?
            }
            Prefix::Not if x.truth == Truth::Indicator => {
                let mut out = unary(&mut self.writer, &x, span, |p| {
                    (format!("1 - {}", p.at(Level::Product)), Level::Sum)
                })?;
                out.truth = Truth::Indicator;
                out
            }
            Prefix::Not => return Err(CodeError::unsupported("`~` of numbers cannot be read", span).into()),
        })
    }

    fn name(&mut self, name: &str, span: Span) -> Read<Value> {
        if let Some(local) = self.frames.last().and_then(|f| f.locals.iter().find(|l| l.0 == name)) {
            return match &local.1 {
                Value::Spoilt(why) => Err(CodeError::unsupported(why.clone(), span).into()),
                value => Ok(value.clone()),
            };
        }
        match name {
            "True" => return Ok(Value::Bool(true)),
            "False" => return Ok(Value::Bool(false)),
            "None" => return Ok(Value::None),
            _ => {}
        }
        if let Some(at) = self.file.functions.iter().position(|f| f.name == name && f.class.is_none()) {
            return Ok(Value::Function(at));
        }
        if let Some((_, line)) = self.file.constants.iter().rev().find(|c| c.0 == name) {
            let statement = self.file.statement(line.tokens.clone(), &mut self.tree)?;
            if let Some(Statement { action: Action::Assign(_, value), .. }) = statement {
                // a constant sees no locals
                let frames = std::mem::take(&mut self.frames);
                let value = self.value_of(value);
                self.frames = frames;
                return value;
            }
        }
        if spelling::module(name) || spelling::operation(name).is_some() || matches!(name, "dict" | "pi" | "np") {
            return Ok(Value::Path(name.to_string()));
        }
        Err(CodeError::unsupported(format!("the name `{name}` is not known here"), span).into())
    }

    fn attribute(&mut self, base: Value, name: &str, span: Span) -> Read<Value> {
        match base {
            Value::Path(path) => Ok(match (spelling::plain(&format!("{path}.{name}")).as_str(), name) {
                ("pi", _) => Value::Array(Array::scalar("pi", Level::Atom)),
                ("e", _) => Value::Array(Array::scalar("exp(1)", Level::Atom)),
                ("newaxis", _) => Value::None,
                _ => Value::Path(format!("{path}.{name}")),
            }),
            Value::Array(array) => match name {
                "T" | "mT" => {
                    let mut order: Vec<usize> = (0..array.axes.len()).rev().collect();
                    if name == "mT" {
                        order = (0..array.axes.len()).collect();
                        let n = order.len();
                        if n >= 2 {
                            order.swap(n - 1, n - 2);
                        }
                    }
                    Ok(Value::Array(self.writer.permute(&array, &order, span)?))
                }
                "shape" => Ok(call::shape_value(&self.writer, &array)),
                "ndim" => Ok(Value::Array(Array::integer(array.axes.len() as i64))),
                "size" if !self.torch => Ok(Value::Array(call::count(&self.writer, &array))),
                "dtype" | "device" => Ok(Value::Path(name.to_string())),
                "data" => Ok(Value::Array(array)),
                _ => Ok(Value::Method(Box::new(Value::Array(array)), name.to_string())),
            },
            Value::Object(object) => {
                if let Some(value) = self.entry_of(object, name)? {
                    return Ok(value);
                }
                if name == "saved_tensors" {
                    return Ok(Value::Tuple(self.objects[object].saved.clone()));
                }
                Ok(Value::Method(Box::new(Value::Object(object)), name.to_string()))
            }
            Value::Labels(labels) if name == "shape" => {
                Ok(Value::Tuple(vec![Value::Array(call::size_value(&self.writer, labels.rows))]))
            }
            Value::Labels(labels) if name == "size" => {
                Ok(Value::Array(call::size_value(&self.writer, labels.rows)))
            }
            Value::Tuple(list) => Ok(Value::Method(Box::new(Value::Tuple(list)), name.to_string())),
            other => {
                let message = format!("`.{name}` of {} cannot be read", other.kind());
                Err(CodeError::unsupported(message, span).into())
            }
        }
    }

    /// What stands in a dictionary or object under a key; of a parameter, a variable.
    fn entry_of(&mut self, object: usize, key: &str) -> Read<Option<Value>> {
        let known = &self.objects[object];
        if let Some(entry) = known.entries.iter().find(|e| e.0 == key) {
            return Ok(Some(entry.1.clone()));
        }
        let method = matches!(key, "save_for_backward" | "saved_tensors" | "get" | "items" | "keys" | "values" | "update" | "copy" | "pop");
        if known.open && !method && self.frames.last().is_some() {
            let class = self.frames.last().and_then(|f| self.file.functions[f.function].class.clone());
            let own = self.file.functions.iter().any(|f| f.class == class && f.name == key && class.is_some());
            if own {
                return Ok(None);
            }
            let value = self.variable(key, false)?;
            return Ok(Some(value));
        }
        Ok(None)
    }

    fn subscript(&mut self, base: Value, index: Value, span: Span) -> Read<Value> {
        match (base, index) {
            (Value::Tuple(list), index) => {
                let n = list.len() as i64;
                let at = integer(&index).map(|k| if k < 0 { k + n } else { k });
                match at.and_then(|k| usize::try_from(k).ok()).and_then(|k| list.get(k)) {
                    Some(value) => Ok(value.clone()),
                    None => Err(CodeError::unsupported("this part of a tuple cannot be read", span).into()),
                }
            }
            (Value::Object(object), Value::Text(key)) => match self.entry_of(object, &key)? {
                Some(value) => Ok(value),
                None => Err(CodeError::unsupported(format!("there is no entry `{key}`"), span).into()),
            },
            (Value::Array(array), index) => self.index(array, index, span),
            (Value::Spoilt(why), _) => Err(CodeError::unsupported(why, span).into()),
            (base, _) => {
                let message = format!("an index of {} cannot be read", base.kind());
                Err(CodeError::unsupported(message, span).into())
            }
        }
    }

    fn index(&mut self, array: Array, index: Value, span: Span) -> Read<Value> {
        if let Value::Array(mask) = &index
            && mask.truth == Truth::Indicator
        {
            return Ok(Value::Masked(array, mask.text.clone()));
        }
        let list = match index {
            Value::Tuple(list) => list,
            one => vec![one],
        };
        if let [Value::Range(_), Value::Array(labels)] = &list[..] {
            // a vector that picks a column in each row holds labels
            if let Some(v) = self.writer.variables.iter().find(|v| v.text == labels.text) {
                return Err(Stop::Labels(v.name.clone()));
            }
        }
        if let Some(labels) = rows_and_labels(&list, &array, &self.writer) {
            let w = &mut self.writer;
            let same = match array.axes[..] {
                [Axis::Long(m), Axis::Long(n)] => w.sizes.unify(m, labels.rows) && w.sizes.unify(n, labels.classes),
                _ => false,
            };
            if !same {
                return Err(CodeError::shapes("labels pick from a matrix, one in each row", span).into());
            }
            return Ok(Value::Array(w.pick(&array, &labels, span)?));
        }
        let used = list.iter().filter(|v| !matches!(v, Value::None | Value::Ellipsis)).count();
        let mut axes = Vec::new();
        let mut places = Vec::new();
        let mut at = 0;
        for item in &list {
            match item {
                Value::None => axes.push(Axis::One),
                Value::Ellipsis => {
                    let skipped = array.axes.len().saturating_sub(used);
                    axes.extend(array.axes[at..].iter().take(skipped));
                    at += skipped;
                }
                Value::Slice(true) if at < array.axes.len() => {
                    axes.push(array.axes[at]);
                    at += 1;
                }
                Value::Array(Array { integer: Some(k), .. }) if *k >= 0 && at < array.axes.len() => {
                    places.push((at, k + 1));
                    at += 1;
                }
                _ => {
                    let message = "this index cannot be read";
                    return Err(CodeError::unsupported(message, span)
                        .or_write("`:`, `None`, `...` or a position for each axis")
                        .into());
                }
            }
        }
        axes.extend(array.axes.get(at..).unwrap_or_default());
        if places.is_empty() {
            return Ok(Value::Array(Array { axes, ..array }));
        }
        if places.len() != array.axes.len() {
            return Err(CodeError::unsupported("a part of an array cannot be read", span).into());
        }
        let list: Vec<String> = places
            .iter()
            .filter(|p| array.axes[p.0] != Axis::One)
            .map(|p| p.1.to_string())
            .collect();
        if list.is_empty() {
            return Ok(Value::Array(Array { axes, ..array }));
        }
        let text = format!("{}[{}]", array.at(Level::Atom), list.join(","));
        Ok(Value::Array(Array::scalar(text, Level::Atom)))
    }

    fn call(
        &mut self,
        callee: Value,
        mut positional: Vec<Value>,
        named: Vec<(String, Value)>,
        span: Span,
    ) -> Read<Value> {
        match callee {
            Value::Function(function) => self.call_own(function, positional, named, span),
            Value::Method(base, name) => {
                if let Value::Object(object) = *base {
                    return self.call_object(object, &name, positional, named, span);
                }
                positional.insert(0, *base);
                self.call_library(name, true, positional, named, span)
            }
            Value::Path(path) => self.call_library(path, false, positional, named, span),
            other => {
                let message = format!("a call of {} cannot be read", other.kind());
                Err(CodeError::unsupported(message, span).into())
            }
        }
    }

    fn call_library(
        &mut self,
        path: String,
        method: bool,
        positional: Vec<Value>,
        named: Vec<(String, Value)>,
        span: Span,
    ) -> Read<Value> {
        if path == "dict" || path == "tuple" && positional.len() == 1 {
            if path == "tuple" {
                return Ok(positional.into_iter().next().unwrap_or(Value::None));
            }
            let entries = named.into_iter().map(|(key, value)| (key, value, span)).collect();
            self.objects.push(Object { entries, ..Object::default() });
            return Ok(Value::Object(self.objects.len() - 1));
        }
        let Some(operation) = spelling::operation(&path) else {
            return Err(CodeError::unsupported(format!("`{path}` cannot be read"), span).into());
        };
        if let (spelling::Operation::Length, [Value::Labels(labels)]) = (operation, &positional[..]) {
            return Ok(Value::Array(call::size_value(&self.writer, labels.rows)));
        }
        let stops = matches!(operation, spelling::Operation::Detach) || path == "data";
        if stops && self.value {
            let message = format!("`{path}` in the value stops gradients, which cannot be read");
            return Err(CodeError::unsupported(message, span).into());
        }
        let torch = path.starts_with("torch") || path.starts_with("F.") || method && self.torch;
        // a method reads like a function of the library, not like one of Python's
        let path = if method { format!("array.{path}") } else { path };
        let plain = path.strip_prefix("array.").unwrap_or(&path).to_string();
        let operation = spelling::operation(&plain).unwrap_or(operation);
        let arguments = Arguments { positional, named, span, path, torch };
        Ok(call(&mut self.writer, operation, arguments)?)
    }

    fn call_object(
        &mut self,
        object: usize,
        name: &str,
        positional: Vec<Value>,
        named: Vec<(String, Value)>,
        span: Span,
    ) -> Read<Value> {
        if name == "save_for_backward" {
            self.objects[object].saved = positional;
            return Ok(Value::None);
        }
        let class = self.frames.last().and_then(|f| self.file.functions[f.function].class.clone());
        let method = self.file.functions.iter().position(|f| f.class == class && f.name == name);
        if let (Some(function), true) = (method, class.is_some()) {
            let mut positional = positional;
            positional.insert(0, Value::Object(object));
            return self.call_own(function, positional, named, span);
        }
        Err(CodeError::unsupported(format!("`.{name}(…)` cannot be read"), span).into())
    }

    /// A function of the file with these arguments.
    fn call_own(
        &mut self,
        function: usize,
        positional: Vec<Value>,
        named: Vec<(String, Value)>,
        span: Span,
    ) -> Read<Value> {
        let own = &self.file.functions[function];
        if positional.len() > own.parameters.len() {
            let message = format!("`{}` takes {} arguments", own.name, own.parameters.len());
            return Err(CodeError::syntax(message, span).into());
        }
        let mut arguments = Vec::new();
        for (k, parameter) in own.parameters.iter().enumerate() {
            let by_name = named.iter().find(|n| n.0 == parameter.name).map(|n| n.1.clone());
            let value = match positional.get(k).cloned().or(by_name) {
                Some(value) => self.named(&parameter.name, value),
                None => match self.default(function, k)? {
                    Some(value) => value,
                    None => {
                        let message = format!("`{}` is called without `{}`", own.name, parameter.name);
                        return Err(CodeError::syntax(message, span).into());
                    }
                },
            };
            arguments.push((parameter.name.clone(), value));
        }
        self.run(function, arguments, span)
    }

    /// The default of a parameter.
    pub(super) fn default(&mut self, function: usize, parameter: usize) -> Read<Option<Value>> {
        let own = &self.file.functions[function].parameters[parameter];
        let Some(range) = own.default.clone() else { return Ok(None) };
        let whole = own.span;
        let tokens = self.file.tokens(range);
        let root = super::parser::expression(self.file.source, tokens, whole, &mut self.tree)?;
        self.value_of(root).map(Some)
    }
}

/// Labels, where an index is a range of rows and labels.
fn rows_and_labels(list: &[Value], array: &Array, writer: &Writer) -> Option<Labels> {
    let [Value::Range(rows), Value::Labels(labels)] = list else { return None };
    let [Axis::Long(own), _] = array.axes[..] else { return None };
    (writer.sizes.same(*rows, labels.rows) || writer.sizes.same(*rows, own)).then(|| labels.clone())
}

/// A number for each row as a column.
fn by_row(mut value: Array) -> Array {
    if value.axes.len() == 1 {
        value.axes.push(Axis::One);
    }
    value
}

/// A literal.
fn number(text: &str, span: Span) -> Result<Array, CodeError> {
    let plain: String = text.chars().filter(|c| *c != '_').collect();
    let good = plain.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E' | '+' | '-'));
    if !good {
        return Err(CodeError::unsupported(format!("the number `{text}` cannot be read"), span));
    }
    if let Ok(n) = plain.parse::<i64>() {
        return Ok(Array::integer(n));
    }
    let (digits, exponent) = match plain.find(['e', 'E']) {
        Some(at) => plain.split_at(at),
        None => (plain.as_str(), ""),
    };
    let mut digits = digits.to_string();
    if digits.starts_with('.') {
        digits.insert(0, '0');
    }
    // `2.` and `2.0` are 2
    if let Some((whole, rest)) = digits.split_once('.')
        && rest.chars().all(|c| c == '0')
    {
        digits = whole.to_string();
    }
    let text = format!("{digits}{}", exponent.to_lowercase().replace('+', ""));
    Ok(Array::scalar(text, Level::Atom))
}

/// What stands between quotation marks.
fn unquoted(text: &str) -> String {
    let start = text.find(['\'', '"']).unwrap_or(0);
    text[start..].trim_matches(['\'', '"']).to_string()
}
