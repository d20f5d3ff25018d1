// Typesets LaTeX in KaTeX's strict mode: check.js LIST.json PAGE.html; what it refuses is printed.
const fs = require("fs");
const katex = require("katex");

const [list, target] = process.argv.slice(2);
const page = ["<!doctype html><meta charset=utf-8><link rel=stylesheet href=katex.min.css>"];
for (const { id, tex, style } of JSON.parse(fs.readFileSync(list, "utf8"))) {
  try {
    const options = { displayMode: true, strict: "error", throwOnError: true };
    const typeset = katex.renderToString(tex, options);
    // one style is enough for a look
    if (style === 0) page.push(`<p><code>${id}</code>${typeset}`);
  } catch (error) {
    console.log(`${id}: ${error.message}`);
  }
}
fs.writeFileSync(target, page.join("\n"));
