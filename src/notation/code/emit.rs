//! The text of a function: what its result needs of the graph, in order, with a local name for
//! what is used more than once.

use super::block::{Stack, Taken};
use super::diagonal::Helper;
use super::graph::{Graph, Id, Known, Op};
use super::lower::Callable;
use super::names::Names;
use super::{Definition, Target};
use crate::functions::Signature;
use crate::notation::answer::Answer;
use crate::notation::math::Math;
use crate::number::Number;
use std::borrow::Cow;
use std::fmt::Write;

/// Binding strengths of Python's operators.
pub(super) const COMPARISON: u8 = 0;
const SUM: u8 = 1;
const PRODUCT: u8 = 2;
const UNARY: u8 = 3;
const POWER: u8 = 4;
const ATOM: u8 = 5;

/// An expression gets no longer than this before a part of it is named.
const LENGTH: usize = 72;

/// A text and how strongly its outermost operator binds.
#[derive(Clone, Debug, Default)]
pub(super) struct Text {
    text: String,
    binding: u8,
}

impl Text {
    pub(super) fn atom(text: String) -> Text {
        Text { text, binding: ATOM }
    }

    fn within(self, least: u8) -> String {
        if self.binding < least { format!("({})", self.text) } else { self.text }
    }
}

/// The import lines and helper definitions that a module needs, each once, in order of use.
pub(super) fn requirements(
    graph: &Graph,
    target: &Target,
) -> (Vec<Cow<'static, str>>, Vec<Cow<'static, str>>) {
    let (mut imports, mut helpers) = (Vec::new(), Vec::new());
    for at in 0..graph.len() {
        if let Op::Call(Known(f), ..) = graph.op(Id(at as u32)) {
            let (code, foreign) = target.code_of(f);
            for (text, list) in [(code.import, &mut imports), (code.helper, &mut helpers)] {
                let text = target.rename(text, foreign);
                if !text.is_empty() && !list.contains(&text) {
                    list.push(text);
                }
            }
        }
    }
    (imports, helpers)
}

/// Writes functions, one after the other.
#[derive(Debug)]
pub(super) struct Emit<'a> {
    pub(super) graph: &'a Graph,
    target: &'a Target,
    names: &'a Names,
    /// The function in which each node was last found live.
    seen: Vec<u32>,
    round: u32,
    pub(super) uses: Vec<u32>,
    texts: Vec<Text>,
    /// Which values are plain numbers and no arrays of the library.
    plain: Vec<bool>,
    /// The helpers that are called.
    pub(super) helpers: Vec<Helper>,
    /// A parameter of the function that is an array.
    like: Option<String>,
}

