//! The command line program: hands its arguments to [`derive::cli`] and returns the exit code.

fn main() -> std::process::ExitCode {
    let a: Vec<String> = std::env::args().collect();
    let wrt: Vec<&str> = a[2].split(',').filter(|s| !s.is_empty()).collect();
    let mut q = derive::Question::new(&a[1]).wrt(&wrt);
    if a.len() > 3 { q = q.shapes(&a[3]); }
    match derive::gradient(&q) {
        Ok(s) => {
            for b in &s.answer.bindings { println!("  {} = {}", derive::notation::ascii::ascii(&b.name), derive::notation::ascii::ascii(&b.value)); }
            for (i, r) in s.answer.results.iter().enumerate() {
                println!("grad_{} = {}", r.written[0], s.ascii(i));
                println!("      {}", derive::notation::unicode::unicode(&r.value));
                println!("      {}", derive::notation::latex::latex(&r.value));
                println!("      {}", derive::notation::ascii::ascii(&r.index));
            }
        }
        Err(e) => println!("{e:?}"),
    }
    std::process::ExitCode::SUCCESS
}
