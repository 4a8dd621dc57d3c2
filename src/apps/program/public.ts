// What a plugin imports as `pluginserver/server` to be a program.
import { giveStderrBack } from "./unmade-stderr.js";
import { isOwnThread } from "../../core/isolates/index.js";
import { guardDump, holdOutput } from "./output.js";

// Before the plugin's own module runs: whatever it prints, a dump is alone on stdout.
guardDump(process.argv.slice(2));
giveStderrBack();
if (isOwnThread()) holdOutput();

export { type EmbeddablePlugin, type New, startServer } from "./start-server.js";