impl<'a> Emit<'a> {
    pub(super) fn new(graph: &'a Graph, target: &'a Target, names: &'a Names) -> Emit<'a> {
        let n = graph.len();
        Emit {
            graph,
            target,
            names,
            seen: vec![0; n],
            round: 0,
            uses: vec![0; n],
            texts: vec![Text::default(); n],
            plain: plain(graph),
            helpers: Vec::new(),
            like: None,
        }
    }

    /// The nodes that `root` needs, in order; counts how often each is used.
    fn live(&mut self, root: Id) -> Vec<Id> {
        self.round += 1;
        let mut list = Vec::new();
        let mut stack = vec![root];
        self.seen[root.0 as usize] = self.round;
        self.uses[root.0 as usize] = 0;
        while let Some(id) = stack.pop() {
            list.push(id);
            let (seen, uses, round) = (&mut self.seen, &mut self.uses, self.round);
            self.graph.operands(id, |a| {
                let at = a.0 as usize;
                if seen[at] != round {
                    seen[at] = round;
                    uses[at] = 0;
                    stack.push(a);
                }
                uses[at] += 1;
            });
        }
        list.sort_unstable();
        list
    }

    /// Appends a function.
    pub(super) fn function(
        &mut self,
        out: &mut String,
        answer: &Answer,
        f: &Definition,
        callables: &[Callable],
    ) {
        let live = self.live(f.root);
        self.like = None;
        let mut parameters: Vec<&str> = Vec::new();
        for (p, name) in answer.parameters.iter().zip(&self.names.parameters) {
            if f.cotangent || !matches!(p.name, Math::Gradient(_)) {
                parameters.push(name);
                if self.like.is_none() && !p.shape.is_empty() {
                    self.like = Some(name.clone());
                }
            }
        }
        let mut used: Vec<u32> = Vec::new();
        for id in &live {
            match self.graph.op(*id) {
                Op::Apply(at, ..) => used.push(*at),
                Op::Size(at) => parameters.push(&self.names.sizes[*at as usize]),
                _ => {}
            }
        }
        used.sort_by_key(|at| callable_key(answer, &callables[*at as usize]));
        used.dedup();
        parameters.extend(used.iter().map(|at| self.names.callables[*at as usize].as_str()));
        signature(out, &f.name, &parameters);
        let _ = writeln!(out, "    \"\"\"{}\"\"\"", f.doc);
        let mut count = 0;
        for id in live {
            let text = self.text(id);
            let at = id.0 as usize;
            let simple = trivial(self.graph.op(id), &text);
            let label = self.names.locals.get(&id);
            let length = matches!(self.graph.op(id), Op::Length(..) | Op::Quotient(..));
            let uses = self.uses[at];
            let named = uses > 0
                && !simple
                && (uses > 1 || (label.is_some() && !length) || text.text.len() > LENGTH);
            self.texts[at] = if named {
                let name = label.cloned().unwrap_or_else(|| self.names.fresh(&mut count));
                let _ = writeln!(out, "    {name} = {}", text.text);
                Text::atom(name)
            } else {
                text
            };
        }
        let result = &self.texts[f.root.0 as usize].text;
        // a constant is a float like every other result
        let float = matches!(self.graph.op(f.root), Op::Number(n) if n.is_integer());
        let _ = writeln!(out, "    return {result}{}", if float { ".0" } else { "" });
    }

    /// An operand, bracketed where it binds less than `least`.
    pub(super) fn operand(&mut self, id: Id, least: u8) -> String {
        let at = id.0 as usize;
        let text = if self.uses[at] > 1 {
            self.texts[at].clone()
        } else {
            std::mem::take(&mut self.texts[at])
        };
        text.within(least)
    }

    fn arguments(&mut self, list: &[Id]) -> Vec<String> {
        list.iter().map(|a| self.operand(*a, COMPARISON)).collect()
    }

    /// A shape as an argument: `n`, `(m, n)`.
    pub(super) fn shape(&mut self, list: &[Id]) -> String {
        let sizes = self.arguments(list);
        if let [n] = &sizes[..] { n.clone() } else { format!("({})", sizes.join(", ")) }
    }

    /// A template of the target.
    fn spelled(&mut self, template: &str, operands: &[Id]) -> Text {
        let method = template.starts_with("{0}");
        let list: Vec<String> = operands
            .iter()
            .enumerate()
            .map(|(k, a)| self.operand(*a, if k == 0 && method { ATOM } else { COMPARISON }))
            .collect();
        Text::atom(self.filled(template, &list))
    }

    /// A template with its slots filled.
    fn filled(&self, template: &str, list: &[String]) -> String {
        filled(template, list, self.target.numbers, self.like.as_deref())
    }

    /// An operand of a function that takes arrays of the library only.
    fn as_array(&self, id: Id, text: String) -> String {
        if self.target.scalar.is_empty() || !self.plain[id.0 as usize] {
            text
        } else {
            self.filled(self.target.scalar, &[text])
        }
    }

    fn infix(&mut self, list: &[Id], operator: &str, first: u8, rest: u8, binding: u8) -> Text {
        let mut text = String::new();
        for (k, id) in list.iter().enumerate() {
            if k > 0 {
                text.push_str(operator);
            }
            text.push_str(&self.operand(*id, if k == 0 { first } else { rest }));
        }
        Text { text, binding }
    }

    fn text(&mut self, id: Id) -> Text {
        let (graph, target) = (self.graph, self.target);
        match graph.op(id) {
            Op::Number(n) => number(n),
            Op::Pi => Text::atom(target.pi.into()),
            Op::Parameter(at) => Text::atom(self.names.parameters[*at as usize].clone()),
            Op::Length(a, axis) => Text::atom(format!("{}.shape[{axis}]", self.operand(*a, ATOM))),
            Op::Quotient(a, b) => self.infix(&[*a, *b], " // ", PRODUCT, UNARY, PRODUCT),
            Op::Sum(terms) => self.sum(terms),
            Op::Times(list) => self.product(list),
            Op::Divide(a, b) => {
                // a matrix product is bracketed beside other products
                let left = if self.is_matmul(*a) { UNARY } else { PRODUCT };
                self.infix(&[*a, *b], " / ", left, UNARY, PRODUCT)
            }
            Op::Power(a, b) => self.infix(&[*a, *b], "**", ATOM, ATOM, POWER),
            Op::Negate(a) => Text { text: format!("-{}", self.operand(*a, UNARY)), binding: UNARY },
            Op::Compare(operator, a, b) => {
                let operator = format!(" {operator} ");
                self.infix(&[*a, *b], &operator, SUM, SUM, COMPARISON)
            }
            Op::MatMul(a, b) => {
                let chain = self.is_matmul(*a) && graph.rank(*a) == 2;
                self.infix(&[*a, *b], " @ ", if chain { PRODUCT } else { UNARY }, UNARY, PRODUCT)
            }
            Op::Outer(a, b) => self.spelled(target.outer, &[*a, *b]),
            Op::Transpose(a) => self.spelled(target.transpose, &[*a]),
            Op::Total(a) => self.spelled(target.total, &[*a]),
            Op::Solve(a, b) => self.spelled(target.solve, &[*a, *b]),
            Op::Inverse(a) => self.spelled(target.inverse, &[*a]),
            Op::Diagonal(a) => self.spelled(target.diagonal, &[*a]),
            Op::PlusDiagonal(..) | Op::Spread(..) => self.diagonal(id),
            Op::Trace(a) => self.spelled(target.trace, &[*a]),
            Op::Eye(Some(n)) => self.spelled(target.eye, &[*n]),
            Op::Eye(None) => Text::atom("1.0".into()),
            Op::AxisTotal(a, axis) => {
                let list = [self.operand(*a, COMPARISON), axis.to_string()];
                Text::atom(self.filled(target.axis_total, &list))
            }
            Op::MatrixPower(a, k) => {
                let list = [self.operand(*a, COMPARISON), k.to_string()];
                Text::atom(self.filled(target.matrix_power, &list))
            }
            Op::Ones(sizes) => {
                let list = [self.shape(sizes)];
                Text::atom(self.filled(target.ones, &list))
            }
            Op::Zeros(sizes) => {
                let list = [self.shape(sizes)];
                Text::atom(self.filled(target.zeros, &list))
            }
            Op::Full(sizes, a) => {
                let list = [self.shape(sizes), self.operand(*a, COMPARISON)];
                Text::atom(self.filled(target.full, &list))
            }
            Op::Expand(..)
            | Op::Entry(..)
            | Op::Slice(..)
            | Op::Stack(..)
            | Op::Gather(..)
            | Op::Permute(..) => self.entries(id),
            Op::Range(n) => self.spelled(target.range, &[*n]),
            Op::Size(at) => Text::atom(self.names.sizes[*at as usize].clone()),
            Op::Einsum(subscripts, list) => {
                let template = if list.len() > 2 { target.einsum_many } else { target.einsum };
                let list = self.arguments(list).join(", ");
                Text::atom(self.filled(template, &[format!("\"{subscripts}\""), list]))
            }
            Op::Apply(at, list, _) => {
                let list = self.arguments(list).join(", ");
                Text::atom(format!("{}({list})", self.names.callables[*at as usize]))
            }
            Op::Call(f, list, axis) => self.call(id, *f, list, *axis),
        }
    }

    /// Entries of an array, or arrays put together.
    fn entries(&mut self, id: Id) -> Text {
        let (graph, target) = (self.graph, self.target);
        match graph.op(id) {
            Op::Expand(a, keep) => {
                let axes: Vec<&str> = keep.iter().map(|k| if *k { ":" } else { "None" }).collect();
                Text::atom(format!("{}[{}]", self.operand(*a, ATOM), axes.join(", ")))
            }
            Op::Entry(a, at) => {
                let at: Vec<String> =
                    at.iter().map(|k| k.map_or(":".into(), |k| k.to_string())).collect();
                Text::atom(format!("{}[{}]", self.operand(*a, ATOM), at.join(", ")))
            }
            Op::Slice(a, taken) => {
                let mut parts = Vec::with_capacity(taken.len());
                for part in taken {
                    parts.push(match part {
                        Taken::All => ":".into(),
                        Taken::At(at) => self.operand(*at, COMPARISON),
                        Taken::Span(start, end) => {
                            let start = start.map(|s| self.operand(s, COMPARISON));
                            let end = self.operand(*end, COMPARISON);
                            format!("{}:{end}", start.unwrap_or_default())
                        }
                    });
                }
                Text::atom(format!("{}[{}]", self.operand(*a, ATOM), parts.join(", ")))
            }
            Op::Stack(stack, list) => {
                let template = match stack {
                    Stack::Ends => target.stack_ends,
                    Stack::Rows => target.stack_rows,
                    Stack::Columns => target.stack_columns,
                };
                let list: Vec<String> = list
                    .iter()
                    .map(|a| {
                        let text = self.operand(*a, COMPARISON);
                        self.as_array(*a, text)
                    })
                    .collect();
                Text::atom(self.filled(template, &[list.join(", ")]))
            }
            Op::Gather(a, at) => {
                let base = self.operand(*a, ATOM);
                let at: Vec<String> = at
                    .iter()
                    .map(|p| p.map_or(":".into(), |p| self.operand(p, COMPARISON)))
                    .collect();
                Text::atom(format!("{base}[{}]", at.join(", ")))
            }
            Op::Permute(a, order) => {
                let order: Vec<String> = order.iter().map(ToString::to_string).collect();
                let list = [self.operand(*a, COMPARISON), format!("({})", order.join(", "))];
                Text::atom(self.filled(target.permute, &list))
            }
            _ => Text::default(),
        }
    }

    fn is_matmul(&self, id: Id) -> bool {
        // once named it is an atom
        matches!(self.graph.op(id), Op::MatMul(..)) && self.texts[id.0 as usize].binding == PRODUCT
    }

    fn sum(&mut self, terms: &[(bool, Id)]) -> Text {
        // a positive term first reads better and saves a sign
        let first = terms.iter().position(|t| !t.0).unwrap_or(0);
        let order = std::iter::once(first).chain((0..terms.len()).filter(|k| *k != first));
        let mut text = String::new();
        for (k, at) in order.enumerate() {
            let (negative, id) = terms[at];
            text.push_str(match (k, negative) {
                (0, false) => "",
                (0, true) => "-",
                (_, false) => " + ",
                (_, true) => " - ",
            });
            let least = if negative || k > 0 { PRODUCT } else { SUM };
            text.push_str(&self.operand(id, least));
        }
        Text { text, binding: SUM }
    }

    fn product(&mut self, list: &[Id]) -> Text {
        let mut text = String::new();
        for (k, id) in list.iter().enumerate() {
            if k > 0 {
                text.push_str(" * ");
            }
            let least = if k > 0 || self.is_matmul(*id) { UNARY } else { PRODUCT };
            text.push_str(&self.operand(*id, least));
        }
        Text { text, binding: PRODUCT }
    }

    fn call(&mut self, id: Id, f: Known, list: &[Id], axis: Option<u8>) -> Text {
        let (code, foreign) = self.target.code_of(f.0);
        let scalar = self.graph.rank(id) == 0 && !code.scalar.is_empty();
        let template = if scalar { code.scalar } else { code.call_for(list.len()) };
        let template = self.target.rename(template, foreign);
        let pointwise = matches!(f.0.signature_for(list.len()), Signature::Elementwise);
        let mut text = String::new();
        let mut rest: &str = &template;
        while let Some((before, after)) = rest.split_once('{') {
            text.push_str(before);
            let Some((slot, after)) = after.split_once('}') else { break };
            rest = after;
            let Some(at) = slot.parse::<usize>().ok().filter(|k| *k < list.len()) else {
                let _ = match (slot, axis) {
                    ("axis", Some(k)) => write!(text, ", {}={k}", self.target.axis),
                    ("k", k) => write!(text, "{}", k.unwrap_or(0)),
                    _ => write!(text, "{}", self.filled(&format!("{{{slot}}}"), &[])),
                };
                continue;
            };
            let id = list[at];
            let inside = text.ends_with('(') || text.ends_with(", ");
            let inside = inside && (rest.starts_with([')', ',']) || rest.starts_with("{axis}"));
            let operand = match self.graph.op(id) {
                Op::Number(n) if pointwise && n.is_integer() => format!("{}.0", number(n).text),
                // an operand may stand in a template twice
                _ => {
                    self.texts[id.0 as usize].clone().within(if inside { COMPARISON } else { ATOM })
                }
            };
            let array = pointwise || at == 0;
            text.push_str(&if array { self.as_array(id, operand) } else { operand });
        }
        text.push_str(rest);
        Text::atom(text)
    }
}

/// Which values of a graph are numbers of the language, not arrays of the library.
fn plain(graph: &Graph) -> Vec<bool> {
    let mut plain = vec![false; graph.len()];
    for at in 0..graph.len() {
        let id = Id(at as u32);
        plain[at] = match graph.op(id) {
            Op::Parameter(_) => graph.rank(id) == 0,
            Op::Number(_) | Op::Pi | Op::Size(_) | Op::Length(..) | Op::Quotient(..) => true,
            Op::Sum(_)
            | Op::Times(_)
            | Op::Divide(..)
            | Op::Power(..)
            | Op::Negate(_)
            | Op::Compare(..) => {
                let mut all = true;
                graph.operands(id, |a| all &= plain[a.0 as usize]);
                all
            }
            _ => false,
        };
    }
    plain
}

/// Functions first in the answer's order, derivatives by order, gradients last.
fn callable_key(answer: &Answer, callable: &Callable) -> (usize, usize, u32) {
    let (name, order) = match callable {
        Callable::Unknown(f, k) => (f, *k),
        Callable::Gradient(f, order) => (f, *order),
    };
    let unknown = answer.functions.iter().position(|f| f.0.name == *name);
    let scalar = answer.scalar_functions.iter().position(|f| f.name == *name);
    match (unknown, scalar) {
        (Some(at), _) => (0, at, order),
        (None, at) => (1, at.unwrap_or(usize::MAX), order),
    }
}

fn signature(out: &mut String, name: &str, parameters: &[&str]) {
    let line = format!("def {name}({}):\n", parameters.join(", "));
    if line.chars().count() <= 100 {
        out.push_str(&line);
        return;
    }
    let _ = writeln!(out, "def {name}(");
    let mut width = 0;
    for p in parameters {
        let length = p.chars().count() + 2;
        if width > 0 && width + length > 96 {
            out.push('\n');
            width = 0;
        }
        out.push_str(if width == 0 { "    " } else { " " });
        out.push_str(p);
        out.push(',');
        width += length;
    }
    out.push_str("\n):\n");
}

/// Whether a text costs no more than a name.
fn trivial(op: &Op, text: &Text) -> bool {
    match op {
        Op::Number(_) | Op::Pi | Op::Parameter(_) | Op::Size(_) => true,
        Op::Negate(_) => text.text[1..].parse::<f64>().is_ok(),
        Op::Transpose(_) | Op::Expand(..) | Op::Entry(..) => {
            let base = text.text.split(['.', '[']).next().unwrap_or("");
            base.chars().all(|c| c.is_alphanumeric() || c == '_')
        }
        _ => false,
    }
}

/// A template with its slots filled; `like` is an array that has the type of the numbers.
fn filled(template: &str, list: &[String], numbers: (&str, &str), like: Option<&str>) -> String {
    let mut text = String::with_capacity(template.len() + 16);
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        text.push_str(before);
        let Some((slot, after)) = after.split_once('}') else { break };
        match (slot, like) {
            ("like", Some(name)) => text.push_str(name),
            ("like", None) => text.push_str(numbers.0),
            ("dtype", Some(name)) => text.extend([name, ".dtype"]),
            ("dtype", None) => text.push_str(numbers.1),
            _ => {
                if let Some(operand) = slot.parse::<usize>().ok().and_then(|k| list.get(k)) {
                    text.push_str(operand);
                }
            }
        }
        rest = after;
    }
    text.push_str(rest);
    text
}

