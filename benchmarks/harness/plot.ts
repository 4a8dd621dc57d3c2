// Draws phases per second of each scenario as an SVG: a bar per server, a line from its minimum to its maximum.
import type { BenchResults, Row, ScenarioResult } from "./results.js";

const WIDTH = 860;
const LEFT = 120;
const BARS = 560;
const BAR = 16;
const STEP = 22;
const TITLE = 34;
const GAP = 18;
const MARGIN = 16;
const MOST_AT = 64;
const COLORS = ["#2b6cb0", "#63b3ed", "#c05621", "#a0aec0", "#6b46c1", "#2f855a"];

const escape = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
const text = (x: number, y: number, content: string, style = ""): string =>
  `<text x="${x}" y="${y}" ${style}>${escape(content)}</text>`;

/** One case of each scenario: the one with most requests at a time, up to 64. */
function plotted({ rows }: ScenarioResult): Row[] {
  const fitting = rows.filter(({ at }) => at <= MOST_AT);
  const at = Math.max(...fitting.map((row) => row.at));
  const burners = Math.max(...fitting.map((row) => row.burners));
  return fitting.filter((row) => row.at === at && row.burners === burners);
}

function bar(row: Row, y: number, scale: number, color: string): string {
  const { median, min, max } = row.metrics.phasesPerSecond;
  const x = (value: number): number => LEFT + value * scale;
  const middle = y + BAR / 2;
  const label = median >= 100 ? Math.round(median).toLocaleString("en") : median.toPrecision(3);
  return [
    text(LEFT - 8, y + 12, row.peer, 'text-anchor="end"'),
    `<rect x="${LEFT}" y="${y}" width="${Math.max(1, median * scale).toFixed(1)}" height="${BAR}" fill="${color}"/>`,
    `<path d="M${x(min).toFixed(1)} ${middle}H${x(max).toFixed(1)}" stroke="#1a202c"/>`,
    text(Math.round(x(max)) + 6, y + 12, label),
  ].join("\n");
}

function panel(scenario: ScenarioResult, top: number, colorOf: (peer: string) => string): { svg: string; height: number } {
  const rows = plotted(scenario);
  const scale = BARS / Math.max(...rows.map(({ metrics }) => metrics.phasesPerSecond.max));
  const [first] = rows;
  const load = first === undefined ? "" : `${first.at} at a time${first.burners === 0 ? "" : ` beside ${first.burners} burners`}`;
  const svg = [
    text(MARGIN, top + 20, `${scenario.name}, ${load}: ${scenario.question}`, 'font-weight="600"'),
    ...rows.map((row, i) => bar(row, top + TITLE + i * STEP, scale, colorOf(row.peer))),
  ];
  return { svg: svg.join("\n"), height: TITLE + rows.length * STEP + GAP };
}

export function plot(results: BenchResults): string {
  const peers = [...new Set(results.scenarios.flatMap(({ rows }) => rows.map(({ peer }) => peer)))];
  const colorOf = (peer: string): string => COLORS[peers.indexOf(peer) % COLORS.length] ?? "#000";
  let top = 56;
  const panels = results.scenarios.map((scenario) => {
    const { svg, height } = panel(scenario, top, colorOf);
    top += height;
    return svg;
  });
  const { cpu, cores, node } = results.machine;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${top}" viewBox="0 0 ${WIDTH} ${top}" font-family="system-ui, sans-serif" font-size="12" fill="#1a202c">
<rect width="100%" height="100%" fill="#fff"/>
${text(MARGIN, 24, "Phases per second; longer is better", 'font-size="16" font-weight="600"')}
${text(MARGIN, 42, `${cpu}, ${cores} processors; Node.js ${node}; commit ${results.commit}; ${results.started}`)}
${panels.join("\n")}
</svg>
`;
}
