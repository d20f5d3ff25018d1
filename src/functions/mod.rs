//! The table of functions: everything the program knows of a function stands in its one entry.
//!
//! The parser, shapes, calculus, every notation, the numeric judge and `derive explain` look
//! functions up here; no other module matches on a function's name. Calculus reads
//! [`Lowering`] and never [`Kernel`]; the judge reads [`Kernel`] and never [`Lowering`].

mod elementwise;
mod kernels;
mod linear_algebra;
mod reduction;
mod special;

use crate::array::{Array, KernelError};

/// One function.
#[derive(Debug)]
pub struct Function {
    /// The name it is printed by in ASCII.
    pub name: &'static str,
    /// Other names it is read by.
    pub aliases: &'static [&'static str],
    /// The names of its parameters, used in `lowering` and in messages.
    pub parameters: &'static [&'static str],
    /// How shapes of arguments and result relate.
    pub signature: Signature,
    /// What it means to the calculus.
    pub lowering: Lowering,
    /// What it means to the numeric judge, written independently.
    pub kernel: Kernel,
    /// What it means with two arguments, elementwise, where with one it is a reduction
    /// (`max`, `min`).
    pub binary: Option<(Lowering, Kernel)>,
    /// Facts about its values and arguments.
    pub facts: Facts,
    /// How it is written in Unicode text.
    pub unicode: Notation,
    /// How it is written in LaTeX.
    pub latex: Notation,
    /// How it is written in Python with NumPy.
    pub numpy: Code,
    /// One line for the reference: what it is.
    pub doc: &'static str,
    /// Where its definition or derivative is from.
    pub source: &'static str,
}

impl PartialEq for Function {
    fn eq(&self, other: &Function) -> bool {
        std::ptr::eq(self, other)
    }
}

/// How shapes of arguments and result relate.
#[derive(Clone, Copy, Debug)]
pub enum Signature {
    /// Elementwise: all arguments of one shape, scalars broadcast.
    Elementwise,
    /// All array arguments (the first `arrays` parameters, of one shape) are reduced to a scalar; with
    /// `axis=` one axis of a matrix is reduced and a vector is left. Further parameters are scalars.
    Reduction {
        /// How many leading parameters are arrays.
        arrays: usize,
        /// Whether `axis=` is allowed.
        axis: bool,
    },
    /// The result has the shape of the first argument and is computed along its only axis, or along
    /// `axis=`, which a matrix needs. Further parameters are scalars.
    Axiswise,
    /// Alternatives in declaration syntax, the first whose ranks fit is taken:
    /// `"A[m,n], B[p,q] -> [m*p, n*q]"`. A scalar argument where `[n,n]` is asked counts as 1×1.
    Shapes(&'static [&'static str]),
    /// Shapes are decided by a rule of inference that the entry names; see `shape::infer`.
    /// (`eye(n)`, `ones(m, n)`, `zeros(…)`, `vector(1)`, `matrix(1)`, `grad`, `jac`, `hess`, `vjp`)
    Special(Special),
}

/// Functions whose shapes follow no general pattern.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Special {
    /// `eye(n)`
    Eye,
    /// `ones(n)`, `ones(m, n)`
    Ones,
    /// `zeros(n)`, `zeros(m, n)`
    Zeros,
    /// `vector(c)`
    Vector,
    /// `matrix(c)`
    Matrix,
    /// `grad(y, x)`
    Gradient,
    /// `jac(y, x)`
    Jacobian,
    /// `hess(y, x)`
    Hessian,
    /// `vjp(y, x, g)`
    Vjp,
    /// `meanpool(X, p)`, `maxpool(X, p)`: `X[n] → [n/p]`, `X[m,n] → [m/p, n/p]`
    Pool,
}

