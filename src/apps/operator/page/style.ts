// The style of the page.

export const STYLE = `
:root {
  --ground: #f6f7f9; --card: #ffffff; --text: #1b1f24; --soft: #626c78; --line: #e2e6ea; --grid: #eef1f4;
  --accent: #2563c9; --accent-fill: #2563c91f; --wrong: #c62a2f; --wrong-fill: #c62a2f1a; --good: #1d8348;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #101317; --card: #181c22; --text: #e4e8ec; --soft: #8d97a3; --line: #2a3038; --grid: #222830;
    --accent: #6aa5ff; --accent-fill: #6aa5ff26; --wrong: #ff7b7b; --wrong-fill: #ff7b7b22; --good: #5dd39e;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--text); font: 14px/1.45 system-ui, -apple-system, "Segoe UI", sans-serif; }
header, main { max-width: 1500px; margin: 0 auto; padding: 0 24px; }
header { padding-top: 20px; padding-bottom: 14px; display: flex; flex-wrap: wrap; align-items: baseline; gap: 4px 16px; }
h1 { font-size: 19px; font-weight: 650; letter-spacing: -.01em; margin: 0; }
header p { margin: 0; color: var(--soft); }
#notice { flex-basis: 100%; color: var(--wrong); background: var(--wrong-fill); border-radius: 8px; padding: 7px 12px; margin-top: 8px; }
.state { display: inline-block; padding: 0 9px; border-radius: 99px; border: 1px solid currentColor; color: var(--good); font-size: 12px; margin-right: 8px; }
.state.wrong { color: var(--wrong); }
#charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(280px, 1fr)); gap: 14px; margin-bottom: 18px; }
.chart { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 12px 14px 8px; }
.chart h2 { font-size: 12.5px; font-weight: 550; color: var(--soft); margin: 0; display: flex; justify-content: space-between; align-items: baseline; }
.chart h2 b { font-size: 20px; font-weight: 600; color: var(--text); font-variant-numeric: tabular-nums; }
.chart svg { display: block; width: 100%; height: 84px; margin-top: 6px; overflow: visible; }
.chart .scale { display: flex; justify-content: space-between; color: var(--soft); font-size: 11px; font-variant-numeric: tabular-nums; }
.grid { stroke: var(--grid); stroke-width: 1; vector-effect: non-scaling-stroke; }
.curve { fill: none; stroke: var(--accent); stroke-width: 1.6; stroke-linejoin: round; vector-effect: non-scaling-stroke; }
.under { fill: var(--accent-fill); stroke: none; }
.wrong .curve { stroke: var(--wrong); }
.wrong .under { fill: var(--wrong-fill); }
section[aria-label="Plugins"] { background: var(--card); border: 1px solid var(--line); border-radius: 10px; overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { padding: 8px 12px; text-align: left; white-space: nowrap; }
th { padding: 0; border-bottom: 1px solid var(--line); }
th button { all: unset; cursor: pointer; display: block; box-sizing: border-box; width: 100%; padding: 9px 12px; color: var(--soft); font-size: 12px; font-weight: 550; }
th button:hover, th[aria-sort] button { color: var(--text); }
th button:focus-visible { outline: 2px solid var(--accent); outline-offset: -2px; border-radius: 6px; }
th[aria-sort=ascending] button::after { content: " \\2191"; }
th[aria-sort=descending] button::after { content: " \\2193"; }
.number, .number button { text-align: right; }
tbody tr + tr td { border-top: 1px solid var(--grid); }
tbody tr:hover td { background: var(--grid); }
td:first-child { font-weight: 600; }
td.wrong { color: var(--wrong); }
td.error { max-width: 420px; overflow: hidden; text-overflow: ellipsis; }
td svg { display: block; width: 110px; height: 22px; margin-left: auto; }
.empty { color: var(--soft); padding: 22px; text-align: center; }
#problems p { margin: 12px 0 0; padding: 9px 14px; border-radius: 10px; background: var(--wrong-fill); color: var(--wrong); overflow-wrap: anywhere; }
main { padding-bottom: 32px; }
`;
