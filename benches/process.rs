//! Whole processes against an empty one, in one run: `cargo bench --bench process`.
//!
//! The empty program is `fn main(){}`, compiled here by `rustc -O`. Runs alternate, so that what
//! else the machine does falls on all alike; medians are compared. Then the memory of a chain of
//! layers, as the growth of the peak between two depths.

#![expect(clippy::print_stdout, reason = "a benchmark prints what it measures")]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const RUNS: usize = 200;

fn main() {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let empty = empty_program(directory);
    let derive = PathBuf::from(env!("CARGO_BIN_EXE_derive"));
    let grad = ["grad", "sigmoid(W*x+b)", "--wrt", "W"];
    let unverified = [&grad[..], &["--no-verify"]].concat();
    let programs: [(&str, &Path, &[&str]); 3] = [
        ("an empty program", &empty, &[]),
        ("derive grad \"sigmoid(W*x+b)\" --wrt W --no-verify", &derive, &unverified),
        ("derive grad \"sigmoid(W*x+b)\" --wrt W", &derive, &grad),
    ];
    let medians = medians(&programs);
    for ((name, ..), median) in programs.iter().zip(&medians) {
        let ratio = median.as_secs_f64() / medians[0].as_secs_f64();
        println!("{:8.1} µs  {ratio:5.2} ×  {name}", median.as_secs_f64() * 1e6);
    }
    chains(directory, &derive);
}

fn empty_program(directory: &Path) -> PathBuf {
    let source = directory.join("empty.rs");
    let program = directory.join("empty");
    std::fs::write(&source, "fn main(){}\n").expect("the source can be written");
    let done = Command::new("rustc")
        .args(["-O", "-o"])
        .args([&program, &source])
        .status()
        .expect("rustc starts");
    assert!(done.success(), "the empty program compiles");
    program
}

fn time(program: &Path, arguments: &[&str]) -> Duration {
    let start = Instant::now();
    let done = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .status()
        .expect("the program starts");
    let elapsed = start.elapsed();
    assert!(done.success(), "{} succeeds", program.display());
    elapsed
}

fn medians(programs: &[(&str, &Path, &[&str])]) -> Vec<Duration> {
    let mut times = vec![Vec::with_capacity(RUNS); programs.len()];
    for _ in 0..RUNS {
        for ((_, program, arguments), times) in programs.iter().zip(&mut times) {
            times.push(time(program, arguments));
        }
    }
    times
        .into_iter()
        .map(|mut t| {
            t.sort_unstable();
            t[t.len() / 2]
        })
        .collect()
}

/// A network of `layers` layers with a squared loss.
fn network(layers: usize) -> String {
    let mut program = format!("var z0[n0], t[n{layers}]");
    for k in 1..=layers {
        write!(program, ", W{k}[n{k},n{}], b{k}[n{k}]", k - 1).expect("a string can grow");
    }
    for k in 1..=layers {
        write!(program, "\nz{k} = tanh(W{k}*z{} + b{k})", k - 1).expect("a string can grow");
    }
    program + &format!("\nL = norm2(z{layers} - t)^2\n")
}

/// Time and peak memory of chains, by `/usr/bin/time` where there is one.
fn chains(directory: &Path, derive: &Path) {
    let depths = [100, 1_000, 10_000];
    let mut measured = Vec::new();
    for layers in depths {
        let path = directory.join(format!("chain_{layers}.derive"));
        std::fs::write(&path, network(layers)).expect("the program can be written");
        let path = path.to_string_lossy().into_owned();
        let arguments = ["grad", path.as_str(), "--no-verify"];
        let best = (0..5).map(|_| time(derive, &arguments)).min().unwrap_or_default();
        measured.push((layers, best.as_secs_f64(), peak(derive, &arguments)));
    }
    for (layers, seconds, peak) in &measured {
        let peak = peak.map_or("unknown".to_string(), |kib| format!("{kib} KiB"));
        println!("{layers:6} layers: {:8.1} ms, peak memory {peak}", seconds * 1e3);
    }
    let (first, last) = (measured[0], measured[measured.len() - 1]);
    let depth = last.0 as f64 / first.0 as f64;
    println!("growth exponent {:.3}", (last.1 / first.1).ln() / depth.ln());
    if let (Some(a), Some(b)) = (first.2, last.2) {
        println!("{:.2} KiB a layer", (b - a) as f64 / (last.0 - first.0) as f64);
    }
}

/// The peak of resident memory in KiB.
fn peak(program: &Path, arguments: &[&str]) -> Option<i64> {
    let output = Command::new("/usr/bin/time")
        .args(["-f", "%M"])
        .arg(program)
        .args(arguments)
        .stdout(Stdio::null())
        .output()
        .ok()?;
    String::from_utf8_lossy(&output.stderr).lines().last()?.trim().parse().ok()
}
