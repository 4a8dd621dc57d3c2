// Adds fields to JSON bodies of requests and takes fields out of those of responses; other bodies pass untouched.
import { definePlugin } from "pluginserver/pdk";

export default definePlugin({
  version: "1.0.0",
  priority: 800,
  schema: [
    { add: { type: "map", keys: { type: "string" }, values: { type: "string" }, default: {} } },
    { remove: { type: "array", elements: { type: "string" }, default: [] } },
  ],
  async access(kong, config) {
    if (Object.keys(config.add).length === 0 || !isJson(await kong.request.getHeader("content-type"))) return;
    const body = readObject(await kong.request.getRawBody());
    if (body === undefined) return kong.response.exit(400, { message: "the body is no JSON object" });
    await kong.service.request.setRawBody(JSON.stringify({ ...body, ...config.add }));
  },
  // It makes the gateway buffer the responses of its routes: wrong for event streams.
  async response(kong, config) {
    if (!isJson(await kong.service.response.getHeader("content-type"))) return;
    const body = readObject(await kong.service.response.getRawBody());
    if (body === undefined) return;
    const kept = Object.fromEntries(Object.entries(body).filter(([name]) => !config.remove.includes(name)));
    return kong.response.exit(await kong.response.getStatus(), kept);
  },
});

const isJson = (type: string | undefined): boolean => /^application\/([\w.-]+\+)?json\b/i.test(type ?? "");

function readObject(bytes: Buffer): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(bytes.toString("utf8"));
    return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}
