//! Repairs of planted mistakes: true claims, each spoilt by one slip of a known kind, and whether
//! the repair that is offered gives the claim back. A repair that does not hold is never offered.

#[path = "common/given.rs"]
mod given;

use derive::check::verdict::Verdict;
use derive::check::{check, check_typed};
use derive::identities::identities;
use derive::number::Number;
use derive::numeric::sample::Random;
use derive::shape::infer::infer;
use derive::shape::typed::{Meaning, Typed};
use derive::syntax::ast::{Expr, List, NameId, NodeId, ProductOp, Program, Statement};
use derive::syntax::parser::parse;
use derive::syntax::print::{print, print_node};
use derive::{Question, gradient};
use given::cases;
use serde_json::Value;

/// The kinds of slips.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Slip {
    Transpose,
    Order,
    Sign,
    Factor,
    Prime,
    Name,
    Hadamard,
    Index,
    Term,
    Constant,
    Reduction,
    Inverse,
}

const SLIPS: [Slip; 12] = [
    Slip::Transpose,
    Slip::Order,
    Slip::Sign,
    Slip::Factor,
    Slip::Prime,
    Slip::Name,
    Slip::Hadamard,
    Slip::Index,
    Slip::Term,
    Slip::Constant,
    Slip::Reduction,
    Slip::Inverse,
];

/// A true claim: a program whose only claim is one equality.
struct Truth {
    program: Program,
    typed: Typed,
    left: NodeId,
    right: NodeId,
}

/// Each equality of a program as a claim by itself.
fn split(text: &str) -> Vec<(usize, Truth)> {
    let program = parse(text).expect(text);
    let mut out = Vec::new();
    for (at, statement) in program.statements.iter().enumerate() {
        let Statement::Claim(sides) = statement else { continue };
        let start = program.statement_spans[at].start as usize;
        let line = text[..start].matches('\n').count() + 1;
        for pair in sides.windows(2) {
            let one = with_claim(&program, pair[0], pair[1]);
            let program = parse(&one).expect(&one);
            let typed = infer(program.clone()).expect(&one);
            let Some(Statement::Claim(sides)) = program.statements.last() else { continue };
            let (left, right) = (sides[0], sides[1]);
            out.push((line, Truth { program, typed, left, right }));
        }
    }
    out
}

/// The program with this claim alone.
fn with_claim(program: &Program, left: NodeId, right: NodeId) -> String {
    let mut program = program.clone();
    let claim = |s: &Statement| matches!(s, Statement::Claim(_) | Statement::Expression(_));
    program.statements.retain(|s| !claim(s));
    program.statements.push(Statement::Claim(vec![left, right]));
    print(&program)
}

fn truths() -> Vec<Truth> {
    let mut list: Vec<Truth> = Vec::new();
    let mut add = |text: &str| list.extend(split(text).into_iter().map(|t| t.1));
    for text in [include_str!("claims/given.jsonl"), include_str!("claims/hard.jsonl")] {
        for line in text.lines().filter(|l| !l.trim().is_empty() && !l.starts_with('#')) {
            let case: Value = serde_json::from_str(line).expect("JSON");
            if case["truth"] == Value::Bool(true) {
                add(case["program"].as_str().expect("a program"));
            }
        }
    }
    for identity in identities() {
        add(identity.program);
    }
    for case in cases() {
        let program = case["program"].as_str().expect("a program");
        let shapes = case["shape"].as_str().unwrap_or("");
        let objective = program.lines().last().unwrap_or("");
        if case["command"] != "grad" || shapes.is_empty() || objective.contains('=') {
            continue;
        }
        let Ok(solution) = gradient(&Question::new(program).shapes(shapes)) else { continue };
        let definitions = program.strip_suffix(objective).unwrap_or("");
        for (at, result) in solution.answer.results.iter().enumerate() {
            let answer = solution.ascii(at);
            if answer.contains('\n') || answer.contains("grad_") {
                continue;
            }
            let wrt = &result.wrt[0].name;
            let text =
                format!("var {shapes}\n{definitions}\ngrad({objective}, {wrt}) == {answer}\n");
            if parse(&text).ok().and_then(|p| infer(p).ok()).is_some() {
                add(&text);
            }
        }
    }
    let index: Value =
        serde_json::from_str(include_str!("claims/derivations/index.json")).expect("JSON");
    for entry in index.as_array().expect("a list") {
        let file = entry["file"].as_str().expect("a file");
        let path = format!("{}/tests/claims/derivations/{file}", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(&path).expect("the file is there");
        let wrong = entry["wrong_line"].as_u64().map(|l| l as usize);
        list.extend(split(&text).into_iter().filter(|t| Some(t.0) != wrong).map(|t| t.1));
    }
    list
}

/// Makes sides that differ from one in one place.
struct Planter<'a> {
    truth: &'a Truth,
    parents: Vec<(NodeId, NodeId)>,
    out: Vec<String>,
}

