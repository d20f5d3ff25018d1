//! Where blocks are found, and what stays as it was.

use super::*;

/// Each program between square brackets, which no structure of Markdown is sensitive to.
fn rendered(text: &str) -> String {
    let answer =
        |block: &Block| Ok::<_, Diagnostic>(format!("[{}]", block.excerpt.program.trim_end()));
    render(text, answer).unwrap_or_else(|failures| panic!("{text}\n{failures:?}"))
}

fn programs(text: &str) -> Vec<String> {
    blocks(text).expect("the structure is sound").into_iter().map(|b| b.excerpt.program).collect()
}

#[track_caller]
fn settles(text: &str) -> String {
    let once = rendered(text);
    assert_eq!(rendered(&once), once, "{once}");
    once
}

#[test]
fn a_result_follows_its_block() {
    let once = settles("a\n```derive grad wrt=x\nx'*x\n```\nb\n");
    assert_eq!(
        once,
        "a\n```derive grad wrt=x\nx'*x\n```\n<!-- derive:begin -->\n\n[x'*x]\n\n<!-- derive:end -->\nb\n"
    );
    // without a newline at the end of the document, and with blank lines that a formatter puts in
    assert!(settles("~~~~ derive\nx\n~~~~").ends_with("<!-- derive:end -->"));
    let spaced = once.replace("```\n<!--", "```\n\n<!--");
    assert_eq!(rendered(&spaced), spaced);
}

#[test]
fn an_old_result_is_replaced() {
    let old = "```derive\nx\n```\n<!-- derive:begin -->\n```text\nold\n```\n<!-- derive:end -->\nb";
    assert_eq!(
        settles(old),
        "```derive\nx\n```\n<!-- derive:begin -->\n\n[x]\n\n<!-- derive:end -->\nb"
    );
}

#[test]
fn a_replaced_block_lives_on_in_a_comment() {
    let once = settles("```derive grad replace\nx # --> y\n\nz\n```\nb");
    assert_eq!(
        once,
        "<!-- derive:begin grad replace\nx # --\\> y\n\nz\n-->\n\n[x # --> y\n\nz]\n\n<!-- derive:end -->\nb"
    );
    // the result below a block goes with it when the block comes to be replaced
    let shown = rendered("```derive grad\nx\n```\n");
    let hidden = settles(&shown.replace("derive grad", "derive grad replace"));
    assert_eq!(hidden.matches("derive:end").count(), 1);
    assert!(!hidden.contains("```"));
}

#[test]
fn containers_keep_their_markers() {
    let once = settles("> 1. item\n>\n>    ```derive\n>    x\n>\n>    y\n>    ```\n> text\n");
    assert_eq!(
        once,
        "> 1. item\n>\n>    ```derive\n>    x\n>\n>    y\n>    ```\n>    <!-- derive:begin -->\n>\n>    [x\n>\n>    y]\n>\n>    <!-- derive:end -->\n> text\n"
    );
    let once = settles("- ~~~derive replace\n  x\n  ~~~\n- b\n");
    assert_eq!(
        once,
        "- <!-- derive:begin replace\n  x\n  -->\n\n  [x]\n\n  <!-- derive:end -->\n- b\n"
    );
    assert_eq!(programs("10. a\nlazy\n    ```derive\n    x\n    ```\n"), ["x\n"]);
    assert_eq!(programs("-\ta\n\n\t```derive\n\tx\n\t```\n"), ["x\n"]);
}

#[test]
fn line_ends_stay_what_they_are() {
    let once = settles("a\r\n```derive\r\nx\r\ny\r\n```\r\nb\r\n");
    assert!(!once.replace("\r\n", "").contains(['\r', '\n']), "{once:?}");
    assert_eq!(programs("```derive\r\nx\r\n```\r\n"), ["x\n"]);
    settles("\u{feff}```derive replace\nx\n```\n");
}

#[test]
fn what_is_no_block_is_left_alone() {
    for text in [
        "````\n```derive\nx\n```\n````\n",
        "~~~\n```derive\nx\n```\n~~~\n",
        "```text\n~~~derive\nx\n~~~\n```\n",
        "    ```derive\n    x\n    ```\n",
        "```derived\nx\n```\n",
        "```rust derive\nx\n```\n",
        "```derive` x\n",
        "``derive\nx\n``\n",
        "<!--\n```derive\nx\n```\n-->\n",
        "<PRE>\n```derive\nx\n```\n</pre>\n",
        "text `<!-- derive:begin -->` text",
        "> ```\n```\nderive\n```\n",
        "",
    ] {
        assert_eq!(rendered(text), text);
    }
}

