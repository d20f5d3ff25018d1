//! Storage: nodes as words in one vector, hash-consed.
//!
//! Guarantees: equal words are one id; children have smaller ids than parents; fingerprints depend
//! on content alone, never on the order of creation.

mod header;
mod index;
mod summary;
mod symbols;

pub(super) use self::header::{AxesId, Tag};
use self::header::{Header, Kind};
use self::index::hash_of;
use self::summary::Summary;
use super::einsum::Quotient;
use super::node::{
    Axes, EinsumView, ExprId, Ids, Indicator, MapFunction, MatrixFunction, Node, NumberId,
    ReduceKind, Symbol, SymbolId, Terms, WindowKind,
};
use crate::functions::{self, Function};
use crate::id_table::IdTable;
use crate::number::Number;
use crate::shape::dim::{DimId, Dims};
use crate::syntax::ast::Comparison;
use rustc_hash::{FxBuildHasher, FxHashMap};
use std::hash::{BuildHasher, Hash};

/// The functions that normal forms know, looked up once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WellKnown {
    pub(crate) pow: &'static Function,
    pub(crate) exp: &'static Function,
    pub(crate) log: &'static Function,
    pub(crate) sqrt: &'static Function,
    pub(crate) abs: &'static Function,
    pub(crate) sigmoid: &'static Function,
    pub(crate) softplus: &'static Function,
    pub(crate) softmax: &'static Function,
    pub(crate) logsoftmax: &'static Function,
    pub(crate) logsumexp: &'static Function,
    pub(crate) choose: &'static Function,
    pub(crate) max: &'static Function,
    pub(crate) relu: &'static Function,
    pub(crate) step: &'static Function,
    pub(crate) sign: &'static Function,
    pub(crate) sin: &'static Function,
    pub(crate) cos: &'static Function,
}

/// The arena.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts about it")]
pub struct Arena {
    words: Vec<u32>,
    headers: Vec<Header>,
    table: IdTable,
    numbers: Vec<Number>,
    number_index: FxHashMap<Number, NumberId>,
    /// All lists of axes, one after the other, and where each ends.
    axes: Vec<DimId>,
    axes_ends: Vec<u32>,
    axes_table: IdTable,
    symbols: Vec<Symbol>,
    /// Whether a differential is among the symbols.
    changes: bool,
    functions: Vec<&'static Function>,
    size_numbers: FxHashMap<DimId, i64>,
    size_symbols: FxHashMap<DimId, ExprId>,
    size_names: Vec<std::rc::Rc<str>>,
    indicators: Vec<Indicator>,
    /// The sizes 0 and 1, once a program needs them.
    pub(super) units: Option<(DimId, DimId)>,
    indicator_index: FxHashMap<(Indicator, Axes), ExprId>,
    pub(crate) known: WellKnown,
    pub(super) pi_symbol: Option<ExprId>,
    /// Whether declared properties are used: only once differentiation is over.
    pub(crate) facts: bool,
    /// The sizes of the program and those that lowering made of them.
    pub(super) dims: Option<Dims>,
    /// The lower triangles of ones by their sizes.
    pub(super) triangles: FxHashMap<(DimId, DimId), ExprId>,
    /// Quotients that are the value of a function, by what divides in them.
    pub(super) quotients: FxHashMap<ExprId, Quotient>,
    /// Whether products stay products of simple functions: the prover's normal form, in which no
    /// sigmoid, softmax or softplus is recognised and powers of an exponential are powers.
    pub(crate) plain: bool,
    /// Whether the program has decimals: `1e-8 + s` is then no multiple of `1 + 1e8*s`.
    pub(crate) decimals: bool,
    /// The rewrites of the table of identities that the simplifier used, in order.
    pub(crate) rewrites: Vec<&'static str>,
    /// The expressions whose nonvanishing a cancellation relied on.
    pub(crate) cancelled: Vec<ExprId>,
}

/// The interned numbers 0, 1 and −1.
pub(crate) const ZERO: NumberId = NumberId(0);
pub(crate) const ONE: NumberId = NumberId(1);
pub(crate) const MINUS_ONE: NumberId = NumberId(2);

fn entry(name: &str) -> &'static Function {
    functions::find(name).expect("the table of functions has every function that normal forms know")
}

impl Default for Arena {
    fn default() -> Arena {
        Arena::new()
    }
}

