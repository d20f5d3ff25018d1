//! Open sizes and what they are found to be equal to.

use super::dim::DimId;
use super::infer::{Inference, OPEN};
use super::typed::Shape;

impl Inference<'_> {
    /// A size that is still to be found.
    pub(super) fn fresh(&mut self) -> DimId {
        let number = self.solutions.len();
        let id = self.dims.name(&format!("{OPEN}{number}"));
        self.open_ids.insert(id, number as u32);
        self.solutions.push(None);
        id
    }

    /// What is known of a size.
    pub(super) fn find(&self, mut id: DimId) -> DimId {
        while let Some(next) = self.open_ids.get(&id).and_then(|n| self.solutions[*n as usize]) {
            id = next;
        }
        id
    }

    /// Makes two sizes equal; false where they cannot be.
    pub(super) fn unify(&mut self, a: DimId, b: DimId) -> bool {
        let (a, b) = (self.find(a), self.find(b));
        if a == b {
            return true;
        }
        let (x, y) = (self.open_ids.get(&a).copied(), self.open_ids.get(&b).copied());
        match (x, y) {
            (Some(x), Some(y)) if x < y => self.bind(y, a),
            (Some(x), _) => self.bind(x, b),
            (None, Some(y)) => self.bind(y, a),
            (None, None) => {
                let (a, b) = (self.expand(a), self.expand(b));
                a == b || self.is_open(a) || self.is_open(b)
            }
        }
    }

    fn bind(&mut self, open: u32, to: DimId) -> bool {
        // the occurs check: a size is not a part of itself
        let own = format!("{OPEN}{open}");
        let expanded = self.expand(to);
        let mut occurs = false;
        self.dims.names_in(expanded, &mut |n| occurs |= n == own);
        if occurs {
            return false;
        }
        self.solutions[open as usize] = Some(to);
        true
    }

    /// A size with everything known put in.
    pub(super) fn expand(&mut self, id: DimId) -> DimId {
        let id = self.find(id);
        if self.dims.as_name(id).is_some() || self.dims.as_number(id).is_some() {
            return id;
        }
        let mut dims = std::mem::take(&mut self.dims);
        let result = dims.substitute(id, &mut |name| {
            let number: u32 = name.strip_prefix(OPEN)?.parse().ok()?;
            self.solutions[number as usize].map(|d| self.find(d))
        });
        self.dims = dims;
        result
    }

    pub(super) fn is_open(&self, id: DimId) -> bool {
        let mut open = false;
        self.dims.names_in(id, &mut |n| open |= n.starts_with(OPEN));
        open
    }

    pub(super) fn size_text(&mut self, id: DimId) -> String {
        let id = self.expand(id);
        self.dims.text(id)
    }

    /// A shape in words: `a scalar`, `[m]`, `[1, n] (a row)`.
    pub(super) fn describe(&self, shape: &Shape) -> String {
        let text = |d: &DimId| {
            let t = self.dims.text(self.find(*d));
            if t.starts_with(OPEN) { "?".to_string() } else { t }
        };
        let open = |d: &DimId| self.dims.text(self.find(*d)).starts_with(OPEN);
        match &shape.axes[..] {
            [] => "a scalar".to_string(),
            [n] if open(n) => {
                if shape.row { "a row vector" } else { "a column vector" }.to_string()
            }
            [m, n] if open(m) && open(n) => "a matrix".to_string(),
            [n] if shape.row => format!("the row [1, {}]", text(n)),
            axes => format!("[{}]", axes.iter().map(text).collect::<Vec<_>>().join(", ")),
        }
    }
}
