// Which folder of src may import which others: apps know gateways, gateways know the core, the core knows nobody.
// docs/architecture.md says why; the lint rule below and a test that reads the imports themselves hold it.
import { dirname, relative, resolve } from "node:path";

/** Everything of the core that a gateway may use. */
const CORE = [
  "calls",
  "channel",
  "isolates",
  "log",
  "model",
  "net",
  "plugins",
  "runtime",
  "server",
  "service-manager",
  "signing",
  "supervisor",
  "telemetry",
  "worker",
].map((name) => `core/${name}`);
const kong = (...names) => names.map((name) => `gateways/kong/${name}`);
const tyk = (...names) => names.map((name) => `gateways/tyk/${name}`);

export const IMPORTS = {
  "core/model": [],
  "core/runtime": [],
  "core/signing": ["core/model"],
  "core/telemetry": ["core/model"],
  "core/net": ["core/model"],
  "core/service-manager": ["core/model", "core/net"],
  "core/supervisor": ["core/net", "core/runtime", "core/service-manager"],
  "core/channel": ["core/model", "core/net", "core/telemetry"],
  "core/log": ["core/channel", "core/model"],
  "core/isolates": ["core/channel", "core/model", "core/net", "core/runtime", "core/telemetry"],
  "core/worker": ["core/channel", "core/model", "core/net", "core/telemetry"],
  "core/plugins": ["core/channel", "core/isolates", "core/model", "core/runtime", "core/signing"],
  "core/calls": ["core/channel", "core/model", "core/telemetry"],
  "core/server": [
    ...["calls", "channel", "isolates", "log", "model", "plugins", "telemetry", "worker"].map((name) => `core/${name}`),
  ],

  "gateways/kong/pdk": [],
  "gateways/kong/schema": ["core/model"],
  // What the stand-in gateway runs, and, for plugins behind another gateway, the isolate itself.
  "gateways/kong/pdk-functions": kong("pdk"),
  "gateways/kong/standin": ["core/model", ...kong("pdk-functions")],
  "gateways/kong/conf": ["core/model", "core/net", ...kong("usage")],
  "gateways/kong/usage": kong("pdk", "protobuf"),
  "gateways/kong/msgpack": ["core/model", "core/net"],
  "gateways/kong/protobuf": ["core/model", "core/net", ...kong("msgpack", "pdk")],
  // In isolates: nothing of the host.
  "gateways/kong/worker": ["core/channel", "core/model", "core/worker", ...kong("msgpack", "pdk", "protobuf", "schema")],
  "gateways/kong/rpc": ["core/calls", "core/channel", "core/model", "core/net", "core/server", ...kong("msgpack", "protobuf")],
  "gateways/kong/server": [...CORE, ...kong("msgpack", "pdk", "rpc", "schema", "worker")],
  "gateways/kong/socket-group": [...CORE, ...kong("rpc", "server", "worker")],

  // Facts and files of the other gateway: none of them runs in isolates.
  "gateways/tyk/releases": ["core/model"],
  "gateways/tyk/bundles": ["core/model", "core/runtime"],
  "gateways/tyk/standin": ["core/model", ...tyk("messages", "releases")],
  "gateways/tyk/definitions": ["core/model", "core/plugins", ...tyk("api")],
  "gateways/tyk/address": [],
  "gateways/tyk/conf": ["core/model", ...tyk("address", "messages", "releases")],
  // In isolates too.
  "gateways/tyk/messages": ["core/model"],
  "gateways/tyk/api": [],
  "gateways/tyk/worker": ["core/channel", "core/model", "core/worker", ...tyk("api", "messages")],
  "gateways/tyk/http2": ["core/model", "core/net", ...tyk("address")],
  "gateways/tyk/dispatcher": [
    ...["calls", "channel", "log", "model", "server"].map((name) => `core/${name}`),
    ...tyk("api", "definitions", "http2", "messages"),
  ],
  "gateways/tyk/server": [...CORE, ...tyk("address", "bundles", "definitions", "dispatcher", "http2", "messages")],

  build: ["core/model", "core/plugins", "core/runtime", "core/signing"],
  // What an executable with the server in it starts with, before any other module is on the disk.
  "apps/executable": ["core/model", "core/runtime"],
  // Names the modules of every gateway's API.
  "apps/plugin-api": ["core/plugins", ...kong("pdk")],
  "apps/flags": ["core/log", "core/model", "core/supervisor", ...kong("conf"), ...tyk("address")],
  "apps/bundles": ["core/model", "core/net", "core/runtime", "core/telemetry", ...tyk("bundles")],
  "apps/settings": ["apps/flags", "core/model"],
  "apps/admin": ["core/model", "core/net", "core/telemetry"],
  "apps/program": [
    ...["admin", "operator", "flags", "gateways", "plugin-api", "settings"].map((name) => `apps/${name}`),
    ...CORE,
    ...kong("pdk", "server", "worker"),
    ...tyk("api", "definitions", "server"),
  ],
  // What operators see of a server, on both sides of its admin socket.
  "apps/operator": [...["log", "model", "plugins", "runtime", "server", "supervisor", "telemetry"].map((name) => `core/${name}`)],
  "apps/console": ["apps/operator", "core/log", "core/model", "core/net"],
  // Joins the halves of all gateways in an isolate.
  "apps/gateways": [
    ...["channel", "model", "plugins", "worker"].map((name) => `core/${name}`),
    ...kong("msgpack", "pdk", "pdk-functions", "schema", "server", "usage", "worker"),
    ...tyk("api", "worker"),
  ],
  "apps/testing": [
    "apps/gateways",
    "apps/plugin-api",
    "core/channel",
    "core/model",
    "core/plugins",
    "core/worker",
    ...kong("msgpack", "pdk", "pdk-functions", "rpc", "schema", "standin", "worker"),
    ...tyk("api", "messages", "releases", "standin", "worker"),
  ],
  "apps/cli": [
    "apps/admin",
    "apps/bundles",
    "apps/operator",
    "apps/console",
    "apps/flags",
    "apps/gateways",
    "apps/plugin-api",
    "apps/program",
    "apps/settings",
    "build",
    ...CORE,
    ...kong("conf", "pdk", "pdk-functions", "server", "socket-group", "standin", "usage"),
    ...tyk("bundles", "conf", "definitions", "http2", "releases", "server", "standin"),
  ],
};

