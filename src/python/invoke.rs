//! Calls: of functions of the file, of objects, of libraries.

use super::arguments::Arguments;
use super::call::call;
use super::error::CodeError;
use super::parser::expression;
use super::read::{Object, Read, Reader};
use super::spelling;
use super::structure::size_value;
use super::value::Value;
use crate::diagnostic::Span;

impl Reader<'_> {
    pub(super) fn call(
        &mut self,
        callee: Value,
        mut positional: Vec<Value>,
        named: Vec<(String, Value)>,
        span: Span,
    ) -> Read<Value> {
        match callee {
            Value::Function(function) => self.call_own(function, &positional, &named, span),
            Value::Method(base, name) => {
                if let Value::Object(object) = *base {
                    return self.call_object(object, &name, positional, &named, span);
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

    pub(super) fn call_library(
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
        if let (spelling::Operation::Length, [Value::Labels(labels)]) = (operation, &positional[..])
        {
            return Ok(Value::Array(size_value(&self.writer, labels.rows)));
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

    pub(super) fn call_object(
        &mut self,
        object: usize,
        name: &str,
        positional: Vec<Value>,
        named: &[(String, Value)],
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
            return self.call_own(function, &positional, named, span);
        }
        Err(CodeError::unsupported(format!("`.{name}(…)` cannot be read"), span).into())
    }

    /// A function of the file with these arguments.
    pub(super) fn call_own(
        &mut self,
        function: usize,
        positional: &[Value],
        named: &[(String, Value)],
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
                        let message =
                            format!("`{}` is called without `{}`", own.name, parameter.name);
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
        let root = expression(self.file.source, tokens, whole, &mut self.tree)?;
        self.value_of(root).map(Some)
    }
}
