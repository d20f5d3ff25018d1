//! The left sides of results, in each notation.

use super::answer::{Answer, Outcome, ResultKind, entry_of as entry};
use super::latex::{LatexOptions, latex_with};
use super::math::{Math, Symbol};
use super::unicode::{unicode, write_unicode};

/// The index names, where a result is given entry by entry because it has no matrix form.
pub(super) fn indexed(outcome: &Outcome) -> Option<&[Symbol]> {
    (!outcome.axes().is_empty() && outcome.entrywise).then_some(outcome.axes())
}

/// `grad_W`, `jacobian_x`, `hessian_x_b`: the name that a result gets in a program.
pub(super) fn program_name(outcome: &Outcome) -> String {
    let mut name = String::from(match outcome.kind {
        ResultKind::Gradient => "grad",
        ResultKind::Structured(_) => "structured",
        ResultKind::Jacobian => "jacobian",
        ResultKind::Hessian => "hessian",
        ResultKind::Value => "value",
    });
    for symbol in &outcome.wrt {
        name.push('_');
        name.push_str(&symbol.name);
    }
    name
}

/// `[i,j]` after a name; nothing without indices.
pub(super) fn write_axes(out: &mut String, axes: &[Symbol]) {
    for (at, axis) in axes.iter().enumerate() {
        out.push(if at == 0 { '[' } else { ',' });
        out.push_str(&axis.name);
    }
    if !axes.is_empty() {
        out.push(']');
    }
}

/// `∇W`, `∂y/∂x`, `∂²L/∂x∂b`; nothing for a simplified expression.
pub(super) fn unicode_left(answer: &Answer, outcome: &Outcome) -> String {
    let mut out = String::new();
    write_unicode_left(&mut out, answer, outcome);
    out
}

/// Appends what [`unicode_left`] gives.
pub(super) fn write_unicode_left(out: &mut String, answer: &Answer, outcome: &Outcome) {
    let text = match Left::new(answer, outcome) {
        Left::Gradient(g) => return write_unicode(out, &g),
        Left::Structured(g, attribute) => format!("{} ({attribute})", unicode(&g)),
        Left::First(y, x) => format!("∂{}/∂{}", unicode(&y), unicode(&x)),
        Left::Second(y, x, None) => format!("∂²{}/∂{}²", unicode(&y), unicode(&x)),
        Left::Second(y, x, Some(z)) => {
            format!("∂²{}/∂{}∂{}", unicode(&y), unicode(&x), unicode(&z))
        }
        Left::Nothing => return,
    };
    out.push_str(&text);
}

/// `\nabla_{W}` and so on; nothing for a simplified expression.
pub(super) fn latex_left(answer: &Answer, outcome: &Outcome, options: LatexOptions<'_>) -> String {
    let latex = |math: &Math| latex_with(math, options);
    match Left::new(answer, outcome) {
        Left::Gradient(g) => latex(&g),
        Left::Structured(g, attribute) => {
            format!(r"{} \; (\text{{{attribute}}})", latex(&g))
        }
        Left::First(y, x) => {
            format!(r"\frac{{\partial {}}}{{\partial {}}}", latex(&y), latex(&x))
        }
        Left::Second(y, x, None) => {
            format!(r"\frac{{\partial^{{2}} {}}}{{\partial {}^{{2}}}}", latex(&y), latex(&x))
        }
        Left::Second(y, x, Some(z)) => {
            let (y, x, z) = (latex(&y), latex(&x), latex(&z));
            format!(r"\frac{{\partial^{{2}} {y}}}{{\partial {x} \, \partial {z}}}")
        }
        Left::Nothing => String::new(),
    }
}

/// The parts of a left side, with the indices where they belong.
pub(super) enum Left {
    /// `∇W`
    Gradient(Math),
    /// `∇S (symmetric)`
    Structured(Math, &'static str),
    /// `∂y/∂x`
    First(Math, Math),
    /// The second variable only where it is written apart from the first.
    Second(Math, Math, Option<Math>),
    /// A simplified expression has none.
    Nothing,
}

impl Left {
    pub(super) fn new(answer: &Answer, outcome: &Outcome) -> Left {
        let axes = indexed(outcome).unwrap_or_default();
        let symbol = |s: &Symbol| Math::Symbol(s.clone());
        match (outcome.kind, outcome.wrt.as_slice()) {
            (ResultKind::Gradient, [x]) => Left::Gradient(entry(Math::Gradient(x.clone()), axes)),
            (ResultKind::Structured(attribute), [x]) => Left::Structured(
                entry(Math::Gradient(x.clone()), axes),
                crate::syntax::attribute_text(attribute),
            ),
            (ResultKind::Jacobian, [x]) => {
                let (of, by) = axes.split_at(answer.shape.len().min(axes.len()));
                Left::First(entry(symbol(&answer.objective), of), entry(symbol(x), by))
            }
            (ResultKind::Hessian, [x, z]) => {
                let (first, second) = axes.split_at(usize::from(x.rank).min(axes.len()));
                let square = x == z && axes.is_empty();
                Left::Second(
                    symbol(&answer.objective),
                    entry(symbol(x), first),
                    (!square).then(|| entry(symbol(z), second)),
                )
            }
            _ => Left::Nothing,
        }
    }
}
