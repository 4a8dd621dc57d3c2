// What a plugin imports as `pluginserver/server` to be a program.
import { guardDump } from "./guard-dump.js";

// Before the plugin's own module runs: whatever it prints, a dump is alone on stdout.
guardDump(process.argv.slice(2));

export { type EmbeddablePlugin, type New, startServer } from "./start-server.js";
