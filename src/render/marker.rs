//! The comments between which a result stands.
//!
//! A block that is replaced lives on in its opening comment, so that it can be rendered again. An
//! HTML comment ends at the first `-->`, which a program may contain: see [`escape`].

/// What opens the result of a block that stands above it.
pub(super) const BEGIN: &str = "<!-- derive:begin -->";
/// What every opening begins with.
pub(super) const OPENING: &str = "<!-- derive:begin";
/// What closes a result.
pub(super) const END: &str = "<!-- derive:end -->";

/// The opening comment of a replaced block: its options, its program, and `-->` on a line of its own.
pub(super) fn opening(info: &str, program: &str) -> String {
    let separator = if program.is_empty() || program.ends_with('\n') { "" } else { "\n" };
    format!("{OPENING} {}\n{}{separator}-->", escape(info), escape(program))
}

/// The text with nothing in it that ends a comment: what looks like an end of a comment, also with
/// backslashes already in it, gets one more. [`unescape`] takes exactly that one away.
pub(super) fn escape(text: &str) -> String {
    ends(text, |out, slashes| {
        out.push('\\');
        out.push_str(slashes);
    })
}

/// The text that [`escape`] was given.
pub(super) fn unescape(text: &str) -> String {
    ends(text, |out, slashes| out.push_str(slashes.strip_prefix('\\').unwrap_or(slashes)))
}

/// Rewrites the backslashes in each `--` `\`… `>` (or `!>`, which browsers take as an end too).
fn ends(text: &str, rewrite: impl Fn(&mut String, &str)) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("--") {
        let dashes = rest[at..].bytes().take_while(|b| *b == b'-').count();
        let (before, after) = rest.split_at(at + dashes);
        let slashes = after.bytes().take_while(|b| *b == b'\\').count();
        let (slashes, tail) = after.split_at(slashes);
        out.push_str(before);
        if tail.starts_with('>') || tail.starts_with("!>") {
            rewrite(&mut out, slashes);
        } else {
            out.push_str(slashes);
        }
        rest = tail;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_comment_ends_it() {
        for text in
            ["x --> y", "x --\\> y", "a---->b", "--!>", "--\\\\!>", "x - -y", "--", "-->-->"]
        {
            let escaped = escape(text);
            assert!(!escaped.contains("-->") && !escaped.contains("--!>"), "{escaped}");
            assert_eq!(unescape(&escaped), text);
        }
        assert_eq!(escape("a - b # --\\ x"), "a - b # --\\ x");
    }
}