impl Arena {
    /// An empty arena.
    pub fn new() -> Arena {
        Arena::with_room(0)
    }

    /// An empty arena with room for at least so many nodes.
    pub(super) fn with_room(nodes: usize) -> Arena {
        let nodes = nodes.max(42);
        let mut first_end = Vec::with_capacity(16);
        first_end.push(0);
        Arena {
            words: Vec::with_capacity(6 * nodes),
            headers: Vec::with_capacity(nodes),
            table: IdTable::with_capacity(nodes),
            numbers: vec![Number::ZERO, Number::ONE, Number::MINUS_ONE],
            number_index: FxHashMap::default(),
            axes: Vec::with_capacity(16),
            axes_ends: first_end,
            axes_table: IdTable::with_capacity(12),
            symbols: Vec::with_capacity(16),
            changes: false,
            functions: Vec::with_capacity(8),
            size_numbers: FxHashMap::default(),
            size_symbols: FxHashMap::default(),
            size_names: Vec::new(),
            indicators: Vec::new(),
            units: None,
            indicator_index: FxHashMap::default(),
            known: *well_known(),
            pi_symbol: None,
            facts: false,
            dims: None,
            triangles: FxHashMap::default(),
            quotients: FxHashMap::default(),
            plain: false,
            decimals: false,
            rewrites: Vec::new(),
            cancelled: Vec::new(),
        }
    }

    /// The number of nodes.
    pub fn len(&self) -> usize {
        self.headers.len()
    }

    /// The rewrites of the table of identities that the simplifier used here, in order.
    pub fn rewrites(&self) -> &[&'static str] {
        &self.rewrites
    }

    /// Whether nothing was built yet.
    pub fn is_empty(&self) -> bool {
        self.headers.is_empty()
    }

    /// All ids from the first node on.
    pub(crate) fn id_at(&self, position: usize) -> ExprId {
        debug_assert!(position < self.headers.len());
        ExprId(position as u32)
    }

    pub(crate) fn number_id(&mut self, number: &Number) -> NumberId {
        if let Some((n, 1)) = number.small() {
            match n {
                0 => return ZERO,
                1 => return ONE,
                -1 => return MINUS_ONE,
                _ => {}
            }
        }
        if let Some(&id) = self.number_index.get(number) {
            return id;
        }
        let id = NumberId(self.numbers.len() as u32);
        self.numbers.push(number.clone());
        self.number_index.insert(number.clone(), id);
        id
    }

    /// The coefficient with this id.
    pub fn number_of(&self, id: NumberId) -> &Number {
        &self.numbers[id.0 as usize]
    }

    pub(super) fn axes_id(&mut self, axes: &[DimId]) -> AxesId {
        if axes.is_empty() {
            return AxesId(0);
        }
        let hash = mix(axes);
        if self.axes_table.is_empty() {
            self.index_axes();
        }
        if let Some(id) = self.axes_table.find(hash, |id| self.axes_at(AxesId(id)) == axes) {
            return AxesId(id);
        }
        let id = self.axes_ends.len() as u32;
        self.axes.extend_from_slice(axes);
        self.axes_ends.push(self.axes.len() as u32);
        self.axes_table.insert(hash, id);
        AxesId(id)
    }

    #[inline]
    fn axes_at(&self, id: AxesId) -> &[DimId] {
        axes_in(&self.axes, &self.axes_ends, id.0)
    }

    /// The sizes of the axes of an expression.
    #[inline]
    pub fn axes(&self, id: ExprId) -> &[DimId] {
        self.axes_at(self.header(id).axes())
    }

    /// How many lists of axes there are.
    pub(crate) fn shapes(&self) -> usize {
        self.axes_ends.len()
    }

    /// The number of the list of axes of an expression, less than [`Arena::shapes`].
    pub(crate) fn shape_index(&self, id: ExprId) -> usize {
        self.header(id).axes().0 as usize
    }

    pub(super) fn axes_of(&self, id: ExprId) -> AxesId {
        self.header(id).axes()
    }

    /// The number of axes.
    #[inline]
    pub fn rank(&self, id: ExprId) -> usize {
        self.axes(id).len()
    }

    #[inline]
    fn header(&self, id: ExprId) -> &Header {
        &self.headers[id.0 as usize]
    }