#[test]
fn a_fence_is_closed_by_its_like() {
    assert_eq!(programs("````derive\nx\n```\ny\n`````\n"), ["x\n```\ny\n"]);
    assert_eq!(programs("~~~derive\nx\n```\n~~~\n"), ["x\n```\n"]);
    assert_eq!(programs("  ```derive\n  x\n   y\n z\n ```\n"), ["x\n y\nz\n"]);
    assert_eq!(programs("# a\n```derive\nx\n```\n\n```derive\ny\n```"), ["x\n", "y\n"]);
}

#[test]
fn broken_structure_is_an_error_with_its_place() {
    let fails = |text: &str, message: &str, line: &str| {
        let diagnostic = blocks(text).expect_err(text);
        let shown = diagnostic.render(text, Some("a.md"), false);
        assert!(shown.contains(message) && shown.contains(line), "{shown}");
    };
    fails("a\n\n```derive\nx\n", "never closed", "a.md:3:1");
    fails("> ```derive\nx\n```\n", "never closed", "a.md:1:3");
    fails("```derive\nx\n```\n<!-- derive:begin -->\n", "never closed", "a.md:4:1");
    fails("<!-- derive:begin -->\n<!-- derive:end -->\n", "no block", "a.md:1:1");
    fails("```derive\nx\n```\n\nx\n\n<!-- derive:end -->\n", "closes no result", "a.md:7:1");
    fails("<!-- derive:begin grad\nx\n", "comment is never closed", "a.md:1:1");
    fails("```derive shape=\"W\nx\n```\n", "closing quote", "a.md:1:17");
}

#[test]
fn places_in_a_program_are_places_in_the_document() {
    let text = "λ\r\n> - ```derive\r\n>   a + b\r\n>   c + dd\r\n>   ```\r\n";
    let block = &blocks(text).expect("sound")[0];
    assert_eq!(block.excerpt.program, "a + b\nc + dd\n");
    let at = block.excerpt.program.find("dd").expect("it is there");
    let span = block.place(Span::new(at, at + 2));
    assert_eq!(&text[span.start as usize..span.end as usize], "dd");
}

#[test]
fn large_documents_take_linear_work() {
    let deep = "> - ".repeat(50_000) + "\n" + &"\n".repeat(100_000);
    assert_eq!(rendered(&deep), deep);
    let many = "```derive\nx\n```\n".repeat(20_000);
    assert_eq!(blocks(&many).expect("sound").len(), 20_000);
    let fence = "`".repeat(200_000);
    assert!(blocks(&format!("{fence}derive\n")).is_err());
}

#[test]
fn shown_text_cannot_close_its_fence() {
    assert_eq!(fenced("text", "a ``` b\n"), "````text\na ``` b\n````");
}

/// Lines that mean something to the scanner, joined at random.
#[test]
fn any_document_settles() {
    const LINES: &[&str] = &[
        "```derive",
        "```",
        "~~~derive replace",
        "~~~",
        "x",
        "",
        "> ",
        ">",
        "- ",
        "1. ",
        "    ",
        "\t",
        "<!-- derive:begin -->",
        "<!-- derive:end -->",
        "<!-- derive:begin replace",
        "-->",
        "<!--",
        "<pre>",
        "</pre>",
        "  ```derive",
        "text",
        "# a --\\> b",
        "---",
        "```` derive a='b c'",
        "````",
    ];
    let mut state = 7u64;
    let mut random = |below: usize| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    let mut settled = 0;
    for _ in 0..20_000 {
        let mut text = String::new();
        for _ in 0..random(12) {
            for _ in 0..=random(2) {
                text.push_str(LINES[random(LINES.len())]);
            }
            text.push_str(if random(4) == 0 { "\r\n" } else { "\n" });
        }
        let answer =
            |block: &Block| Ok::<_, Diagnostic>(format!("[{:?}]", block.excerpt.program.len()));
        let Ok(once) = render(&text, answer) else { continue };
        if once != text {
            settled += 1;
        }
        let twice = render(&once, answer);
        assert_eq!(twice.as_ref(), Ok(&once), "{text:?}");
        assert_eq!(programs(&once), programs(&text), "{text:?}");
    }
    assert!(settled > 300, "{settled}");
}