/// The largest integer up to which doubles are exact.
const EXACT: i64 = 1 << 53;

/// A nonnegative number: an integer, a decimal where that is exact, else a quotient.
fn number(n: &Number) -> Text {
    match n.small() {
        Some((k, 1)) if k < EXACT => Text::atom(k.to_string()),
        Some((k, d)) if k < EXACT && d < EXACT && !finite_decimal(d) => {
            Text { text: format!("{k} / {d}"), binding: PRODUCT }
        }
        _ => {
            let value = n.to_f64();
            Text::atom(if value.is_finite() { format!("{value:?}") } else { "1e999".into() })
        }
    }
}

fn finite_decimal(mut denominator: i64) -> bool {
    for p in [2, 5] {
        while denominator % p == 0 {
            denominator /= p;
        }
    }
    denominator == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_exact_where_python_has_them() {
        let text = |n, d| number(&Number::ratio(n, d).expect("the divisor is not zero")).text;
        assert_eq!(text(3, 1), "3");
        assert_eq!(text(1, 8), "0.125");
        assert_eq!(text(1, 10), "0.1");
        assert_eq!(text(2, 3), "2 / 3");
        assert_eq!(number(&Number::from_decimal("1e40").expect("a decimal")).text, "1e40");
    }

    #[test]
    fn templates_are_filled_in_any_order() {
        assert_eq!(filled("f({1}, {0})", &["a".into(), "b".into()], ("", ""), None), "f(b, a)");
        assert_eq!(filled("{like}({dtype})", &[], ("", ""), Some("x")), "x(x.dtype)");
    }
}
