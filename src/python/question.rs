//! From two functions to a program of the language with a claim for each gradient.

use super::belong::{belonging, compare};
use super::error::CodeError;
use super::outline::File;
use super::pair::{Options, Pair, variable_of};
use super::read::{Knowledge, Object, Read, Reader};
use super::size::Sizes;
use super::value::{Array, Level, Value};
use super::writer::Writer;
use crate::diagnostic::Span;

/// A claim about one gradient.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    /// The variable, as Python calls it.
    pub(super) variable: String,
    /// The gradient, as Python calls it.
    pub(super) name: Option<String>,
    /// Where the gradient is computed.
    pub(super) place: Span,
    /// The claim.
    pub(super) left: String,
    pub(super) right: String,
    /// The two shapes where they differ: the gradient's and the variable's.
    pub(super) differ: Option<(String, String)>,
    /// The same where they differ by axes of length 1 only.
    pub(super) nearly: Option<(String, String)>,
}

/// What is asked of a pair of functions.
#[derive(Clone, Debug)]
pub(super) struct Question {
    pub(super) writer: Writer,
    /// The definition of the objective, where it is not one of the code.
    pub(super) objective_line: Option<String>,
    pub(super) asked: Vec<Asked>,
    /// Gradients by what the value computes on its way, in the order of the code.
    pub(super) steps: Vec<Asked>,
    /// The locals of the gradient function.
    pub(super) locals: Vec<(String, Value, Span)>,
}

/// Names of parameters that carry what the value kept for its gradient.
const CACHES: &[&str] = &["cache", "ctx", "saved", "memory", "context", "residuals", "res", "tape"];

/// Names of parameters that carry the gradient by the value.
const UPSTREAM: &[&str] = &[
    "dout",
    "grad_output",
    "grad_out",
    "upstream",
    "g",
    "dy",
    "dz",
    "dL",
    "gy",
    "grad",
    "delta",
    "d_out",
    "grad_y",
    "dloss",
    "dvalues",
    "v",
    "grad_outputs",
    "dY",
    "dZ",
    "dO",
    "do",
    "seed",
    "grad_z",
    "output_gradient",
    "output_grad",
];

/// Reads a pair of functions.
///
/// # Errors
/// What cannot be read, or what has to be known first.
pub(super) fn ask(
    file: &File<'_>,
    pair: Pair,
    options: &Options,
    knowledge: &Knowledge,
    sizes: Sizes,
) -> Read<Question> {
    let mut reader = Reader::new(file, knowledge, sizes);
    let value_function = &file.functions[pair.value];
    let gradient_function = &file.functions[pair.gradient];
    let mut arguments: Vec<(String, Value)> = Vec::new();
    for (k, parameter) in value_function.parameters.iter().enumerate() {
        let name = &parameter.name;
        let shared = pair.value == pair.gradient
            || gradient_function
                .parameters
                .iter()
                .any(|p| p.name == *name && p.default.is_some() == parameter.default.is_some())
            || keeps(file, pair.value, name);
        let value = if name == "self" || is_dictionary(file, pair, name) {
            object(&mut reader, true)
        } else if name == "ctx" {
            object(&mut reader, false)
        } else {
            match reader.default(pair.value, k)? {
                Some(Value::Array(number)) if shared => {
                    let positive = !number.text.starts_with('-') && number.text != "0";
                    reader.variable(name, positive)?
                }
                Some(default) => default,
                None => reader.variable(name, false)?,
            }
        };
        arguments.push((name.clone(), value));
    }
    let result = reader.run(pair.value, arguments.clone(), value_function.span)?;
    let locals = reader.last.clone();
    let mut parts = match result {
        Value::Tuple(list) => list,
        one => vec![one],
    };
    let place = reader.returned().first().map_or(value_function.span, |r| r.1);
    let Some(Value::Array(_)) = parts.first() else {
        let message = format!("`{}` returns no number or array", value_function.name);
        return Err(CodeError::unsupported(message, place).into());
    };
    for part in &mut parts {
        if let Value::Array(array) = part {
            *array = reader.writer.define("value", array);
        }
    }
    if pair.value == pair.gradient {
        if parts.len() < 2 {
            let message = format!("which function is the gradient of `{}`?", value_function.name);
            return Err(CodeError::open(
                message,
                Some(value_function.span),
                "say `--gradient NAME`",
            )
            .into());
        }
        let mut names = reader.returned();
        names.remove(0);
        let value = parts.remove(0);
        let gradients = flatten(&reader, parts, &names);
        let outputs = vec![(value, None)];
        return finish(reader, options, pair, &outputs, (&gradients, &[]), &locals, false);
    }
    let (outputs, mut upstream) =
        gradient_arguments(&mut reader, file, pair, &arguments, &locals, &parts)?;
    let by_order = arguments.iter().any(|a| a.0 == "ctx");
    reader.value = false;
    let owner = upstream.iter().find_map(|a| match a.1 {
        Value::Object(object) if a.0 == "self" => Some(object),
        _ => None,
    });
    let before = owner.map_or(Vec::new(), |o| reader.objects[o].entries.clone());
    let result =
        reader.run(pair.gradient, std::mem::take(&mut upstream), gradient_function.span)?;
    let names = reader.returned();
    let gradients = match result {
        Value::Tuple(list) => flatten(&reader, list, &names),
        one => flatten(&reader, vec![one], &names),
    };
    // `self.dW = …`
    let kept: Vec<Gradient> = owner
        .map_or(&[][..], |o| &reader.objects[o].entries[..])
        .iter()
        .filter(|e| {
            matches!(e.1, Value::Array(_)) && !before.iter().any(|b| b.0 == e.0 && b.2 == e.2)
        })
        .map(|(name, value, place)| (Some(name.clone()), false, value.clone(), *place))
        .collect();
    finish(reader, options, pair, &outputs, (&gradients, &kept), &locals, by_order)
}

