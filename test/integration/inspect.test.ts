import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { once } from "node:events";
import { SourceMap, type SourceMapPayload } from "node:module";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { CdpClient } from "../support/cdp-client.js";
import {
  createTempDir,
  runCli,
  type RunningServer,
  runPhase,
  startInstance,
  startServer,
  type TempDir,
  WireClient,
} from "../support/index.js";

const PLUGIN = `import { definePlugin } from "pluginserver/pdk";

interface Greeting { readonly text: string }

export default definePlugin({
  version: "1.0.0",
  async access(kong) {
    const greeting: Greeting = { text: "good day" };
    await kong.response.setHeader("x-greeting", greeting.text);
  },
});
`;
/** Of the line that sets the header, counted from one. */
const LINE = 9;

let temp: TempDir;
let server: RunningServer | undefined;

beforeEach(() => {
  temp = createTempDir("inspect");
  temp.write("plugins/greet.ts", PLUGIN);
  temp.write(
    "plugins/other.cjs",
    'module.exports = { Plugin: class { async access(kong) { await kong.response.setStatus(201); } }, Version: "1.0.0" };',
  );
});

afterEach(async () => {
  await server?.close();
  server = undefined;
  temp.remove();
});

async function freePort(): Promise<number> {
  const socket = createServer().listen(0, "127.0.0.1");
  await once(socket, "listening");
  const { port } = socket.address() as AddressInfo;
  socket.close();
  await once(socket, "close");
  return port;
}

interface Inspected {
  readonly server: RunningServer;
  readonly port: number;
  readonly debuggerUrl: string;
}

async function startInspected(flags: readonly string[] = []): Promise<Inspected> {
  const port = await freePort();
  const started = await startServer({
    plugins: `${temp.path}/plugins`,
    prefix: temp.path,
    flags: ["-inspect", `greet=${port}`, ...flags],
  });
  server = started;
  const line = await started.waitForLine(/greet.* the debugger listens on 127\.0\.0\.1:\d+/);
  return { server: started, port, debuggerUrl: urlIn(line) };
}

const urlIn = (line: string): string => /ws:\/\/[0-9.:]+\/[0-9a-f-]+/.exec(line)?.[0] ?? "";

/** Sets a breakpoint the way an editor does: in the TypeScript, through the script's source map. Resolves with the script's map. */
async function breakInSource(cdp: CdpClient): Promise<SourceMap> {
  await cdp.call("Runtime.enable");
  await cdp.call("Debugger.enable");
  const source = pathToFileURL(`${temp.path}/plugins/greet.ts`).href;
  const script = await cdp.event("Debugger.scriptParsed", ({ url, sourceMapURL }) => url === source && sourceMapURL !== "");
  const data = String(script["sourceMapURL"]).replace(/^data:application\/json;base64,/, "");
  const payload = JSON.parse(Buffer.from(data, "base64").toString()) as SourceMapPayload;
  expect(payload.sources).toContain(source);
  const map = new SourceMap(payload);
  const lineNumber = generatedLine(map, source, LINE);
  await cdp.call("Debugger.setBreakpoint", { location: { scriptId: script["scriptId"], lineNumber } });
  return map;
}

function generatedLine(map: SourceMap, source: string, line: number): number {
  for (let generated = 0; generated < 1000; generated++) {
    for (let column = 0; column < 40; column++) {
      const entry = map.findEntry(generated, column);
      if (
        "originalLine" in entry &&
        entry.originalSource === source &&
        entry.originalLine === line - 1 &&
        entry.generatedLine === generated
      )
        return generated;
    }
  }
  throw new Error(`no code of line ${line}`);
}

interface CallFrame {
  readonly callFrameId: string;
  readonly functionName: string;
  readonly location: { readonly lineNumber: number; readonly columnNumber: number };
}

