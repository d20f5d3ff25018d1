//! The table of functions: everything the program knows of a function stands in its one entry.
//!
//! The parser, shapes, calculus, every notation, the numeric judge and `derive explain` look
//! functions up here; no other module matches on a function's name. Calculus reads
//! [`Lowering`] and never [`Kernel`]; the judge reads [`Kernel`] and never [`Lowering`].

mod builder;
mod constant;
mod decomposition;
mod elementwise;
mod find;
mod kernel;
mod learning;
mod linear_algebra;
mod reduction;

pub use find::{Entry, all, edit_distance, find, find_entry, suggest};
pub use kernel::elementary::Elementary;
pub(crate) use kernel::series;

use crate::array::{Array, KernelError};
use crate::field::ball::Ball;
use crate::field::modular::{Companion, Modular};

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
    /// How a power series passes through it, for a function of one number.
    pub series: Option<SeriesKernel>,
    /// What it means with two arguments, elementwise, where with one it is a reduction
    /// (`max`, `min`).
    pub binary: Option<(Lowering, Kernel)>,
    /// Facts about its values and arguments.
    pub facts: Facts,
    /// How it is written in Unicode text.
    pub unicode: Notation,
    /// How it is written in LaTeX.
    pub latex: Notation,
    /// Whether products in which the parts of its definition, a quotient, meet again are written
    /// by its value, once it was differentiated.
    pub quotient: bool,
    /// The sum of its value along the axes that it works along, where that is a number.
    pub total: Option<i64>,
    /// What its value is called where an answer gives it a name.
    pub letter: Option<&'static str>,
    /// How it is written in Python with `NumPy`.
    pub numpy: Code,
    /// With JAX, where more than the library's name differs.
    pub jax: Option<Code>,
    /// With `PyTorch`, where more than the library's name differs.
    pub torch: Option<Code>,
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
    /// `"A[m,n], B[p,q] -> [m*p, n*q]"`, `"X[n,n] -> []"` for a scalar result. A scalar argument
    /// where `[n,n]` is asked counts as 1×1. Vectors are columns. Letters after the arrays are
    /// arguments that are sizes: `"X[n], p -> [n/p]"`.
    Shapes(&'static [&'static str]),
    /// The result has the shape of the argument and is computed over all entries, or along `axis=`.
    Mask,
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
}

/// What a function means to the calculus. Texts are in our own language; in them every operation
/// is elementwise with scalars broadcast, `sum(…)` reduces the function's active axes (all entries,
/// or those `axis=` names), and `count(x)` is the number of entries so reduced. Other named
/// functions in a text act along the same axes. What is reduced is broadcast back where it meets
/// an array; a vector–Jacobian product with more axes than its parameter is summed over them.
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
    /// A multilinear function: one einsum for each alternative of the signature, `"ij->ji"`. After a
    /// semicolon stand equations between positions counted from 0: `i=o+k` (an entry of a sum), and
    /// `r=i:j` (`i` runs fastest: `r = i + |i| j`), or `i>j` (nothing where `i` is less than `j`). A letter in these alone has the size of the last
    /// argument. After a second semicolon letters over which the mean is taken, not the sum.
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
    /// The lower triangular factor of a symmetric positive definite matrix.
    Cholesky,
    /// The eigenvalues of a symmetric matrix.
    Eigenvalues,
    /// The eigenvectors of a symmetric matrix.
    Eigenvectors,
    /// Matrix inverse.
    Inverse,
    /// Determinant.
    Determinant,
    /// log |det|
    LogDeterminant,
    /// A⁻¹ b
    Solve,
    /// det(X) X⁻¹, of an invertible matrix.
    Adjugate,
    /// Largest entry.
    Maximum,
    /// Smallest entry.
    Minimum,
    /// Product of entries.
    Product,
    /// 1 at the first largest entry.
    MaximumMask,
    /// 1 at the first smallest entry.
    MinimumMask,
    /// Largest entries of windows.
    WindowMaximum,
    /// 1 at the first largest entry of each window.
    WindowMask,
}

/// What a function means to the numeric judge.
#[derive(Clone, Copy, Debug)]
pub enum Kernel {
    /// One value from one value for each parameter.
    Elementwise(ElementKernel),
    /// Whole arrays; the second argument is the value of `axis=`.
    Array(ArrayKernel),
    /// The judge treats it by its shape rule ([`Signature::Special`]).
    Special,
}

/// A kernel on arrays of one kind of number: the arguments and the value of `axis=`.
pub type KernelOf<S> = fn(&[&Array<S>], Option<usize>) -> Result<Array<S>, KernelError>;

/// A kernel on whole arrays, one instance for each kind of number. The kernels themselves are
/// generic: a further kind is one more field here and one more line in `kernel::array_kernel`.
#[derive(Clone, Copy, Debug)]
pub struct ArrayKernel {
    /// In doubles.
    pub double: KernelOf<f64>,
    /// In numbers with a bound on their error.
    pub ball: KernelOf<Ball>,
    /// Modulo 2⁶¹ − 1.
    pub modular: KernelOf<Modular>,
    /// Modulo the second prime.
    pub companion: KernelOf<Modular<Companion>>,
}

/// An elementwise kernel in one kind of number: a value from one value for each parameter.
pub type ElementOf<S> = fn(&[S]) -> Result<S, KernelError>;