fn object(reader: &mut Reader<'_>, open: bool) -> Value {
    reader.objects.push(Object { open, ..Object::default() });
    Value::Object(reader.objects.len() - 1)
}

/// Whether a function hands a parameter on to its gradient: in what it returns beside its value, in
/// `cache = …`, or as an attribute.
fn keeps(file: &File<'_>, function: usize, name: &str) -> bool {
    file.functions[function].body.iter().any(|line| {
        let words: Vec<&str> = line.tokens.clone().map(|t| file.text(t)).collect();
        let assigned = words.iter().position(|w| *w == "=");
        match (words.first(), assigned) {
            (Some(&"return"), _) => {
                let mut depth = 0;
                let comma = words.iter().position(|w| {
                    depth += i32::from(matches!(*w, "(" | "[" | "{"));
                    depth -= i32::from(matches!(*w, ")" | "]" | "}"));
                    *w == "," && depth == 0
                });
                comma.is_some_and(|at| words[at..].contains(&name))
            }
            (Some(first), Some(at)) => {
                let kept = CACHES.contains(first) || words[..at].contains(&".");
                kept && words[at..].contains(&name)
            }
            _ => false,
        }
    })
}

/// Whether a parameter is used as a dictionary: `params["W1"]`.
fn is_dictionary(file: &File<'_>, pair: Pair, name: &str) -> bool {
    [pair.value, pair.gradient].iter().any(|f| {
        file.functions[*f].body.iter().any(|l| {
            l.tokens.clone().any(|t| {
                file.text(t) == name
                    && file.text(t + 1) == "["
                    && file.text(t + 2).starts_with(['"', '\''])
            })
        })
    })
}

/// An output of the value, with the gradient by it that is given.
type Output = (Value, Option<Value>);

/// The arguments of a call by name.
type Named = Vec<(String, Value)>;

