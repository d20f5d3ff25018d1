//! Which shapes the parameters have, where the code does not say: those under which both functions
//! can be read, the likeliest by their names first.

use super::error::CodeError;
use super::outline::File;
use super::pair::{Options, Pair};
use super::question::{Question, ask};
use super::read::{Knowledge, Stop};
use super::size::Sizes;
use std::collections::BinaryHeap;

/// So many readings are tried.
const TRIED: usize = 4000;

/// So many readings may fail before one succeeds.
const FAILED: usize = 600;

/// Of so many other readings each is tried, none less likely than the first by more than this.
const OTHERS: usize = 6;
const LESS_LIKELY: u32 = 4;

/// A gradient of another shape than its variable's counts as much as so unlikely a shape.
const MISMATCH: u32 = 3;

/// What was found out.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) knowledge: Knowledge,
    pub(super) sizes: Sizes,
    pub(super) question: Question,
    /// The variables whose shapes were not stated.
    pub(super) assumed: Vec<String>,
}

/// A partial assignment of shapes; the cheapest is the greatest.
struct State {
    cost: u32,
    /// Earlier ones first among equals.
    number: usize,
    knowledge: Knowledge,
    assumed: Vec<String>,
    done: bool,
}

impl PartialEq for State {
    fn eq(&self, other: &State) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for State {}

impl PartialOrd for State {
    fn partial_cmp(&self, other: &State) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for State {
    fn cmp(&self, other: &State) -> std::cmp::Ordering {
        (other.cost, other.number).cmp(&(self.cost, self.number))
    }
}

/// Names that scalars have.
const SCALARS: &[&str] = &[
    "a",
    "alpha",
    "c",
    "delta",
    "eps",
    "epsilon",
    "l",
    "lam",
    "lambda",
    "lambd",
    "lmbda",
    "lr",
    "margin",
    "momentum",
    "reg",
    "reg_strength",
    "scale",
    "t",
    "tau",
    "temp",
    "temperature",
    "weight_decay",
];

/// Names that shifts and scales of features have.
const BIASES: &[&str] = &["b", "beta", "bias", "bk", "bo", "bq", "bv", "g", "gamma", "mean", "mu"];

/// Names that targets have.
const TARGETS: &[&str] = &["labels", "target", "targets", "y"];

/// The shapes that a parameter may have, with how unlikely its name makes each.
fn candidates(name: &str) -> Vec<(u32, &'static [&'static str])> {
    const SCALAR: &[&str] = &[];
    const VECTOR: &[&str] = &[""];
    const MATRIX: &[&str] = &["", ""];
    const ROW: &[&str] = &["1", ""];
    const COLUMN: &[&str] = &["", "1"];
    const THREE: &[&str] = &["", "", ""];
    const NEVER: u32 = u32::MAX;
    let stem = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '_');
    // matrix, vector, scalar, row, column, three axes
    let costs: [u32; 6] = if name.starts_with(char::is_uppercase) {
        [0, 2, 4, NEVER, NEVER, 4]
    } else if SCALARS.contains(&stem) {
        [4, 2, 0, NEVER, NEVER, 6]
    } else if BIASES.contains(&stem) {
        [4, 0, 1, 2, 3, 6]
    } else if TARGETS.contains(&stem) {
        [1, 0, 2, NEVER, 3, 4]
    } else {
        [1, 0, 2, NEVER, NEVER, 3]
    };
    let shapes = [MATRIX, VECTOR, SCALAR, ROW, COLUMN, THREE];
    costs.into_iter().zip(shapes).filter(|c| c.0 != NEVER).collect()
}

/// The readings of a pair of functions, the likeliest first.
struct Search<'a> {
    file: &'a File<'a>,
    pair: Pair,
    options: &'a Options,
    heap: BinaryHeap<State>,
    number: usize,
    tried: usize,
    failed: usize,
    found: bool,
    first_error: Option<CodeError>,
}

