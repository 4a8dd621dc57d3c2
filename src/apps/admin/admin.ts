// Owns what a server shows of itself to operators, for as long as it runs: each part is loaded and opened only where a flag asks for it.
import type { Logger } from "pino";
import type { Telemetry } from "../../core/telemetry/index.js";
import type { HttpListener } from "./http-listener.js";
import { AdminRouter } from "./http-router.js";
import { parseListenAddress, parseOtlpUrl, parseStatsdAddress } from "./addresses.js";

export interface AdminOptions {
  /** Where metrics are served over HTTP: `HOST:PORT` or `unix:///PATH`. */
  readonly metrics: string | undefined;
  /** Base URL of a collector that takes OTLP over HTTP. */
  readonly otlp: string | undefined;
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
export function checkAdminOptions({ metrics, otlp, statsd }: AdminOptions): void {
  if (metrics !== undefined) parseListenAddress("metrics", metrics);
  if (otlp !== undefined) parseOtlpUrl(otlp);
  if (statsd !== undefined) parseStatsdAddress(statsd);
}

/** @throws {UsageError} as {@link checkAdminOptions}. */
export async function openAdmin(options: AdminOptions, telemetry: Telemetry, logger: Logger): Promise<Admin> {
  const { metrics, otlp, statsd } = options;
  const address = metrics === undefined ? undefined : parseListenAddress("metrics", metrics);
  const router = new AdminRouter();
  const parts: Part[] = [];
  if (statsd !== undefined) {
    const { StatsdSender } = await import("./statsd.js");
    parts.push(new StatsdSender(parseStatsdAddress(statsd), telemetry, logger));
  }
  if (otlp !== undefined) parts.push((await import("./otlp.js")).pushMetrics(parseOtlpUrl(otlp), telemetry));
  let listener: HttpListener | undefined;
  if (address !== undefined) {
    router.add("/metrics", (await import("./metrics-route.js")).metricsRoute(telemetry));
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