/// What the gradient function is called with, and the outputs with what is given for each.
fn gradient_arguments(
    reader: &mut Reader<'_>,
    file: &File<'_>,
    pair: Pair,
    arguments: &[(String, Value)],
    locals: &[(String, Value, Span)],
    parts: &[Value],
) -> Read<(Vec<Output>, Named)> {
    let function = &file.functions[pair.gradient];
    let scalar = matches!(&parts[0], Value::Array(a) if a.axes.is_empty());
    let mut found: Vec<(String, Option<Value>)> = Vec::new();
    let mut open: Vec<usize> = Vec::new();
    for (k, parameter) in function.parameters.iter().enumerate() {
        let name = &parameter.name;
        let same = arguments.iter().find(|a| a.0 == *name).map(|a| a.1.clone());
        let cache = CACHES.contains(&name.as_str()) && parts.len() > 1;
        let local = || {
            let local = locals.iter().find(|l| l.0 == *name && !UPSTREAM.contains(&name.as_str()));
            local.map(|l| l.1.clone())
        };
        let mut value = same;
        if value.is_none() && cache {
            // what is no array, else all after the first
            let kept: Vec<Value> =
                parts.iter().filter(|p| !matches!(p, Value::Array(_))).cloned().collect();
            let kept = if kept.is_empty() { parts[1..].to_vec() } else { kept };
            value = Some(match &kept[..] {
                [one] => one.clone(),
                _ => Value::Tuple(kept),
            });
        }
        let mut value = value.or_else(local);
        if value.is_none() && parameter.default.is_some() {
            value = reader.default(pair.gradient, k)?;
        }
        if value.is_none() {
            open.push(k);
        }
        found.push((name.clone(), value));
    }
    let mut outputs = vec![(parts[0].clone(), None)];
    let count = parts.iter().take_while(|p| matches!(p, Value::Array(_))).count();
    let named = open.iter().all(|k| {
        let name = function.parameters[*k].name.as_str();
        UPSTREAM.contains(&name) || name.starts_with('d') || name.starts_with("grad")
    });
    let positional = open.len() == arguments.len() && found.len() == arguments.len();
    if !open.is_empty() && open.len() <= count && (named || open.len() == 1 && !scalar) {
        outputs = parts[..open.len()].iter().map(|p| (p.clone(), None)).collect();
        for (slot, &k) in outputs.iter_mut().zip(&open) {
            let Value::Array(output) = &slot.0 else { continue };
            let name = &function.parameters[k].name;
            let memory = reader.writer.memory();
            let text = reader.writer.name(name);
            let mut given = Array::new(output.axes.clone(), text.clone(), Level::Atom);
            given.memory = memory;
            reader.writer.variables.push(super::writer::Variable {
                name: name.clone(),
                text,
                axes: output.axes.clone(),
                properties: Vec::new(),
                classes: None,
                memory,
            });
            slot.1 = Some(Value::Array(given.clone()));
            found[k].1 = Some(Value::Array(given));
        }
    } else if positional {
        for (slot, argument) in found.iter_mut().zip(arguments) {
            slot.1 = Some(argument.1.clone());
        }
    } else if let Some(&k) = open.first() {
        let parameter = &function.parameters[k];
        let message = format!(
            "`{}` is no parameter of `{}`, and nothing that it computes",
            parameter.name, file.functions[pair.value].name
        );
        return Err(CodeError::open(
            message,
            Some(parameter.span),
            "give it the name that it has there",
        )
        .into());
    }
    if outputs.iter().any(|o| o.1.is_none()) && !scalar {
        let shape = match &parts[0] {
            Value::Array(a) => reader.writer.shape(&a.axes),
            _ => String::new(),
        };
        let message = format!(
            "`{}` has the shape {shape}, and `{}` takes no gradient by it",
            file.functions[pair.value].name, function.name
        );
        return Err(CodeError::shapes(message, function.span).into());
    }
    let arguments =
        found.into_iter().map(|(name, value)| (name, value.unwrap_or(Value::None))).collect();
    Ok((outputs, arguments))
}

/// A gradient that is returned: its name, whether that is a key, its value and place.
pub(super) type Gradient = (Option<String>, bool, Value, Span);

/// The gradients among what is returned: name, whether it is a key, value, place.
fn flatten(
    reader: &Reader<'_>,
    values: Vec<Value>,
    names: &[(Option<String>, Span)],
) -> Vec<Gradient> {
    let mut list = Vec::new();
    for (k, value) in values.into_iter().enumerate() {
        let (name, span) = names.get(k).cloned().unwrap_or_default();
        // where a name got its value, not where it is returned
        let assigned = |name: &Option<String>| {
            let name = name.as_ref()?;
            reader.last.iter().find(|l| l.0 == *name).map(|l| l.2)
        };
        match value {
            Value::Object(object) => {
                for (key, value, place) in &reader.objects[object].entries {
                    list.push((Some(key.clone()), true, value.clone(), *place));
                }
            }
            Value::Tuple(inner) => {
                list.extend(inner.into_iter().map(|value| (None, false, value, span)));
            }
            value => {
                let place = assigned(&name).unwrap_or(span);
                list.push((name, false, value, place));
            }
        }
    }
    list
}

