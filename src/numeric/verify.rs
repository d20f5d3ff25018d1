//! Verification of printed answers.
