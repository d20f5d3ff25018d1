//! Writes arrays as expressions and definitions of the language, with NumPy's rules for shapes.
//!
//! Up to two long axes are written in matrix notation, where broadcasting is a product with ones;
//! more in index notation, one definition an operation.

use super::error::CodeError;
use super::size::{SizeId, Sizes};
use super::value::{Array, Axis, Labels, Level, Truth, bracketed};
use crate::diagnostic::Span;
use crate::functions::find;
use std::collections::{BTreeMap, BTreeSet};

/// A free variable of the program.
#[derive(Clone, Debug)]
pub(super) struct Variable {
    /// Its name in Python.
    pub(super) name: String,
    /// Its name in the language.
    pub(super) text: String,
    pub(super) axes: Vec<Axis>,
    /// What is known of it beside its shape, in words of the language.
    pub(super) properties: Vec<&'static str>,
    /// Where it holds class labels: the number of classes.
    pub(super) classes: Option<SizeId>,
    pub(super) memory: u32,
}

/// A definition of the program.
#[derive(Clone, Debug)]
pub(super) struct Definition {
    pub(super) name: String,
    /// `name = …` or `name[i,j] = …`
    pub(super) line: String,
}

/// What has been written so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Writer {
    pub(super) sizes: Sizes,
    pub(super) variables: Vec<Variable>,
    pub(super) definitions: Vec<Definition>,
    /// Names of the language that are taken.
    names: BTreeSet<String>,
    /// The right side of each definition, to its name.
    known: BTreeMap<String, String>,
    /// Words that names of our own must differ from.
    words: BTreeSet<String>,
    memory: u32,
}

/// An operand as it is written into an operation.
#[derive(Clone, Debug)]
pub(super) struct Piece {
    pub(super) text: String,
    pub(super) level: Level,
    pub(super) scalar: bool,
}

impl Piece {
    pub(super) fn at(&self, least: Level) -> String {
        bracketed(&self.text, self.level, least)
    }
}

/// Whether a name means something else in the language.
pub(super) fn reserved(name: &str) -> bool {
    matches!(name, "var" | "fn" | "pi" | "I" | "delta" | "sum" | "axis" | "T")
        || find(name).is_some()
}

impl Writer {
    /// Nothing yet; `words` are the words of the code.
    pub(super) fn new(words: BTreeSet<String>, sizes: Sizes) -> Writer {
        Writer { sizes, words, ..Writer::default() }
    }

    /// A name that is not taken, as near to a wish as may be.
    pub(super) fn name(&mut self, wish: &str) -> String {
        let wish = wish.trim_start_matches('_');
        let wish = if wish.starts_with(|c: char| c.is_alphabetic()) { wish } else { "t" };
        let wish = wish.replace("__", "_");
        let mut name = wish.clone();
        let mut k = 2;
        while reserved(&name) || self.names.contains(&name) {
            name = format!("{wish}_{k}");
            k += 1;
        }
        self.names.insert(name.clone());
        name
    }

    /// Whether a size may be called so.
    pub(super) fn allows(&self, name: &str) -> bool {
        !reserved(name) && !self.names.contains(name) && !self.indices().iter().any(|i| i == name)
    }

    /// Names for indices that are no words of the code.
    pub(super) fn indices(&self) -> Vec<String> {
        let letters = ["i", "j", "k", "l", "u", "v", "w"].into_iter().map(ToString::to_string);
        let more = (1..12).map(|k| format!("ix{k}"));
        letters.chain(more).filter(|n| !self.words.contains(n)).collect()
    }

    /// A number for the memory of a new array.
    pub(super) fn memory(&mut self) -> u32 {
        self.memory += 1;
        self.memory
    }

    /// Writes a definition, or finds the one with the same right side.
    pub(super) fn define(&mut self, wish: &str, array: &Array) -> Array {
        if array.is_name() || array.integer.is_some() || array.size.is_some() {
            return array.clone();
        }
        let name = match self.known.get(&array.text) {
            Some(name) => name.clone(),
            None => {
                let name = self.name(wish);
                let line = format!("{name} = {}", array.text);
                self.definitions.push(Definition { name: name.clone(), line });
                self.known.insert(array.text.clone(), name.clone());
                name
            }
        };
        let mut named = array.clone();
        (named.text, named.level) = (name, Level::Atom);
        named
    }