describe("-inspect", () => {
  it("stops at a breakpoint in the TypeScript, for as long as it takes, while others go on", async () => {
    const { debuggerUrl, server: running } = await startInspected([
      "-stall-timeout",
      "100ms",
      // The other plugin's event has this long as well, on a busy machine too.
      "-event-timeout",
      "2s",
      "-load-timeout",
      "1s",
    ]);
    const cdp = await CdpClient.connect(debuggerUrl);
    const map = await breakInSource(cdp);
    const client = await WireClient.connect(running.socketPath);
    const run = runPhase(client, await startInstance(client, "greet", {}), "access");

    const frames = (await cdp.event("Debugger.paused"))["callFrames"] as CallFrame[];
    const [frame] = frames;
    if (frame === undefined) throw new Error("no frame");
    const { lineNumber, columnNumber } = frame.location;
    expect(map.findEntry(lineNumber, columnNumber)).toMatchObject({ originalLine: LINE - 1 });
    const value = await cdp.call("Debugger.evaluateOnCallFrame", { callFrameId: frame.callFrameId, expression: "greeting.text" });
    expect(value["result"]).toMatchObject({ value: "good day" });

    // Longer than every limit there is: what must not happen would happen now.
    await sleep(2500);
    const other = await WireClient.connect(running.socketPath);
    const meanwhile = await runPhase(other, await startInstance(other, "other", {}), "access");
    expect(meanwhile.calls).toEqual([{ method: "kong.response.set_status", args: [201] }]);

    await cdp.call("Debugger.resume");
    expect((await run).calls).toEqual([{ method: "kong.response.set_header", args: ["x-greeting", "good day"] }]);
    expect(running.lines.filter((line) => /isolate ended|took too long|sign of life/.test(line))).toEqual([]);
    await Promise.all([cdp.close(), client.close(), other.close()]);
  });

  it("opens in that plugin's isolate alone", async () => {
    const { debuggerUrl, server: running, port } = await startInspected();
    const cdp = await CdpClient.connect(debuggerUrl);
    const { result } = await cdp.call("Runtime.evaluate", { expression: "process.pid", returnByValue: true });
    expect((result as { value: number }).value).not.toBe(running.pid);
    const targets = (await (await fetch(`http://127.0.0.1:${port}/json/list`)).json()) as unknown[];
    expect(targets).toHaveLength(1);
    await cdp.close();
  });

  it("ends with the server, also at a breakpoint", async () => {
    const { debuggerUrl, server: running } = await startInspected(["-drain-timeout", "200ms"]);
    const cdp = await CdpClient.connect(debuggerUrl);
    await breakInSource(cdp);
    const client = await WireClient.connect(running.socketPath);
    const run = runPhase(client, await startInstance(client, "greet", {}), "access").catch(() => undefined);
    await cdp.event("Debugger.paused");
    expect(await running.close()).toEqual({ code: 0, signal: null });
    await run;
    await Promise.all([cdp.close(), client.close()]);
  });

  it("opens again in the isolate of a reloaded plugin", async () => {
    const { debuggerUrl, server: running } = await startInspected();
    temp.write("plugins/greet.ts", PLUGIN.replace("good day", "good night"));
    await running.waitForLine(/plugin greet was reloaded/);
    const isNew = (line: string): boolean => line.includes("the debugger listens") && urlIn(line) !== debuggerUrl;
    while (!running.lines.some(isNew)) await sleep(20);
    const cdp = await CdpClient.connect(urlIn(running.lines.find(isNew) ?? ""));
    await breakInSource(cdp);
    await cdp.close();
  });

  it("warns of a plugin that is not there, and of an address that others can reach", async () => {
    const port = await freePort();
    server = await startServer({
      plugins: `${temp.path}/plugins`,
      prefix: temp.path,
      flags: ["-inspect", `nobody=0.0.0.0:${port}`],
    });
    await server.waitForLine(/-inspect: there is no plugin nobody; there are: greet, other/);
    await server.waitForLine(/-inspect: whoever can reach 0\.0\.0\.0 can run any code/);
  });

  it.each([["greet="], ["=9229"], ["greet=port"], ["greet=0"], ["greet=127.0.0.1:99999"]])("does not take %s", async (value) => {
    const { code, stderr } = await runCli(["-plugins-dir", temp.path, `-inspect=${value}`]);
    expect(code).toBe(2);
    expect(stderr).toContain("-inspect takes a plugin");
  });
});
