// Says where `pluginserver/server` is.
import { fileURLToPath } from "node:url";

/** Absolute path of the module that makes a plugin a program. */
export const SERVER_ENTRY = fileURLToPath(new URL("./public.js", import.meta.url));