    /// A definition by entries: `t[i,j,k] = …`.
    pub(super) fn define_entries(
        &mut self,
        axes: Vec<Axis>,
        indices: &[String],
        text: &str,
    ) -> Array {
        let key = format!("[{}] {text}", indices.join(","));
        let name = match self.known.get(&key) {
            Some(name) => name.clone(),
            None => {
                let name = self.name("t");
                let left = if indices.is_empty() {
                    name.clone()
                } else {
                    format!("{name}[{}]", indices.join(","))
                };
                let line = format!("{left} = {text}");
                self.definitions.push(Definition { name: name.clone(), line });
                self.known.insert(key, name.clone());
                name
            }
        };
        Array::new(axes, name, Level::Atom)
    }

    /// A shape as NumPy writes it.
    pub(super) fn shape(&self, axes: &[Axis]) -> String {
        let texts: Vec<String> = axes
            .iter()
            .map(|a| match a {
                Axis::One => "1".to_string(),
                Axis::Long(s) => self.sizes.text(*s),
            })
            .collect();
        if texts.len() == 1 {
            format!("({},)", texts[0])
        } else {
            format!("({})", texts.join(", "))
        }
    }

    /// The axes that arrays have together.
    pub(super) fn broadcast(
        &mut self,
        arrays: &[&Array],
        span: Span,
    ) -> Result<Vec<Axis>, CodeError> {
        let count = arrays.iter().map(|a| a.axes.len()).max().unwrap_or(0);
        let mut axes = vec![Axis::One; count];
        for array in arrays {
            let offset = count - array.axes.len();
            for (k, axis) in array.axes.iter().enumerate() {
                let Axis::Long(size) = axis else { continue };
                match axes[offset + k] {
                    Axis::One => axes[offset + k] = *axis,
                    Axis::Long(other) => {
                        if !self.sizes.unify(other, *size) {
                            let shapes: Vec<String> =
                                arrays.iter().map(|a| self.shape(&a.axes)).collect();
                            let message =
                                format!("shapes {} do not broadcast", shapes.join(" and "));
                            return Err(CodeError::shapes(message, span));
                        }
                    }
                }
            }
        }
        Ok(axes)
    }

    /// An operand with all long axes of the target, by products with ones.
    fn lift(&self, array: &Array, axes: &[Axis]) -> Piece {
        let (text, level) = (array.text.clone(), array.level);
        let target = Array::new(axes.to_vec(), "", Level::Atom);
        if array.rank() == 0 || array.rank() == target.rank() {
            return Piece { text, level, scalar: array.rank() == 0 };
        }
        let offset = axes.len() - array.axes.len();
        let long = array.axes.iter().position(|a| *a != Axis::One).unwrap_or(0);
        let sizes = target.sizes();
        let text = if target.position(offset + long) == 0 {
            format!("{}*ones({})'", array.at(Level::Product), self.sizes.text(sizes[1]))
        } else {
            format!("ones({})*{}'", self.sizes.text(sizes[0]), array.at(Level::Atom))
        };
        Piece { text, level: Level::Product, scalar: false }
    }

    /// An entry of an operand, by the indices of the target.
    fn entry(&mut self, array: &Array, axes: &[Axis], indices: &[String]) -> Piece {
        if array.rank() == 0 {
            return Piece { text: array.text.clone(), level: array.level, scalar: true };
        }
        let target = Array::new(axes.to_vec(), "", Level::Atom);
        let named = self.define("t", array);
        let offset = axes.len() - array.axes.len();
        let list: Vec<&str> = (0..array.axes.len())
            .filter(|k| array.axes[*k] != Axis::One)
            .map(|k| indices[target.position(offset + k)].as_str())
            .collect();
        let text = format!("{}[{}]", named.text, list.join(","));
        Piece { text, level: Level::Atom, scalar: true }
    }

