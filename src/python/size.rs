//! The sizes of axes: what is equal to what, and what each is called.

/// A size, by position in [`Sizes`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) struct SizeId(u32);

/// What is known of a size.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
struct Known {
    /// A name by which the code or a declaration calls it.
    name: Option<String>,
    /// Whether a declaration does: two such names are two sizes.
    declared: bool,
    number: Option<usize>,
    /// Where it is another size less a number.
    derived: Option<(SizeId, i64)>,
    /// Sizes that it was told apart from (`N, D = x.shape`).
    apart: Vec<SizeId>,
}

/// Sizes that may turn out to be equal.
#[derive(Clone, Debug, Default)]
pub(super) struct Sizes {
    parents: Vec<u32>,
    known: Vec<Known>,
    /// What was declared in this reading.
    declared: Vec<(String, SizeId)>,
    /// How many sizes this reading has asked for.
    asked: u32,
}

impl Sizes {
    pub(super) fn fresh(&mut self) -> SizeId {
        let id = self.asked;
        self.asked += 1;
        if id as usize == self.parents.len() {
            self.parents.push(id);
            self.known.push(Known::default());
        }
        SizeId(id)
    }

    /// The same sizes for another reading of the same code, which asks for them in the same order.
    #[must_use]
    pub(super) fn again(&self) -> Sizes {
        Sizes { asked: 0, declared: Vec::new(), ..self.clone() }
    }

    /// The size with a declared name, or a number.
    pub(super) fn declared(&mut self, text: &str) -> SizeId {
        if let Some((_, id)) = self.declared.iter().find(|d| d.0 == text) {
            return *id;
        }
        let id = self.fresh();
        let root = self.root(id);
        let known = &mut self.known[root];
        if known.name.is_none() && known.number.is_none() {
            known.number = text.parse().ok();
            known.declared = known.number.is_none();
            known.name = known.declared.then(|| text.to_string());
        }
        self.declared.push((text.to_string(), id));
        id
    }

    /// The size that is this one less a number.
    pub(super) fn less(&mut self, id: SizeId, k: i64) -> SizeId {
        if k == 0 {
            return id;
        }
        let fresh = self.fresh();
        let root = self.root(fresh);
        let base = SizeId(self.root(id) as u32);
        match self.known[base.0 as usize].number {
            Some(n) => {
                let k = usize::try_from(k).unwrap_or(0);
                self.known[root].number = Some(n.saturating_sub(k));
            }
            None => self.known[root].derived = Some((base, k)),
        }
        fresh
    }

    /// What a size is less a number, and that number; itself less 0 where it is nothing less.
    fn less_than(&self, mut root: usize) -> (usize, i64) {
        let mut total = 0;
        while let Some((base, k)) = self.known[root].derived {
            total += k;
            root = self.root(base);
        }
        (root, total)
    }

    fn root(&self, id: SizeId) -> usize {
        let mut at = id.0;
        while self.parents[at as usize] != at {
            at = self.parents[at as usize];
        }
        at as usize
    }

    pub(super) fn same(&self, a: SizeId, b: SizeId) -> bool {
        self.root(a) == self.root(b)
    }

    /// Makes two sizes one; `false` where they are known to differ.
    pub(super) fn unify(&mut self, a: SizeId, b: SizeId) -> bool {
        let (a, b) = (self.root(a), self.root(b));
        if a == b {
            return true;
        }
        let (x, y) = (&self.known[a], &self.known[b]);
        let apart = |list: &[SizeId], other: usize| list.iter().any(|s| self.root(*s) == other);
        let numbers = matches!((x.number, y.number), (Some(m), Some(n)) if m != n);
        let names = x.declared && y.declared && x.name != y.name;
        if x.derived.is_some() || y.derived.is_some() {
            // what is less than a size is told from others, and fits what has no name yet
            let (p, q) = (self.less_than(a), self.less_than(b));
            if p == q {
                return true;
            }
            let open = |k: &Known| k.derived.is_none() && k.number.is_none() && !k.declared;
            let (kept, gone) = match (open(x), open(y)) {
                (true, false) if q.0 != a => (b, a),
                (false, true) if p.0 != b => (a, b),
                _ => return false,
            };
            self.parents[gone] = kept as u32;
            return true;
        }
        if numbers || names || apart(&x.apart, b) || apart(&y.apart, a) {
            return false;
        }
        let (kept, gone) = if y.declared && !x.declared { (b, a) } else { (a, b) };
        let other = self.known[gone].clone();
        let known = &mut self.known[kept];
        known.number = known.number.or(other.number);
        known.name = known.name.take().or(other.name);
        known.declared |= other.declared;
        known.apart.extend(other.apart);
        self.parents[gone] = kept as u32;
        true
    }

    /// Calls a size by a name that the code gives it, unless it has one.
    pub(super) fn call(&mut self, id: SizeId, name: &str) {
        let root = self.root(id);
        let known = &mut self.known[root];
        if known.name.is_none() {
            known.name = Some(name.to_string());
        }
    }

    /// Notes that the code tells two sizes apart.
    pub(super) fn part(&mut self, a: SizeId, b: SizeId) {
        if !self.same(a, b) {
            let root = self.root(a);
            self.known[root].apart.push(b);
        }
    }

    /// The size as a text of the language.
    pub(super) fn text(&self, id: SizeId) -> String {
        let root = self.root(id);
        let known = &self.known[root];
        if known.derived.is_some() {
            let (base, k) = self.less_than(root);
            let text = self.text(SizeId(base as u32));
            return match (text.parse::<i64>(), k) {
                (Ok(n), _) => (n - k).to_string(),
                (_, 0) => text,
                _ => format!("{text}-{k}"),
            };
        }
        match (known.number, &known.name) {
            (Some(number), _) => number.to_string(),
            (None, Some(name)) => name.clone(),
            (None, None) => format!("n{root}"),
        }
    }

    /// Gives every size a name of its own that `free` allows, and that the language can read.
    pub(super) fn name_all(&mut self, mut free: impl FnMut(&str) -> bool) {
        const LETTERS: &[&str] = &["m", "n", "k", "p", "q", "r", "s", "h"];
        let mut taken: Vec<String> = Vec::new();
        for id in 0..self.parents.len() {
            let known = &self.known[id];
            if self.parents[id] as usize != id || known.number.is_some() || known.derived.is_some()
            {
                continue;
            }
            let own = self.known[id].name.clone();
            let candidates = own
                .iter()
                .flat_map(|n| [n.clone(), format!("{n}_size")])
                .chain(LETTERS.iter().map(ToString::to_string))
                .chain((1..).map(|k| format!("n{k}")));
            for name in candidates {
                if !taken.contains(&name) && free(&name) {
                    taken.push(name.clone());
                    self.known[id].name = Some(name);
                    break;
                }
            }
        }
    }
}
