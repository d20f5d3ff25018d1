//! `derive mdbook`: the preprocessor protocol of `mdBook`.
//!
//! A pair of a context and a book comes in as JSON, and the book goes out with the content of its
//! chapters rendered; whatever else it holds goes through untouched.

use super::Failure;
use super::render::{self, Style};
use clap::ArgMatches;
use serde_json::Value;
use std::io::Read;

/// The longest book, in bytes.
const LONGEST: u64 = 512 << 20;

/// `derive mdbook`
pub(super) fn mdbook(m: &ArgMatches) -> Result<String, Failure> {
    if let Some(("supports", m)) = m.subcommand() {
        let renderer = m.get_one::<String>("renderer").map_or("", String::as_str);
        // the result is Markdown, which all of them read; this one is what mdBook calls none
        return if renderer == "not-supported" {
            Err(Failure::Stale(String::new(), 1))
        } else {
            Ok(String::new())
        };
    }
    let mut bytes = Vec::new();
    let cannot = |e| Failure::Message(format!("standard input cannot be read: {e}"));
    std::io::stdin().lock().take(LONGEST + 1).read_to_end(&mut bytes).map_err(cannot)?;
    if bytes.len() as u64 > LONGEST {
        return Err(Failure::Message(format!("the book is longer than {LONGEST} bytes")));
    }
    let input: Value = serde_json::from_slice(&bytes)
        .map_err(|e| Failure::Message(format!("standard input is no book of mdBook: {e}")))?;
    let expected = || Failure::Message("standard input is no pair of a context and a book".into());
    let Value::Array(mut pair) = input else { return Err(expected()) };
    let (Some(mut book), Some(context), true) = (pair.pop(), pair.pop(), pair.is_empty()) else {
        return Err(expected());
    };
    let style = style(&context);
    let mut failures = Vec::new();
    let mut pending: Vec<&mut Value> = vec![&mut book];
    while let Some(value) = pending.pop() {
        // `sections` up to version 0.4, `items` since
        let Value::Object(fields) = value else { continue };
        for (key, inside) in fields {
            match (key.as_str(), inside) {
                ("items" | "sections" | "sub_items", Value::Array(list)) => {
                    pending.extend(list.iter_mut().rev());
                }
                ("Chapter", chapter) => {
                    if let Err(failure) = self::chapter(chapter, &style) {
                        failures.push(failure);
                    }
                    pending.push(chapter);
                }
                _ => {}
            }
        }
    }
    match failures.len() {
        0 => Ok(book.to_string()),
        1 => Err(failures.swap_remove(0)),
        _ => Err(Failure::Several(failures)),
    }
}

/// Renders the content of a chapter.
fn chapter(chapter: &mut Value, style: &Style) -> Result<(), Failure> {
    let text = |key: &str| chapter.get(key).and_then(Value::as_str);
    let name = text("source_path").or(text("path")).or(text("name")).unwrap_or("chapter");
    let Some(content) = text("content") else { return Ok(()) };
    let rendered = render::document(content, name, style)?;
    chapter["content"] = Value::String(rendered);
    Ok(())
}

/// What `[preprocessor.derive]` in the book's configuration says, and what the renderer needs.
fn style(context: &Value) -> Style {
    let mut style = Style::default();
    if let Some(format) = context.pointer("/config/preprocessor/derive/format") {
        style.format = format.as_str().unwrap_or_default().to_string();
    }
    // its Markdown would take `\\` and `_` for its own
    style.raw = context.get("renderer").and_then(Value::as_str) == Some("html");
    style
}
