//! Answers as programs: one module with `value(…)` and `grad_V(…)`, `jacobian_V(…)`,
//! `hessian_V_U(…)` for each result.
//!
//! The presentation tree becomes a graph of array operations (`lower`), in which equal
//! parts are one node and chains are multiplied in the cheap order; each function is then what its
//! result needs of that graph, one local name for each value that is used more than once. A
//! `Target` is a table of spellings: nothing else knows a programming language. The cost is
//! linear in the answer and in what is printed.

mod affine;
mod block;
mod build;
mod chain;
mod diagonal;
mod emit;
mod graph;
mod index;
mod lower;
mod matrix;
mod names;
mod size;
mod stable;

use super::answer::{Answer, Outcome, ResultKind};
use super::ascii::ascii;
use super::math::{Math, Symbol};
use crate::diagnostic::Diagnostic;
use crate::functions::{Code, Function};
use diagonal::Helper;
use emit::Emit;
use graph::{Id, Op};
use lower::{Lower, Value};
use names::Names;
use std::borrow::Cow;
use std::fmt;

/// A module gets no longer than this, in bytes.
pub const LONGEST: usize = 1 << 28;

/// Why an answer cannot be written as a program.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum CodeError {
    /// A size that does not follow from the shape of any parameter.
    UnknownSize {
        /// The size.
        size: String,
    },
    /// A name that is neither a parameter nor a binding of the answer.
    UnknownName {
        /// The name.
        name: String,
    },
    /// The module would be longer than [`LONGEST`] bytes: each function stands by itself, so that
    /// the gradients by every variable of a deep network repeat it as often.
    TooLong {
        /// The functions asked for.
        functions: usize,
    },
    /// An operation that has no spelling.
    Unsupported {
        /// What it is.
        what: String,
    },
}

impl fmt::Display for CodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CodeError::UnknownSize { size } => {
                write!(f, "the size `{size}` does not follow from the shape of any parameter")
            }
            CodeError::UnknownName { name } => write!(f, "`{name}` has no value in the program"),
            CodeError::TooLong { functions } => {
                write!(
                    f,
                    "a module with {functions} functions would be longer than {LONGEST} bytes"
                )
            }
            CodeError::Unsupported { what } => write!(f, "{what} cannot be written as code yet"),
        }
    }
}

impl std::error::Error for CodeError {}

impl From<CodeError> for Diagnostic {
    fn from(error: CodeError) -> Diagnostic {
        let help = match &error {
            CodeError::UnknownSize { .. } => "declare a variable that has this size as an axis",
            CodeError::TooLong { .. } => "name the variables that are needed with `--wrt`",
            _ => "use `--format ascii` for an answer in the language itself",
        };
        Diagnostic {
            message: error.to_string(),
            labels: Vec::new(),
            notes: Vec::new(),
            help: Some(help.to_string()),
        }
    }
}

/// The spellings of a Python array library. In a template `{0}`, `{1}` are operands, `{like}` is an
/// array with the type of the numbers, and `{dtype}` that type.
#[derive(Debug)]
pub(super) struct Target {
    /// The lines that every module begins with.
    pub(super) imports: &'static str,
    /// Names that they bind.
    pub(super) reserved: &'static [&'static str],
    /// How a function of the table is written, where that differs from `NumPy` by more than names.
    pub(super) code: fn(&'static Function) -> Option<&'static Code>,
    /// What differs by name: texts of `NumPy` and this library's.
    pub(super) renamed: &'static [(&'static str, &'static str)],
    /// The keyword for an axis.
    pub(super) axis: &'static str,
    /// A number as a value that the library's functions take, or nothing where they take numbers.
    pub(super) scalar: &'static str,
    /// An array of the usual type of numbers and that type, where no parameter is an array.
    pub(super) numbers: (&'static str, &'static str),
    /// π
    pub(super) pi: &'static str,
    /// The matrix `{0}` transposed.
    pub(super) transpose: &'static str,
    /// Axes of `{0}` in the order `{1}`.
    pub(super) permute: &'static str,
    /// The vectors and scalars `{0}` as one vector.
    pub(super) stack_ends: &'static str,
    /// The arrays `{0}` under each other, vectors as rows.
    pub(super) stack_rows: &'static str,
    /// The arrays `{0}` beside each other, vectors as columns.
    pub(super) stack_columns: &'static str,
    /// The outer product of two vectors.
    pub(super) outer: &'static str,
    /// The solution of `{0} X = {1}`.
    pub(super) solve: &'static str,
    /// An inverse.
    pub(super) inverse: &'static str,
    /// The matrix `{0}` to the integer power `{1}`.
    pub(super) matrix_power: &'static str,
    /// The diagonal matrix of a vector.
    pub(super) diagonal: &'static str,
    /// The trace.
    pub(super) trace: &'static str,
    /// The sum of all entries.
    pub(super) total: &'static str,
    /// The sum of `{0}` along axis `{1}`.
    pub(super) axis_total: &'static str,
    /// Ones of the shape `{0}`.
    pub(super) ones: &'static str,
    /// Zeros of the shape `{0}`.
    pub(super) zeros: &'static str,
    /// The shape `{0}` filled with `{1}`.
    pub(super) full: &'static str,
    /// The identity matrix of size `{0}`.
    pub(super) eye: &'static str,
    /// Whether arrays can be changed in place, by helpers for `NumPy`.
    pub(super) in_place: bool,
    /// Whether what a norm at 0 divides is written so that it is 0 there.
    pub(super) origins: bool,
    /// The positions 0, 1, … below `{0}`.
    pub(super) range: &'static str,
    /// The contraction of `{1}` by the subscripts `{0}`, at most two operands.
    pub(super) einsum: &'static str,
    /// The same with more operands.
    pub(super) einsum_many: &'static str,
}

