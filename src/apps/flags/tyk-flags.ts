// Owns the flags that say how Tyk gateways are served.
import type { Flag } from "./flag.js";

export const TYK_FLAGS = [
  {
    name: "tyk",
    kind: "text",
    value: "value",
    commands: ["serve", "init", "tyk-conf"],
    help: "where Tyk gateways are served, `tcp://HOST:PORT` or `unix:///PATH`, beside Kong, or alone where no flag says where Kong finds the server (also for tyk-conf); init: NAME of a project for Tyk",
    document: { more: "[guide](tyk-guide.md)" },
  },
  {
    name: "tyk-apps",
    kind: "path",
    value: "dir",
    commands: ["serve"],
    help: "folder of API definitions, which plugins for Tyk may ask for",
  },
  {
    name: "tyk-api",
    kind: "text",
    value: "url",
    commands: ["serve"],
    help: "Gateway API of Tyk, where API definitions are asked for; its secret is in `TYK_SECRET`",
  },
  {
    name: "tyk-secret-file",
    kind: "path",
    value: "file",
    commands: ["serve"],
    help: "file with the secret of the Gateway API",
  },
  {
    name: "bundles",
    kind: "text",
    value: "url",
    commands: ["serve"],
    help: "bundles for Tyk, whose plugins are served too: a folder, or a URL with http, https or file",
    document: { more: "[guide](tyk-guide.md#bundles)" },
  },
  {
    name: "bundle",
    kind: "texts",
    value: "name",
    commands: ["serve"],
    help: "bundle that is served; may be given many times; by default all that API definitions name, or that are in the folder",
  },
  {
    name: "public-key",
    kind: "path",
    value: "key",
    commands: ["serve"],
    help: "public key (PEM, RSA): only bundles that were made with -sign are served",
  },
  {
    name: "bundle-interval",
    kind: "duration",
    value: "time",
    commands: ["serve"],
    help: "how often bundles are looked at again",
    document: { default: "`10s`, `1s` for a folder" },
  },
  {
    name: "bundle-cache",
    kind: "path",
    value: "dir",
    commands: ["serve"],
    help: "where the last good bundles are kept for the next start; the variables CACHE_DIRECTORY and XDG_CACHE_HOME count",
    document: { default: "`~/.cache/pluginserver`" },
  },
] as const satisfies readonly Flag[];
