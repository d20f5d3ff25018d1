//! Constant arrays and the derivative operators of claims: their shapes and meanings follow rules
//! of their own, which [`Special`] names.

use super::{Function, Special};

pub(super) static TABLE: &[Function] = &[
    Function::special("eye", &["n"], Special::Eye, "the identity matrix of size n, also I")
        .latex(r"\operatorname{eye}")
        .numpy("np.eye({0})")
        .source("language, section 1"),
    Function::special("ones", &["m", "n"], Special::Ones, "ones(n), ones(m, n): all entries 1")
        .latex(r"\operatorname{ones}")
        .numpy("np.ones({0})")
        .numpy_pair("np.ones(({0}, {1}))")
        .source("language, section 1"),
    Function::special("zeros", &["m", "n"], Special::Zeros, "zeros(n), zeros(m, n): all entries 0")
        .latex(r"\operatorname{zeros}")
        .numpy("np.zeros({0})")
        .numpy_pair("np.zeros(({0}, {1}))")
        .source("language, section 1"),
    Function::special(
        "vector",
        &["c"],
        Special::Vector,
        "a vector of entries c, size from context",
    )
    .latex(r"\operatorname{vector}")
    .source("language, section 1"),
    Function::special(
        "matrix",
        &["c"],
        Special::Matrix,
        "a matrix of entries c, size from context",
    )
    .latex(r"\operatorname{matrix}")
    .source("language, section 1"),
    Function::special(
        "grad",
        &["y", "x"],
        Special::Gradient,
        "the gradient of a scalar, shaped as x",
    )
    .unicode(super::Notation::Operator("grad"))
    .latex(r"\operatorname{grad}")
    .source("language, section 1"),
    Function::special("jac", &["y", "x"], Special::Jacobian, "∂y[i]/∂x[j], the axes of y first")
        .latex(r"\operatorname{jac}")
        .source("language, section 1"),
    Function::special("hess", &["y", "x"], Special::Hessian, "the second derivatives of a scalar")
        .latex(r"\operatorname{hess}")
        .source("language, section 1"),
    Function::special("vjp", &["y", "x", "g"], Special::Vjp, "the gradient of sum(g .* y)")
        .latex(r"\operatorname{vjp}")
        .source("language, section 1"),
];
