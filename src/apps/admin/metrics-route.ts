// Answers /metrics: asks the isolates what they hold, and writes everything in the format that the client takes.
import type { Telemetry } from "../../core/telemetry/index.js";
import type { AdminRoute } from "./http-router.js";
import type { Exemplars } from "./metrics/exemplars.js";
import { CONTENT_TYPES, prometheusText } from "./metrics/prometheus-text.js";
import { RecentQuantiles } from "./metrics/recent-quantiles.js";

export function metricsRoute(telemetry: Telemetry, exemplars?: Exemplars): AdminRoute {
  const quantiles = new RecentQuantiles(telemetry.snapshot().process.startedAt);
  return async ({ headers }) => {
    await telemetry.refresh();
    const figures = telemetry.snapshot();
    const format = headers.accept?.includes("application/openmetrics-text") === true ? "openmetrics" : "text";
    const source = { figures, quantiles: quantiles.read(figures), ...(exemplars === undefined ? {} : { exemplars }) };
    return { contentType: CONTENT_TYPES[format], body: prometheusText(source, format) };
  };
}
