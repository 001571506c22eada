/** Of the page: light and dark as the reader's system is, nothing loaded from elsewhere. */
export const STYLE = `
:root { color-scheme: light dark; --paper: #fff; --ink: #1c2024; --soft: #667079; --line: #d8dde2;
  --ours: #0b6bcb; --other: #a9b4be; --holds: #1f8a4c; --fails: #c8452f; --card: #f6f8fa; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #14171a; --ink: #e6e9ec; --soft: #98a2ac; --line: #343b42;
    --ours: #5aa9f5; --other: #5d6974; --holds: #4cc07d; --fails: #f0806b; --card: #1c2126; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 54rem; padding: 2rem 1.25rem 4rem; background: var(--paper);
  color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.7rem; margin: 0 0 .3rem; } h2 { font-size: 1.15rem; margin: 2.6rem 0 .2rem; }
p { margin: .2rem 0 .8rem; } .soft, figcaption { color: var(--soft); }
figure { margin: 0; } figcaption { font-size: .9rem; margin: .1rem 0 .5rem; }
svg { width: 100%; height: auto; display: block; font: 13px system-ui, sans-serif; }
text { fill: var(--ink); } .label { text-anchor: end; } .label.ours { font-weight: 600; }
.figure { font-variant-numeric: tabular-nums; } .note { fill: var(--soft); font-size: 12px; }
rect.ours { fill: var(--ours); } rect.other { fill: var(--other); } .beyond { opacity: .35; }
rect.holds { fill: var(--holds); } rect.fails { fill: var(--fails); }
.axis, .goal { stroke: var(--line); } .goal { stroke: var(--ink); stroke-dasharray: 3 3; }
.whisker { stroke: var(--ink); stroke-width: 1; fill: none; opacity: .7; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(11rem, 1fr)); gap: .8rem; margin: 1.2rem 0; }
.card { background: var(--card); border-radius: 8px; padding: .8rem 1rem; }
.card b { display: block; font-size: 1.6rem; font-variant-numeric: tabular-nums; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1rem; font-size: .9rem; }
dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; }
details { margin-top: 2rem; } pre { overflow: auto; font-size: .8rem; background: var(--card); padding: 1rem; border-radius: 8px; }
`.trim();
