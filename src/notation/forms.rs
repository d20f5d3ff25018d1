//! Other forms of a derivative with more than two axes: the linear map that it is, `dY = A dX B`, and
//! its matrix between stacked columns, `∂vec(Y)/∂vec(X) = Bᵀ ⊗ A`.

use super::answer::{Answer, Outcome, ResultKind};
use super::ascii::ascii;
use super::latex::{LatexOptions, latex_with};
use super::math::{Math, Symbol};
use super::program::{definitions_in, result_definition};
use super::raise::{Raiser, entry, scaled, transpose};
use super::unicode::unicode;
use crate::syntax::attribute_text;
use crate::tensor::linear_map::{Factor, StackedTerm};
use crate::tensor::node::{ExprId, NumberId};
use std::fmt::Write as _;

/// The forms of a result as tensors.
#[derive(Clone, Debug, Default)]
pub struct Forms {
    /// What it makes of a change of the variable.
    pub action: Option<ExprId>,
    /// The terms of its matrix between stacked columns.
    pub stacked: Vec<(NumberId, StackedTerm)>,
}

/// Which form it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FormKind {
    /// `dY` for a change `dX`.
    Differential,
    /// The derivative of `vec(Y)` by `vec(X)`, columns stacked.
    Kronecker,
}

/// A form in notation.
#[derive(Clone, Debug)]
pub struct Form {
    /// Which.
    pub kind: FormKind,
    /// What stands right of the equals sign.
    pub value: Math,
}

impl Forms {
    /// The expressions that they are made of.
    pub(super) fn parts(&self) -> impl Iterator<Item = ExprId> {
        let stacked = self.stacked.iter().flat_map(|(_, term)| term.parts());
        self.action.into_iter().chain(stacked)
    }

    /// The forms that have a notation.
    pub(super) fn written(&self, raiser: &mut Raiser<'_>) -> Box<[Form]> {
        let mut list = Vec::new();
        if let Some(value) = self.action.and_then(|e| raiser.raise(e)) {
            list.push(Form { kind: FormKind::Differential, value });
        }
        if let Some(value) = self.kronecker(raiser) {
            list.push(Form { kind: FormKind::Kronecker, value });
        }
        list.into()
    }

    fn kronecker(&self, raiser: &mut Raiser<'_>) -> Option<Math> {
        let mut terms = Vec::new();
        for (c, term) in &self.stacked {
            let c = raiser.arena.number_of(*c).clone();
            let math = match term {
                StackedTerm::Kronecker { left, right } => {
                    let list = [factor(raiser, *left)?, factor(raiser, *right)?];
                    Math::Call(entry("kron"), Box::new(list), None)
                }
                StackedTerm::Diagonal(m) => diagonal(raiser.raise(*m)?),
            };
            terms.push((c.is_negative(), scaled(&c.abs(), math)));
        }
        terms.sort_by_key(|t| t.0);
        match terms.len() {
            0 => None,
            1 if !terms[0].0 => terms.pop().map(|t| t.1),
            _ => Some(Math::Sum(terms)),
        }
    }
}

/// `diag(vec(M))`; of a constant matrix a multiple of the identity.
fn diagonal(matrix: Math) -> Math {
    let identity = |sizes: Vec<Math>| Math::Identity(Some(Box::new(Math::Product(sizes))));
    match matrix {
        Math::Ones(sizes) => identity(sizes),
        Math::Product(mut list) => match list.pop() {
            Some(Math::Ones(sizes)) => {
                list.push(identity(sizes));
                Math::Product(list)
            }
            last => {
                list.extend(last);
                stacked_diagonal(Math::Product(list))
            }
        },
        other => stacked_diagonal(other),
    }
}

fn stacked_diagonal(matrix: Math) -> Math {
    let columns = Math::Call(entry("vec"), Box::new([matrix]), None);
    Math::Call(entry("diag"), Box::new([columns]), None)
}

fn factor(raiser: &mut Raiser<'_>, factor: Factor) -> Option<Math> {
    let math = raiser.raise(factor.expr)?;
    Some(if factor.row { transpose(math) } else { math })
}

