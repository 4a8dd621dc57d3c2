// Writes docs/metrics.md: each metric by its name in Prometheus.

/** `metrics` is the table of src/apps/admin/metrics, `nameOf` gives a metric's name. */
export function renderMetrics(metrics, nameOf, intro) {
  const rows = metrics.map((metric) => {
    const labels = metric.labels.map((label) => `\`${label}\``).join(", ");
    return `| \`${nameOf(metric)}\` | ${metric.kind} | ${metric.help} | ${labels} |`;
  });
  return `${intro}\n\n## All metrics\n\n| name | kind | what it says | labels |\n|---|---|---|---|\n${rows.join("\n")}\n`;
}