    /// An operation on entries, with NumPy's broadcasting.
    pub(super) fn elementwise(
        &mut self,
        arrays: &[&Array],
        span: Span,
        build: impl Fn(&[Piece]) -> (String, Level),
    ) -> Result<Array, CodeError> {
        let axes = self.broadcast(arrays, span)?;
        let rank = axes.iter().filter(|a| **a != Axis::One).count();
        if rank <= 2 {
            let pieces: Vec<Piece> = arrays.iter().map(|a| self.lift(a, &axes)).collect();
            let (text, level) = build(&pieces);
            return Ok(Array::new(axes, text, level));
        }
        let indices: Vec<String> = self.indices().into_iter().take(rank).collect();
        let pieces: Vec<Piece> = arrays.iter().map(|a| self.entry(a, &axes, &indices)).collect();
        let (text, _) = build(&pieces);
        Ok(self.define_entries(axes, &indices, &text))
    }

    /// A product of entries summed over the letters that are not in the output: `np.einsum`.
    pub(super) fn contract(
        &mut self,
        operands: &[(&Array, Vec<char>)],
        output: &[char],
        span: Span,
    ) -> Result<Array, CodeError> {
        let mut letters: Vec<(char, SizeId)> = Vec::new();
        for (array, own) in operands {
            for (axis, letter) in array.axes.iter().zip(own) {
                let Axis::Long(size) = axis else { continue };
                match letters.iter().find(|l| l.0 == *letter) {
                    Some((_, other)) => {
                        if !self.sizes.unify(*other, *size) {
                            let (a, b) = (self.sizes.text(*other), self.sizes.text(*size));
                            let message = format!("`{letter}` is both {a} and {b} long");
                            return Err(CodeError::shapes(message, span));
                        }
                    }
                    None => letters.push((*letter, *size)),
                }
            }
        }
        let names = self.indices();
        let index =
            |c: char| letters.iter().position(|l| l.0 == c).map(|k| names[k % names.len()].clone());
        let mut factors = Vec::with_capacity(operands.len());
        for (array, own) in operands {
            if array.rank() == 0 {
                factors.push(array.at(Level::Power));
                continue;
            }
            let named = self.define("t", array);
            let list: Vec<String> = (0..array.axes.len())
                .filter(|k| array.axes[*k] != Axis::One)
                .filter_map(|k| index(own[k]))
                .collect();
            factors.push(format!("{}[{}]", named.text, list.join(",")));
        }
        let long: Vec<(char, SizeId)> =
            output.iter().filter_map(|c| letters.iter().find(|l| l.0 == *c).copied()).collect();
        let axes = output
            .iter()
            .map(|c| letters.iter().find(|l| l.0 == *c).map_or(Axis::One, |l| Axis::Long(l.1)))
            .collect();
        let summed: Vec<String> =
            letters.iter().filter(|l| !output.contains(&l.0)).filter_map(|l| index(l.0)).collect();
        let product = factors.join("*");
        let text = if summed.is_empty() {
            product
        } else {
            format!("sum[{}]({product})", summed.join(","))
        };
        let indices: Vec<String> = long.iter().filter_map(|l| index(l.0)).collect();
        Ok(self.define_entries(axes, &indices, &text))
    }

    /// The axes in another order.
    pub(super) fn permute(
        &mut self,
        array: &Array,
        order: &[usize],
        span: Span,
    ) -> Result<Array, CodeError> {
        let axes: Vec<Axis> = order.iter().map(|k| array.axes[*k]).collect();
        let long: Vec<usize> = order
            .iter()
            .filter(|k| array.axes[**k] != Axis::One)
            .map(|k| array.position(*k))
            .collect();
        let mut moved = if long.windows(2).all(|w| w[0] < w[1]) {
            Array::new(axes, array.text.clone(), array.level)
        } else if long.len() == 2 {
            Array::new(axes, format!("{}'", array.at(Level::Atom)), Level::Power)
        } else {
            let letter = |k: usize| char::from(b'a' + k as u8);
            let own: Vec<char> = (0..array.axes.len()).map(letter).collect();
            let output: Vec<char> = order.iter().map(|k| letter(*k)).collect();
            self.contract(&[(array, own)], &output, span)?
        };
        (moved.memory, moved.truth) = (array.memory, array.truth);
        Ok(moved)
    }

