// Sends a line about each request to a collector, many at once, and none is lost when the plugin is replaced or the server ends.
import { definePlugin } from "pluginserver/pdk";

const PAUSE = 500;
/** Lines that wait for a collector that does not answer: beyond it the oldest are dropped, and counted. */
const MOST = 10_000;

const waiting = new Map<string, string[]>();
let dropped = 0;
let timer: NodeJS.Timeout | undefined;
let sending: Promise<void> = Promise.resolve();

async function send(): Promise<void> {
  for (const [url, lines] of waiting) {
    const batch = lines.splice(0);
    if (batch.length === 0) continue;
    try {
      const body = `${batch.join("\n")}\n`;
      const answer = await fetch(url, {
        method: "POST",
        body,
        headers: { "content-type": "application/x-ndjson" },
        signal: AbortSignal.timeout(5000),
      });
      await answer.arrayBuffer();
      if (!answer.ok) throw new Error(`it answered ${answer.status}`);
    } catch (error) {
      console.error(`the collector ${new URL(url).host} did not take ${batch.length} lines: ${String(error)}`);
      lines.unshift(...batch);
      dropped += lines.splice(0, Math.max(0, lines.length - MOST)).length;
    }
  }
}

/** One after the other. */
const flush = (): Promise<void> => (sending = sending.then(send));

export default definePlugin({
  version: "1.0.0",
  priority: 5,
  schema: [
    { url: { type: "string", required: true, match: "^https?://" } },
    { fields: { type: "array", elements: { type: "string" }, default: ["client_ip", "started_at", "upstream_uri"] } },
  ],
  init() {
    timer = setInterval(() => flush().catch(console.error), PAUSE);
  },
  async dispose() {
    clearInterval(timer);
    await flush();
    if (dropped > 0) console.error(`${dropped} lines were dropped`);
  },
  async log(kong, config) {
    const record = JSON.parse(String(await kong.log.serialize())) as Readonly<Record<string, unknown>>;
    const { request, response, consumer } = record as { request?: Entry; response?: Entry; consumer?: Entry };
    const chosen = Object.fromEntries(config.fields.map((name) => [name, record[name]]));
    const line = {
      ...chosen,
      method: request?.["method"],
      uri: request?.["uri"],
      status: response?.["status"],
      consumer: consumer?.["username"],
    };
    const lines = waiting.get(config.url) ?? [];
    lines.push(JSON.stringify(line));
    waiting.set(config.url, lines);
  },
});

type Entry = Readonly<Record<string, unknown>>;
