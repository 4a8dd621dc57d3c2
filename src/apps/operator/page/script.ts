// The script of the page: asks for the status again and again and draws it. All that comes from plugins is set as text.

export const SCRIPT = String.raw`
"use strict";
const INTERVAL = 2000, HISTORY_INTERVAL = 10000;
const byId = (id) => document.getElementById(id);
const make = (name, text, className) => {
  const element = document.createElement(name);
  if (text !== undefined) element.textContent = text;
  if (className) element.className = className;
  return element;
};
const draw = (name, attributes) => {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const key in attributes) element.setAttribute(key, attributes[key]);
  return element;
};

const duration = (s) => s == null ? "–" : s < 1e-3 ? Math.round(s * 1e6) + " µs" : s < 1e-2 ? (s * 1e3).toFixed(1) + " ms" :
  s < 1 ? Math.round(s * 1e3) + " ms" : s.toFixed(1) + " s";
const size = (b) => b == null ? "–" : Math.round(b / 1048576) + " MB";
const rate = (n) => n == null ? "–" : n === 0 ? "0" : n < 10 ? n.toFixed(1) : Math.round(n).toLocaleString("en-US");
const age = (ms) => {
  const s = Math.max(0, Math.floor(ms / 1000)), m = Math.floor(s / 60), h = Math.floor(m / 60), d = Math.floor(h / 24);
  return d ? d + " d " + h % 24 + " h" : h ? h + " h " + m % 60 + " min" : m ? m + " min " + s % 60 + " s" : s + " s";
};
const clock = (at) => new Date(at).toLocaleTimeString("en-GB");
const sum = (list) => list.reduce((total, value) => total + (value || 0), 0);

const states = (plugin) => {
  const counts = {};
  for (const { state } of plugin.isolates) counts[state] = (counts[state] || 0) + 1;
  return Object.keys(counts).map((state) => counts[state] + " " + state).join(", ") || "none";
};
const errorText = ({ at, function: name, reason, message }) => clock(at) + " " + (name ? name + " " : "") + reason + ": " + message;
const keyOf = (plugin) => plugin.gateway + "/" + plugin.plugin;

const COLUMNS = [
  { title: "Plugin", sort: (p) => p.plugin, text: (p) => p.plugin },
  { title: "Version", sort: (p) => p.version, text: (p) => p.version },
  { title: "Gen", number: true, sort: (p) => p.generation, text: (p) => p.generation, wrong: (p) => p.failedReloads > 0 },
  { title: "Age", number: true, sort: (p) => -p.loadedSince, text: (p, now) => age(now - p.loadedSince) },
  { title: "Gateway", sort: (p) => p.gateway, text: (p) => p.gateway },
  { title: "Bindings", number: true, sort: (p) => p.bindings, text: (p) => p.bindings + (p.sleepingBindings ? " + " + p.sleepingBindings : "") },
  { title: "Calls/s", number: true, sort: (p) => p.callsPerSecond, text: (p) => rate(p.callsPerSecond) },
  { title: "Last 15 min", number: true, chart: true, sort: (p) => p.callsPerSecond },
  { title: "p50", number: true, sort: (p) => p.p50 ?? -1, text: (p) => duration(p.p50) },
  { title: "p99", number: true, sort: (p) => p.p99 ?? -1, text: (p) => duration(p.p99) },
  { title: "Failures/s", number: true, sort: (p) => p.failuresPerSecond, text: (p) => rate(p.failuresPerSecond), wrong: (p) => p.failuresPerSecond > 0 },
  { title: "Isolates", sort: (p) => p.isolates.length, text: states, wrong: (p) => p.isolates.length === 0 && p.restarts > 0 },
  { title: "Memory", number: true, sort: (p) => p.memory ?? -1, text: (p) => size(p.memory),
    wrong: (p) => (p.memory || 0) > 0.8 * sum(p.isolates.map((isolate) => isolate.limitBytes)) },
  { title: "Restarts", number: true, sort: (p) => p.restarts, text: (p) => p.restarts, wrong: (p) => p.restarts > 0 },
  { title: "Last error", className: "error", sort: (p) => p.lastError ? p.lastError.at : 0,
    text: (p) => p.lastError ? errorText(p.lastError) : "–", wrong: (p, now) => p.lastError && now - p.lastError.at < 60000 },
];
let sorting = { column: 0, descending: false }, report, history = { at: [], plugins: {} };

COLUMNS.forEach((column, index) => {
  const title = make("th", undefined, column.number ? "number" : "");
  title.scope = "col";
  const button = make("button", column.title);
  button.addEventListener("click", () => {
    sorting = { column: index, descending: sorting.column === index ? !sorting.descending : index > 2 && column.number === true };
    show();
  });
  title.append(button);
  byId("titles").append(title);
});

/* Points of the last 15 minutes, the newest at the right; gaps where nothing is known. */
const curve = (values, width, height, top) => {
  const step = width / 89, left = width - (values.length - 1) * step;
  let line = "", under = "", open = false, first = 0;
  values.forEach((value, index) => {
    const x = (left + index * step).toFixed(1);
    if (value == null) { if (open) under += "L" + (left + (index - 1) * step).toFixed(1) + " " + height + "Z"; open = false; return; }
    const y = (height - Math.min(1, value / top) * (height - 2)).toFixed(1);
    if (!open) under += "M" + x + " " + height;
    line += (open ? "L" : "M") + x + " " + y;
    under += "L" + x + " " + y;
    open = true;
  });
  if (open) under += "L" + width + " " + height + "Z";
  return [draw("path", { class: "under", d: under }), draw("path", { class: "curve", d: line })];
};
/* A round number that is not below the value. */
const roundUp = (value) => {
  const power = Math.pow(10, Math.floor(Math.log10(value)));
  return [1, 2, 5, 10].map((factor) => factor * power).find((bound) => bound >= value * 0.999);
};

const total = (name) => history.at.map((_, index) => {
  const values = Object.values(history.plugins).map((plugin) => plugin[name][index]).filter((value) => value != null);
  return values.length ? sum(values) : null;
});
const worst = (name) => history.at.map((_, index) => {
  const values = Object.values(history.plugins).map((plugin) => plugin[name][index]).filter((value) => value != null);
  return values.length ? Math.max(...values) : null;
});

const chart = ({ title, now, values, text, least, wrong }) => {
  const card = make("div", undefined, "chart" + (wrong ? " wrong" : ""));
  const heading = make("h2", title);
  heading.append(make("b", text(now)));
  const top = roundUp(Math.max(least, ...values.filter((value) => value != null)));
  const svg = draw("svg", { viewBox: "0 0 300 84", preserveAspectRatio: "none", role: "img", "aria-label": title + ": " + text(now) });
  for (const y of [2, 43, 84]) svg.append(draw("line", { class: "grid", x1: 0, x2: 300, y1: y, y2: y }));
  svg.append(...curve(values, 300, 84, top));
  const scale = make("div", undefined, "scale");
  scale.append(make("span", "15 min ago"), make("span", "top " + text(top)), make("span", "now"));
  card.append(heading, svg, scale);
  return card;
};

const showCharts = () => {
  const { plugins } = report;
  const p99s = plugins.map((plugin) => plugin.p99).filter((value) => value != null);
  const memories = plugins.map((plugin) => plugin.memory).filter((value) => value != null);
  const failures = sum(plugins.map((plugin) => plugin.failuresPerSecond));
  byId("charts").replaceChildren(
    chart({ title: "Calls per second", now: sum(plugins.map((plugin) => plugin.callsPerSecond)), values: total("callsPerSecond"), text: rate, least: 1 }),
    chart({ title: "Failures per second", now: failures, values: total("failuresPerSecond"), text: rate, least: 1, wrong: failures > 0 }),
    chart({ title: "p99 of the slowest plugin", now: p99s.length ? Math.max(...p99s) : null, values: worst("p99"), text: duration, least: 1e-3 }),
    chart({ title: "Memory of isolates", now: memories.length ? sum(memories) : null, values: total("memory"), text: size, least: 16 * 1048576 }),
  );
};

const cellOf = (column, plugin, now) => {
  const wrong = column.wrong && column.wrong(plugin, now);
  const cell = make("td", undefined, [column.number && "number", column.className, wrong && "wrong"].filter(Boolean).join(" "));
  if (column.chart) {
    const own = history.plugins[keyOf(plugin)], values = own ? own.callsPerSecond : [];
    const svg = draw("svg", { viewBox: "0 0 110 22", preserveAspectRatio: "none", "aria-hidden": "true" });
    svg.append(...curve(values, 110, 22, Math.max(1, ...values.filter((value) => value != null))));
    cell.append(svg);
  } else {
    cell.textContent = column.text(plugin, now);
    if (column.className) cell.title = cell.textContent;
  }
  return cell;
};

const showTable = () => {
  const { column, descending } = sorting, key = COLUMNS[column].sort;
  const order = (a, b) => {
    const left = key(a), right = key(b);
    return left === right ? (a.plugin < b.plugin ? -1 : 1) : (left < right) === descending ? 1 : -1;
  };
  [...byId("titles").children].forEach((title, index) => {
    if (index === column) title.setAttribute("aria-sort", descending ? "descending" : "ascending");
    else title.removeAttribute("aria-sort");
  });
  const rows = [...report.plugins].sort(order).map((plugin) => {
    const row = make("tr");
    row.append(...COLUMNS.map((each) => cellOf(each, plugin, report.at)));
    return row;
  });
  if (rows.length === 0) {
    const cell = make("td", "No plugin is served.", "empty");
    cell.colSpan = COLUMNS.length;
    rows.push(make("tr"));
    rows[0].append(cell);
  }
  byId("plugins").replaceChildren(...rows);
  byId("problems").replaceChildren(...report.problems.map(({ plugin, reason }) => make("p", "Plugin " + plugin + " does not load: " + reason)));
};

const showServer = () => {
  const { state, process: facts, gateways, listening } = report;
  const open = gateways.map(({ gateway, connections }) => gateway + " " + connections + " connection" + (connections === 1 ? "" : "s"));
  const words = ["version " + facts.version, "process " + facts.pid, "up " + age(report.at - facts.startedAt), ...open, size(facts.residentBytes), ...listening];
  byId("server").replaceChildren(make("span", state, "state" + (state === "serving" ? "" : " wrong")), words.join(" · "));
};

const show = () => {
  if (!report) return;
  showServer();
  showCharts();
  showTable();
};

const ask = async (path) => {
  const answer = await fetch(path, { cache: "no-store" });
  if (!answer.ok) throw new Error("status " + answer.status);
  return answer.json();
};
const notice = (text) => {
  byId("notice").hidden = text === "";
  byId("notice").textContent = text;
};
let asked = 0;
const refresh = async () => {
  try {
    if (Date.now() - asked >= HISTORY_INTERVAL) {
      history = await ask("history");
      asked = Date.now();
    }
    report = await ask("status");
    notice("");
    show();
  } catch (error) {
    notice("The server does not answer (" + error.message + "): what is shown is from " + (report ? clock(report.at) : "nowhere") + ".");
  }
  setTimeout(refresh, document.hidden ? 5 * INTERVAL : INTERVAL);
};
refresh();
`;