    /// `a @ b`.
    pub(super) fn matmul(&mut self, a: &Array, b: &Array, span: Span) -> Result<Array, CodeError> {
        let (m, n) = (a.axes.len(), b.axes.len());
        if m == 0 || n == 0 {
            return Err(CodeError::shapes("`@` needs arrays, and one side is a number", span));
        }
        let (left, right) = (a.axes[m - 1], b.axes[if n == 1 { 0 } else { n - 2 }]);
        let fits = match (left, right) {
            (Axis::Long(p), Axis::Long(q)) => self.sizes.unify(p, q),
            (Axis::One, Axis::One) => true,
            _ => false,
        };
        if !fits {
            let (a, b) = (self.shape(&a.axes), self.shape(&b.axes));
            let message = format!("shapes {a} and {b} do not fit a matrix product");
            return Err(CodeError::shapes(message, span));
        }
        if m > 2 || n > 2 {
            return self.batched(a, b, span);
        }
        let mut axes = Vec::new();
        axes.extend((m == 2).then(|| a.axes[0]));
        axes.extend((n == 2).then(|| b.axes[1]));
        let rows = m == 2 && a.axes[0] != Axis::One;
        let columns = n == 2 && b.axes[1] != Axis::One;
        let (text, level) = if left == Axis::One {
            let (x, y) = (a.at(Level::Product), b.at(Level::Power));
            let outer = rows && columns;
            (
                if outer { format!("{x}*{}'", b.at(Level::Atom)) } else { format!("{x}*{y}") },
                Level::Product,
            )
        } else {
            match (rows, columns) {
                (true, _) => {
                    (format!("{}*{}", a.at(Level::Product), b.at(Level::Power)), Level::Product)
                }
                (false, true) => {
                    (format!("{}'*{}", b.at(Level::Atom), a.at(Level::Power)), Level::Product)
                }
                (false, false) => {
                    (format!("{}'*{}", a.at(Level::Atom), b.at(Level::Power)), Level::Product)
                }
            }
        };
        Ok(Array::new(axes, text, level))
    }

    /// `a @ b` with axes before the last two, which broadcast.
    fn batched(&mut self, a: &Array, b: &Array, span: Span) -> Result<Array, CodeError> {
        let (m, n) = (a.axes.len(), b.axes.len());
        let count = m.max(n).saturating_sub(2);
        let batch: Vec<char> = (0..count).map(|k| char::from(b'a' + k as u8)).collect();
        let letters = |axes: usize, last: [char; 2], one: char| {
            if axes == 1 {
                vec![one]
            } else {
                batch[count - (axes - 2)..].iter().copied().chain(last).collect::<Vec<char>>()
            }
        };
        let (x, y) = (letters(m, ['x', 'y'], 'y'), letters(n, ['y', 'z'], 'y'));
        let mut output = batch.clone();
        output.extend((m > 1).then_some('x'));
        output.extend((n > 1).then_some('z'));
        self.contract(&[(a, x), (b, y)], &output, span)
    }

    /// A reduction of the table over some axes of an array, all distinct.
    pub(super) fn reduce(
        &mut self,
        function: &str,
        array: &Array,
        reduced: &[usize],
        keep: bool,
        span: Span,
    ) -> Result<Array, CodeError> {
        let axes: Vec<Axis> = (0..array.axes.len())
            .filter(|k| keep || !reduced.contains(k))
            .map(|k| if reduced.contains(&k) { Axis::One } else { array.axes[k] })
            .collect();
        let long: Vec<usize> =
            reduced.iter().copied().filter(|k| array.axes[*k] != Axis::One).collect();
        if long.is_empty() {
            return Ok(Array::new(axes, array.text.clone(), array.level));
        }
        if long.len() == array.rank() {
            return Ok(Array::new(axes, format!("{function}({})", array.text), Level::Atom));
        }
        if array.rank() == 2 {
            let axis = array.position(long[0]);
            let text = format!("{function}({}, axis={axis})", array.text);
            return Ok(Array::new(axes, text, Level::Atom));
        }
        // more axes than the language's `axis=` knows: by index
        if !matches!(function, "sum" | "mean") {
            return self.reduce_slices(function, array, &long, axes, span);
        }
        let letter = |k: usize| char::from(b'a' + k as u8);
        let own: Vec<char> = (0..array.axes.len()).map(letter).collect();
        let output: Vec<char> = (0..array.axes.len())
            .filter(|k| keep || !reduced.contains(k))
            .map(|k| if reduced.contains(&k) { '1' } else { letter(k) })
            .collect();
        let total = self.contract(&[(array, own)], &output, span)?;
        if function == "sum" {
            return Ok(total);
        }
        let count: Vec<String> = long
            .iter()
            .filter_map(|k| match array.axes[*k] {
                Axis::Long(s) => Some(self.sizes.text(s)),
                Axis::One => None,
            })
            .collect();
        let text = format!("{}/({})", total.text, count.join("*"));
        Ok(Array::new(total.axes, text, Level::Product))
    }