impl Target {
    /// A function's code, and whether it is `NumPy`'s and has to be renamed.
    fn code_of(&self, f: &'static Function) -> (&'static Code, bool) {
        match (self.code)(f) {
            Some(own) => (own, false),
            None => (&f.numpy, true),
        }
    }

    /// A text of `NumPy` with the library's names.
    fn rename(&self, text: &'static str, foreign: bool) -> Cow<'static, str> {
        let mut renamed = Cow::Borrowed(text);
        for (name, own) in self.renamed.iter().filter(|_| foreign) {
            if renamed.contains(name) {
                renamed = renamed.replace(name, own).into();
            }
        }
        renamed
    }
}

/// The module for an answer.
pub(super) fn module(answer: &Answer, target: &Target) -> Result<String, CodeError> {
    let mut lower = Lower::new(answer);
    lower.build.in_place = target.in_place;
    let mut of_value = answer.closure(&answer.value_needs).into_iter().peekable();
    let gradient = answer.results.iter().all(|r| slopes(r.kind)) && target.origins;
    for (at, binding) in answer.bindings.iter().enumerate() {
        lower.build.slopes = of_value.next_if_eq(&at).is_none() && gradient;
        let id = match binding.axes() {
            [] => lower.whole(&binding.value)?.id,
            axes => entries(&mut lower, &binding.value, axes, &binding.shape)?,
        };
        let id = shaped(&mut lower, id, &binding.shape)?;
        if let Math::Symbol(s) = &binding.name {
            lower.build.graph.set_label(id, s.name.clone());
        }
        if let Math::Gradient(s) = &binding.name {
            lower.build.graph.set_label(id, format!("grad_{}", s.name).into());
        }
        // a definition is an upright value, whatever stands on its right side
        lower.bind(&binding.name, Value { id, row: false });
    }
    lower.build.slopes = false;
    let mut functions: Vec<Definition> = Vec::new();
    let simplified = answer.results.iter().find(|r| r.kind == ResultKind::Value);
    let value = if let Some(outcome) = simplified {
        result(&mut lower, outcome)?
    } else {
        let id = match &answer.value_axes[..] {
            [] => lower.whole(&answer.value)?.id,
            axes => entries(&mut lower, &answer.value, axes, &answer.shape)?,
        };
        shaped(&mut lower, id, &answer.shape)?
    };
    let objective = &answer.objective.name;
    functions.push(Definition {
        name: "value".into(),
        doc: format!("The value of {objective}."),
        root: value,
        cotangent: false,
    });
    for outcome in answer.results.iter().filter(|r| r.kind != ResultKind::Value) {
        lower.build.slopes = slopes(outcome.kind) && target.origins;
        let root = result(&mut lower, outcome)?;
        let wrt: Vec<String> =
            outcome.wrt.iter().map(|s| names::spelled(answer.written(&s.name), &s.name)).collect();
        let (prefix, doc) = match outcome.kind {
            ResultKind::Gradient if answer.shape.is_empty() => ("grad", "The gradient of"),
            ResultKind::Gradient => ("grad", "The vector-Jacobian product of"),
            ResultKind::Structured(_) => ("structured", "The gradient within the structure of"),
            ResultKind::Jacobian => ("jacobian", "The Jacobian of"),
            _ => ("hessian", "The second derivatives of"),
        };
        functions.push(Definition {
            name: format!("{prefix}_{}", wrt.join("_")),
            doc: format!("{doc} {objective} with respect to {}.", wrt.join(", ")),
            root,
            cotangent: true,
        });
    }
    written(answer, target, &lower, &functions)
}

/// Whether a result is one in which a norm at 0 has the slope 0.
fn slopes(kind: ResultKind) -> bool {
    matches!(kind, ResultKind::Gradient | ResultKind::Structured(_))
}

/// A function of the module.
#[derive(Debug)]
struct Definition {
    name: String,
    doc: String,
    root: Id,
    /// Whether the cotangent of the objective is among its parameters.
    cotangent: bool,
}

/// The value of a result: its matrix form, or its entries where that form has not its axes.
fn result(lower: &mut Lower<'_>, outcome: &Outcome) -> Result<Id, CodeError> {
    let entry = match outcome.index() {
        _ if outcome.entrywise => Some(&outcome.value),
        Some(index) if outcome.shape.len() > 2 => Some(index),
        _ => None,
    };
    let id = match entry.filter(|_| !outcome.axes().is_empty()) {
        Some(entry) => entries(lower, entry, outcome.axes(), &outcome.shape)?,
        None => lower.whole(&outcome.value)?.id,
    };
    shaped(lower, id, &outcome.shape)
}

/// The array with these entries.
fn entries(
    lower: &mut Lower<'_>,
    entry: &Math,
    axes: &[Symbol],
    shape: &[Math],
) -> Result<Id, CodeError> {
    for (axis, size) in axes.iter().zip(shape) {
        let length = lower.size(size)?;
        lower.lengths.insert(axis.name.clone(), length);
    }
    let id = index::array(lower, entry, Some(axes));
    lower.lengths.clear();
    id
}

/// The value in the shape that it is to have, where it is a scalar that stands for an array or an
/// identity matrix of unstated size.
fn shaped(lower: &mut Lower<'_>, id: Id, shape: &[Math]) -> Result<Id, CodeError> {
    let rank = usize::from(lower.build.rank(id));
    if rank == shape.len() {
        if let [n, _] = shape
            && lower.build.holds_eye(id)
        {
            let n = lower.size(n)?;
            return Ok(lower.build.fit_eye(id, n));
        }
        return Ok(id);
    }
    if rank > shape.len() {
        return Err(CodeError::Unsupported { what: "a value of unexpected shape".into() });
    }
    let sizes = lower.size_list(shape)?;
    let graph = &mut lower.build.graph;
    Ok(if rank == 0 {
        graph.node(Op::Full(sizes, id), shape.len() as u8)
    } else {
        let zeros = graph.node(Op::Zeros(sizes), shape.len() as u8);
        graph.node(Op::Sum(vec![(false, zeros), (false, id)]), shape.len() as u8)
    })
}

/// A docstring is cut where the objective is longer than this.
const DOCUMENTED: usize = 200;

fn written(
    answer: &Answer,
    target: &Target,
    lower: &Lower<'_>,
    list: &[Definition],
) -> Result<String, CodeError> {
    let graph = &lower.build.graph;
    let (imports, helpers) = emit::requirements(graph, target);
    let names = Names::new(answer, target, lower, &imports);
    let mut objective = ascii(&answer.value);
    if objective.len() > DOCUMENTED {
        objective = "…".into();
    }
    let mut out = format!(
        "\"\"\"{} = {objective}; generated by derive\"\"\"\n\n{}",
        answer.objective.name, target.imports
    );
    for line in imports {
        out.push_str(&line);
        out.push('\n');
    }
    for helper in helpers {
        out.push_str("\n\n");
        out.push_str(&helper);
    }
    let mut emit = Emit::new(graph, target, &names);
    let mut body = String::new();
    for f in list {
        body.push_str("\n\n");
        emit.function(&mut body, answer, f, &lower.callables);
        if body.len() > LONGEST {
            return Err(CodeError::TooLong { functions: list.len() });
        }
    }
    for helper in Helper::ALL {
        if emit.helpers.contains(&helper) {
            out.push_str("\n\n");
            out.push_str(helper.text());
        }
    }
    out.push_str(&body);
    Ok(out)
}