/// What a function means to the calculus. Texts are in our own language; in them every operation
/// is elementwise with scalars broadcast, `sum(…)` reduces the function's active axes (all entries,
/// or those `axis=` names), and `count(x)` is the number of entries so reduced.
#[derive(Clone, Copy, Debug)]
pub enum Lowering {
    /// A primitive elementwise function: for each parameter the partial derivative, in the
    /// parameters and the value `y`.
    Primitive(&'static [&'static str]),
    /// An elementwise function or reduction that is replaced by its definition when read.
    Definition(&'static str),
    /// A function that keeps its name in answers: its definition, and for each parameter the
    /// vector–Jacobian product in the parameters, the value `y` and the cotangent `g`
    /// (empty: derived from the definition).
    Named {
        /// The definition.
        definition: &'static str,
        /// The vector–Jacobian products, one a parameter.
        vjp: &'static [&'static str],
    },
    /// A multilinear function: one einsum for each alternative of the signature, `"ij->ji"`.
    Einsum(&'static [&'static str]),
    /// The sum over the active axes.
    Sum,
    /// A node kind of its own.
    Node(Kind),
    /// Lowered by its shape rule ([`Signature::Special`]).
    Special,
    /// Read and shaped, but without meaning to the calculus yet; refused by name.
    Unsupported,
}

/// The node kinds that a function may lower to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Matrix inverse.
    Inverse,
    /// Determinant.
    Determinant,
    /// log |det|
    LogDeterminant,
    /// Largest entry.
    Maximum,
    /// Smallest entry.
    Minimum,
    /// Product of entries.
    Product,
}

/// What a function means to the numeric judge.
#[derive(Clone, Copy, Debug)]
pub enum Kernel {
    /// One value from one value for each parameter. NaN where undefined.
    Elementwise(fn(&[f64]) -> f64),
    /// Whole arrays; the second argument is the value of `axis=`.
    Array(ArrayKernel),
    /// The judge treats it by its shape rule ([`Signature::Special`]).
    Special,
}

/// A kernel on arrays of doubles and the value of `axis=`.
pub type DoubleKernel = fn(&[&Array<f64>], Option<usize>) -> Result<Array<f64>, KernelError>;

/// A kernel on whole arrays, one instance for each kind of number.
#[derive(Clone, Copy, Debug)]
pub struct ArrayKernel {
    /// In doubles.
    pub double: DoubleKernel,
}

/// A subset of the reals that values lie in, or that arguments must lie in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Range {
    /// Anything.
    Real,
    /// Greater than 0.
    Positive,
    /// At least 0.
    NonNegative,
    /// Not 0.
    NonZero,
    /// Strictly between 0 and 1.
    Unit,
    /// Strictly between −1 and 1.
    Symmetric,
    /// At least 1.
    AtLeastOne,
    /// Greater than −1.
    AboveMinusOne,
}

/// Facts about a function's values and arguments.
#[derive(Clone, Copy, Debug)]
pub struct Facts {
    /// Where its values lie.
    pub range: Range,
    /// Where its (first) argument must lie to be differentiable.
    pub domain: Range,
    /// Arguments at which it has a kink or a jump (elementwise, one parameter): the judge keeps
    /// its points away from them.
    pub kinks: &'static [f64],
}

/// How an application is written.
#[derive(Clone, Copy, Debug)]
pub enum Notation {
    /// An operator before its bracketed arguments: `σ`, `\operatorname{tr}`.
    Operator(&'static str),
    /// Delimiters around the arguments: `‖`, `‖`.
    Around(&'static str, &'static str),
    /// An operator written as `e^{…}`-like: text before and after an unbracketed argument.
    Wrap(&'static str, &'static str),
}

/// How an application is written in a programming language.
#[derive(Clone, Copy, Debug)]
pub struct Code {
    /// The expression, with `{0}`, `{1}` for the arguments (already bracketed where needed) and
    /// `{axis}` for `, axis=k` or nothing. Binds like a call.
    pub call: &'static str,
    /// A definition that the module needs before it, or nothing.
    pub helper: &'static str,
    /// An import line that the module needs, or nothing.
    pub import: &'static str,
}

impl Facts {
    /// Nothing is known.
    pub const NONE: Facts = Facts { range: Range::Real, domain: Range::Real, kinks: &[] };
}

impl Code {
    /// A call without anything that it needs.
    pub const fn plain(call: &'static str) -> Code {
        Code { call, helper: "", import: "" }
    }
}

impl Function {
    /// How shapes relate with this number of arguments.
    pub fn signature_for(&self, arguments: usize) -> Signature {
        if self.binary.is_some() && arguments == 2 { Signature::Elementwise } else { self.signature }
    }