/** The folder that a file of src belongs to, from its path relative to src: one folder, one door. */
export function folderOf(path) {
  const parts = path.split("/");
  if (parts[0] === "gateways") return parts.slice(0, 3).join("/");
  return parts[0] === "core" || parts[0] === "apps" ? parts.slice(0, 2).join("/") : parts[0];
}

const SRC = resolve(import.meta.dirname, "src");

/** Refuses an import of a folder that the table does not allow, or past another folder's door. */
export const importRule = {
  meta: { type: "problem", schema: [] },
  create(context) {
    const file = relative(SRC, context.filename);
    const from = folderOf(file);
    const check = (source) => {
      if (source?.type !== "Literal" || typeof source.value !== "string" || !source.value.startsWith(".")) return;
      const target = relative(SRC, resolve(dirname(context.filename), source.value));
      const to = folderOf(target);
      if (target.startsWith("..") || to === from) return;
      if (IMPORTS[from]?.includes(to) !== true)
        context.report({ node: source, message: `src/${from} may not import src/${to}: see docs/architecture.md` });
      else if (target !== `${to}/index.js`)
        context.report({ node: source, message: `import src/${to} through its door, index.js` });
    };
    return {
      ImportDeclaration: ({ source }) => check(source),
      ImportExpression: ({ source }) => check(source),
      ExportNamedDeclaration: ({ source }) => check(source),
      ExportAllDeclaration: ({ source }) => check(source),
    };
  },
};
