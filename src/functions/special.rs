//! Constants and derivative operators: their shapes follow rules of their own.

use super::{Code, Facts, Function, Kernel, Lowering, Notation, Signature, Special};

const fn special(
    name: &'static str,
    parameters: &'static [&'static str],
    special: Special,
    numpy: &'static str,
    doc: &'static str,
) -> Function {
    Function {
        name,
        aliases: &[],
        parameters,
        signature: Signature::Special(special),
        lowering: Lowering::Special,
        kernel: Kernel::Special,
        binary: None,
        facts: Facts::NONE,
        unicode: Notation::Operator(name),
        latex: Notation::Operator(name),
        numpy: Code::plain(numpy),
        doc,
        source: "Magnus & Neudecker 2019, §1",
    }
}

#[rustfmt::skip]
pub(super) static TABLE: &[Function] = &[
    special("eye", &["n"], Special::Eye, "np.eye({0})", "the identity matrix"),
    special("ones", &["m", "n"], Special::Ones, "np.ones({0})", "an array of ones"),
    special("zeros", &["m", "n"], Special::Zeros, "np.zeros({0})", "an array of zeros"),
    special("vector", &["c"], Special::Vector, "", "a constant vector, its size from context"),
    special("matrix", &["c"], Special::Matrix, "", "a constant matrix, its shape from context"),
    special("grad", &["y", "x"], Special::Gradient, "", "the gradient of a scalar, in the shape of x"),
    special("jac", &["y", "x"], Special::Jacobian, "", "the Jacobian, axes of y first"),
    special("hess", &["y", "x"], Special::Hessian, "", "the second derivatives of a scalar"),
    special("vjp", &["y", "x", "g"], Special::Vjp, "", "the gradient of sum(g .* y)"),
];
