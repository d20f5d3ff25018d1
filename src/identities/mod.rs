//! The table of identities: each a claim of the language with its name, condition and source.
//!
//! There is one table. The simplifier takes its rewrites from it, the prover its lemmas, a proof
//! names its entries, and `derive explain` prints them. What a [`Tag`] promises is kept by a test,
//! and so is that every entry holds.

use std::sync::OnceLock;

/// What the program does with an identity.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tag {
    /// Both sides have one normal form: it needs no step.
    Definitional,
    /// The right side is strictly lighter: the simplifier uses it from left to right.
    Rewrite,
    /// The prover alone may use it.
    Lemma,
    /// A step of a derivation rests on it.
    Rule,
}

impl Tag {
    /// As it is written in the table.
    pub fn text(self) -> &'static str {
        match self {
            Tag::Definitional => "definitional",
            Tag::Rewrite => "rewrite",
            Tag::Lemma => "lemma",
            Tag::Rule => "rule",
        }
    }
}

/// One identity.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Identity {
    /// Its name, from general to special.
    pub name: &'static str,
    /// What is done with it.
    pub tag: Tag,
    /// Where it stands in the literature.
    pub source: &'static str,
    /// The condition under which it holds, or nothing.
    pub condition: &'static str,
    /// A program whose last line is the claim.
    pub program: &'static str,
}

impl Identity {
    /// The claim alone.
    pub fn statement(&self) -> &'static str {
        self.program.trim_end().lines().next_back().unwrap_or("")
    }
}

/// All identities, in the order of the table.
pub fn identities() -> &'static [Identity] {
    static TABLE: OnceLock<Vec<Identity>> = OnceLock::new();
    TABLE.get_or_init(|| {
        let texts = [
            include_str!("rules.derive"),
            include_str!("inverse.derive"),
            include_str!("inverse_of_sum.derive"),
            include_str!("trace.derive"),
            include_str!("determinant.derive"),
            include_str!("derivative_of_determinant.derive"),
            include_str!("derivative_of_form.derive"),
            include_str!("derivative_of_trace.derive"),
            include_str!("decomposition.derive"),
            include_str!("product.derive"),
            include_str!("number.derive"),
            include_str!("learning.derive"),
        ];
        texts.iter().flat_map(|t| t.split("#: ").skip(1)).filter_map(read).collect()
    })
}

/// The identity with this name.
pub fn find(name: &str) -> Option<&'static Identity> {
    identities().iter().find(|i| i.name == name)
}

fn read(block: &'static str) -> Option<Identity> {
    let (head, program) = block.split_once('\n')?;
    let mut parts = head.split('|').map(str::trim);
    let name = parts.next()?;
    let tag = match parts.next()? {
        "definitional" => Tag::Definitional,
        "rewrite" => Tag::Rewrite,
        "lemma" => Tag::Lemma,
        "rule" => Tag::Rule,
        _ => return None,
    };
    let (source, condition) = (parts.next()?, parts.next().unwrap_or(""));
    Some(Identity { name, tag, source, condition, program })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_block_is_read_and_has_a_name_of_its_own() {
        let mut names = std::collections::BTreeSet::new();
        for identity in identities() {
            assert!(names.insert(identity.name), "{} twice", identity.name);
            assert!(identity.statement().contains("=="), "{}", identity.name);
            assert!(!identity.source.is_empty(), "{}", identity.name);
        }
        assert!(names.len() >= 120, "{}", names.len());
    }
}
