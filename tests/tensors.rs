//! Derivatives with more than two axes: in index notation, as linear maps and between stacked columns.

use derive::notation::text::{Report, text};
use derive::{Question, Solution, gradient, hessian, jacobian, verify};

/// The lines of the answer that give the derivative, after it was verified with all its forms.
fn lines(question: &Question, solution: &Solution) -> Vec<String> {
    let report = verify(solution, question, 7);
    assert_eq!(report.status, "verified", "{}: {}", question.program, report.reason);
    let whole = text(&solution.answer, &Report::skipped(""));
    let equation = |line: &&str| line.starts_with('∂') || line.starts_with('d');
    whole
        .lines()
        .filter(equation)
        .map(|l| l.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect()
}

#[track_caller]
fn jacobian_is(program: &str, wrt: &str, expected: &[&str]) {
    let question = Question::new(program).wrt(&[wrt]);
    let solution = jacobian(&question).expect("it has a Jacobian");
    assert_eq!(lines(&question, &solution), expected, "{program}");
}

#[track_caller]
fn hessian_is(program: &str, wrt: &str, expected: &[&str]) {
    let question = Question::new(program).wrt(&[wrt]);
    let solution = hessian(&question).expect("it has a Hessian");
    assert_eq!(lines(&question, &solution), expected, "{program}");
}

#[test]
fn jacobians_of_matrices_by_matrices() {
    // ∂(AXB)ᵢⱼ/∂Xₖₗ = Aᵢₖ Bₗⱼ; Magnus & Neudecker 2019, §9.10
    jacobian_is("A*X*B", "X", &["∂yᵢⱼ/∂Xₚᵣ = Aᵢₚ Bᵣⱼ", "dy = A dX B", "∂vec(y)/∂vec(X) = Bᵀ ⊗ A"]);
    jacobian_is("X'*X", "X", &["∂yᵢⱼ/∂Xₖₗ = Xₖᵢ δⱼₗ + Xₖⱼ δᵢₗ", "dy = Xᵀ dX + dXᵀ X"]);
    jacobian_is(
        "inv(X)",
        "X",
        &["∂yᵢⱼ/∂Xₖₗ = −yᵢₖ yₗⱼ", "dy = −y dX y", "∂vec(y)/∂vec(X) = −yᵀ ⊗ y"],
    );
    jacobian_is(
        "X^3",
        "X",
        &[
            "∂yᵢⱼ/∂Xₖₗ = (X²)ᵢₖ δⱼₗ + Xᵢₖ Xₗⱼ + (X²)ₗⱼ δᵢₖ",
            "dy = X² dX + dX X² + X dX X",
            "∂vec(y)/∂vec(X) = Iₘ ⊗ X² + Xᵀ ⊗ X + (X²)ᵀ ⊗ Iₘ",
        ],
    );
    // a form may name what the entries do not
    jacobian_is(
        "c*inv(X)",
        "X",
        &["∂yᵢⱼ/∂Xₖₗ = −c (X⁻¹)ₗⱼ (X⁻¹)ᵢₖ", "dy = −c X⁻¹ dX X⁻¹", "∂vec(y)/∂vec(X) = −X⁻ᵀ ⊗ y"],
    );
    jacobian_is("c*X", "X", &["∂yᵢⱼ/∂Xₖₗ = c δᵢₖ δⱼₗ", "dy = c dX", "∂vec(y)/∂vec(X) = c Iₘₙ"]);
    jacobian_is(
        "exp(X)",
        "X",
        &["∂yᵢⱼ/∂Xₖₗ = yᵢⱼ δᵢₖ δⱼₗ", "dy = y ⊙ dX", "∂vec(y)/∂vec(X) = diag(vec(y))"],
    );
}

#[test]
fn jacobians_with_vectors_on_one_side() {
    jacobian_is(
        "relu(W*x + b)",
        "W",
        &[
            "∂yᵢ/∂Wⱼₖ = step(W x + b)ᵢ xₖ δᵢⱼ",
            "dy = step(W x + b) ⊙ (dW x)",
            "∂y/∂vec(W) = xᵀ ⊗ diag(step(W x + b))",
        ],
    );
    jacobian_is(
        "x*x'",
        "x",
        &["∂yᵢⱼ/∂xₖ = xᵢ δⱼₖ + xⱼ δᵢₖ", "dy = x dxᵀ + dx xᵀ", "∂vec(y)/∂x = Iₙ ⊗ x + x ⊗ Iₙ"],
    );
    jacobian_is("diag(X)", "X", &["∂yᵢ/∂Xⱼₖ = δᵢⱼ δᵢₖ", "dy = diag(dX)"]);
}

#[test]
fn hessians_by_matrices() {
    hessian_is(
        "norm2(A*X - B)^2",
        "X",
        &[
            "∂²y/∂Xᵢⱼ∂Xₗₚ = 2 (Aᵀ A)ᵢₗ δⱼₚ",
            "d∇X = 2 Aᵀ A dX",
            "∂²y/∂vec(X)∂vec(X) = 2 (Iₖ ⊗ (Aᵀ A))",
        ],
    );
    hessian_is("logdet(X)", "X", &["∂²y/∂Xᵢⱼ∂Xₖₗ = −(X⁻¹)ⱼₖ (X⁻¹)ₗᵢ", "d∇X = −X⁻ᵀ dXᵀ X⁻ᵀ"]);
    hessian_is(
        "sum(f(W*x))",
        "W",
        &[
            "∂²y/∂Wᵢⱼ∂Wₖₗ = f′′(W x)ᵢ xⱼ xₗ δᵢₖ",
            "d∇W = (f′′(W x) ⊙ (dW x)) xᵀ",
            "∂²y/∂vec(W)∂vec(W) = (x xᵀ) ⊗ diag(f′′(W x))",
        ],
    );
}

#[test]
fn hessians_are_one_diagonal_where_they_are_diagonal() {
    hessian_is("sum(sigmoid(x).^2)", "x", &["∂²y/∂x² = 2 diag(s ⊙ (1 − s) ⊙ (2 s − 3 s²))"]);
    hessian_is("log(sum(exp(x)))", "x", &["∂²y/∂x² = diag(softmax(x)) − softmax(x) softmax(x)ᵀ"]);
    hessian_is("(x'*A*x)^2", "x", &["∂²y/∂x² = 2 ((xᵀ A x) (A + Aᵀ) + (A + Aᵀ) x xᵀ (A + Aᵀ))"]);
}

/// What stands before an identity is not lost where sums are multiplied out.
#[test]
fn multiples_of_identities_stay() {
    hessian_is(
        "var y[n]\nnorm2(norm2(x)*(x - y))^2",
        "x",
        &["∂²out/∂x² = 8 x xᵀ + 2 (xᵀ x + ‖x − y‖²) Iₙ − 4 x yᵀ − 4 y xᵀ"],
    );
    let simplified = |program: &str| {
        let question = Question::new(program).shapes("w[n], x[n], y[n], z[n]");
        let found = derive::simplified(&question).expect("it has a meaning");
        assert_eq!(verify(&found, &question, 7).status, "verified", "{program}");
        found.ascii(0)
    };
    assert_eq!(simplified("sum(x + y)*z - sum(x)*z"), "sum(y)*z");
    assert_eq!(simplified("sum(x + y)*eye(n) - sum(x)*eye(n)"), "sum(y)*eye(n)");
    assert_eq!(simplified("x'*(y - z)*w + (x'*z)*w"), "(x'*y)*w");
}

/// The larger of two vectors is a vector, and a compound size is written in brackets.
#[test]
fn what_is_printed_reads_back() {
    for (program, shapes, ascii) in [
        ("u*max(x, y)'", "u[m], x[n], y[n]", "u*max(x, y)'"),
        ("sum[i,j](X[i,j]*min(x, y)[j]*u[i])", "X[m,n], u[m], x[n], y[n]", "min(x, y)'*X'*u"),
        ("sum(ones(n-1))*x", "x[n]", "(n-1)*x"),
        ("x/sum(ones(n-1)) - y", "x[n], y[n]", "x/(n-1) - y"),
        ("a^sum(ones(n-1)) + sum(x)", "x[n], a positive", "a^(n-1) + sum(x)"),
    ] {
        let question = Question::new(program).shapes(shapes);
        let found = derive::simplified(&question).expect("it has a meaning");
        assert_eq!(verify(&found, &question, 7).status, "verified", "{program}");
        assert_eq!(found.ascii(0), ascii);
    }
}

#[test]
fn hessians_show_their_symmetry() {
    hessian_is("logsumexp(A*x)", "x", &["∂²y/∂x² = Aᵀ (diag(p) − p pᵀ) A"]);
    hessian_is("norm2(A*x)", "x", &["∂²y/∂x² = Aᵀ (Iₘ/‖A x‖ − A x xᵀ Aᵀ/‖A x‖³) A"]);
    hessian_is("prod(x)", "x", &["∂²y/∂x² = prod(x) ((1 ⊘ x) (1 ⊘ x)ᵀ − diag(1 ⊘ x²))"]);
    hessian_is(
        "var a[n]\nnorm2(x - a)",
        "x",
        &["∂²y/∂x² = Iₙ/‖x − a‖ − (x − a) (x − a)ᵀ/‖x − a‖³"],
    );
    let question = Question::new("(x'*A*x)/(x'*B*x)").wrt(&["x"]);
    let rayleigh = derive::hessian(&question).expect("it has a Hessian");
    assert_eq!(
        rayleigh.ascii(0),
        "(2*(x'*A*x)*(B + B')*x*x'*(B + B')/(x'*B*x)^2 + A + A' - (x'*A*x)*(B + B')/(x'*B*x) \
         - (B + B')*x*x'*(A + A')/(x'*B*x) - (A + A')*x*x'*(B + B')/(x'*B*x))/(x'*B*x)"
    );
    // a determinant is linear along one direction
    hessian_is("var A[n,n], y[n]\ndet(y*x' + A)", "x", &["∂²out/∂x² = zeros(n, n)"]);
    // a layer normalisation, by name and by hand
    let question = Question::new("var g[n], x[n]\ng'*layernorm(x, 1e-5)").wrt(&["x"]);
    let layer = derive::hessian(&question).expect("it has a Hessian");
    assert_eq!(
        layer.ascii(0),
        "(mean(g .* z)*ones(n, n) + 3*mean(g .* z)*z*z' - (g'*z)*eye(n) - (g - mean(g))*z' \
         - z*(g - mean(g))')/((mean((x - mean(x)).^2) + 1e-5)*n)"
    );
    let question = Question::new("var g[n], x[n]\ng'*(x - mean(x))/norm2(x - mean(x))").wrt(&["x"]);
    let layer = derive::hessian(&question).expect("it has a Hessian");
    assert_eq!(
        layer.ascii(0),
        "-((g - mean(g))*t1' + t1*(g - mean(g))' + (g'*t1)*(eye(n) - 3*t1*t1'/(t1'*t1) \
         - ones(n, n)/n))/norm2(t1)^3"
    );
    hessian_is(
        "var c[n]\nc'*softmax(x)",
        "x",
        &["∂²y/∂x² = 2 (cᵀ p) p pᵀ + diag((c − cᵀ p) ⊙ p) − (c ⊙ p) pᵀ − p (c ⊙ p)ᵀ"],
    );
    hessian_is(
        "tr(X'*X)",
        "X",
        &["∂²y/∂Xᵢⱼ∂Xₖₗ = 2 δᵢₖ δⱼₗ", "d∇X = 2 dX", "∂²y/∂vec(X)∂vec(X) = 2 Iₘₙ"],
    );
}

/// What is used by several gradients has a name, unless something cancels where it is written out.
#[test]
fn cotangents_of_unnamed_values_are_named_where_that_is_shorter() {
    let lines = |program: &str, shapes: &str, wrt: &[&str]| -> Vec<String> {
        let question = Question::new(program).shapes(shapes).wrt(wrt);
        let found = derive::gradient(&question).expect("it has gradients");
        let text = text(&found.answer, &Report::skipped(""));
        text.lines().map(String::from).filter(|l| l.contains('=')).collect()
    };
    let network = lines(
        "norm2(W2*tanh(W1*x + b1) + b2 - y)^2",
        "W1[h,n], b1[h], W2[k,h], b2[k], x[n], y[k]",
        &["W1", "b1", "W2", "b2", "x"],
    );
    assert_eq!(
        network,
        [
            "t₁ = tanh(W₁ x + b₁)",
            "δ₁ = 2 (W₂ t₁ + b₂ − y)",
            "δ₂ = (W₂ᵀ δ₁) ⊙ (1 − t₁²)",
            "∇W₁ = δ₂ xᵀ",
            "∇b₁ = δ₂",
            "∇W₂ = δ₁ t₁ᵀ",
            "∇b₂ = δ₁",
            "∇x  = W₁ᵀ δ₂",
        ]
    );
    let layers = "W[h,n], b[h], V[k,h], x[n], y[k]";
    let named = lines("u = W*x + b; norm2(V*tanh(u) - y)^2", layers, &["W", "b", "x"]);
    assert_eq!(
        named,
        [
            "u = W x + b",
            "∇u = 2 (1 − tanh(u)²) ⊙ (Vᵀ (V tanh(u) − y))",
            "∇W = ∇u xᵀ",
            "∇b = ∇u",
            "∇x = Wᵀ ∇u",
        ]
    );
    let deviation = lines("sqrt(mean((x - mean(x)).^2))", "x[n]", &["x"]);
    assert_eq!(deviation, ["∇x = (x − mean(x))/(√(mean((x − mean(x))²)) n)"]);
    let shapes = "A[m,n], B[m,k], x[n], y[k], c[m]";
    let squares = lines("norm2([A, B]*[x; y] - c)^2", shapes, &["x", "A"]);
    assert_eq!(squares, ["∇x = 2 Aᵀ (A x + B y − c)", "∇A = 2 (A x + B y − c) xᵀ"]);
}

/// A thousand layers that have names, whose cotangents have none in the program.
#[test]
fn a_deep_network_has_a_line_a_layer() {
    let layers = 1_000;
    let mut program = String::from("var z0[n0], y[n1000]");
    for k in 1..=layers {
        program += &format!(", W{k}[n{k},n{}], b{k}[n{k}]", k - 1);
    }
    for k in 1..=layers {
        program += &format!("\nz{k} = tanh(W{k}*z{} + b{k})", k - 1);
    }
    program += "\nL = norm2(z1000 - y)^2";
    let found = derive::gradient(&Question::new(&program)).expect("it has gradients");
    let text = text(&found.answer, &Report::skipped(""));
    let lines = |left: &str| text.lines().filter(|l| l.starts_with(left)).count();
    assert_eq!(
        [lines("z"), lines("∇W"), lines("∇b"), lines("δ")],
        [layers, layers, layers, layers]
    );
    let longest = text.lines().filter(|l| l.starts_with(['∇', 'δ'])).map(|l| l.chars().count());
    assert!(longest.max().is_some_and(|n| n < 50));
}

#[test]
fn functions_of_blocks_are_blocks_of_functions() {
    let gradient = |program: &str, shapes: &str, wrt: &str| {
        let question = Question::new(program).shapes(shapes).wrt(&[wrt]);
        derive::gradient(&question).expect("it has a gradient").ascii(0)
    };
    let blocks = "A[m,m], B[m,n], C[n,m], D[n,n]";
    assert_eq!(gradient("sum(tanh([A, B; C, D]))", blocks, "A"), "1 - tanh(A).^2");
    let parts = "x[m], y[n], g[m+n]";
    assert_eq!(gradient("sum(g .* tanh([x; y]))", parts, "x"), "g[1:m] .* (1 - tanh(x).^2)");
    assert_eq!(
        gradient("sum(sigmoid([x; y]).^2)", parts, "y"),
        "2*(1 - sigmoid(y)) .* sigmoid(y).^2"
    );
}

#[test]
fn definitions_with_three_axes_are_written_entry_by_entry() {
    let layer = "var X[n,m,d], W[d,p], G[n,m,p]\nY[i,j,l] = sum[k](X[i,j,k]*W[k,l])";
    let gradient_is = |program: &str, expected: &[&str]| {
        let question = Question::new(program).wrt(&["W", "X"]);
        let solution = gradient(&question).expect("it has gradients");
        let report = verify(&solution, &question, 7);
        assert_eq!(report.status, "verified", "{program}: {}", report.reason);
        let whole = text(&solution.answer, &Report::skipped(""));
        let words = |l: &str| l.split_whitespace().collect::<Vec<_>>().join(" ");
        let lines: Vec<String> = whole.lines().map(words).filter(|l| l.contains('=')).collect();
        assert_eq!(lines, expected, "{program}");
    };
    gradient_is(
        &format!("{layer}\nL = sum[i,j,l](Y[i,j,l]*G[i,j,l])"),
        &["(∇W)ᵢⱼ = Σₖₗ Xₖₗᵢ Gₖₗⱼ", "(∇X)ᵢⱼₖ = Σₗ Wₖₗ Gᵢⱼₗ"],
    );
    gradient_is(
        &format!("{layer}\nL = sum[i,j,l](tanh(Y[i,j,l])^2)"),
        &[
            "Yᵢⱼₗ = Σₖ Xᵢⱼₖ Wₖₗ",
            "(∇W)ᵢⱼ = 2 Σₖₗ Xₖₗᵢ tanh(Yₖₗⱼ) (1 − tanh(Yₖₗⱼ)²)",
            "(∇X)ᵢⱼₖ = 2 Σₗ Wₖₗ tanh(Yᵢⱼₗ) (1 − tanh(Yᵢⱼₗ)²)",
        ],
    );
    // the objective itself
    gradient_is(
        layer,
        &["Yᵢⱼₗ = Σₖ Xᵢⱼₖ Wₖₗ", "(∇W)ᵢⱼ = Σₖₗ (∇Y)ₖₗⱼ Xₖₗᵢ", "(∇X)ᵢⱼₖ = Σₗ (∇Y)ᵢⱼₗ Wₖₗ"],
    );
}

/// Points near a singularity, where differences depend on their step, decide nothing.
#[test]
fn right_answers_are_verified_near_singularities() {
    let question = Question::new("tr(inv(A + x*x'))").shapes("A[n,n], x[n]").wrt(&["A", "x"]);
    let solution = hessian(&question).expect("there is an answer");
    for seed in 0..20 {
        let report = verify(&solution, &question, seed);
        assert_eq!(report.status, "verified", "seed {seed}: {}", report.reason);
    }
}

/// What a definition stands for meets its name in an answer.
#[test]
fn definitions_are_found_in_answers() {
    let asked = |program: &str| Question::new(program).wrt(&["x"]);
    let once = asked("var x[n]\nv = x .* x\nL = (v .* x)'*relu(x)");
    let sum = asked("var x[n]\nv = x .* x\nL = sum(v .* x) + sum(exp(x.^2))");
    let ascii = |solution: Solution| solution.ascii(0);
    let blocks = asked("var A[m,n], B[m,p], x[n], y[p]\nC = [A, B]\nL = norm2(C*[x; y])^2");
    assert_eq!(gradient(&blocks).map(ascii), Ok("2*A'*C*[x; y]".into()));
    assert_eq!(gradient(&once).map(ascii), Ok("(3*relu(x) + x .* step(x)) .* v".into()));
    assert_eq!(hessian(&once).map(ascii), Ok("6*diag(step(x) .* v + x .* relu(x))".into()));
    assert_eq!(gradient(&sum).map(ascii), Ok("2*x .* exp(v) + 3*v".into()));
}