/// The left side of a form in Unicode.
pub(super) fn form_left(answer: &Answer, outcome: &Outcome, kind: FormKind) -> String {
    let name = |s: &Symbol| unicode(&Math::Symbol(s.clone()));
    let columns = |s: &Symbol| if s.rank == 2 { format!("vec({})", name(s)) } else { name(s) };
    match (kind, outcome.kind, outcome.wrt.as_slice()) {
        (FormKind::Differential, ResultKind::Hessian, [x, ..]) => format!("d∇{}", name(x)),
        (FormKind::Differential, ..) => format!("d{}", name(&answer.objective)),
        (FormKind::Kronecker, ResultKind::Hessian, [x, z]) => {
            format!("∂²{}/∂{}∂{}", name(&answer.objective), columns(x), columns(z))
        }
        (FormKind::Kronecker, _, [x, ..]) => {
            format!("∂{}/∂{}", columns(&answer.objective), columns(x))
        }
        (FormKind::Kronecker, ..) => String::new(),
    }
}

/// The left side of a form in LaTeX.
pub(super) fn form_latex(
    answer: &Answer,
    outcome: &Outcome,
    kind: FormKind,
    options: LatexOptions<'_>,
) -> String {
    let name = |s: &Symbol| latex_with(&Math::Symbol(s.clone()), options);
    let columns = |s: &Symbol| match s.rank {
        2 => format!(r"\operatorname{{vec}}({})", name(s)),
        _ => name(s),
    };
    let y = &answer.objective;
    match (kind, outcome.kind, outcome.wrt.as_slice()) {
        (FormKind::Differential, ResultKind::Hessian, [x, ..]) => {
            format!(r"\mathrm{{d}} {}", latex_with(&Math::Gradient(x.clone()), options))
        }
        (FormKind::Differential, ..) => format!(r"\mathrm{{d}} {}", name(y)),
        (FormKind::Kronecker, ResultKind::Hessian, [x, z]) => {
            let (y, x, z) = (name(y), columns(x), columns(z));
            format!(r"\frac{{\partial^{{2}} {y}}}{{\partial {x} \, \partial {z}}}")
        }
        (FormKind::Kronecker, _, [x, ..]) => {
            format!(r"\frac{{\partial {}}}{{\partial {}}}", columns(y), columns(x))
        }
        (FormKind::Kronecker, ..) => String::new(),
    }
}

/// Two programs whose values must be equal if a form is right: what the printed result makes of a
/// change of the variable, and what the form makes of it. The first declares all names.
pub fn form_programs(answer: &Answer, at: usize, form: &Form) -> Option<(String, String)> {
    let outcome = answer.results.get(at)?;
    let variable = outcome.wrt.last()?;
    let by = usize::from(variable.rank);
    let change = ascii(&Math::Differential(variable.clone()));
    let shape = |sizes: &[Math]| sizes.iter().map(ascii).collect::<Vec<_>>().join(",");
    let mut program = String::new();
    for f in &answer.scalar_functions {
        let _ = writeln!(program, "fn {} scalar", f.name);
    }
    for (f, _) in &answer.functions {
        let _ = writeln!(program, "fn {}", f.name);
    }
    for p in &answer.parameters {
        let _ = write!(program, "var {}", ascii(&p.name));
        let sizes = shape(&p.shape);
        let _ = if sizes.is_empty() { Ok(()) } else { write!(program, "[{sizes}]") };
        for attribute in &p.attributes {
            let _ = write!(program, " {}", attribute_text(*attribute));
        }
        program.push('\n');
    }
    let sizes = &outcome.shape[outcome.shape.len().checked_sub(by)?..];
    let _ = writeln!(program, "var {change}[{}]", shape(sizes));
    let (definitions, name) = result_definition(answer, at);
    let axes: Vec<&str> = outcome.axes().iter().map(|a| &*a.name).collect();
    let (of, last) = axes.split_at(axes.len().checked_sub(by)?);
    program.push_str(&definitions);
    let list = last.join(",");
    let _ = writeln!(
        program,
        "action[{}] = sum[{list}]({name}[{}]*{change}[{list}])",
        of.join(","),
        axes.join(",")
    );
    let stacked = |name: &str, rank: usize| match rank {
        2 => format!("vec({name})"),
        _ => name.to_string(),
    };
    let own = ascii(&form.value);
    let claimed = match form.kind {
        FormKind::Differential => {
            program.push_str("action");
            own
        }
        FormKind::Kronecker => {
            program.push_str(&stacked("action", of.len()));
            format!("({own})*{}", stacked(&change, by))
        }
    };
    let needs = definitions_in(answer, &form.value);
    Some((program, format!("{needs}{claimed}")))
}
