#!/usr/bin/env node
// Starts pluginserver for npm, pnpm and yarn, some of which start nothing but JavaScript. Gateways start `pluginserver` beside this file.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const main = new URL("../dist/apps/cli/main.js", import.meta.url);
const args = process.argv.slice(2);

// A dump must be alone on stdout, whatever native addons of plugins write there: they write to stderr.
if (args.some((argument) => /^--?dump/.test(argument))) {
  const stdio = ["inherit", 2, "inherit", "ignore", "ignore", "ignore", "ignore", "ignore", "ignore", 1];
  const env = { ...process.env, PLUGINSERVER_STDOUT_FD: "9" };
  const { status, error } = spawnSync(process.execPath, [...process.execArgv, fileURLToPath(main), ...args], { stdio, env });
  if (error !== undefined) throw error;
  process.exitCode = status ?? 1;
} else {
  await import(main);
}
