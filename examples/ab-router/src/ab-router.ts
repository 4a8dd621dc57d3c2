// Sends a share of the users to another service, the same users each time.
import { createHash } from "node:crypto";
import { definePlugin } from "pluginserver/pdk";

export default definePlugin({
  version: "1.0.0",
  priority: 500,
  schema: [
    { percent: { type: "integer", required: true, between: [0, 100] } },
    { host: { type: "string", required: true } },
    { port: { type: "integer", default: 80, between: [1, 65_535] } },
    { salt: { type: "string", default: "ab" } },
    { override_header: { type: "string", default: "x-variant" } },
  ],
  async access(kong, config) {
    const [consumer, address, wanted] = await Promise.all([
      kong.client.getConsumer(),
      kong.client.getForwardedIp(),
      kong.request.getHeader(config.override_header),
    ]);
    const variant =
      wanted === "a" || wanted === "b" ? wanted : variantOf(`${config.salt}:${consumer?.id ?? address}`, config.percent);
    if (variant === "b") await kong.service.setTarget(config.host, config.port);
    await kong.service.request.setHeader("x-variant", variant);
    await kong.response.setHeader("x-variant", variant);
  },
});

/** From 0 to 99, the same for the same user. */
function variantOf(user: string, percent: number): "a" | "b" {
  const bucket = createHash("sha256").update(user).digest().readUInt32BE(0) % 100;
  return bucket < percent ? "b" : "a";
}