/// An elementwise kernel, one instance for each kind of number. The kernels themselves are
/// generic: a further kind is one more field here and one more line in `kernel::element_kernel`.
#[derive(Clone, Copy, Debug)]
pub struct ElementKernel {
    /// In doubles, NaN where undefined.
    pub double: fn(&[f64]) -> f64,
    /// In numbers with a bound on their error.
    pub ball: ElementOf<Ball>,
    /// Modulo 2⁶¹ − 1.
    pub modular: ElementOf<Modular>,
    /// Modulo the second prime.
    pub companion: ElementOf<Modular<Companion>>,
}

/// A rule for power series in one kind of number: the series of f(x) from that of x.
pub type SeriesOf<S> = fn(&[S]) -> Result<Vec<S>, KernelError>;

/// A rule for power series, one instance for each kind of number that has them.
#[derive(Clone, Copy, Debug)]
pub struct SeriesKernel {
    /// In doubles.
    pub double: SeriesOf<f64>,
    /// In numbers with a bound on their error.
    pub ball: SeriesOf<Ball>,
}

/// Where a function has kinks or jumps that depend on more than one number.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ties {
    /// Nowhere.
    None,
    /// Where all entries are 0.
    Origin,
    /// Where the largest entry, along `axis=` or of all, is met twice; with two arguments, where
    /// they are equal.
    Largest,
    /// The same of the smallest.
    Smallest,
    /// Where the largest entry of a window is met twice; the second argument is the width.
    Windows,
    /// Where the first of two arguments is 0 and the second negative.
    Cut,
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
    /// Greater than 1.
    AboveOne,
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
    /// Values of the first argument (of its entries, for a function of arrays) at which it has a
    /// kink, a jump or a pole: the judge keeps its points away from them.
    pub kinks: &'static [f64],
    /// Kinks that depend on more than one number.
    pub ties: Ties,
    /// Whether it weighs the entries of an array by their exponentials, so that the largest hides
    /// those far below it.
    pub exponential: bool,
}

/// How an application is written.
#[derive(Clone, Copy, Debug)]
pub enum Notation {
    /// An operator before its bracketed arguments: `σ`, `\operatorname{tr}`.
    Operator(&'static str),
    /// A sign before its argument, which has brackets where it is more than a name or a number: `√2`.
    Prefix(&'static str),
    /// Delimiters around the arguments: `‖`, `‖`.
    Around(&'static str, &'static str),
    /// An operator written as `e^{…}`-like: text before and after an unbracketed argument.
    Wrap(&'static str, &'static str),
    /// A sign between the two arguments: `⊗`.
    Infix(&'static str),
}

/// How an application is written in a programming language.
#[derive(Clone, Copy, Debug)]
pub struct Code {
    /// The expression, with `{0}`, `{1}` for the arguments (already bracketed where needed),
    /// `{axis}` for `, axis=k` or nothing, `{k}` for the axis that a vector or `axis=` gives, and
    /// `{dtype}` for the type of the numbers. Binds like a call.
    pub call: &'static str,
    /// The expression with two arguments, where that with one differs (`max(a, b)` beside
    /// `max(X)`, `ones(m, n)` beside `ones(n)`), or nothing.
    pub pair: &'static str,
    /// The expression where all arguments are scalars, where it differs, or nothing.
    pub scalar: &'static str,
    /// A definition that the module needs before it (with its last newline), or nothing.
    pub helper: &'static str,
    /// An import line that the module needs, or nothing.
    pub import: &'static str,
}

impl Facts {
    /// Nothing is known.
    pub const NONE: Facts = Facts {
        range: Range::Real,
        domain: Range::Real,
        kinks: &[],
        ties: Ties::None,
        exponential: false,
    };
}

impl Code {
    /// A call without anything that it needs.
    pub const fn plain(call: &'static str) -> Code {
        Code { call, pair: "", scalar: "", helper: "", import: "" }
    }

    /// The same with another expression for two arguments.
    #[must_use]
    pub const fn pair(mut self, call: &'static str) -> Code {
        self.pair = call;
        self
    }

    /// The same with an import line before it.
    #[must_use]
    pub const fn import(mut self, line: &'static str) -> Code {
        self.import = line;
        self
    }

    /// The same with a definition before it.
    pub const fn helped(call: &'static str, helper: &'static str) -> Code {
        Code { call, pair: "", scalar: "", helper, import: "" }
    }

    /// A call with an import line before it.
    pub const fn imported(call: &'static str, import: &'static str) -> Code {
        Code { call, pair: "", scalar: "", helper: "", import }
    }

    /// The expression with this number of arguments.
    pub fn call_for(&self, arguments: usize) -> &'static str {
        if arguments == 2 && !self.pair.is_empty() { self.pair } else { self.call }
    }
}

impl Function {
    /// How shapes relate with this number of arguments.
    pub fn signature_for(&self, arguments: usize) -> Signature {
        if self.binary.is_some() && arguments == 2 {
            Signature::Elementwise
        } else {
            self.signature
        }
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
        matches!(self.signature, Signature::Shapes([first, ..])
            if first.split(']').next().is_some_and(|x| x.ends_with("[n,n")))
    }

    /// Whether it tells a vector that stands as a row from one that stands upright.
    pub fn reads_rows(&self) -> bool {
        matches!(self.signature, Signature::Shapes(list) if list.iter().any(|t| t.contains('\'')))
    }

    /// Whether it may be called with this number of arguments.
    pub fn accepts(&self, arguments: usize) -> bool {
        match self.signature {
            Signature::Special(Special::Ones | Special::Zeros) => (1..=2).contains(&arguments),
            _ if self.binary.is_some() => (1..=2).contains(&arguments),
            _ => arguments == self.parameters.len(),
        }
    }
}
