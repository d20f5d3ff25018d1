//! The table of identities: every entry holds at points that satisfy its condition.

use derive::check::check;
use derive::check::verdict::Status;
use derive::identities::identities;

#[test]
fn every_identity_holds() {
    for identity in identities() {
        let verdicts = check(identity.program, None, 0).expect(identity.name);
        for v in &verdicts {
            let holds = matches!(v.status, Status::Proved | Status::Verified);
            assert!(holds, "{} is {:?}: {:?}", identity.name, v.status, v.evidence);
            assert!(v.evidence.points > 0, "{} was tried nowhere", identity.name);
        }
    }
}
