//! The table of identities: each a claim of the language with its name and source, as data.
//!
//! `derive explain` prints them with a live check; a test checks every one.

/// One identity.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Identity {
    /// Its name, from general to special.
    pub name: &'static str,
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
    static TABLE: std::sync::OnceLock<Vec<Identity>> = std::sync::OnceLock::new();
    TABLE.get_or_init(|| {
        let text = include_str!("identities.derive");
        text.split("#: ").filter(|b| !b.trim().is_empty()).filter_map(read).collect()
    })
}

fn read(block: &'static str) -> Option<Identity> {
    let (head, program) = block.split_once('\n')?;
    let mut parts = head.split('|').map(str::trim);
    let name = parts.next()?;
    let (source, condition) = (parts.next()?, parts.next().unwrap_or(""));
    Some(Identity { name, source, condition, program })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::check;
    use crate::check::verdict::Status;

    #[test]
    fn every_identity_holds_and_has_a_name_of_its_own() {
        let mut names = std::collections::BTreeSet::new();
        for identity in identities() {
            assert!(names.insert(identity.name), "{} twice", identity.name);
            let verdicts = check(identity.program, None, 0).expect(identity.name);
            let holds = |s| matches!(s, Status::Proved | Status::Verified);
            assert!(verdicts.iter().all(|v| holds(v.status)), "{}", identity.name);
        }
        assert!(identities().len() > 50);
    }
}
