//! Where everything stands: rows of nodes with rows for the names of cotangents between them.
//!
//! A light form of Sugiyama's method. An edge passes each row between its ends through a place of
//! its own, as wide as its label, so no text is crossed and no two overlap. Rows are ordered by
//! barycentres, and places follow from the means of their neighbours under the distances that the
//! rows need (isotonic regression, exact and linear).

use super::graph::Graph;
use super::measure::{LINE, SIZE, SMALL, width};

/// The distance between things in a row.
const APART: f64 = 16.0;
/// The room around a text in its box.
const PADDING: f64 = 13.0;
/// The room around a line.
const BESIDE: f64 = 11.0;
/// The least distance between rows.
const GAP: f64 = 15.0;
/// The margin of the picture.
const MARGIN: f64 = 12.0;
/// Sweeps over the rows, for their order and for places.
const SWEEPS: usize = 4;

/// A box on the paper.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Place {
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) width: f64,
    pub(super) height: f64,
}

/// An edge on the paper.
#[derive(Clone, Debug, Default)]
pub(super) struct Wire {
    /// Where it leaves the operand and where it arrives, and between them the top and the bottom of
    /// each row that it passes.
    pub(super) points: Vec<(f64, f64, f64)>,
    /// The left end of the label's line, and its middle.
    pub(super) label: Option<(f64, f64)>,
}

/// The picture.
#[derive(Clone, Debug, Default)]
pub(super) struct Picture {
    pub(super) width: f64,
    pub(super) height: f64,
    pub(super) boxes: Vec<Place>,
    pub(super) wires: Vec<Wire>,
}

/// Something that takes room in a row: a node, or the passage of an edge.
struct Item {
    row: usize,
    left: f64,
    right: f64,
    height: f64,
    up: Vec<usize>,
    down: Vec<usize>,
    /// How far from the middle of a box the passage of an edge leaves it above, or enters it below.
    leaves: f64,
    arrives: f64,
}

impl Item {
    fn new(row: usize, left: f64, right: f64, height: f64) -> Item {
        let (up, down) = (Vec::new(), Vec::new());
        Item { row, left, right, height, up, down, leaves: 0.0, arrives: 0.0 }
    }
}

/// The room that each part of the graph needs, and its connections between neighbouring rows.
struct Rows {
    items: Vec<Item>,
    /// The items of each row, in order.
    order: Vec<Vec<usize>>,
    /// The items that each edge passes.
    passages: Vec<Vec<usize>>,
}

/// Places a graph.
pub(super) fn layout(graph: &Graph) -> Picture {
    let mut rows = Rows::new(graph);
    rows.arrange();
    rows.ports(graph);
    let x = rows.places();
    picture(graph, &rows, &x)
}

impl Rows {
    fn new(graph: &Graph) -> Rows {
        let mut items: Vec<Item> = graph
            .nodes
            .iter()
            .map(|node| {
                let text = node.lines.iter().map(|l| width(l, SIZE)).fold(0.0, f64::max);
                let shape = node.shape.as_ref().map(|s| width(s, SMALL));
                let half = (text.max(shape.unwrap_or(0.0)) / 2.0 + PADDING).max(22.0);
                let lines = node.lines.len() as f64 * LINE;
                let height = lines + if shape.is_some() { 15.0 } else { 0.0 } + 12.0;
                Item::new(2 * node.layer, half, half, height)
            })
            .collect();
        let mut passages = Vec::with_capacity(graph.edges.len());
        for edge in &graph.edges {
            let (first, last) = (items[edge.from].row, items[edge.to].row);
            let mut passed = Vec::new();
            let mut before = edge.from;
            for row in first + 1..last {
                let label = edge.label.as_ref().filter(|_| row == first + 1);
                let text = label.map_or(0.0, |l| width(l, SMALL) + 4.0);
                let height = if label.is_some() { 20.0 } else { 0.0 };
                items.push(Item::new(row, BESIDE, BESIDE + text, height));
                let at = items.len() - 1;
                items[at].up.push(before);
                items[before].down.push(at);
                passed.push(at);
                before = at;
            }
            items[before].down.push(edge.to);
            items[edge.to].up.push(before);
            passages.push(passed);
        }
        let count = items.iter().map(|i| i.row + 1).max().unwrap_or(0);
        let mut rows = Rows { items, order: vec![Vec::new(); count], passages };
        rows.first_order();
        rows
    }

    /// Each row in the order in which its items are met on the way up, operands from left to right.
    fn first_order(&mut self) {
        let mut met = vec![false; self.items.len()];
        let roots = (0..self.items.len()).rev().filter(|at| self.items[*at].down.is_empty());
        let mut stack: Vec<usize> = roots.collect();
        while let Some(at) = stack.pop() {
            if std::mem::replace(&mut met[at], true) {
                continue;
            }
            self.order[self.items[at].row].push(at);
            stack.extend(self.items[at].up.iter().rev());
        }
    }

