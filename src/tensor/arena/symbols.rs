//! Leaves: symbols, sizes as scalars, indicators and basis vectors, each of them once.

use super::{Arena, Tag};
use crate::shape::dim::DimId;
use crate::tensor::node::{Axes, ExprId, Indicator, Properties, Symbol, SymbolId, SymbolKind};
use std::rc::Rc;

impl Arena {
    /// The symbol with this id.
    pub fn symbol(&self, id: SymbolId) -> &Symbol {
        &self.symbols[id.0 as usize]
    }

    /// The symbol that an expression is, if it is one.
    pub fn as_symbol(&self, id: ExprId) -> Option<SymbolId> {
        (self.tag(id) == Tag::Symbol).then(|| SymbolId(self.payload(id)[0]))
    }

    /// A new symbol that is no value by itself (an unknown function).
    pub fn new_symbol(&mut self, symbol: Symbol) -> SymbolId {
        self.changes |= symbol.kind == SymbolKind::Differential;
        let id = SymbolId(self.symbols.len() as u32);
        self.symbols.push(symbol);
        id
    }

    /// A new symbol as an expression with these axes.
    pub fn symbol_expr(&mut self, symbol: Symbol, axes: &[DimId]) -> ExprId {
        let rank = axes.len() as u8;
        let axes = self.axes_id(axes);
        let id = self.new_symbol(Symbol { rank, ..symbol });
        self.intern(Tag::Symbol, axes, &[id.0])
    }

    /// Gives a symbol another name.
    pub(crate) fn rename(&mut self, id: SymbolId, name: Rc<str>) {
        self.symbols[id.0 as usize].name = name;
    }

    /// States the value of a size that is a plain number.
    pub fn set_size(&mut self, dim: DimId, value: i64) {
        self.size_numbers.insert(dim, value);
    }

    pub(in crate::tensor) fn size_value(&self, dim: DimId) -> Option<i64> {
        self.size_numbers.get(&dim).copied()
    }

    /// Gives a size its text for printing.
    pub fn name_sizes(&mut self, names: Vec<Rc<str>>) {
        self.size_names = names;
    }

    pub(in crate::tensor) fn size_symbol(&mut self, dim: DimId) -> ExprId {
        if let Some(&id) = self.size_symbols.get(&dim) {
            return id;
        }
        let name = self.size_names.get(dim.0 as usize).cloned().unwrap_or_else(|| "?".into());
        let properties = Properties::POSITIVE;
        let symbol = Symbol { properties, ..Symbol::new(name, SymbolKind::Size(dim)) };
        let id = self.symbol_expr(symbol, &[]);
        self.size_symbols.insert(dim, id);
        id
    }

    /// The size's text.
    pub(crate) fn size_text(&self, dim: DimId) -> Rc<str> {
        self.size_names.get(dim.0 as usize).cloned().unwrap_or_else(|| "?".into())
    }

    /// A size that the program does not have.
    pub(in crate::tensor) fn add_size(&mut self, dim: DimId, name: &str, value: Option<i64>) {
        while self.size_names.len() <= dim.0 as usize {
            self.size_names.push("?".into());
        }
        self.size_names[dim.0 as usize] = name.into();
        if let Some(value) = value {
            self.size_numbers.insert(dim, value);
        }
    }

    /// The array with these axes that is 1 where the position on the first is this function of
    /// those on the others.
    pub(in crate::tensor) fn indicator(&mut self, indicator: Indicator, axes: &[DimId]) -> ExprId {
        let key = (indicator, Axes::from_slice(axes));
        if let Some(&id) = self.indicator_index.get(&key) {
            return id;
        }
        let mut name = String::from("indicator");
        for d in key.0.factors.iter().chain([&key.0.offset]) {
            name.push(' ');
            name.push_str(&self.size_text(*d));
        }
        let at = self.indicators.len() as u32;
        self.indicators.push(key.0.clone());
        let symbol = Symbol::new(name.as_str().into(), SymbolKind::Indicator(at));
        let id = self.symbol_expr(symbol, axes);
        self.indicator_index.insert(key, id);
        id
    }

    /// Whether there are differentials at all.
    pub(crate) fn has_changes(&self) -> bool {
        self.changes
    }

    /// Whether there are indicators at all.
    pub(crate) fn has_indicators(&self) -> bool {
        !self.indicators.is_empty() || !self.triangles.is_empty()
    }

    /// The affine function of an expression that is an indicator.
    pub(crate) fn as_indicator(&self, id: ExprId) -> Option<&Indicator> {
        match self.symbol(self.as_symbol(id)?).kind {
            SymbolKind::Indicator(at) => self.indicators.get(at as usize),
            _ => None,
        }
    }
}
