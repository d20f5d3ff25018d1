//! What is kept of a node beside its words, in 24 bytes.

/// The kinds of nodes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::tensor) enum Tag {
    Symbol,
    Add,
    Einsum,
    Map,
    Named,
    Reduce,
    Window,
    Matrix,
    Apply,
}

/// By number; a tag has four bits.
const TAGS: [Tag; 16] = [
    Tag::Symbol,
    Tag::Add,
    Tag::Einsum,
    Tag::Map,
    Tag::Named,
    Tag::Reduce,
    Tag::Window,
    Tag::Matrix,
    Tag::Apply,
    Tag::Apply,
    Tag::Apply,
    Tag::Apply,
    Tag::Apply,
    Tag::Apply,
    Tag::Apply,
    Tag::Apply,
];

/// Interned axes; fewer than 2²⁶ of them, which no text that may be read can exceed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(in crate::tensor) struct AxesId(pub(super) u32);

/// The kind of a node and its axes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Kind(u32);

/// The bits of a tag, and above them the flags.
const TAG: u32 = 15;
const SYMMETRIC: u32 = 16;
const SETTLED: u32 = 32;
const AXES_SHIFT: u32 = 6;

impl Kind {
    pub(super) fn new(tag: Tag, axes: AxesId) -> Kind {
        debug_assert!(axes.0 < 1 << (32 - AXES_SHIFT), "the number of an axes list has 26 bits");
        Kind(axes.0 << AXES_SHIFT | tag as u32)
    }
}

/// A node.
#[derive(Clone, Copy, Debug)]
pub(super) struct Header {
    pub(super) fingerprint: u64,
    /// Where its words begin; they end where those of the next node begin.
    pub(super) start: u32,
    pub(super) weight: u32,
    pub(super) first: u32,
    kind: u32,
}

impl Header {
    pub(super) fn new(kind: Kind, start: u32, fingerprint: u64, weight: u32, first: u32) -> Header {
        Header { fingerprint, start, weight, first, kind: kind.0 }
    }

    #[inline]
    pub(super) fn kind(&self) -> Kind {
        Kind(self.kind & !(SYMMETRIC | SETTLED))
    }

    #[inline]
    pub(super) fn tag(&self) -> Tag {
        TAGS[(self.kind & TAG) as usize]
    }

    #[inline]
    pub(super) fn axes(&self) -> AxesId {
        AxesId(self.kind >> AXES_SHIFT)
    }

    /// Whether it is a matrix that equals its transpose.
    pub(super) fn is_symmetric(&self) -> bool {
        self.kind & SYMMETRIC != 0
    }

    pub(super) fn set_symmetric(&mut self) {
        self.kind |= SYMMETRIC;
    }

    /// Whether no rewrite of the simplifier makes it lighter.
    pub(super) fn is_settled(&self) -> bool {
        self.kind & SETTLED != 0
    }

    pub(super) fn settle(&mut self) {
        self.kind |= SETTLED;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_small_and_keeps_what_it_is_given() {
        assert!(std::mem::size_of::<Header>() <= 24);
        for tag in TAGS {
            let axes = AxesId(1 << 25 | 5);
            let mut header = Header::new(Kind::new(tag, axes), 1, 2, 3, 4);
            header.set_symmetric();
            assert!(header.is_symmetric() && !header.is_settled());
            header.settle();
            assert!(header.is_settled());
            assert_eq!((header.tag(), header.axes()), (tag, axes));
            assert_eq!(header.kind(), Kind::new(tag, axes));
        }
    }
}