    /// The size of an expression as it would be written: names, numbers and operators, what is
    /// shared counted each time (saturating).
    #[inline]
    pub fn weight(&self, id: ExprId) -> u32 {
        self.header(id).weight
    }

    /// Whether a matrix is known to equal its transpose, by declared properties.
    pub(crate) fn is_symmetric(&self, id: ExprId) -> bool {
        self.header(id).is_symmetric()
    }

    /// Whether the simplifier found nothing lighter, with declared facts in use.
    pub(crate) fn is_settled(&self, id: ExprId) -> bool {
        self.header(id).is_settled()
    }

    /// Remembers that the simplifier finds nothing lighter.
    pub(crate) fn settle(&mut self, id: ExprId) {
        self.headers[id.0 as usize].settle();
    }

    /// The place of the symbol in an expression that appeared first in the program; a cotangent
    /// comes before all. What printed order goes by, with the weight.
    #[inline]
    pub(crate) fn key(&self, id: ExprId) -> (u32, u64) {
        let h = self.header(id);
        (h.first, u64::from(h.weight))
    }

    /// A hash of the content, independent of the order of creation: the canonical order.
    #[inline]
    pub fn fingerprint(&self, id: ExprId) -> u64 {
        self.header(id).fingerprint
    }

    #[inline]
    pub(super) fn tag(&self, id: ExprId) -> Tag {
        self.header(id).tag()
    }

    #[inline]
    pub(super) fn payload(&self, id: ExprId) -> &[u32] {
        let at = id.0 as usize;
        let start = self.headers[at].start as usize;
        let end = self.headers.get(at + 1).map_or(self.words.len(), |next| next.start as usize);
        &self.words[start..end]
    }

    pub(super) fn function_word(&mut self, function: MapFunction) -> u32 {
        match function {
            MapFunction::Known(f) => self.table_word(f) << 2,
            MapFunction::Unknown(symbol, order) => (symbol.0 << 10 | order.min(255) << 2) | 1,
            MapFunction::Compare(c) => {
                (match c {
                    Comparison::Less => 0,
                    Comparison::LessEqual => 1,
                    Comparison::Greater => 2,
                    Comparison::GreaterEqual => 3,
                }) << 2
                    | 2
            }
        }
    }

    #[inline]
    fn word_function(&self, word: u32) -> MapFunction {
        match word & 3 {
            0 => MapFunction::Known(self.functions[(word >> 2) as usize]),
            1 => MapFunction::Unknown(SymbolId(word >> 10), word >> 2 & 255),
            _ => MapFunction::Compare(match word >> 2 {
                0 => Comparison::Less,
                1 => Comparison::LessEqual,
                2 => Comparison::Greater,
                _ => Comparison::GreaterEqual,
            }),
        }
    }

    /// The function of the table and its arguments where this is one applied entry by entry.
    #[inline]
    pub(crate) fn as_known_map(&self, id: ExprId) -> Option<(&'static Function, Ids<'_>)> {
        if self.tag(id) != Tag::Map {
            return None;
        }
        let w = self.payload(id);
        let known = w[0] % 4 == 0;
        known.then(|| (self.functions[(w[0] >> 2) as usize], Ids(&w[1..])))
    }

    pub(super) fn table_word(&mut self, function: &'static Function) -> u32 {
        let at = self.functions.iter().position(|&f| f == function);
        at.unwrap_or_else(|| {
            self.functions.push(function);
            self.functions.len() - 1
        }) as u32
    }

