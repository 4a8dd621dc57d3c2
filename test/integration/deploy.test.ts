// What deploy/ offers to operators names metrics that there are, and a real Prometheus raises each of its alerts.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { METRICS } from "../../src/apps/admin/metrics/metric-table.js";
import { prometheusName } from "../../src/apps/admin/metrics/metric.js";

const DEPLOY = fileURLToPath(new URL("../../deploy", import.meta.url));
const ALERTS = join(DEPLOY, "prometheus/alerts.yml");
const read = (name: string): string => readFileSync(join(DEPLOY, name), "utf8");

const NAMES = new Set(
  METRICS.flatMap((metric) => {
    const name = prometheusName(metric);
    return metric.kind === "histogram" ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name];
  }),
);

const promtool = (...args: readonly string[]): ReturnType<typeof spawnSync> =>
  spawnSync("promtool", [...args], { cwd: join(DEPLOY, "prometheus"), encoding: "utf8" });

const hasPromtool = promtool("--version").status === 0;

it.each(["prometheus/alerts.yml", "prometheus/alerts.test.yml", "grafana/pluginserver.json"])(
  "%s names metrics that there are",
  (name) => {
    const named = [...read(name).matchAll(/\b(?:pluginserver|process)_[a-z_]+/g)].map(([metric]) => metric);
    expect(named.length).toBeGreaterThan(8);
    expect(named.filter((metric) => !NAMES.has(metric))).toEqual([]);
  },
);

it("has figures for each alert that raise it", () => {
  const alerts = [...read("prometheus/alerts.yml").matchAll(/alert: (\w+)/g)].map(([, alert]) => alert);
  const raised = [...read("prometheus/alerts.test.yml").matchAll(/alertname="(\w+)"/g)].map(([, alert]) => alert);
  expect(raised).toEqual(alerts);
});

it.skipIf(!hasPromtool)(
  "has rules that Prometheus takes, and each alert is raised (skipped without promtool: apt-get install prometheus)",
  () => {
    expect(promtool("check", "rules", ALERTS)).toMatchObject({ status: 0 });
    const { status, stdout, stderr } = promtool("test", "rules", "alerts.test.yml");
    expect({ status, output: `${String(stdout)}${status === 0 ? "" : String(stderr)}` }).toMatchObject({ status: 0 });
  },
);
