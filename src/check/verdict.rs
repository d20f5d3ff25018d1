//! What is said of a claim.

use super::Claim;
use crate::diagnostic::Span;

/// What a claim was found to be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Status {
    /// Both sides have one normal form.
    Proved,
    /// Both sides are equal wherever they were evaluated.
    Verified,
    /// The sides differ at a point.
    Refuted,
    /// Neither; the evidence says why.
    Undecided,
}

impl Status {
    /// Whether it was found to hold.
    pub fn holds(self) -> bool {
        matches!(self, Status::Proved | Status::Verified)
    }

    /// As it is printed.
    pub fn text(self) -> &'static str {
        match self {
            Status::Proved => "proved",
            Status::Verified => "verified",
            Status::Refuted => "refuted",
            Status::Undecided => "undecided",
        }
    }
}

/// A point at which the sides of a claim differ.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Counterexample {
    /// The size of each dimension.
    pub sizes: Vec<(String, usize)>,
    /// The value of each variable that the claim depends on.
    pub values: Vec<(String, crate::array::Array)>,
    /// What each unknown function stands for.
    pub functions: Vec<(String, String)>,
    /// The left side there.
    pub left: Option<crate::array::Array>,
    /// The right side there.
    pub right: Option<crate::array::Array>,
    /// Numbers of the sides in decimal, where doubles do not show that they differ.
    pub digits: Option<(String, String)>,
}

/// How a claim was proved.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Method {
    /// Both sides have one normal form.
    NormalForm,
    /// Their difference comes to nothing once it is multiplied out and its denominators are cleared.
    Expansion,
}

impl Method {
    /// As it is printed.
    pub fn text(self) -> &'static str {
        match self {
            Method::NormalForm => "normal-form",
            Method::Expansion => "expansion",
        }
    }
}

/// What a verdict rests on.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Evidence {
    /// The number of points at which both sides are defined and equal.
    pub points: usize,
    /// The largest relative difference at them.
    pub max_relative_error: Option<f64>,
    /// Where it also holds at random points modulo two 61-bit primes: a bound on the chance that a
    /// false claim would.
    pub chance: Option<f64>,
    /// A point that refutes.
    pub counterexample: Option<Counterexample>,
    /// The conditions under which it holds.
    pub conditions: Vec<String>,
    /// How it was proved.
    pub method: Option<Method>,
    /// The identities of a proof by their names in the table, in order.
    pub identities: Vec<&'static str>,
    /// How it may be mended, as a claim of the language, with what was changed.
    pub repair: Option<(String, String)>,
    /// What a reader may have overlooked.
    pub note: Option<String>,
    /// Why it is undecided.
    pub reason: Option<String>,
}

/// A decided claim.
#[derive(Clone, PartialEq, Debug)]
pub struct Verdict {
    /// Its line, counted from 1.
    pub line: usize,
    /// Its place in a chain, counted from 1.
    pub link: usize,
    /// The left side as it is written.
    pub left: String,
    /// The right side as it is written.
    pub right: String,
    /// Where it stands.
    pub span: Span,
    /// Where its sides stand in the program that was decided.
    pub(super) sides: (Span, Span),
    /// What it was found to be.
    pub status: Status,
    /// Why.
    pub evidence: Evidence,
}

impl Verdict {
    pub(super) fn new(
        claim: &Claim<'_>,
        link: usize,
        status: Status,
        evidence: Evidence,
    ) -> Verdict {
        let program = &claim.typed.program;
        let source = &*program.source;
        let (left, right) = (program.span(claim.left), program.span(claim.right));
        let text = |s: Span| source.get(s.start as usize..s.end as usize).unwrap_or("").to_string();
        // a link stands where its sign does
        let between = source.get(left.end as usize..right.start as usize).unwrap_or("");
        let sign = left.end as usize + between.find("==").unwrap_or(0);
        let line = source.get(..sign).unwrap_or("").matches('\n').count() + 1;
        Verdict {
            line,
            link,
            left: text(left),
            right: text(right),
            span: left.to(right),
            sides: (left, right),
            status,
            evidence,
        }
    }
}
