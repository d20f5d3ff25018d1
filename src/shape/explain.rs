//! What is said of shapes that do not fit: both places, both shapes, where they come from, and
//! what to write instead.
//!
//! Decides nothing: inference calls it once it knows that it must refuse.

use super::dim::DimId;
use super::error::ShapeError;
use super::infer::{Above, Inference};
use super::table::{Place, ShapeRef};
use super::typed::{IndexId, Meaning, Origin};
use crate::diagnostic::Span;
use crate::syntax::ast::{Expr, NodeId};
use crate::syntax::operator::precedence::{POSTFIX, PRODUCT};
use crate::syntax::print::print_operand;

/// The longest operand that is quoted in a repair, in bytes.
const QUOTED: u32 = 24;

impl Inference<'_> {
    pub(super) fn operand_error(
        &self,
        id: NodeId,
        expected: &str,
        help: Option<&str>,
    ) -> ShapeError {
        let found = self.shape(id).map_or("an unknown shape".into(), |s| self.describe(s));
        ShapeError::Operand {
            expected: expected.into(),
            found,
            span: self.program.span(id),
            help: help.map(Into::into),
        }
    }

    pub(super) fn mismatch(
        &self,
        a: NodeId,
        b: NodeId,
        context: &str,
        help: Option<String>,
    ) -> ShapeError {
        let side = |id: NodeId| {
            let id = self.unsigned(id);
            let shape = self.shape(id).map_or("?".into(), |s| self.describe(s));
            (self.program.span(id), shape, self.origin(id).to_string())
        };
        ShapeError::Mismatch { context: context.into(), left: side(a), right: side(b), help }
    }

    /// `- y` is shown as `y`.
    fn unsigned(&self, id: NodeId) -> NodeId {
        match self.program.node(id) {
            Expr::Negate(inner) if self.shape(*inner).is_some() => *inner,
            _ => id,
        }
    }

    fn origin(&self, id: NodeId) -> &'static str {
        match self.meanings[id.0 as usize] {
            Meaning::Variable(v) => match self.variables[v.0 as usize].origin {
                Origin::Declared => "as declared",
                Origin::Inferred => "as inferred from its other uses",
                Origin::Convention => "by the convention for names",
            },
            Meaning::Definition(_) => "as defined",
            _ => "",
        }
    }

    /// An operand as it would be written in a repair, if it is short.
    fn quoted(&self, id: NodeId, least: u8) -> Option<String> {
        let span = self.program.span(id);
        (span.end - span.start <= QUOTED).then(|| print_operand(self.program, id, least))
    }

    /// Sums and elementwise operations: what would make the two shapes one.
    pub(super) fn fit_help(
        &self,
        a: NodeId,
        b: NodeId,
        l: Place,
        r: Place,
        context: &str,
    ) -> Option<String> {
        let (l, r) = (self.shapes.at(l), self.shapes.at(r));
        let same = |x: &[DimId], y: &[DimId]| {
            x.len() == y.len() && x.iter().zip(y).all(|(x, y)| self.find(*x) == self.find(*y))
        };
        if l.axes.len() == 1 && r.axes.len() == 1 {
            return (l.row != r.row && same(l.axes, r.axes))
                .then(|| "transpose one of them with `'`".to_string());
        }
        if l.axes.len() == 2 && r.axes.len() == 2 {
            let flipped = same(l.axes, &[r.axes[1], r.axes[0]]);
            return flipped.then(|| "transpose one of them with `'`".to_string());
        }
        let (m, v, matrix, vector) = if l.axes.len() == 2 { (l, r, a, b) } else { (r, l, b, a) };
        if m.axes.len() != 2 || v.axes.len() != 1 {
            return None;
        }
        let (row, column) = (same(&m.axes[1..], v.axes), same(&m.axes[..1], v.axes));
        let (matrix, vector) = (self.unsigned(matrix), self.unsigned(vector));
        let (x, y) = (self.quoted(matrix, PRODUCT), self.quoted(vector, POSTFIX));
        let (x, y) = (x.unwrap_or_else(|| "A".into()), y.unwrap_or_else(|| "x".into()));
        let size = |at: usize| {
            let text = self.dims.text(self.find(m.axes[at]));
            if text.starts_with(super::dim::OPEN) { "m".to_string() } else { text }
        };
        let mut repairs = Vec::new();
        if context == "an elementwise product" {
            if column {
                repairs.push(format!("`diag({y})*{x}` scales the rows"));
            }
            if row {
                repairs.push(format!("`{x}*diag({y})` scales the columns"));
            }
        } else {
            let upright = |t: bool| if v.row == t { y.clone() } else { format!("{y}'") };
            if row {
                repairs.push(format!("`ones({})*{}` has it in every row", size(0), upright(true)));
            }
            if column {
                let y = upright(false);
                repairs.push(format!("`{y}*ones({})'` has it in every column", size(1)));
            }
        }
        if repairs.is_empty() {
            return None;
        }
        Some(format!("arrays are not broadcast against each other: {}", repairs.join(", ")))
    }

    /// Products: the transposes that would fit, else which sizes had to be equal.
    pub(super) fn product_help(&self, a: NodeId, b: NodeId, l: Place, r: Place) -> String {
        let (l, r) = (self.shapes.at(l), self.shapes.at(r));
        // rows and columns; a column has the column number `None`
        let both = |s: ShapeRef<'_>| {
            let find = |at: usize| s.axes.get(at).map(|d| self.find(*d));
            if s.row { (None, find(0)) } else { (find(0), find(1)) }
        };
        let ((p, q), (s, t)) = (both(l), both(r));
        let x = self.quoted(a, POSTFIX).unwrap_or_else(|| "a".into());
        let y = self.quoted(b, POSTFIX).unwrap_or_else(|| "b".into());
        let (xl, yr) = (self.quoted(a, PRODUCT), self.quoted(b, PRODUCT + 1));
        let (xl, yr) = (xl.unwrap_or_else(|| "a".into()), yr.unwrap_or_else(|| "b".into()));
        let flip = |text: &str| match text.strip_suffix('\'') {
            Some(upright) => upright.to_string(),
            None => format!("{text}'"),
        };
        // sizes that nothing fixes yet would be made equal
        let fits = |x: Option<DimId>, y: Option<DimId>| match (x, y) {
            (Some(x), Some(y)) => x == y || self.is_open(x) || self.is_open(y),
            (x, y) => x == y,
        };
        let mut repairs = Vec::new();
        if fits(p, s) {
            repairs.push(format!("`{}*{yr}`", flip(&x)));
        }
        if fits(q, t) {
            repairs.push(format!("`{xl}*{}`", flip(&y)));
        }
        if fits(p, s) && fits(q, t) {
            repairs.push(format!("`{xl} .* {yr}`"));
        }
        let size = |d: Option<DimId>| d.map_or("1".into(), |d| self.dims.text(d));
        match repairs.as_slice() {
            [] => format!(
                "the left has {} columns and the right {} rows: the two are equal in a matrix product",
                size(q),
                size(s)
            ),
            [one] => format!("write {one}"),
            [first @ .., last] => format!("write {} or {last}", first.join(", ")),
        }
    }

    /// An index runs over two sizes: the place that fixed the first, and this one.
    pub(super) fn index_clash(&mut self, index: IndexId, here: NodeId, dim: DimId) -> ShapeError {
        let root = self.index_root(index);
        let own = self.indices[root.0 as usize].dim;
        let name = self.written(self.indices[root.0 as usize].name).to_string();
        let (first_size, second_size) = (self.size_text(own), self.size_text(dim));
        let at = |state: &Self, node: NodeId| match state.above(node) {
            Above::Node(above) => state.program.span(above),
            _ => state.program.span(node),
        };
        let mut first: Option<Span> = None;
        for (id, meaning) in self.meanings.iter().enumerate() {
            let Meaning::Index(i) = *meaning else { continue };
            let node = NodeId(id as u32);
            if self.index_root(i) != root || node == here {
                continue;
            }
            let Above::Node(above) = self.above(node) else { continue };
            let Expr::Entry(base, list) = self.program.node(above) else { continue };
            let axes = self.shape(*base).map(|s| self.axes(s)).unwrap_or_default();
            let place = self.program.list(*list).iter().position(|k| *k == node);
            if place.and_then(|k| axes.get(k)).is_some_and(|d| self.find(*d) == self.find(own)) {
                first = Some(at(self, node));
                break;
            }
        }
        ShapeError::IndexSizes {
            name,
            first: first.map(|span| (span, first_size.clone())),
            second: (at(self, here), second_size),
            sizes: first_size,
        }
    }
}