    /// Orders each row by the barycentres of its neighbours; of all orders that this goes through,
    /// the first with the fewest crossings stays.
    fn arrange(&mut self) {
        let mut best = (self.crossings(), self.order.clone());
        for _ in 0..SWEEPS {
            for row in 0..self.order.len() {
                self.sort(row, |item| &item.up);
            }
            for row in (0..self.order.len()).rev() {
                self.sort(row, |item| &item.down);
            }
            let crossings = self.crossings();
            if crossings < best.0 {
                best = (crossings, self.order.clone());
            }
        }
        self.order = best.1;
    }

    fn sort(&mut self, row: usize, neighbours: fn(&Item) -> &Vec<usize>) {
        let next = self.order[row].first().and_then(|at| {
            let all = self.order[row].iter().chain([at]);
            all.flat_map(|at| neighbours(&self.items[*at])).map(|n| self.items[*n].row).next()
        });
        let Some(next) = next else { return };
        let mut position = rustc_hash::FxHashMap::default();
        for (place, at) in self.order[next].iter().enumerate() {
            position.insert(*at, place as f64 / self.order[next].len().max(1) as f64);
        }
        let own = self.order[row].len().max(1) as f64;
        let mut keyed: Vec<(f64, usize)> = self.order[row]
            .iter()
            .enumerate()
            .map(|(place, at)| {
                let found = neighbours(&self.items[*at]);
                let sum: f64 = found.iter().filter_map(|n| position.get(n)).sum();
                let mean = sum / found.len() as f64;
                (if found.is_empty() { place as f64 / own } else { mean }, *at)
            })
            .collect();
        keyed.sort_by(|a, b| a.0.total_cmp(&b.0));
        self.order[row] = keyed.into_iter().map(|k| k.1).collect();
    }

    /// How many lines cross between neighbouring rows.
    fn crossings(&self) -> u64 {
        let mut position = vec![0usize; self.items.len()];
        for row in &self.order {
            for (place, at) in row.iter().enumerate() {
                position[*at] = place;
            }
        }
        let mut total = 0;
        for row in &self.order {
            let mut ends: Vec<(usize, usize)> = Vec::new();
            for at in row {
                ends.extend(self.items[*at].down.iter().map(|d| (position[*at], position[*d])));
            }
            ends.sort_unstable();
            // lines that ended further right before this one cross it: a Fenwick tree counts them
            let size = ends.iter().map(|e| e.1 + 1).max().unwrap_or(0);
            let mut tree = vec![0u64; size + 1];
            for (count, (_, end)) in ends.iter().enumerate() {
                let (mut at, mut before) = (end + 1, 0);
                while at > 0 {
                    before += tree[at];
                    at &= at - 1;
                }
                total += count as u64 - before;
                let mut at = end + 1;
                while at <= size {
                    tree[at] += 1;
                    at += at & at.wrapping_neg();
                }
            }
        }
        total
    }

    /// Decides where edges leave and enter boxes: as far apart as their passages, in their order,
    /// where the box is wide enough.
    fn ports(&mut self, graph: &Graph) {
        let mut position = vec![0usize; self.items.len()];
        for row in &self.order {
            for (place, at) in row.iter().enumerate() {
                position[*at] = place;
            }
        }
        let ends = |leaving: bool| {
            let passages = graph.edges.iter().zip(&self.passages);
            let mut ends: Vec<(usize, usize, usize)> = passages
                .filter_map(|(edge, passed)| {
                    let (node, at) = if leaving {
                        (edge.from, *passed.first()?)
                    } else {
                        (edge.to, *passed.last()?)
                    };
                    Some((node, position[at], at))
                })
                .collect();
            ends.sort_unstable();
            ends
        };
        for (leaving, ends) in [(true, ends(true)), (false, ends(false))] {
            for group in ends.chunk_by(|a, b| a.0 == b.0) {
                let mut offsets = vec![0.0];
                for pair in group.windows(2) {
                    let (a, b) = (&self.items[pair[0].2], &self.items[pair[1].2]);
                    offsets.push(offsets[offsets.len() - 1] + a.right + APART + b.left);
                }
                let length = offsets[offsets.len() - 1];
                let room = 2.0 * self.items[group[0].0].left - 20.0;
                let scale = if length > room { room / length } else { 1.0 };
                for ((_, _, at), offset) in group.iter().zip(offsets) {
                    let place = (offset - length / 2.0) * scale;
                    let item = &mut self.items[*at];
                    *if leaving { &mut item.leaves } else { &mut item.arrives } = place;
                }
            }
        }
    }

