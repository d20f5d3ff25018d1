//! Commands that are given a text.

use std::io::Write;
use std::process::{Command, Stdio};

/// What a command prints that is given a text.
pub(crate) fn printed(command: &mut Command, input: &str) -> String {
    let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let mut child = child.expect("python was there a moment ago");
    child.stdin.take().expect("stdin is piped").write_all(input.as_bytes()).expect("it reads");
    let output = child.wait_with_output().expect("python ends");
    assert!(output.status.success(), "the driver failed");
    String::from_utf8_lossy(&output.stdout).trim().to_string()
}
