//! Reads functions: executes their statements on expressions of the language instead of numbers.

use super::error::CodeError;
use super::outline::{Action, File, Statement};
use super::size::{SizeId, Sizes};
use super::tree::{Expr, ExprId, Tree};
use super::value::{Array, Axis, Labels, Level, Value};
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
    /// What else is known of each: `positive`, `simplex`.
    pub(super) properties: super::hints::Properties,
    /// Those that are positive where they are scalars.
    pub(super) positive_scalars: Vec<String>,
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

pub(super) type Read<T> = Result<T, Stop>;

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
pub(super) struct Frame {
    pub(super) function: usize,
    pub(super) locals: Vec<(String, Value, Span)>,
}

/// A reading of the functions of a file.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    pub(super) file: &'a File<'a>,
    pub(super) writer: Writer,
    pub(super) objects: Vec<Object>,
    /// Whether the value is being read, not its gradient.
    pub(super) value: bool,
    pub(super) knowledge: &'a Knowledge,
    pub(super) tree: Tree,
    pub(super) bodies: BTreeMap<usize, Vec<Statement>>,
    pub(super) frames: Vec<Frame>,
    /// The locals of the function that was read last.
    pub(super) last: Vec<(String, Value, Span)>,
    returned: Option<ExprId>,
    pub(super) torch: bool,
}

impl<'a> Reader<'a> {
    pub(super) fn new(file: &'a File<'a>, knowledge: &'a Knowledge, sizes: Sizes) -> Reader<'a> {
        let words = (0..file.found.list.len()).map(|t| file.text(t).to_string());
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

    /// The variable of this name, made when it is first asked for; `positive` where it is a scalar.
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
        let axes: Vec<Axis> = shape
            .iter()
            .map(|s| match s.as_str() {
                "1" => Axis::One,
                "" => Axis::Long(sizes.fresh()),
                text => Axis::Long(sizes.declared(text)),
            })
            .collect();
        let among = |list: &[String]| list.iter().any(|p| p == name);
        let scalar = positive || among(&self.knowledge.positive_scalars);
        let mut properties: Vec<&'static str> =
            self.knowledge.properties.iter().filter(|p| p.0 == name).map(|p| p.1).collect();
        let stated = !properties.is_empty();
        if axes.is_empty() && scalar && !stated {
            properties.push("positive");
        }
        let plain = name.to_lowercase().replace('_', "");
        if axes.len() == 2 && plain.contains("onehot") && !stated {
            properties.push("simplex");
        }
        let labels = self.knowledge.labels.iter().any(|l| l == name);
        let classes = labels.then(|| sizes.fresh());
        let memory = self.writer.memory();
        let text = self.writer.name(name);
        let name = name.to_string();
        self.writer.variables.push(Variable {
            name: name.clone(),
            text,
            axes,
            properties,
            classes,
            memory,
        });
        self.variable(&name, false)
    }

    /// The value of a call of a function of the file.
    pub(super) fn run(
        &mut self,
        function: usize,
        arguments: Vec<(String, Value)>,
        span: Span,
    ) -> Read<Value> {
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
                Action::Count(name, n) => {
                    let span = self.file.functions[function].span;
                    self.bind(name, Value::Array(Array::integer(*n)), span);
                }
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
            Expr::Name(name) | Expr::Attribute(_, name) => (Some(name.clone()), self.tree.span(id)),
            _ => (None, self.tree.span(id)),
        };
        match self.tree.node(root) {
            Expr::Tuple(list) => list.iter().map(|id| part(*id)).collect(),
            _ => vec![part(root)],
        }
    }

    pub(super) fn bind(&mut self, name: &str, value: Value, span: Span) {
        let Some(frame) = self.frames.last_mut() else { return };
        match frame.locals.iter_mut().find(|l| l.0 == name) {
            Some(local) => (local.1, local.2) = (value, span),
            None => frame.locals.push((name.to_string(), value, span)),
        }
    }

    /// A value under a name: an expression becomes a definition.
    pub(super) fn named(&mut self, wish: &str, value: Value) -> Value {
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

    pub(super) fn assign(&mut self, target: ExprId, value: Value) -> Read<()> {
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
                    let message = format!("{} names for {} values", targets.len(), values.len());
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
                    return Err(
                        CodeError::unsupported("this assignment cannot be read", span).into()
                    );
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
    pub(super) fn name_sizes(&mut self, targets: &[ExprId], values: &[Value]) {
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

    pub(super) fn put(&mut self, object: usize, key: &str, value: Value, span: Span) {
        let entries = &mut self.objects[object].entries;
        match entries.iter_mut().find(|e| e.0 == key) {
            Some(entry) => (entry.1, entry.2) = (value, span),
            None => entries.push((key.to_string(), value, span)),
        }
    }
}
