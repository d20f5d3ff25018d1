//! The page's style sheet.

/// One column on narrow windows, two for steps on wide ones; colours of the reader's choice.
pub(super) const STYLE: &str = "\
:root{--paper:#fff;--ink:#1b1f24;--soft:#59636e;--line:#d1d9e0;--box:#f6f8fa;--back:#bc4c00;--mark:#fff1b8;--goal:#0969da;--good:#1a7f37;--bad:#cf222e;color-scheme:light dark}
@media (prefers-color-scheme:dark){:root{--paper:#0d1117;--ink:#e6edf3;--soft:#9198a1;--line:#3d444d;--box:#161b22;--back:#f0883e;--mark:#4b3a10;--goal:#58a6ff;--good:#3fb950;--bad:#f85149}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.55 system-ui,-apple-system,'Segoe UI',Roboto,'Noto Sans',sans-serif}
main{max-width:62rem;margin:0 auto;padding:2rem 1.25rem 3rem}
h1,.formula,.equations,.steps h3{font-family:'STIX Two Text',Cambria,Georgia,'DejaVu Serif',serif}
h1{font-weight:400;font-size:1.7rem;line-height:1.35;margin:.1rem 0 .4rem;overflow-wrap:anywhere}
h2{font-size:.85rem;letter-spacing:.06em;text-transform:uppercase;color:var(--soft);margin:2.2rem 0 .7rem;border-bottom:1px solid var(--line);padding-bottom:.3rem}
.asked{margin:0;color:var(--soft)}
.note,.soft,footer{color:var(--soft)}
.note{font-size:.92rem;margin:.5rem 0}
.equations{display:grid;grid-template-columns:max-content max-content minmax(0,1fr);gap:.3rem .5rem;font-size:1.15rem}
.equations{align-items:baseline}
.equations>div{display:contents}
math{font-family:'STIX Two Math','Cambria Math','Latin Modern Math','XITS Math',math,'DejaVu Serif',serif}
.equations .right{overflow-x:auto;overflow-y:hidden;padding:.12rem 0}
.equations .left{text-align:right}
.equations .result .left{color:var(--goal)}
.asked+.equations{margin-top:1rem}
.steps{margin:0 0 1.4rem}
.steps h3{font-weight:600;font-size:1.08rem;margin:.6rem 0 .3rem}
.steps{display:grid;grid-template-columns:max-content minmax(0,1fr) max-content;align-items:baseline;gap:.3rem .5rem;font-size:1.08rem;border-top:1px solid var(--line)}
.steps.two{grid-template-columns:max-content minmax(0,5fr) max-content minmax(0,6fr) max-content}
.steps h3{grid-column:1/-1}
.step{display:contents}
.equations math,.steps math{math-style:normal}
.ml,.il,.sl{text-align:right;min-width:1.2rem}
.il{padding-left:.8rem}
.mr,.ir,.sr{overflow-x:auto;overflow-y:hidden;padding:.1rem 0}
.two .sr{grid-column:2/5}
mn.bold{font-weight:700}
.goal{color:var(--goal)}
.again{display:none}
.step .rule,.head{color:var(--soft);font-size:.82rem}
.head{grid-column:span 2}
.head+.head{padding-left:.8rem}
.named{margin:.2rem 0 1.2rem}
table{border-collapse:collapse}
th{text-align:left;font-weight:500;font-size:.85rem;color:var(--soft)}
th,td{padding:.2rem 1.4rem .2rem 0;border-bottom:1px solid var(--line);vertical-align:top}
td{white-space:nowrap}
td.soft{white-space:normal}
td.formula{font-size:1.08rem}
.wide{overflow-x:auto;border:1px solid var(--line);border-radius:6px;padding:.4rem}
.wide svg{display:block;margin:0 auto}
.key{display:inline-block;width:1.6rem;border-top:2px solid var(--soft);vertical-align:middle;margin:0 .2rem 0 .6rem}
.key:first-child{margin-left:0}
.key.up{border-top:2px dashed var(--back)}
.good{color:var(--good)}
.bad{color:var(--bad)}
details{margin:1rem 0 0;border:1px solid var(--line);border-radius:6px;padding:.4rem .8rem}
summary{cursor:pointer;color:var(--soft)}
pre{overflow-x:auto;background:var(--box);padding:.8rem;border-radius:6px;font:.88rem/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace;margin:.5rem 0 .3rem}
footer{margin-top:2.5rem;font-size:.85rem}
@media (max-width:44rem){main{padding:1.2rem .9rem 2rem}h1{font-size:1.35rem}.equations{font-size:1.05rem;gap:.3rem .35rem}.steps,.steps.two{grid-template-columns:max-content minmax(0,1fr)}.two .heads{display:none}.two .sr{grid-column:2}.il{padding-left:0}.two .again{display:inline;opacity:.6}.step .rule{grid-column:2;padding-bottom:.5rem}}
@media print{details{display:none}.wide{overflow:visible;border:0}}
";
