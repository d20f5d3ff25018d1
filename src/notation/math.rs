//! The presentation tree: an expression as a person would write it, before any notation is chosen.
//!
//! It has the operations of the language and nothing else, so that its ASCII form reads back.
//! Brackets are not in it: they follow from precedence when it is printed. Its depth is bounded
//! (raising introduces a binding before an expression gets deep), so that printers may recurse.

use crate::functions::Function;
use crate::number::Number;
use crate::syntax::ast::Comparison;
use std::rc::Rc;

/// An expression as it is to be written.
#[derive(Clone, PartialEq, Debug)]
pub enum Math {
    /// A nonnegative number; a fraction prints as `1/2`.
    Number(Number),
    /// A variable, definition, size, index or binding.
    Symbol(Symbol),
    /// `∇y`, `grad_y`, `\nabla_{y}`: the cotangent of the named value.
    Gradient(Symbol),
    /// π
    Pi,
    /// The identity matrix; its size where context does not give it.
    Identity(Option<Box<Math>>),
    /// `ones(n)`, `ones(m, n)`.
    Ones(Vec<Math>),
    /// `zeros(n)`, `zeros(m, n)`; without sizes the number 0.
    Zeros(Vec<Math>),
    /// Terms with their signs (`true`: minus); two or more, or one with a minus.
    Sum(Vec<(bool, Math)>),
    /// A product in order: scaling and matrix product, `2*A*x`, `A B x`.
    Product(Vec<Math>),
    /// `a .* b .* c`
    Hadamard(Vec<Math>),
    /// `a/b`, `b` a scalar.
    Quotient(Box<Math>, Box<Math>),
    /// `a ./ b`
    ElementQuotient(Box<Math>, Box<Math>),
    /// `A^k`, `x^2` of a square matrix or a scalar; the inverse is power −1.
    Power(Box<Math>, Box<Math>),
    /// `x.^k`
    ElementPower(Box<Math>, Box<Math>),
    /// `-1` and other negative exponents, only as an exponent or argument.
    Negate(Box<Math>),
    /// `A'`
    Transpose(Box<Math>),
    /// A function of the table, with `axis=`.
    Call(&'static Function, Box<[Math]>, Option<u8>),
    /// An unknown function.
    Unknown(Box<Unknown>, Box<[Math]>),
    /// The gradient (1) or the Hessian (2) of an unknown scalar function at an array: `∇J(u)`, `∇²J(u)`,
    /// in the language `grad(J(u), u)`, `hess(J(u), u)`.
    UnknownGradient(Box<Symbol>, u32, Box<Math>),
    /// `A[i,j]`: the positions are symbols, numbers or sums of these, with sizes as factors
    /// (`r + p*(o - 1)`); a size stands in a product there, alone or before an index. With ranges
    /// among them it is a slice, which keeps their axes.
    Entry(Box<Math>, Box<[Math]>),
    /// `a:b` or, for a whole axis, `:`; only as a position of an entry.
    Range(Option<Box<(Math, Math)>>),
    /// `[a, b; c, d]`: rows of blocks.
    Block(Vec<Vec<Math>>),
    /// `sum[i,j](…)`
    IndexSum(Box<[Symbol]>, Box<Math>),
    /// `delta[i,j]`
    Delta(Box<Math>, Box<Math>),
    /// `∂uₖ/∂Wᵢⱼ`, in the language `jac(u, W)[k,i,j]`; of a loss that is called by its name the
    /// gradient, `grad(L, W)[i,j]`. Each part is a symbol, or an entry of one.
    Partial(Box<Math>, Box<Math>),
    /// `dW`: a small change of a named value.
    Differential(Symbol),
    /// `⟨A, B⟩`, the sum of the products of entries: `sum(A .* B)`.
    Inner(Box<Math>, Box<Math>),
    /// `a < b`, `a <= b`, …
    Compare(Comparison, Box<Math>, Box<Math>),
}

/// An unknown function, or a derivative of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Unknown {
    /// Its name.
    pub name: Symbol,
    /// How often it is differentiated.
    pub primes: u32,
}

/// A name to be written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Symbol {
    /// The canonical spelling, ASCII: `lambda`, `x_1`.
    pub name: Rc<str>,
    /// Axes of its value: 0 scalar, 1 vector, 2 matrix (for bold type and for code).
    pub rank: u8,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_is_small() {
        assert!(std::mem::size_of::<Math>() <= 32);
    }
}