impl<'a> Search<'a> {
    fn new(file: &'a File<'a>, pair: Pair, options: &'a Options, stated: Knowledge) -> Search<'a> {
        let first =
            State { cost: 0, number: 0, knowledge: stated, assumed: Vec::new(), done: false };
        let heap = BinaryHeap::from([first]);
        let (number, tried, failed, found, first_error) = (0, 0, 0, false, None);
        Search { file, pair, options, heap, number, tried, failed, found, first_error }
    }

    fn push(&mut self, state: State) {
        self.number += 1;
        self.heap.push(State { number: self.number, ..state });
    }

    /// The next reading, with what its shapes cost; none that cost more than `most`.
    fn next(&mut self, most: Option<u32>) -> Option<(u32, Found)> {
        while self.tried < TRIED {
            self.tried += 1;
            let state = self.heap.pop()?;
            if most.is_some_and(|most| state.cost > most) {
                return None;
            }
            match ask(self.file, self.pair, self.options, &state.knowledge, Sizes::default()) {
                Ok(question) => {
                    let mismatches =
                        question.asked.iter().filter(|a| a.differ.is_some()).count() as u32;
                    let cost = state.cost + MISMATCH * mismatches;
                    if !state.done && mismatches > 0 && !state.assumed.is_empty() {
                        self.push(State { cost, done: true, ..state });
                        continue;
                    }
                    self.found = true;
                    let found = Found {
                        sizes: question.writer.sizes.clone(),
                        question,
                        knowledge: state.knowledge,
                        assumed: state.assumed,
                    };
                    return Some((state.cost, found));
                }
                Err(Stop::Unknown(name)) => {
                    for (more, shape) in candidates(&name) {
                        let mut knowledge = state.knowledge.clone();
                        let shape = shape.iter().map(ToString::to_string).collect();
                        knowledge.shapes.insert(name.clone(), shape);
                        let mut assumed = state.assumed.clone();
                        assumed.push(name.clone());
                        let cost = state.cost + more;
                        self.push(State { cost, number: 0, knowledge, assumed, done: false });
                    }
                }
                Err(Stop::Labels(name)) => {
                    let mut knowledge = state.knowledge.clone();
                    knowledge.labels.push(name);
                    self.push(State { knowledge, ..state });
                }
                Err(Stop::Error(error)) => {
                    self.failed += 1;
                    let whatever = state.assumed.is_empty()
                        || matches!(error, CodeError::Syntax { .. } | CodeError::Open { .. });
                    // that of the likeliest shapes is the one to show
                    self.first_error.get_or_insert(error);
                    if whatever || self.failed > FAILED && !self.found {
                        return None;
                    }
                }
            }
        }
        None
    }
}

/// Reads a pair of functions with the shapes that are stated, and the likeliest for the others.
///
/// # Errors
/// What cannot be read, shapes that do not fit, and two equally likely ways.
pub(super) fn infer(
    file: &File<'_>,
    pair: Pair,
    options: &Options,
    stated: Knowledge,
) -> Result<Found, CodeError> {
    let mut search = Search::new(file, pair, options, stated);
    let Some((cost, found)) = search.next(None) else {
        return Err(search.first_error.unwrap_or_else(|| {
            CodeError::open(
                "no shapes were found under which both functions can be read",
                None,
                "state them: `--shape \"X[N,D], y[N]\"`",
            )
        }));
    };
    if !found.assumed.is_empty()
        && let Some((_, other)) = search.next(Some(cost))
    {
        return Err(ambiguous(&found, &other.knowledge));
    }
    Ok(found)
}

/// Other readings than the likeliest, in which every gradient has the shape of its variable.
pub(super) fn others(
    file: &File<'_>,
    pair: Pair,
    options: &Options,
    stated: Knowledge,
) -> Vec<Found> {
    let mut search = Search::new(file, pair, options, stated);
    let Some((cost, _)) = search.next(None) else { return Vec::new() };
    let mut list = Vec::new();
    while let Some((_, found)) = search.next(Some(cost + LESS_LIKELY)) {
        if found.question.asked.iter().all(|a| a.differ.is_none()) {
            list.push(found);
        }
        if list.len() >= OTHERS {
            break;
        }
    }
    list
}

/// Where the verdict hangs on a shape that is not stated: it is right with `other`.
pub(super) fn depends(found: &Found, other: &Found) -> CodeError {
    let shape = |f: &Found, name: &str| {
        let shapes = f.question.shapes();
        match shapes.into_iter().find(|s| s.0 == name) {
            Some((_, shape)) if shape.starts_with('(') => format!("`{shape}`"),
            _ => "a scalar".to_string(),
        }
    };
    let name = found
        .assumed
        .iter()
        .find(|n| found.knowledge.shapes.get(*n) != other.knowledge.shapes.get(*n))
        .cloned()
        .unwrap_or_default();
    let message = format!(
        "whether this is right hangs on the shape of `{name}`: it is for {}, it is not for {}",
        shape(other, &name),
        shape(found, &name)
    );
    CodeError::open(
        message,
        None,
        &format!("say which: `--shape \"{name}\"` or `--shape \"{name}[n]\"`"),
    )
}

fn ambiguous(found: &Found, other: &Knowledge) -> CodeError {
    let differing =
        found.assumed.iter().find(|n| found.knowledge.shapes.get(*n) != other.shapes.get(*n));
    let name = differing.cloned().unwrap_or_default();
    let axes = |k: &Knowledge| k.shapes.get(&name).map_or(0, Vec::len);
    let message = format!(
        "`{name}` may have {} or {} axes",
        axes(&found.knowledge).min(axes(other)),
        axes(&found.knowledge).max(axes(other))
    );
    CodeError::open(message, None, &format!("say which: `--shape \"{name}[n]\"`"))
}