impl Planter<'_> {
    fn push(program: &mut Program, expr: Expr) -> NodeId {
        let id = NodeId(program.nodes.len() as u32);
        program.nodes.push(expr);
        program.spans.push(derive::diagnostic::Span::default());
        id
    }

    fn list(program: &mut Program, nodes: &[NodeId]) -> List {
        let start = program.children.len() as u32;
        program.children.extend_from_slice(nodes);
        List { start, len: nodes.len() as u32 }
    }

    /// The program with `make`'s node at the place of `at`.
    fn plant(&mut self, at: NodeId, make: impl FnOnce(&mut Program) -> NodeId) {
        let mut program = self.truth.program.clone();
        let (mut old, mut new) = (at, make(&mut program));
        while old != self.truth.right {
            let Some(parent) = self.parents.iter().find(|p| p.0 == old).map(|p| p.1) else {
                return;
            };
            let swap = |id: NodeId| if id == old { new } else { id };
            let mut list = |l: List| {
                let nodes: Vec<NodeId> = program.list(l).iter().map(|n| swap(*n)).collect();
                Planter::list(&mut program, &nodes)
            };
            let copy = match self.truth.program.node(parent).clone() {
                Expr::Negate(a) => Expr::Negate(swap(a)),
                Expr::Sum(l) => Expr::Sum(list(l)),
                Expr::Product(op, a, b) => Expr::Product(op, swap(a), swap(b)),
                Expr::Power(a, b) => Expr::Power(swap(a), swap(b)),
                Expr::ElementPower(a, b) => Expr::ElementPower(swap(a), swap(b)),
                Expr::Transpose(a) => Expr::Transpose(swap(a)),
                Expr::Call { function, primes, arguments, axis } => {
                    let axis = axis.map(swap);
                    Expr::Call { function, primes, arguments: list(arguments), axis }
                }
                Expr::Entry(a, l) => Expr::Entry(swap(a), list(l)),
                Expr::IndexSum(l, a) => Expr::IndexSum(l, swap(a)),
                Expr::Compare(c, a, b) => Expr::Compare(c, swap(a), swap(b)),
                other => other,
            };
            new = Planter::push(&mut program, copy);
            old = parent;
        }
        let text = with_claim(&program, self.truth.left, new);
        self.out.push(text);
    }

    #[expect(clippy::too_many_lines, reason = "a table of slips")]
    fn spoil(&mut self, slip: Slip, id: NodeId) {
        let typed = &self.truth.typed;
        let program = &typed.program;
        let rank = typed.shape(id).axes.len();
        let push = Planter::push;
        match (slip, program.node(id).clone()) {
            (Slip::Transpose, Expr::Transpose(a)) => self.plant(id, |_| a),
            (Slip::Transpose, Expr::Name(_) | Expr::Call { .. }) if rank == 2 => {
                self.plant(id, |p| push(p, Expr::Transpose(id)));
            }
            (Slip::Order, Expr::Product(ProductOp::Product, a, b)) => {
                self.plant(id, |p| push(p, Expr::Product(ProductOp::Product, b, a)));
                if let Expr::Product(ProductOp::Product, c, d) = *program.node(a) {
                    self.plant(id, |p| {
                        let first = push(p, Expr::Product(ProductOp::Product, c, b));
                        push(p, Expr::Product(ProductOp::Product, first, d))
                    });
                }
            }
            (Slip::Sign, Expr::Negate(a)) => self.plant(id, |_| a),
            (Slip::Sign, Expr::Sum(l)) => {
                for k in 0..l.len as usize {
                    let mut terms = program.list(l).to_vec();
                    self.plant(id, |p| {
                        terms[k] = match *p.node(terms[k]) {
                            Expr::Negate(a) => a,
                            _ => push(p, Expr::Negate(terms[k])),
                        };
                        let list = Planter::list(p, &terms);
                        push(p, Expr::Sum(list))
                    });
                }
            }
            (Slip::Sign, Expr::Product(..)) if id == self.truth.right => {
                self.plant(id, |p| push(p, Expr::Negate(id)));
            }
            (Slip::Factor, Expr::Product(op, a, b)) => {
                let number = |id| matches!(program.node(id), Expr::Number(_));
                if number(a) && op == ProductOp::Product {
                    self.plant(id, |_| b);
                } else if number(b) {
                    self.plant(id, |_| a);
                } else {
                    self.plant(id, |p| {
                        let two = push(p, Expr::Number(Number::integer(2)));
                        push(p, Expr::Product(ProductOp::Product, two, id))
                    });
                }
            }
            (Slip::Prime, Expr::Call { function, primes, arguments, axis }) => {
                let kin = ["relu step", "sin cos", "cosh sinh", "sigmoid tanh", "log exp"];
                let name = program.name(function);
                if matches!(typed.meaning(id), Meaning::Unknown(u) if !typed.unknowns[u.0 as usize].scalar)
                {
                    let primes = if primes > 0 { primes - 1 } else { 1 };
                    self.plant(id, |p| push(p, Expr::Call { function, primes, arguments, axis }));
                } else if primes > 0 {
                    let call = Expr::Call { function, primes: primes - 1, arguments, axis };
                    self.plant(id, |p| push(p, call));
                }
                for pair in kin {
                    let (a, b) = pair.split_once(' ').expect("two");
                    let other = if name == a { b } else { a };
                    if (name == a || name == b) && primes == 0 {
                        self.plant(id, |p| {
                            let function = p.names.intern(other);
                            push(p, Expr::Call { function, primes, arguments, axis })
                        });
                    }
                }
            }
            (Slip::Name, Expr::Name(own)) => {
                if !matches!(typed.meaning(id), Meaning::Variable(_) | Meaning::Definition(_)) {
                    return;
                }
                let shape = typed.shape(id);
                let variables = typed.variables.iter().map(|v| (v.name, &v.shape));
                let definitions = typed.definitions.iter().map(|d| (d.name, &d.shape));
                for (other, s) in variables.chain(definitions) {
                    if other != own && s.axes[..] == *shape.axes {
                        self.plant(id, |p| push(p, Expr::Name(other)));
                    }
                }
            }
            (Slip::Hadamard, Expr::Product(ProductOp::Hadamard, a, b)) => {
                self.plant(id, |_| a);
                self.plant(id, |_| b);
            }
            (Slip::Hadamard, Expr::Product(ProductOp::Product, ..)) if rank == 1 => {
                for v in
                    typed.variables.iter().filter(|v| v.shape.axes[..] == *typed.shape(id).axes)
                {
                    self.plant(id, |p| {
                        let name = push(p, Expr::Name(v.name));
                        push(p, Expr::Product(ProductOp::Hadamard, id, name))
                    });
                }
            }
            (Slip::Index, Expr::Entry(base, l)) => {
                let indices = program.list(l).to_vec();
                if let [i, j] = indices[..] {
                    self.plant(id, |p| {
                        let list = Planter::list(p, &[j, i]);
                        push(p, Expr::Entry(base, list))
                    });
                }
                let mut names: Vec<NameId> = typed.indices.iter().map(|i| i.name).collect();
                names.dedup();
                for (k, index) in indices.iter().enumerate() {
                    for other in names.clone() {
                        if matches!(program.node(*index), Expr::Name(own) if *own != other) {
                            self.plant(id, |p| {
                                let mut indices = indices.clone();
                                indices[k] = push(p, Expr::Name(other));
                                let list = Planter::list(p, &indices);
                                push(p, Expr::Entry(base, list))
                            });
                        }
                    }
                }
            }
            (Slip::Term, Expr::Sum(l)) => {
                let terms = program.list(l).to_vec();
                for k in 0..terms.len() {
                    let mut rest = terms.clone();
                    rest.remove(k);
                    self.plant(id, |p| {
                        if let [only] = rest[..] {
                            return only;
                        }
                        let list = Planter::list(p, &rest);
                        push(p, Expr::Sum(list))
                    });
                }
                for v in
                    typed.variables.iter().filter(|v| v.shape.axes[..] == *typed.shape(id).axes)
                {
                    self.plant(id, |p| {
                        let mut terms = terms.clone();
                        terms.push(push(p, Expr::Name(v.name)));
                        let list = Planter::list(p, &terms);
                        push(p, Expr::Sum(list))
                    });
                }
            }
            (Slip::Constant, Expr::Number(n)) => {
                let third = n.small() == Some((1, 3));
                let wrong =
                    if third { Number::ratio(3333, 10000) } else { Some(n.add(&Number::ONE)) };
                if let Some(wrong) = wrong {
                    self.plant(id, |p| push(p, Expr::Number(wrong)));
                }
            }
            (Slip::Constant, Expr::Power(a, e) | Expr::ElementPower(a, e))
                if matches!(program.node(e), Expr::Number(_)) =>
            {
                self.plant(id, |_| a);
            }
            (Slip::Reduction, Expr::Call { function, primes, arguments, axis }) => {
                let name = program.name(function).to_string();
                if let Some(axis) = axis {
                    let zero = matches!(program.node(axis), Expr::Number(n) if n.is_zero());
                    let other = if zero { Number::ONE } else { Number::ZERO };
                    self.plant(id, |p| {
                        let axis = Some(push(p, Expr::Number(other)));
                        push(p, Expr::Call { function, primes, arguments, axis })
                    });
                }
                if ["sum", "mean", "tr", "norm2"].contains(&name.as_str()) {
                    let argument = program.list(arguments)[0];
                    self.plant(id, |_| argument);
                }
                for (from, to) in [("sum", "mean"), ("mean", "sum")] {
                    if name == from && axis.is_none() {
                        self.plant(id, |p| {
                            let function = p.names.intern(to);
                            push(p, Expr::Call { function, primes, arguments, axis })
                        });
                    }
                }
            }
            (Slip::Reduction, Expr::IndexSum(_, body)) => self.plant(id, |_| body),
            (Slip::Inverse, Expr::Power(a, e)) if matches!(program.node(e), Expr::Negate(_)) => {
                self.plant(id, |_| a);
            }
            (Slip::Inverse, Expr::Call { function, arguments, .. })
                if program.name(function) == "inv" =>
            {
                let argument = program.list(arguments)[0];
                self.plant(id, |_| argument);
            }
            (Slip::Inverse, Expr::Name(_))
                if matches!(*typed.shape(id).axes, [a, b] if a == b)
                    && matches!(typed.meaning(id), Meaning::Variable(_)) =>
            {
                self.plant(id, |p| {
                    let one = push(p, Expr::Number(Number::ONE));
                    let minus = push(p, Expr::Negate(one));
                    push(p, Expr::Power(id, minus))
                });
            }
            _ => {}
        }
    }
}

