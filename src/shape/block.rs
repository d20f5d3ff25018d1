//! Shapes of slices, `A[1:k,:]`, and of block arrays, `[A, B; C, D]`.
//!
//! A slice keeps an axis where a range stands and loses it where an index or a number does; what is
//! left of a row of a matrix, `A[i,:]`, is a row. In a block array a scalar counts as 1×1, a column
//! as n×1 and a row as 1×n.

use super::dim::DimId;
use super::error::ShapeError;
use super::infer::Inference;
use super::table::Place;
use super::typed::Extent;
use crate::functions::{Signature, Special};
use crate::syntax::ast::{Expr, List, NodeId};
use smallvec::SmallVec;

/// The rows and columns of a block; `None` where there is one because there is no such axis.
struct Cell {
    rows: Option<DimId>,
    columns: Option<DimId>,
}

impl Inference<'_> {
    /// The ends of all ranges are sizes; a name that is nothing else is the name of one.
    pub(super) fn read_ranges(&mut self) -> Result<(), ShapeError> {
        self.read_sizes_by_use();
        if !self.has_blocks {
            return Ok(());
        }
        for at in 0..self.program.nodes.len() {
            let Expr::Range(from, to) = self.program.nodes[at] else { continue };
            self.roles[at].size = true;
            let mut ends = [None, None];
            for (end, node) in ends.iter_mut().zip([from, to]) {
                let Some(node) = node else { continue };
                self.check_end(node)?;
                *end = Some(self.size_expression(node)?);
            }
            self.range_ends.insert(NodeId(at as u32), (ends[0], ends[1]));
        }
        Ok(())
    }

    /// A name in `eye(n)`, `ones(m, n)` or `zeros(n)` that is nothing else is the name of a size, and so
    /// it is where it occurs as a value, `eye(n)/n`, but for the letters of variables: `ones(x)'*x`.
    fn read_sizes_by_use(&mut self) {
        let program = self.program;
        let mut inside: Vec<NodeId> = Vec::new();
        for node in &program.nodes {
            let Expr::Call { function, arguments, .. } = node else { continue };
            let signature = crate::functions::find(program.name(*function)).map(|f| f.signature);
            if let Some(Signature::Special(Special::Ones | Special::Zeros | Special::Eye)) =
                signature
            {
                inside.extend(program.list(*arguments));
            }
        }
        let mut places: Vec<NodeId> = Vec::new();
        while let Some(id) = inside.pop() {
            if let Expr::Name(name) = program.node(id)
                && self.known[name.0 as usize].binding.is_none()
                && self.known[name.0 as usize].size.is_none()
            {
                places.push(id);
            }
            program.for_each_child(id, |c| inside.push(c));
        }
        if places.is_empty() {
            return;
        }
        places.sort_unstable();
        let mut is_value = vec![false; program.names.len()];
        for (at, node) in program.nodes.iter().enumerate() {
            if let Expr::Name(name) = node
                && !self.roles[at].index
                && places.binary_search(&NodeId(at as u32)).is_err()
            {
                is_value[name.0 as usize] = true;
            }
        }
        // in the order of the text
        for id in places {
            let Expr::Name(name) = program.node(id) else { continue };
            let text =
                self.written(*name).trim_end_matches(|c: char| c.is_ascii_digit() || c == '_');
            let of_variables = matches!(text.as_bytes(), [b'u'..=b'z' | b'U'..=b'Z']);
            if !is_value[name.0 as usize] || !of_variables {
                self.named_size(*name);
            }
        }
    }

    /// What is a variable or definition is no size.
    fn check_end(&self, root: NodeId) -> Result<(), ShapeError> {
        let mut stack = vec![root];
        while let Some(id) = stack.pop() {
            if let Expr::Name(name) = self.program.node(id)
                && self.known[name.0 as usize].binding.is_some()
            {
                let text = self.written(*name);
                return Err(ShapeError::Invalid {
                    message: format!(
                        "expected a size as the end of a range, and `{text}` has a value of its own"
                    ),
                    span: self.program.span(id),
                    help: Some("the ends of a range are numbers and names of sizes".into()),
                });
            }
            self.program.for_each_child(id, |c| stack.push(c));
        }
        Ok(())
    }

    pub(super) fn has_ranges(&self, list: &[NodeId]) -> bool {
        list.iter().any(|i| matches!(self.program.node(*i), Expr::Range(..)))
    }

    /// The shape that positions leave of an array with these axes.
    pub(super) fn step_slice(
        &mut self,
        id: NodeId,
        base: Place,
        list: &[NodeId],
    ) -> Result<(), ShapeError> {
        let mut axes: SmallVec<[DimId; 2]> = SmallVec::new();
        for (axis, position) in list.iter().enumerate() {
            let dim = self.axis(base, axis);
            if matches!(self.program.node(*position), Expr::Range(..)) {
                axes.push(self.range_size(*position, dim)?);
            } else {
                self.entry_index(*position, dim)?;
            }
        }
        let of_matrix = list.len() == 2 && axes.len() == 1;
        let last = list.last().is_some_and(|l| matches!(self.program.node(*l), Expr::Range(..)));
        let row = if of_matrix { last } else { base.is_row() && axes.len() == 1 };
        let shape = self.shapes.add(&axes, row);
        self.set(id, shape)
    }

    /// How many positions a range has on an axis of this size.
    fn range_size(&mut self, position: NodeId, dim: DimId) -> Result<DimId, ShapeError> {
        let one = self.dims.number(1);
        let (from, to) = self.range_ends.get(&position).copied().unwrap_or_default();
        let (first, last) = (from.unwrap_or(one), to.unwrap_or(dim));
        let steps = self.dims.combine(last, first, -1);
        let size = if first == one { last } else { self.dims.combine(steps, one, 1) };
        let whole = self.expand(dim);
        let (before, after) =
            (self.dims.combine(first, one, -1), self.dims.combine(whole, last, -1));
        let (known, rest) = (self.expand(size), self.expand(after));
        let zero = self.dims.number(0);
        let bad = if self.dims.is_never_positive(known) {
            Some("this range is empty".to_string())
        } else if rest != zero && self.dims.is_never_positive(rest) {
            let (last, whole) = (self.dims.text(last), self.dims.text(whole));
            Some(format!("the index {last} is outside 1..{whole}"))
        } else {
            None
        };
        if let Some(message) = bad {
            let span = self.program.span(position);
            return Err(ShapeError::Invalid { message, span, help: None });
        }
        if !self.dims.is_manageable(known) || !self.dims.is_manageable(rest) {
            return Err(Inference::size_limit(self.program.span(position)));
        }
        self.ranges.insert(position, Extent { first, last, size, before, after });
        Ok(size)
    }

    fn cell(&self, shape: Place) -> Option<Cell> {
        match (self.axes(shape), shape.is_row()) {
            ([], _) => Some(Cell { rows: None, columns: None }),
            ([n], false) => Some(Cell { rows: Some(*n), columns: None }),
            ([n], true) => Some(Cell { rows: None, columns: Some(*n) }),
            ([m, n], _) => Some(Cell { rows: Some(*m), columns: Some(*n) }),
            _ => None,
        }
    }

    /// Blocks under or beside each other: the sizes across agree, those along add up.
    pub(super) fn step_block(
        &mut self,
        id: NodeId,
        down: bool,
        list: List,
    ) -> Result<(), ShapeError> {
        let list: SmallVec<[NodeId; 4]> = self.program.list(list).into();
        let mut cells: SmallVec<[(NodeId, Cell); 4]> = SmallVec::new();
        for &block in &list {
            let Some(shape) = self.shape(block) else { continue };
            let Some(cell) = self.cell(shape) else {
                return Err(self.operand_error(
                    block,
                    "a scalar, vector or matrix as a block",
                    None,
                ));
            };
            cells.push((block, cell));
        }
        if down {
            self.align(&list);
        }
        let across = |c: &Cell| if down { c.columns } else { c.rows };
        let wide = cells.iter().find_map(|(b, c)| Some((*b, across(c)?)));
        if let Some((first, size)) = wide {
            for (block, cell) in &cells {
                if !across(cell).is_some_and(|s| self.unify(s, size)) {
                    return Err(self.block_mismatch(first, *block, down));
                }
            }
        }
        if cells.len() < list.len() {
            if let (Some((_, size)), true) = (wide, self.insist) {
                // beside an array what is open is a vector: `[A, b]`, `[A; b']`
                for &block in &list {
                    if self.shape(block).is_none() {
                        let shape = self.shapes.add(&[size], down);
                        self.set(block, shape)?;
                    }
                }
            }
            return Ok(());
        }
        let one = self.dims.number(1);
        let mut total = self.dims.number(0);
        for (_, cell) in &cells {
            let along = if down { cell.rows } else { cell.columns };
            let along = self.expand(along.unwrap_or(one));
            total = self.dims.combine(total, along, 1);
        }
        if !self.dims.is_manageable(total) {
            return Err(Inference::size_limit(self.program.span(id)));
        }
        let mut axes: SmallVec<[DimId; 2]> = SmallVec::from_slice(&[total]);
        if let Some((_, size)) = wide {
            axes.insert(usize::from(down), size);
        }
        let row = wide.is_none() && !down;
        let shape = self.shapes.add(&axes, row);
        self.set(id, shape)
    }

    /// Rows of as many blocks are read as a grid: what is open of the widths is that of the blocks
    /// above.
    fn align(&mut self, rows: &[NodeId]) {
        let blocks = |row: &NodeId| match self.program.node(*row) {
            Expr::Block { down: false, list } => self.program.list(*list),
            _ => &[][..],
        };
        let Some((first, rest)) = rows.split_first() else { return };
        let first = blocks(first);
        let rest: SmallVec<[&[NodeId]; 4]> = rest.iter().map(blocks).collect();
        if first.is_empty() || rest.iter().any(|r| r.len() != first.len()) {
            return;
        }
        let width = |state: &Self, b: NodeId| state.cell(state.shape(b)?)?.columns;
        for row in rest {
            for (&above, &below) in first.iter().zip(row) {
                if let (Some(a), Some(b)) = (width(self, above), width(self, below)) {
                    let (a, b) = (self.expand(a), self.expand(b));
                    if self.is_open(a) || self.is_open(b) {
                        self.unify(a, b);
                    }
                }
            }
        }
    }

    fn block_mismatch(&self, first: NodeId, other: NodeId, down: bool) -> ShapeError {
        let number = |b: NodeId| matches!(self.program.node(b), Expr::Number(_));
        let help = if number(first) || number(other) {
            "a number is one entry; write `zeros(m, n)` or `ones(m, n)` for a block"
        } else if down {
            "blocks under each other have as many columns; `[a, b]` puts them beside each other"
        } else {
            "blocks beside each other have as many rows; `[a; b]` puts them under each other"
        };
        let context = if down { "a column of blocks" } else { "a row of blocks" };
        self.mismatch(first, other, context, Some(help.into()))
    }
}
