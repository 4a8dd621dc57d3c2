// What the gateway of kong-js-pdk's tests says of clients, routes and itself, whatever the request.
import { randomUUID } from "node:crypto";
import type { TestSettings } from "../options.js";

const MEMORY = {
  lua_shared_dicts: {
    kong: { allocated_slabs: 12_288, capacity: 24_576 },
    kong_db_cache: { allocated_slabs: 12_288, capacity: 12_288 },
  },
  workers_lua_vms: [
    { http_allocated_gc: 1102, pid: 18_004 },
    { http_allocated_gc: 1102, pid: 18_005 },
  ],
};

/** Existing tests may count on these values; everything else is answered from the request. */
export const KONG_JS_ANSWERS = {
  "kong.client.get_ip": "1.2.3.4",
  "kong.client.get_forwarded_ip": "1.2.3.4",
  "kong.client.get_port": 443,
  "kong.client.get_forwarded_port": 443,
  "kong.client.get_protocol": "https",
  "kong.client.get_credential": () => ({ id: randomUUID(), consumer_id: "123456" }),
  "kong.client.load_consumer": () => ({ id: randomUUID(), username: "Jon Doe" }),
  "kong.ip.is_trusted": true,
  "kong.node.get_id": "a9777ac2-57e6-482b-a3c4-ef3d6ca41a1f",
  "kong.node.get_memory_stats": MEMORY,
  "kong.router.get_route": () => ({
    id: randomUUID(),
    name: "route_66",
    protocols: ["http", "tcp"],
    paths: ["/v0/left", "/v1/this"],
  }),
  "kong.router.get_service": () => ({ id: randomUUID(), name: "self_service", protocol: "http", path: "/v0/left" }),
  "kong.service.set_upstream": true,
} as const satisfies NonNullable<TestSettings["pdk"]>;
