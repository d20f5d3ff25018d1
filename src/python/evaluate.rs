//! Expressions: what each stands for.

use super::arguments::integer;
use super::change::rows_and_labels;
use super::entrywise::{operator, unary};
use super::error::CodeError;
use super::outline::{Action, Statement};
use super::read::{Object, Read, Reader, Stop};
use super::slice::{Bounds, part};
use super::spelling;
use super::structure::{count, shape_value, size_value};
use super::tree::{Expr, ExprId, Operator, Prefix, Relation};
use super::value::{Array, Axis, Level, Truth, Value};
use crate::diagnostic::Span;

impl Reader<'_> {
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

    pub(super) fn node(
        &mut self,
        id: ExprId,
        first: u32,
        values: &mut [Option<Value>],
    ) -> Read<Value> {
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
                    let mut place = self.tree.span(value);
                    if let (Expr::Name(name), Some(frame)) =
                        (self.tree.node(value), self.frames.last())
                    {
                        // where the name got its value
                        place = frame.locals.iter().find(|l| l.0 == *name).map_or(place, |l| l.2);
                    }
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
            Expr::Slice(None, None) => Value::Slice(Bounds::Whole),
            Expr::Slice(low, high) => {
                let mut end = |e: Option<ExprId>| e.map(|e| integer(&at(e)));
                match (end(low), end(high)) {
                    (Some(None), _) | (_, Some(None)) => Value::Slice(Bounds::Unread),
                    (low, high) => Value::Slice(Bounds::Part(low.flatten(), high.flatten())),
                }
            }
            Expr::Prefix(op, a) => Value::Array(self.prefix(op, at(a), span)?),
            Expr::Binary(op, a, b) => {
                let places = (self.tree.span(a), self.tree.span(b));
                let (a, b) = (at(a), at(b));
                let (a, b) = (Self::operand(a, places.0)?, Self::operand(b, places.1)?);
                Value::Array(operator(&mut self.writer, op, &a, &b, span)?)
            }
            Expr::Compare(relation, a, b) => {
                let places = (self.tree.span(a), self.tree.span(b));
                let (a, b) = (at(a), at(b));
                let (a, b) = (Self::operand(a, places.0)?, Self::operand(b, places.1)?);
                let w = &mut self.writer;
                if let (Some(above), Some(0)) = (&a.above_zero, b.integer)
                    && matches!(relation, Relation::Greater | Relation::LessEqual)
                {
                    // max(0, u) > 0 is u > 0, which has no edge where u < 0
                    let mut above = above.as_ref().clone();
                    if relation == Relation::LessEqual {
                        above = operator(w, Operator::Subtract, &Array::integer(1), &above, span)?;
                    }
                    above.truth = Truth::Indicator;
                    return Ok(Value::Array(above));
                }
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

    pub(super) fn operand(value: Value, span: Span) -> Read<Array> {
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

    pub(super) fn prefix(&mut self, op: Prefix, value: Value, span: Span) -> Read<Array> {
        let x = Self::operand(value, span)?;
        if let (Some(n), Prefix::Minus) = (x.integer, op) {
            return Ok(Array::integer(-n));
        }
        Ok(match op {
            Prefix::Plus => x,
            Prefix::Minus => unary(&mut self.writer, &x, span, |p| {
                (format!("-{}", p.at(Level::Power)), Level::Minus)
            })?,
            Prefix::Not if x.truth == Truth::Indicator => {
                let mut out = unary(&mut self.writer, &x, span, |p| {
                    (format!("1 - {}", p.at(Level::Product)), Level::Sum)
                })?;
                out.truth = Truth::Indicator;
                out
            }
            Prefix::Not => {
                return Err(CodeError::unsupported("`~` of numbers cannot be read", span).into());
            }
        })
    }

    pub(super) fn name(&mut self, name: &str, span: Span) -> Read<Value> {
        if let Some(local) = self.frames.last().and_then(|f| f.locals.iter().find(|l| l.0 == name))
        {
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
        if let Some(at) =
            self.file.functions.iter().position(|f| f.name == name && f.class.is_none())
        {
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
        if spelling::module(name)
            || spelling::operation(name).is_some()
            || matches!(name, "dict" | "pi" | "np")
        {
            return Ok(Value::Path(name.to_string()));
        }
        Err(CodeError::unsupported(format!("the name `{name}` is not known here"), span).into())
    }

    pub(super) fn attribute(&mut self, base: Value, name: &str, span: Span) -> Read<Value> {
        match base {
            Value::Path(path) => {
                Ok(match (spelling::plain(&format!("{path}.{name}")).as_str(), name) {
                    ("pi", _) => Value::Array(Array::scalar("pi", Level::Atom)),
                    ("e", _) => Value::Array(Array::scalar("exp(1)", Level::Atom)),
                    ("newaxis", _) => Value::None,
                    _ => Value::Path(format!("{path}.{name}")),
                })
            }
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
                "shape" => Ok(shape_value(&self.writer, &array)),
                "ndim" => Ok(Value::Array(Array::integer(
                    i64::try_from(array.axes.len()).unwrap_or(i64::MAX),
                ))),
                "size" if !self.torch => Ok(Value::Array(count(&self.writer, &array))),
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
                Ok(Value::Tuple(vec![Value::Array(size_value(&self.writer, labels.rows))]))
            }
            Value::Labels(labels) if name == "size" => {
                Ok(Value::Array(size_value(&self.writer, labels.rows)))
            }
            Value::Tuple(list) => Ok(Value::Method(Box::new(Value::Tuple(list)), name.to_string())),
            other => {
                let message = format!("`.{name}` of {} cannot be read", other.kind());
                Err(CodeError::unsupported(message, span).into())
            }
        }
    }

    /// What stands in a dictionary or object under a key; of a parameter, a variable.
    pub(super) fn entry_of(&mut self, object: usize, key: &str) -> Read<Option<Value>> {
        let known = &self.objects[object];
        if let Some(entry) = known.entries.iter().find(|e| e.0 == key) {
            return Ok(Some(entry.1.clone()));
        }
        let method = matches!(
            key,
            "save_for_backward"
                | "saved_tensors"
                | "get"
                | "items"
                | "keys"
                | "values"
                | "update"
                | "copy"
                | "pop"
        );
        if known.open && !method && self.frames.last().is_some() {
            let class =
                self.frames.last().and_then(|f| self.file.functions[f.function].class.clone());
            let own = self
                .file
                .functions
                .iter()
                .any(|f| f.class == class && f.name == key && class.is_some());
            if own {
                return Ok(None);
            }
            let value = self.variable(key, false)?;
            return Ok(Some(value));
        }
        Ok(None)
    }

    pub(super) fn subscript(&mut self, base: Value, index: Value, span: Span) -> Read<Value> {
        match (base, index) {
            (Value::Tuple(list), index) => {
                let n = i64::try_from(list.len()).unwrap_or(i64::MAX);
                let at = integer(&index).map(|k| if k < 0 { k + n } else { k });
                match at.and_then(|k| usize::try_from(k).ok()).and_then(|k| list.get(k)) {
                    Some(value) => Ok(value.clone()),
                    None => {
                        Err(CodeError::unsupported("this part of a tuple cannot be read", span)
                            .into())
                    }
                }
            }
            (Value::Object(object), Value::Text(key)) => match self.entry_of(object, &key)? {
                Some(value) => Ok(value),
                None => {
                    Err(CodeError::unsupported(format!("there is no entry `{key}`"), span).into())
                }
            },
            (Value::Array(array), index) => self.index(array, index, span),
            (Value::Spoilt(why), _) => Err(CodeError::unsupported(why, span).into()),
            (base, _) => {
                let message = format!("an index of {} cannot be read", base.kind());
                Err(CodeError::unsupported(message, span).into())
            }
        }
    }

    pub(super) fn index(&mut self, array: Array, index: Value, span: Span) -> Read<Value> {
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
                [Axis::Long(m), Axis::Long(n)] => {
                    w.sizes.unify(m, labels.rows) && w.sizes.unify(n, labels.classes)
                }
                _ => false,
            };
            if !same {
                return Err(
                    CodeError::shapes("labels pick from a matrix, one in each row", span).into()
                );
            }
            return Ok(Value::Array(w.pick(&array, &labels, span)?));
        }
        Ok(Value::Array(part(&mut self.writer, &array, &list, span)?))
    }
}

/// A literal.
fn number(text: &str, span: Span) -> Result<Array, CodeError> {
    let plain: String = text.chars().filter(|c| *c != '_').collect();
    let good =
        plain.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E' | '+' | '-'));
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