fn finish(
    mut reader: Reader<'_>,
    options: &Options,
    pair: Pair,
    outputs: &[Output],
    (gradients, kept): (&[Gradient], &[Gradient]),
    locals: &[(String, Value, Span)],
    by_order: bool,
) -> Read<Question> {
    let file = reader.file;
    let function = &file.functions[pair.gradient];
    let upstream: Vec<String> = outputs
        .iter()
        .filter_map(|o| if let Some(Value::Array(a)) = &o.1 { Some(a.text.clone()) } else { None })
        .collect();
    let variables: Vec<String> = reader
        .writer
        .variables
        .iter()
        .filter(|v| v.classes.is_none() && !upstream.contains(&v.text))
        .map(|v| v.name.clone())
        .collect();
    let order: Vec<String> = file.functions[pair.value]
        .parameters
        .iter()
        .map(|p| p.name.clone())
        .filter(|n| n != "ctx" && n != "self")
        .collect();
    let mut named = belonging(&reader, options, function, gradients, &variables, &order, by_order)?;
    for (name, _, value, place) in kept {
        let Some(variable) = name.as_ref().and_then(|n| variable_of(n, &variables)) else {
            continue;
        };
        let wanted = options.wrt.is_empty() || options.wrt.contains(&variable);
        if wanted && named.iter().all(|n| n.0 != variable) {
            named.push((variable, name.clone(), value.clone(), *place));
        }
    }
    let (objective, objective_line) = objective(&mut reader.writer, outputs);
    let mut asked = Vec::new();
    for (variable, name, value, place) in named {
        let Value::Array(array) = value else {
            let message = format!("the gradient by `{variable}` is {}", value.kind());
            return Err(CodeError::unsupported(message, place).into());
        };
        let array = reader.writer.define(&format!("d{variable}"), &array);
        let Some(own) = reader.writer.variables.iter().find(|v| v.name == variable).cloned() else {
            continue;
        };
        let left = match outputs {
            [(Value::Array(out), Some(Value::Array(given)))] if !out.axes.is_empty() => {
                format!("vjp({}, {}, {})", out.text, own.text, given.text)
            }
            _ => format!("grad({objective}, {})", own.text),
        };
        let (differ, nearly) = compare(&reader.writer, &array, &own.axes);
        let name = name.filter(|n| *n != variable);
        asked.push(Asked { variable, name, place, left, right: array.text, differ, nearly });
    }
    if asked.is_empty() {
        let message = format!("`{}` returns no gradient by a parameter", function.name);
        return Err(CodeError::open(message, Some(function.span), "say `--wrt NAME`").into());
    }
    let steps =
        if pair.value == pair.gradient { Vec::new() } else { steps(&reader, &objective, locals) };
    Ok(Question { writer: reader.writer, objective_line, asked, steps, locals: reader.last })
}

/// The scalar that is differentiated.
fn objective(writer: &mut Writer, outputs: &[Output]) -> (String, Option<String>) {
    let mut terms = Vec::new();
    for (value, given) in outputs {
        let Value::Array(value) = value else { continue };
        match given {
            None => return (value.at(Level::Atom), None),
            Some(Value::Array(given)) if value.rank() == 0 => {
                terms.push(format!("{}*{}", given.text, value.at(Level::Power)));
            }
            Some(Value::Array(given)) => {
                terms.push(format!("sum({} .* {})", given.text, value.at(Level::Power)));
            }
            Some(_) => {}
        }
    }
    let name = writer.name("objective");
    let line = format!("{name} = {}", terms.join(" + "));
    (name, Some(line))
}

/// Claims about the gradients by what the value computes, as far as the gradient function's names
/// tell: `dscores` for `scores`.
fn steps(reader: &Reader<'_>, objective: &str, locals: &[(String, Value, Span)]) -> Vec<Asked> {
    let defined: Vec<(String, Array)> = locals
        .iter()
        .filter_map(|l| match &l.1 {
            Value::Array(a)
                if a.is_name() && reader.writer.definitions.iter().any(|d| d.name == a.text) =>
            {
                Some((l.0.clone(), a.clone()))
            }
            _ => None,
        })
        .collect();
    let names: Vec<String> = defined.iter().map(|d| d.0.clone()).collect();
    let mut list = Vec::new();
    for (name, value, place) in &reader.last {
        let Value::Array(array) = value else { continue };
        let Some(variable) = variable_of(name, &names) else { continue };
        let Some((_, own)) = defined.iter().find(|d| d.0 == variable) else { continue };
        let (differ, _) = compare(&reader.writer, array, &own.axes);
        if differ.is_some() {
            continue;
        }
        list.push(Asked {
            variable,
            name: Some(name.clone()),
            place: *place,
            left: format!("grad({objective}, {})", own.text),
            right: array.text.clone(),
            differ: None,
            nearly: None,
        });
    }
    list.sort_by_key(|a| a.place.start);
    list
}
