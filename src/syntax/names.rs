//! The names of a program, interned.

use super::ast::NameId;
use super::operator::spelling;
use crate::id_table::IdTable;
use rustc_hash::{FxHashMap, FxHasher};
use std::hash::Hasher;
use std::ops::Range;

/// The names of a program. Greek letters and their spellings are one name, and so are digits and
/// subscript digits; `∇y` is `grad_y`.
///
/// All spellings stand in one text, and a name that is spelt as it is written stands there once.
#[derive(Clone, Debug, Default)]
pub struct Names {
    text: String,
    /// Where the canonical spelling of each name stands in the text.
    list: Vec<Range<u32>>,
    /// The same for names that are not written like that.
    written: FxHashMap<NameId, Range<u32>>,
    table: IdTable,
}

fn hash(canonical: &str) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write(canonical.as_bytes());
    hasher.finish()
}

fn part<'a>(text: &'a str, range: &Range<u32>) -> &'a str {
    &text[range.start as usize..range.end as usize]
}

impl Names {
    /// No names yet, with room for those of a text of ordinary density.
    pub(super) fn for_text(bytes: usize) -> Names {
        let expected = (bytes / 16).max(28);
        Names {
            text: String::with_capacity((bytes / 4).max(64)),
            list: Vec::with_capacity(expected),
            written: FxHashMap::default(),
            table: IdTable::with_capacity(expected),
        }
    }

    /// The number of names.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The canonical spelling of a name.
    pub fn canonical(&self, id: NameId) -> &str {
        part(&self.text, &self.list[id.0 as usize])
    }

    /// A name as it was written where it first appeared.
    pub fn written(&self, id: NameId) -> &str {
        self.written.get(&id).map_or_else(|| self.canonical(id), |range| part(&self.text, range))
    }

    /// All names in the order of first appearance, in their canonical spelling.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.list.iter().map(|range| part(&self.text, range))
    }

    /// The names that are not written in their canonical spelling, in that and as written, in no order.
    pub fn respelt(&self) -> impl Iterator<Item = (&str, &str)> {
        self.written.iter().map(|(id, range)| (self.canonical(*id), part(&self.text, range)))
    }

    /// The name with this canonical spelling.
    pub fn find(&self, canonical: &str) -> Option<NameId> {
        self.find_hashed(hash(canonical), canonical)
    }

    fn find_hashed(&self, hash: u64, canonical: &str) -> Option<NameId> {
        let text = self.text.as_bytes();
        let same = |id: u32| {
            let own = &self.list[id as usize];
            text[own.start as usize..own.end as usize] == *canonical.as_bytes()
        };
        self.table.find(hash, same).map(NameId)
    }

    /// The name that is written like this.
    pub fn intern(&mut self, written: &str) -> NameId {
        if written.is_ascii() {
            let hash = hash(written);
            let known = self.find_hashed(hash, written);
            return known.unwrap_or_else(|| self.insert(hash, written, None));
        }
        let canonical = canonical(written);
        let hash = hash(&canonical);
        let known = self.find_hashed(hash, &canonical);
        known.unwrap_or_else(|| self.insert(hash, &canonical, Some(written)))
    }

    fn insert(&mut self, hash: u64, canonical: &str, written: Option<&str>) -> NameId {
        let id = self.list.len() as u32;
        let canonical = self.append(canonical);
        self.list.push(canonical);
        if let Some(written) = written {
            let written = self.append(written);
            self.written.insert(NameId(id), written);
        }
        self.table.insert(hash, id);
        NameId(id)
    }

    fn append(&mut self, spelling: &str) -> Range<u32> {
        let start = self.text.len() as u32;
        self.text.push_str(spelling);
        start..self.text.len() as u32
    }
}

fn canonical(written: &str) -> String {
    let mut canonical = String::new();
    for c in written.chars() {
        match (c, spelling(c), subscript_digit(c)) {
            ('∇', ..) => canonical.push_str("grad_"),
            (_, Some(s), _) => canonical.push_str(s),
            (_, _, Some(d)) => canonical.push(d),
            _ => canonical.push(c),
        }
    }
    canonical
}

fn subscript_digit(c: char) -> Option<char> {
    ('₀'..='₉').contains(&c).then(|| (b'0' + (c as u32 - '₀' as u32) as u8) as char)
}

/// Whether a character may begin a name.
pub(super) fn begins(c: char) -> bool {
    c.is_ascii_alphabetic() || !c.is_ascii() && (spelling(c).is_some() || c == '∇')
}

/// Whether a character may stand in a name after its first.
pub(super) fn continues(c: char) -> bool {
    c.is_ascii_alphanumeric()
        || c == '_'
        || !c.is_ascii() && (spelling(c).is_some() || subscript_digit(c).is_some())
}
