//! Entries and sums over index names.

use super::{Context, LowerError, Lowerer};
use crate::shape::dim::DimId;
use crate::shape::typed::{IndexId, Meaning, Position};
use crate::syntax::ast::NodeId;
use crate::tensor::node::{Axes, ExprId, IndicatorRange, Operand, Wire, Wires};
use crate::tensor::template::{Value, range};
use smallvec::{SmallVec, smallvec};

impl Lowerer<'_> {
    pub(super) fn entry(
        &mut self,
        id: NodeId,
        array: NodeId,
        list: &[NodeId],
        context: &Context,
    ) -> Result<ExprId, LowerError> {
        let first = context.free.len() as u32;
        let mut sizes = context.sizes.clone();
        let mut extra: SmallVec<[Value; 4]> = SmallVec::new();
        let mut wires = Wires::new();
        let mut kept = 0;
        let delta = matches!(self.typed.meaning(array), Meaning::Delta);
        let axes: Axes = if delta {
            let dim = list.iter().find_map(|i| match self.typed.meaning(*i) {
                Meaning::Index(i) => Some(self.typed.indices[i.0 as usize].dim),
                _ => None,
            });
            let Some(dim) = dim else {
                if let Some(i) = list.iter().find(|i| self.typed.positions.contains_key(i)) {
                    return self.unsupported(*i, "`delta` of two compound positions");
                }
                let equal = self.literal(list[0]) == self.literal(list[1]);
                return Ok(if equal { self.arena.ones(&[]) } else { self.arena.zero(&[]) });
            };
            smallvec![dim, dim]
        } else {
            self.typed.shape(array).axes.iter().copied().collect()
        };
        for (axis, index) in list.iter().enumerate() {
            if let Meaning::Index(i) = self.typed.meaning(*index) {
                let at = context.free.iter().position(|j| *j == i);
                wires.push(at.expect("an entry has its indices free") as u32);
                continue;
            }
            if let Some(extent) = self.typed.ranges.get(index) {
                let source = first + kept;
                kept += 1;
                let Some(part) = self.extent(*extent) else {
                    wires.push(source);
                    continue;
                };
                let wire = sizes.len() as u32;
                sizes.push(axes[axis]);
                wires.push(wire);
                let size = sizes[source as usize];
                let operand = self.arena.moved((wire, axes[axis]), (source, size), part);
                extra.push(Value { expr: operand.expr, wires: operand.wires });
                continue;
            }
            if let Some(position) = self.typed.positions.get(index) {
                let wire = sizes.len() as u32;
                sizes.push(axes[axis]);
                wires.push(wire);
                let operand = self.affine((wire, axes[axis]), position, context, !delta);
                extra.push(Value { expr: operand.expr, wires: operand.wires });
                continue;
            }
            let position = self.literal(*index).and_then(|n| n.as_integer());
            let Some(position) = position else {
                return self.unsupported(*index, "an index that is neither a name nor a number");
            };
            let wire = sizes.len() as u32;
            sizes.push(axes[axis]);
            wires.push(wire);
            let key = (axes[axis], position);
            let known = self.unit_vectors.get(&key).copied();
            let expr = known.unwrap_or_else(|| self.unit(axes[axis], position));
            self.unit_vectors.insert(key, expr);
            extra.push(Value { expr, wires: smallvec![wire] });
        }
        if context.sizes.len() as u32 != first + kept {
            return self.unsupported(id, "an entry that leaves axes");
        }
        let base = if delta {
            Value { expr: self.arena.identity(axes[0]), wires }
        } else {
            let expr = self.value(array);
            let mut all: Wires = self
                .typed
                .free(array)
                .iter()
                .map(|i| {
                    context.free.iter().position(|j| i == j).expect("free in the entry too") as u32
                })
                .collect();
            all.extend(wires);
            Value { expr, wires: all }
        };
        extra.insert(0, base);
        let all = range(0, context.sizes.len());
        Ok(self.arena.contract(&extra, &all, &sizes).expr)
    }

    /// The indicator of a position such as `i+k-1`, which counts from 1.
    fn affine(
        &mut self,
        target: (Wire, DimId),
        position: &Position,
        context: &Context,
        inside: bool,
    ) -> Operand {
        self.units();
        let mut top = position.constant;
        let mut offset = position.constant;
        let mut sources: SmallVec<[(Wire, DimId, DimId); 2]> = SmallVec::new();
        for (index, factor) in &position.terms {
            let wire = context.free.iter().position(|j| j == index);
            let wire = wire.expect("an entry has its indices free") as u32;
            let factor = self.size(|_| *factor);
            let size = self.typed.indices[index.0 as usize].dim;
            sources.push((wire, size, factor));
            let reach = self.size(|d| d.product(factor, size));
            top = self.size(|d| d.combine(top, reach, 1));
            offset = self.size(|d| d.combine(offset, factor, 1));
        }
        let offset = self.size(|d| {
            let one = d.number(1);
            d.combine(offset, one, -1)
        });
        // `i+k-1` up to the very end, `r + p*(o-1)`
        let zero = self.arena.units.is_some_and(|u| u.0 == offset);
        let range = match inside {
            true if zero && top == target.1 && sources.len() == 2 => IndicatorRange::Onto,
            true => IndicatorRange::Total,
            false => IndicatorRange::Partial,
        };
        if let ([], true) = (&sources[..], inside) {
            let one = self.size(|d| d.number(1));
            let part = self.part(target.1, offset, one);
            return Operand { expr: self.arena.unit(target.1, part), wires: smallvec![target.0] };
        }
        if let ([(wire, size, factor)], true) = (&sources[..], inside)
            && self.arena.units.is_some_and(|u| u.1 == *factor)
        {
            let part = self.part(target.1, offset, *size);
            return self.arena.moved(target, (*wire, *size), part);
        }
        self.arena.indicate(target, &sources, offset, range)
    }

    pub(super) fn index_sum(
        &mut self,
        bound: &[NodeId],
        body: NodeId,
        context: &Context,
    ) -> ExprId {
        let mut inner: SmallVec<[IndexId; 4]> = context.free.clone();
        for b in bound {
            if let Meaning::Index(i) = self.typed.meaning(*b) {
                inner.push(i);
            }
        }
        let own: SmallVec<[DimId; 4]> = self.typed.shape(body).axes.iter().copied().collect();
        let free = context.free.len();
        let wide = self.context(&inner, &own);
        // own axes of the body stand after the bound indices in the wide context
        let n = wide.sizes.len();
        let value = self.operand(body, &wide, &range(n - own.len(), n));
        let active = range(free, inner.len());
        let sum = self.arena.value_reduce(&value, &active, &wide.sizes);
        let keep: Wires = range(0, free).into_iter().chain(range(n - own.len(), n)).collect();
        self.arena.value_broadcast(&sum, &keep, &wide.sizes).expr
    }
}
