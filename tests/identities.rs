//! The table of identities: every entry holds at points that satisfy its condition, and is what its
//! tag says.

use derive::calculus::sweep::ReverseMode;
use derive::check::check;
use derive::check::verdict::Status;
use derive::identities::{Identity, Tag, identities};
use derive::shape::infer::infer;
use derive::shape::typed::Item;
use derive::simplify::simplify;
use derive::syntax::parser::parse;
use derive::tensor::lower::lower_sides;
use derive::tensor::node::ExprId;
use rustc_hash::FxHashMap;

#[test]
fn every_identity_holds() {
    for identity in identities() {
        let verdicts = check(identity.program, None, 0).expect(identity.name);
        for v in &verdicts {
            let holds = matches!(v.status, Status::Proved | Status::Verified);
            assert!(holds, "{} is {:?}: {:?}", identity.name, v.status, v.evidence);
            assert!(v.evidence.points > 0, "{} was tried nowhere", identity.name);
        }
    }
}

/// What an identity is to the simplifier.
fn tag(identity: &Identity) -> Tag {
    let typed = infer(parse(identity.program).expect("it reads")).expect("it has shapes");
    let claim = typed.items.iter().find_map(|item| match item {
        Item::Claim(claim) => Some((&claim.0[..2], &claim.1)),
        _ => None,
    });
    let (sides, indices) = claim.expect("it claims");
    let mut lowered = lower_sides(&typed, sides, indices, &ReverseMode).expect("it has a meaning");
    let arena = &mut lowered.arena;
    let (left, right) = (arena.weight(lowered.sides[0]), arena.weight(lowered.sides[1]));
    let mut bodies: FxHashMap<ExprId, ExprId> = FxHashMap::default();
    for equation in &lowered.equations {
        let body = simplify(arena, &[equation.body], &bodies)[0];
        bodies.insert(equation.symbol, body);
    }
    let found = simplify(arena, &lowered.sides, &bodies);
    let scalar = arena.rank(found[0]) != arena.rank(found[1]);
    match () {
        () if found[0] != found[1] && !scalar => Tag::Lemma,
        () if arena.rewrites().is_empty() && !scalar => Tag::Definitional,
        () if arena.rewrites() == [identity.name] && right < left => Tag::Rewrite,
        () => Tag::Lemma,
    }
}

#[test]
fn every_identity_is_what_its_tag_says() {
    let mut wrong = Vec::new();
    // the rules of differentiation are applied by the sweep, whatever the simplifier makes of them
    for identity in identities().iter().filter(|i| i.tag != Tag::Rule) {
        let found = tag(identity);
        if found != identity.tag {
            wrong.push(format!("{} {}", identity.name, found.text()));
        }
    }
    assert!(wrong.is_empty(), "otherwise:\n{}", wrong.join("\n"));
}

/// `diag(A*B)` is cut from the product, and what holds of the product does not hold of it.
#[test]
fn a_diagonal_is_not_the_product_that_it_is_cut_from() {
    for (text, wanted) in [
        ("det(A*B)/det(B)", "det(A)"),
        ("det(diag(diag(A*B)))/det(B)", "det(diag(sum(A .* B', axis=1)))/det(B)"),
        ("logdet(diag(diag(A*B))) - logdet(B)", "logdet(diag(sum(A .* B', axis=1))) - logdet(B)"),
    ] {
        let answer = derive::simplified(&derive::Question::new(text)).expect(text);
        assert_eq!(answer.ascii(0), wanted);
    }
}