    /// A reduction of each slice along some axes: `t[i,j] = max(x[i,j,:])`.
    fn reduce_slices(
        &mut self,
        function: &str,
        array: &Array,
        reduced: &[usize],
        axes: Vec<Axis>,
        span: Span,
    ) -> Result<Array, CodeError> {
        if reduced.len() > 2 {
            let message = format!("`{function}` over three or more axes of several cannot be read");
            return Err(CodeError::unsupported(message, span));
        }
        let named = self.define("t", array);
        let (mut indices, mut slice) = (Vec::new(), Vec::new());
        let mut names = self.indices().into_iter();
        for k in (0..array.axes.len()).filter(|k| array.axes[*k] != Axis::One) {
            if reduced.contains(&k) {
                slice.push(":".to_string());
            } else if let Some(name) = names.next() {
                slice.push(name.clone());
                indices.push(name);
            }
        }
        let text = format!("{function}({}[{}])", named.text, slice.join(","));
        Ok(self.define_entries(axes, &indices, &text))
    }

    /// A constant array.
    pub(super) fn filled(&mut self, axes: Vec<Axis>, value: &Array) -> Array {
        let sizes = Array::new(axes.clone(), "", Level::Atom).sizes();
        let names: Vec<String> = sizes.iter().map(|s| self.sizes.text(*s)).collect();
        let zero = value.integer == Some(0);
        let (text, level) = match names.len() {
            0 => (value.text.clone(), value.level),
            1 | 2 if zero => (format!("zeros({})", names.join(", ")), Level::Atom),
            1 | 2 if value.integer == Some(1) => {
                (format!("ones({})", names.join(", ")), Level::Atom)
            }
            1 | 2 => {
                (format!("{}*ones({})", value.at(Level::Product), names.join(", ")), Level::Product)
            }
            count => {
                let indices: Vec<String> = self.indices().into_iter().take(count).collect();
                let ones = names.iter().zip(&indices).map(|(n, i)| format!("ones({n})[{i}]"));
                let factors: Vec<String> =
                    std::iter::once(value.at(Level::Product)).chain(ones).collect();
                return self.define_entries(axes, &indices, &factors.join("*"));
            }
        };
        Array::new(axes, text, level)
    }

    /// `matrix[range(N), labels]`.
    pub(super) fn pick(
        &mut self,
        matrix: &Array,
        labels: &Labels,
        span: Span,
    ) -> Result<Array, CodeError> {
        let one = Writer::one_hot(labels);
        let chosen = self.elementwise(&[matrix, &one], span, |p| {
            (format!("{} .* {}", p[0].at(Level::Product), p[1].text), Level::Product)
        })?;
        let mut picked = self.reduce("sum", &chosen, &[1], false, span)?;
        picked.picked = Some(Box::new((matrix.clone(), labels.clone())));
        Ok(picked)
    }

    /// The matrix with a 1 in the column of each row's label.
    pub(super) fn one_hot(labels: &Labels) -> Array {
        let axes = vec![Axis::Long(labels.rows), Axis::Long(labels.classes)];
        Array::new(axes, labels.text.clone(), Level::Atom)
    }

    /// 1 where `a` exceeds `b`, else 0; negated, 1 where it does not.
    pub(super) fn exceeds(
        &mut self,
        a: &Array,
        b: &Array,
        negated: bool,
        span: Span,
    ) -> Result<Array, CodeError> {
        let mut out = self.elementwise(&[a, b], span, |p| {
            let zero = |p: &Piece| p.text == "0";
            let inside = match (zero(&p[0]), zero(&p[1])) {
                (_, true) => p[0].text.clone(),
                (true, _) => format!("-{}", p[1].at(Level::Power)),
                _ => format!("{} - {}", p[0].at(Level::Sum), p[1].at(Level::Power)),
            };
            if negated {
                (format!("1 - step({inside})"), Level::Sum)
            } else {
                (format!("step({inside})"), Level::Atom)
            }
        })?;
        out.truth = Truth::Indicator;
        Ok(out)
    }
}