    /// What an expression is.
    #[inline]
    pub fn node(&self, id: ExprId) -> Node<'_> {
        self.read(self.tag(id), self.payload(id))
    }

    /// What the words of a node say.
    #[inline]
    fn read<'a>(&'a self, tag: Tag, w: &'a [u32]) -> Node<'a> {
        match tag {
            Tag::Symbol => Node::Symbol(SymbolId(w[0])),
            Tag::Add => Node::Add(Terms(w)),
            Tag::Einsum => Node::Einsum(EinsumView(w)),
            Tag::Map => Node::Map(self.word_function(w[0]), Ids(&w[1..])),
            Tag::Named => Node::Named {
                function: self.functions[w[0] as usize],
                active: w[1],
                arguments: Ids(&w[2..]),
            },
            Tag::Reduce => Node::Reduce(reduce_kind(w[0]), w[1], ExprId(w[2])),
            Tag::Window => Node::Window {
                kind: if w[0] == 0 { WindowKind::Maximum } else { WindowKind::Mask },
                active: w[1],
                width: DimId(w[2]),
                argument: ExprId(w[3]),
            },
            Tag::Matrix => Node::Matrix(matrix_function(w[0]), ExprId(w[1])),
            Tag::Apply => Node::Apply(SymbolId(w[0]), w[1], ExprId(w[2])),
        }
    }

    /// Calls `visit` on each child.
    #[inline]
    pub fn children(&self, id: ExprId, mut visit: impl FnMut(ExprId)) {
        let w = self.payload(id);
        match self.tag(id) {
            Tag::Symbol => {}
            Tag::Add => Terms(w).iter().for_each(|(_, e)| visit(e)),
            Tag::Einsum => EinsumView(w).operands().for_each(|(e, _)| visit(e)),
            Tag::Map => Ids(&w[1..]).iter().for_each(visit),
            Tag::Named => Ids(&w[2..]).iter().for_each(visit),
            Tag::Reduce | Tag::Apply => visit(ExprId(w[2])),
            Tag::Window => visit(ExprId(w[3])),
            Tag::Matrix => visit(ExprId(w[1])),
        }
    }

    /// The one id of a node with these words.
    pub(super) fn intern(&mut self, tag: Tag, axes: AxesId, words: &[u32]) -> ExprId {
        let hash = hash_of(tag, axes, words);
        let kind = Kind::new(tag, axes);
        if self.table.is_empty() {
            self.index();
        }
        let found = self.table.find(hash, |i| {
            self.headers[i as usize].kind() == kind && self.payload(ExprId(i)) == words
        });
        if let Some(i) = found {
            return ExprId(i);
        }
        let Summary { fingerprint, weight, first } = self.summary(tag, axes, words);
        let id = self.headers.len() as u32;
        let start = self.words.len() as u32;
        self.headers.push(Header::new(kind, start, fingerprint, weight, first));
        self.words.extend_from_slice(words);
        if matches!(self.axes_at(axes), [a, b] if a == b) && self.is_mirrored(ExprId(id)) {
            self.headers[id as usize].set_symmetric();
        }
        self.table.insert(hash, id);
        ExprId(id)
    }
}

/// The list of axes with this number, of which 0 is the empty one.
fn axes_in<'a>(all: &'a [DimId], ends: &[u32], id: u32) -> &'a [DimId] {
    match id as usize {
        0 => &[],
        at => &all[ends[at - 1] as usize..ends[at] as usize],
    }
}

pub(super) fn reduce_word(kind: ReduceKind) -> u32 {
    kind as u32
}

fn reduce_kind(word: u32) -> ReduceKind {
    [
        ReduceKind::Maximum,
        ReduceKind::Minimum,
        ReduceKind::Product,
        ReduceKind::ArgMaximum,
        ReduceKind::ArgMinimum,
    ][word as usize]
}

fn matrix_function(word: u32) -> MatrixFunction {
    [
        MatrixFunction::Inverse,
        MatrixFunction::Determinant,
        MatrixFunction::LogDeterminant,
        MatrixFunction::Cholesky,
        MatrixFunction::Eigenvalues,
        MatrixFunction::Eigenvectors,
    ][word as usize]
}

fn well_known() -> &'static WellKnown {
    static KNOWN: std::sync::OnceLock<WellKnown> = std::sync::OnceLock::new();
    KNOWN.get_or_init(|| WellKnown {
        pow: entry("pow"),
        exp: entry("exp"),
        log: entry("log"),
        sqrt: entry("sqrt"),
        abs: entry("abs"),
        sigmoid: entry("sigmoid"),
        softplus: entry("softplus"),
        softmax: entry("softmax"),
        logsoftmax: entry("logsoftmax"),
        logsumexp: entry("logsumexp"),
        choose: entry("where"),
        max: entry("max"),
        relu: entry("relu"),
        step: entry("step"),
        sign: entry("sign"),
        sin: entry("sin"),
        cos: entry("cos"),
    })
}

/// A hash of anything, for scratch work on canonical forms; depends on content alone.
pub(super) fn mix(value: impl Hash) -> u64 {
    FxBuildHasher.hash_one(value)
}
