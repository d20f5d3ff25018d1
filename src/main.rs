//! The command line program: hands its arguments to [`derive::cli`] and returns the exit code.

fn main() -> std::process::ExitCode {
    derive::cli::run(std::env::args_os())
}
