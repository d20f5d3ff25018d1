//! The points at which a claim is tried: sizes, and values that tell true from false.
//!
//! Generic values decide almost every claim. The others are where mistakes hide: zeros, equal
//! entries (ties), negative values alone, very large and very small ones, one entry, equal sizes.

use crate::functions::Ties;
use crate::number::Number;
use crate::numeric::eval::Point;
use crate::numeric::sample::{self, Random, Sizes};
use crate::shape::typed::{Meaning, Typed};
use crate::syntax::ast::{Attribute, Expr};
use std::collections::BTreeMap;

/// All sizes up to this one, where a claim computes with them.
pub(super) const SEVERAL: usize = 12;
/// Numbers of the program up to this one are sizes to try.
const LARGEST: usize = 3_000;

/// How the values of a point are chosen.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Style {
    /// Generic numbers; the number counts kinds of them (positive, between 0 and 1, …).
    Generic(usize),
    /// Small integers, ties and zeros among them.
    Integers,
    /// Positive integers.
    Naturals,
    /// All entries 0.
    Zeros,
    /// All entries 1.
    Ones,
    /// All entries −1.
    MinusOnes,
    /// Generic and negative.
    Negative,
    /// Generic, some entries equal to others.
    Ties,
    /// Generic, some entries 0.
    Sparse,
    /// Halves of small integers, of either sign: exponents that are no integers.
    Halves,
    /// Generic, around ten.
    Tens,
    /// Generic, around a hundred.
    Hundreds,
    /// Generic, large.
    Large,
    /// Generic, small.
    Small,
}

/// The sizes that a claim is tried at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Scale {
    /// Distinct from 2 on, as the judge draws them for the point of this number.
    Drawn(usize),
    /// All equal.
    Equal(usize),
}

/// Draws points for one program.
pub(super) struct Points<'a> {
    typed: &'a Typed,
    sizes: Sizes,
}

impl<'a> Points<'a> {
    pub(super) fn new(typed: &'a Typed) -> Points<'a> {
        Points { typed, sizes: Sizes::new(typed) }
    }

    /// A point; `None` where no sizes of this kind fit the program.
    pub(super) fn draw(
        &self,
        scale: Scale,
        style: Style,
        number: usize,
        random: &mut Random,
    ) -> Option<Point> {
        let sizes: BTreeMap<String, usize> = match scale {
            Scale::Drawn(n) => self.sizes.draw(self.typed, n, random)?,
            Scale::Equal(n) => self.sizes.equal(self.typed, n)?,
        };
        Some(self.draw_at(&sizes, style, number, random))
    }

    /// Sizes that tell apart what is a polynomial in them or compares them with a number; none where
    /// the program does not compute with sizes.
    pub(super) fn telling_sizes(&self) -> Vec<usize> {
        let typed = self.typed;
        let size =
            |m: &Meaning| matches!(m, Meaning::Size(_) | Meaning::Identity | Meaning::Fill(_));
        if !typed.meanings.iter().any(size) {
            return Vec::new();
        }
        let mut sizes: Vec<usize> = (1..=SEVERAL).collect();
        for node in &typed.program.nodes {
            if let Expr::Number(n) = node
                && let Some(n) = n.as_integer().and_then(|n| usize::try_from(n).ok())
                && (SEVERAL..LARGEST).contains(&n)
            {
                sizes.extend([n, n + 1]);
            }
        }
        sizes.sort_unstable();
        sizes.dedup();
        sizes
    }

    /// Whether the program compares numbers.
    pub(super) fn compares(&self) -> bool {
        let bent = |m: &Meaning| match m {
            Meaning::Function(f) => !f.facts.kinks.is_empty() || f.facts.ties != Ties::None,
            _ => false,
        };
        let typed = self.typed;
        typed.program.nodes.iter().any(|e| matches!(e, Expr::Compare(..)))
            || typed.meanings.iter().any(bent)
    }

    /// Whether the program has whole numbers that are no sizes to try.
    pub(super) fn has_large_numbers(&self) -> bool {
        let large = |n: &Number| {
            n.is_integer()
                && n.as_integer().is_none_or(|n| usize::try_from(n).map_or(n > 0, |n| n >= LARGEST))
        };
        self.typed.program.nodes.iter().any(|e| matches!(e, Expr::Number(n) if large(n)))
    }

    /// A point with these sizes; `None` where they do not fit the program.
    pub(super) fn draw_sized(
        &self,
        sizes: &BTreeMap<String, usize>,
        style: Style,
        number: usize,
        random: &mut Random,
    ) -> Option<Point> {
        self.sizes.fit(self.typed, sizes).then(|| self.draw_at(sizes, style, number, random))
    }

    fn draw_at(
        &self,
        sizes: &BTreeMap<String, usize>,
        style: Style,
        number: usize,
        random: &mut Random,
    ) -> Point {
        let attempt = if let Style::Generic(k) = style { k } else { 0 };
        let mut point = sample::draw(self.typed, sizes, number, attempt, random);
        for (variable, value) in self.typed.variables.iter().zip(&mut point.values) {
            let Some(value) = value else { continue };
            let bound = |a: &Attribute| !matches!(a, Attribute::Positive);
            if matches!(style, Style::Generic(_)) || variable.attributes.iter().any(bound) {
                continue;
            }
            let positive = variable.attributes.contains(&Attribute::Positive);
            let previous = value.data.clone();
            for (at, x) in value.data.iter_mut().enumerate() {
                let integer = random.below(7) as f64 - 3.0;
                let y = match style {
                    Style::Integers => integer,
                    Style::Naturals => integer.abs() + 1.0,
                    Style::Zeros => 0.0,
                    Style::Ones => 1.0,
                    Style::MinusOnes => -1.0,
                    Style::Negative => -x.abs(),
                    Style::Ties if at > 0 && random.below(2) == 0 => previous[random.below(at)],
                    Style::Sparse if random.below(2) == 0 => 0.0,
                    Style::Halves => (random.below(13) as f64 - 6.0) / 2.0,
                    Style::Generic(_) | Style::Ties | Style::Sparse => *x,
                    Style::Tens => *x * 8.0,
                    Style::Hundreds => *x * 64.0,
                    Style::Large => *x * 1024.0,
                    Style::Small => *x * 0.000_976_562_5,
                };
                *x = match (positive, y.abs() > 0.0) {
                    (true, true) => y.abs(),
                    (true, false) => 1.0,
                    _ => y,
                };
            }
        }
        point
    }
}
