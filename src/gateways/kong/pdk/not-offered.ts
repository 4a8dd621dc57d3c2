// Owns the functions of the gateway that `kong` does not offer, because no recorded gateway lets a plugin server use them.

export interface NotOffered {
  /** The gateway's name, e.g. `kong.response.get_raw_body`. */
  readonly method: `kong.${string}`;
  /**
   * `refused`: the gateway leaves every call without an answer, so that none is sent. `unknown`: it has no such function for a
   * plugin server, and answers nothing; a call is sent all the same, as a newer one may have it.
   */
  readonly because: "refused" | "unknown";
  /** What to do instead. */
  readonly instead: string;
}

/** What PDK documentation of the gateway has, and `kong` has not. */
export const PDK_NOT_OFFERED = [
  {
    method: "kong.response.get_raw_body",
    because: "refused",
    instead: "use kong.service.response.getRawBody in the response phase",
  },
  {
    method: "kong.response.set_raw_body",
    because: "refused",
    instead: "use kong.response.exit in the response phase, with the status and the new body",
  },
  {
    method: "kong.client.get_consumer_groups",
    because: "unknown",
    instead: "use the tags of kong.client.getConsumer",
  },
  { method: "kong.cluster.get_id", because: "unknown", instead: "use kong.node.getId" },
  {
    method: "kong.ctx.plugin.get",
    because: "unknown",
    instead: "use kong.ctx.shared.get with a key that begins with the plugin's name",
  },
  {
    method: "kong.ctx.plugin.set",
    because: "unknown",
    instead: "use kong.ctx.shared.set with a key that begins with the plugin's name",
  },
  {
    method: "kong.service.request.disable_tls",
    because: "unknown",
    instead: 'use kong.service.request.setScheme("http")',
  },
  { method: "kong.telemetry.log", because: "unknown", instead: "use kong.log.setSerializeValue or kong.log" },
] as const satisfies readonly NotOffered[];
