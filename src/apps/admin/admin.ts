// Owns what a server shows of itself to operators, for as long as it runs: each part is loaded and opened only where a flag asks for it.
import type { Logger } from "pino";
import { UsageError } from "../../core/model/index.js";
import type { Telemetry } from "../../core/telemetry/index.js";
import type { HttpListener } from "./http-listener.js";
import { AdminRouter } from "./http-router.js";
import { parseListenAddress, parseOtlpUrl, parseStatsdAddress, traceRatioOf } from "./addresses.js";
import { TracedCalls } from "./metrics/exemplars.js";

export interface AdminOptions {
  /** Where metrics are served over HTTP: `HOST:PORT` or `unix:///PATH`. */
  readonly metrics: string | undefined;
  /** Base URL of a collector that takes OTLP over HTTP. */
  readonly otlp: string | undefined;
  /** Sends calls as spans there too; a number is the part that is recorded of those without a parent. */
  readonly traces: string | true | undefined;
  /** `HOST:PORT` of a StatsD server. */
  readonly statsd: string | undefined;
}

export interface Admin {
  /** What is served beside the metrics is added here. */
  readonly router: AdminRouter;
  /** Where metrics are served, if they are. */
  readonly url: string | undefined;
  /** Sends what has still to be sent, and ends. May be called twice. */
  close(): Promise<void>;
}

interface Part {
  close(): Promise<void>;
}

/** @throws {UsageError} for a value that its flag does not take. */
export function checkAdminOptions({ metrics, otlp, traces, statsd }: AdminOptions): void {
  if (metrics !== undefined) parseListenAddress("metrics", metrics);
  if (otlp !== undefined) parseOtlpUrl(otlp);
  if (statsd !== undefined) parseStatsdAddress(statsd);
  if (traceRatioOf(traces) !== undefined && otlp === undefined)
    throw new UsageError("-otlp is missing: say which collector gets the spans of -traces");
}

/** @throws {UsageError} as {@link checkAdminOptions}. */
export async function openAdmin(options: AdminOptions, telemetry: Telemetry, logger: Logger): Promise<Admin> {
  const { metrics, otlp, statsd } = options;
  const ratio = traceRatioOf(options.traces);
  const address = metrics === undefined ? undefined : parseListenAddress("metrics", metrics);
  const router = new AdminRouter();
  const parts: Part[] = [];
  if (statsd !== undefined) {
    const { StatsdSender } = await import("./statsd.js");
    parts.push(new StatsdSender(parseStatsdAddress(statsd), telemetry, logger));
  }
  if (otlp !== undefined) parts.push((await import("./otlp.js")).pushMetrics(parseOtlpUrl(otlp), telemetry));
  const exemplars = new TracedCalls();
  if (otlp !== undefined && ratio !== undefined) {
    const traces = telemetry.traceCalls(ratio);
    traces.onCall((call) => exemplars.note(call));
    const { pushSpans } = await import("./spans.js");
    parts.push(pushSpans(parseOtlpUrl(otlp), traces, telemetry.snapshot().process.version, logger));
  }
  let listener: HttpListener | undefined;
  if (address !== undefined) {
    router.add("/metrics", (await import("./metrics-route.js")).metricsRoute(telemetry, exemplars));
    listener = await (await import("./http-listener.js")).listenForOperators(address, router, logger);
    parts.push(listener);
  }
  return {
    router,
    url: listener?.url,
    close: async () => {
      await Promise.all(parts.splice(0).map((part) => part.close()));
    },
  };
}
