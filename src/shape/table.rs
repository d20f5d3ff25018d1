//! The shapes of all nodes of a program, in one list of sizes.

use super::dim::DimId;
use super::typed::Shape;
use crate::syntax::ast::NodeId;

/// A shape by its place in [`Shapes`]. Two places may hold one shape.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Place {
    start: u32,
    /// The number of axes; the highest bit says that it is a row.
    rank: u32,
}

const ROW: u32 = 1 << 31;

impl Place {
    /// No axes.
    pub(super) const SCALAR: Place = Place { start: 0, rank: 0 };
    /// Not known yet.
    const UNKNOWN: Place = Place { start: u32::MAX, rank: 0 };

    pub(super) fn rank(self) -> usize {
        (self.rank & !ROW) as usize
    }

    pub(super) fn is_scalar(self) -> bool {
        self.rank == 0
    }

    /// Whether it is a vector that stands as a row.
    pub(super) fn is_row(self) -> bool {
        self.rank & ROW != 0
    }

    /// Whether it is a vector that stands upright.
    pub(super) fn is_column(self) -> bool {
        self.rank == 1
    }

    /// The same sizes, a vector as a row or not.
    pub(super) fn stand(self, row: bool) -> Place {
        let rank = self.rank & !ROW;
        Place { rank: if row { rank | ROW } else { rank }, ..self }
    }
}

/// The shape of each node.
#[derive(Clone, Debug, Default)]
pub struct Shapes {
    sizes: Vec<DimId>,
    nodes: Vec<Place>,
}

/// A shape that is kept elsewhere.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct ShapeRef<'a> {
    /// The size of each axis; none for a scalar.
    pub axes: &'a [DimId],
    /// Whether it is a vector that stands as a row.
    pub row: bool,
}

impl ShapeRef<'_> {
    /// The shape by itself.
    pub fn to_shape(self) -> Shape {
        Shape { axes: self.axes.into(), row: self.row }
    }
}

impl Shapes {
    /// Nothing known of so many nodes.
    pub(super) fn new(nodes: usize) -> Shapes {
        Shapes { sizes: Vec::with_capacity(2 * nodes), nodes: vec![Place::UNKNOWN; nodes] }
    }

    /// The shape of a node; a scalar's where nothing is known.
    pub fn get(&self, id: NodeId) -> ShapeRef<'_> {
        self.place(id).map_or(ShapeRef::default(), |p| self.at(p))
    }

    /// States the shape of the node after the last one.
    pub fn push(&mut self, axes: &[DimId]) {
        let place = self.add(axes, false);
        self.nodes.push(place);
    }

    /// The shapes of the nodes in order.
    pub fn iter(&self) -> impl Iterator<Item = ShapeRef<'_>> {
        (0..self.nodes.len() as u32).map(|at| self.get(NodeId(at)))
    }

    /// Every size that a shape has.
    pub(super) fn sizes(&self) -> &[DimId] {
        &self.sizes
    }

    pub(super) fn sizes_mut(&mut self) -> &mut [DimId] {
        &mut self.sizes
    }

    /// Where the shape of a node stands, once it is known.
    pub(super) fn place(&self, id: NodeId) -> Option<Place> {
        let place = self.nodes[id.0 as usize];
        (place != Place::UNKNOWN).then_some(place)
    }

    pub(super) fn set(&mut self, id: NodeId, place: Place) {
        self.nodes[id.0 as usize] = place;
    }

    /// A new place for a shape.
    pub(super) fn add(&mut self, axes: &[DimId], row: bool) -> Place {
        if axes.is_empty() {
            return Place::SCALAR;
        }
        let start = self.sizes.len() as u32;
        self.sizes.extend_from_slice(axes);
        Place { start, rank: axes.len() as u32 }.stand(row && axes.len() == 1)
    }

    pub(super) fn at(&self, place: Place) -> ShapeRef<'_> {
        let (start, rank) = (place.start as usize, place.rank());
        ShapeRef { axes: &self.sizes[start..start + rank], row: place.is_row() }
    }
}