    /// The middle of each item.
    fn places(&self) -> Vec<f64> {
        let mut x = vec![0.0; self.items.len()];
        for row in &self.order {
            self.settle(row, &mut x, |_, _| (0.0, 1.0));
        }
        for _ in 0..2 * SWEEPS {
            for row in &self.order {
                self.settle(row, &mut x, |item, x| {
                    mean(&item.up, |n| x[n] + item.leaves - self.items[n].arrives)
                });
            }
            for row in self.order.iter().rev() {
                self.settle(row, &mut x, |item, x| {
                    mean(&item.down, |n| x[n] + item.arrives - self.items[n].leaves)
                });
            }
        }
        x
    }

    /// Brings a row as near to where its items are wanted as their room allows.
    fn settle(&self, row: &[usize], x: &mut [f64], wanted: impl Fn(&Item, &[f64]) -> (f64, f64)) {
        // pools of items that touch: sum of weighted targets, weight, length
        let mut pools: Vec<(f64, f64, usize)> = Vec::with_capacity(row.len());
        let mut offsets = Vec::with_capacity(row.len());
        let mut offset = 0.0;
        for (place, at) in row.iter().enumerate() {
            let item = &self.items[*at];
            if place > 0 {
                offset += self.items[row[place - 1]].right + APART + item.left;
            }
            offsets.push(offset);
            let (target, weight) = match wanted(item, x) {
                (_, 0.0) => (x[*at], 0.1),
                found => found,
            };
            let mut pool = ((target - offset) * weight, weight, 1);
            while let Some(last) = pools.last().filter(|l| l.0 / l.1 > pool.0 / pool.1) {
                pool = (pool.0 + last.0, pool.1 + last.1, pool.2 + last.2);
                pools.pop();
            }
            pools.push(pool);
        }
        let mut place = 0;
        for (sum, weight, length) in pools {
            for at in &row[place..place + length] {
                x[*at] = sum / weight + offsets[place];
                place += 1;
            }
        }
    }
}

/// The mean of places, and how much it counts.
fn mean(items: &[usize], place: impl Fn(usize) -> f64) -> (f64, f64) {
    let sum: f64 = items.iter().map(|i| place(*i)).sum();
    let count = items.len() as f64;
    if items.is_empty() { (0.0, 0.0) } else { (sum / count, count) }
}

fn picture(graph: &Graph, rows: &Rows, x: &[f64]) -> Picture {
    let items = &rows.items;
    let left = items.iter().zip(x).map(|(i, x)| x - i.left).fold(f64::INFINITY, f64::min);
    let right = items.iter().zip(x).map(|(i, x)| x + i.right).fold(0.0, f64::max);
    let shift = if left.is_finite() { MARGIN - left } else { 0.0 };
    let x: Vec<f64> = x.iter().map(|x| x + shift).collect();
    // the top and the bottom of each row
    let mut bands: Vec<(f64, f64)> = Vec::with_capacity(rows.order.len());
    let mut y = MARGIN;
    for row in &rows.order {
        let height = row.iter().map(|at| items[*at].height).fold(0.0, f64::max);
        bands.push((y, y + height));
        let slant = row
            .iter()
            .flat_map(|at| items[*at].down.iter().map(|d| (x[*at] - x[*d]).abs()))
            .fold(0.0, f64::max);
        y += height + GAP + (slant * 0.08).min(24.0);
    }
    let bottom = bands.last().map_or(0.0, |b| b.1);
    let boxes = (0..graph.nodes.len())
        .map(|at| {
            let (item, band) = (&items[at], bands[items[at].row]);
            let top = f64::midpoint(band.0, band.1) - item.height / 2.0;
            Place { left: x[at] - item.left, top, width: 2.0 * item.left, height: item.height }
        })
        .collect::<Vec<Place>>();
    let wires = graph
        .edges
        .iter()
        .zip(&rows.passages)
        .map(|(edge, passed)| {
            let leaves = passed.first().map_or(0.0, |at| items[*at].leaves);
            let arrives = passed.last().map_or(0.0, |at| items[*at].arrives);
            let (start, end) = (boxes[edge.from], boxes[edge.to]);
            let out = bands[items[edge.from].row].1;
            let into = bands[items[edge.to].row].0;
            let mut points = vec![(x[edge.from] + leaves, start.top + start.height, out)];
            points.extend(passed.iter().map(|at| {
                let band = bands[items[*at].row];
                (x[*at], band.0, band.1)
            }));
            points.push((x[edge.to] + arrives, into, end.top));
            let label = edge.label.as_ref().and(passed.first()).map(|at| {
                let band = bands[items[*at].row];
                (x[*at] + BESIDE, f64::midpoint(band.0, band.1))
            });
            Wire { points, label }
        })
        .collect();
    let width = (right + shift).max(0.0) + MARGIN;
    Picture { width, height: bottom + MARGIN, boxes, wires }
}