/// Every program that one slip of this kind makes of a true claim.
fn spoilt(truth: &Truth, slip: Slip) -> Vec<String> {
    let mut planter = Planter { truth, parents: Vec::new(), out: Vec::new() };
    let mut stack = vec![truth.right];
    let mut nodes = Vec::new();
    while let Some(id) = stack.pop() {
        nodes.push(id);
        // what is asked is not what is answered
        if matches!(truth.typed.meaning(id), Meaning::Derivative(_)) {
            continue;
        }
        truth.program.for_each_child(id, |c| {
            planter.parents.push((c, id));
            stack.push(c);
        });
    }
    for id in nodes {
        planter.spoil(slip, id);
    }
    planter.out
}

/// The verdict on a spoilt claim; `None` where it is no claim any more, or is true by accident.
fn refuted(text: &str) -> Option<Verdict> {
    let typed = parse(text).ok().and_then(|p| infer(p).ok())?;
    let verdict = check_typed(&typed, 0, true).pop()?;
    (verdict.status.text() == "refuted").then_some(verdict)
}

/// Whether two claims have equal sides, under the declarations and definitions of one.
fn same(truth: &Truth, repaired: &str) -> bool {
    let mut context = truth.program.clone();
    context.statements.retain(|s| !matches!(s, Statement::Claim(_)));
    let context = print(&context);
    let Ok(other) = parse(&format!("{context}{repaired}\n")) else { return false };
    let Some(Statement::Claim(sides)) = other.statements.last() else { return false };
    let (left, right) = (print_node(&other, sides[0]), print_node(&other, sides[1]));
    let own = |id| print_node(&truth.program, id);
    let program =
        format!("{context}{} == {left}\n{} == {right}\n", own(truth.left), own(truth.right));
    check(&program, None, 5).is_ok_and(|v| v.len() == 2 && v.iter().all(|v| v.status.holds()))
}