    /// What it means to the calculus with this number of arguments.
    pub fn lowering_for(&self, arguments: usize) -> Lowering {
        match self.binary {
            Some((lowering, _)) if arguments == 2 => lowering,
            _ => self.lowering,
        }
    }

    /// What it means to the judge with this number of arguments.
    pub fn kernel_for(&self, arguments: usize) -> Kernel {
        match self.binary {
            Some((_, kernel)) if arguments == 2 => kernel,
            _ => self.kernel,
        }
    }

    /// Whether its signature asks for a square matrix.
    pub fn signature_is_square(&self) -> bool {
        matches!(self.signature, Signature::Shapes([first, ..]) if first.starts_with("A[n,n]"))
    }

    /// Whether it may be called with this number of arguments.
    pub fn accepts(&self, arguments: usize) -> bool {
        match self.signature {
            Signature::Special(Special::Ones | Special::Zeros) => (1..=2).contains(&arguments),
            _ => arguments == self.parameters.len() || self.binary.is_some() && arguments == 2,
        }
    }
}

/// Every function, in the order of the reference.
pub fn all() -> impl Iterator<Item = &'static Function> {
    [elementwise::TABLE, reduction::TABLE, linear_algebra::TABLE, special::TABLE]
        .into_iter()
        .flatten()
}

/// The function that is read by this name.
pub fn find(name: &str) -> Option<&'static Function> {
    use rustc_hash::FxHashMap;
    static INDEX: std::sync::OnceLock<FxHashMap<&'static str, &'static Function>> =
        std::sync::OnceLock::new();
    let index = INDEX.get_or_init(|| {
        all().flat_map(|f| std::iter::once(&f.name).chain(f.aliases).map(move |n| (*n, f))).collect()
    });
    index.get(name).copied()
}

/// The name of a function that is one or two slips of the pen away.
pub fn suggest(name: &str) -> Option<&'static str> {
    let limit = if name.chars().count() >= 6 { 2 } else { 1 };
    all()
        .flat_map(|f| std::iter::once(&f.name).chain(f.aliases))
        .map(|candidate| (edit_distance(name, candidate), *candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min()
        .map(|(_, candidate)| candidate)
}

/// The number of insertions, deletions, replacements and exchanges of neighbours between two words.
pub fn edit_distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    if a.len().abs_diff(b.len()) > 2 {
        return usize::MAX;
    }
    let mut rows = vec![(0..=b.len()).collect::<Vec<usize>>()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let mut best = (rows[i - 1][j] + 1).min(row[j - 1] + 1);
            best = best.min(rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]));
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_entries_are_complete() {
        let mut names = std::collections::BTreeSet::new();
        for f in all() {
            for name in std::iter::once(&f.name).chain(f.aliases) {
                assert!(names.insert(*name), "{name} stands twice in the table");
            }
            assert!(!f.doc.is_empty() && !f.source.is_empty(), "{} lacks a line", f.name);
        }
    }

    #[test]
    fn a_slip_of_the_pen_is_recognised() {
        assert_eq!(suggest("sigmod"), Some("sigmoid"));
        assert_eq!(suggest("softamx"), Some("softmax"));
        assert_eq!(suggest("J"), None.or(suggest("J")));
    }
}