#[expect(clippy::print_stdout, reason = "the rates are what is measured")]
fn measure(each: u32, least: f64) {
    let truths = truths();
    println!("{} true claims", truths.len());
    let mut random = Random::new(7);
    let (mut all, mut first) = (0u32, 0u32);
    for slip in SLIPS {
        let mut programs: Vec<(usize, String)> = Vec::new();
        for (at, truth) in truths.iter().enumerate() {
            let mut list = spoilt(truth, slip);
            // a few of each claim, so that none stands for the kind
            for _ in 0..2.min(list.len()) {
                programs.push((at, list.swap_remove(random.below(list.len()))));
            }
        }
        let (mut count, mut right, mut none) = (0u32, 0u32, 0u32);
        while count < each && !programs.is_empty() {
            let (at, text) = programs.swap_remove(random.below(programs.len()));
            let Some(verdict) = refuted(&text) else { continue };
            count += 1;
            let claim = text.lines().last().unwrap_or("");
            let Some((repaired, what)) = verdict.evidence.repair else {
                none += 1;
                println!("  {slip:?}: none: {claim}");
                continue;
            };
            assert!(holds(&text, &repaired), "a false repair: {repaired}\nof {text}");
            if same(&truths[at], &repaired) {
                right += 1;
            } else {
                println!("  {slip:?}: {claim}\n    {what}: {repaired}");
            }
        }
        println!("{slip:?}: {right} of {count} right, {none} without a repair");
        (all, first) = (all + count, first + right);
    }
    let rate = f64::from(first) / f64::from(all.max(1));
    println!("{first} of {all}: {:.1} %", 100.0 * rate);
    assert!(rate >= least, "{rate}");
}

/// Whether a repair holds at points that it was not chosen by.
fn holds(spoilt: &str, repaired: &str) -> bool {
    let program = parse(spoilt).expect(spoilt);
    let mut context = program.clone();
    context.statements.retain(|s| !matches!(s, Statement::Claim(_)));
    let text = format!("{}{repaired}\n", print(&context));
    [11, 12]
        .into_iter()
        .all(|seed| check(&text, None, seed).is_ok_and(|v| v.iter().all(|v| v.status.holds())))
}

#[test]
fn a_sample_of_planted_mistakes_is_mended() {
    measure(2, 0.7);
}

#[test]
#[ignore = "480 mistakes: cargo test --release --test repairs -- --ignored --nocapture"]
fn planted_mistakes_are_mended() {
    measure(40, 0.85);
}
