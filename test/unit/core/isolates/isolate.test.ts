// Whatever comes over the channel of an isolate: what is not its own is dropped and told once, and harms nobody.
import { once } from "node:events";
import { Socket } from "node:net";
import { spawn } from "node:child_process";
import { MessageChannel, type MessagePort } from "node:worker_threads";
import { expect, it } from "vitest";
import { type IsolateMessage, pipePort, threadPort } from "../../../../src/core/channel/index.js";
import { BatchWriter } from "../../../../src/core/channel/ports/batch.js";
import { writeAsks, writeFailure, writeDone } from "../../../../src/core/channel/reports.js";
import type { IsolateLimits } from "../../../../src/core/isolates/isolate-options.js";
import { PluginTelemetry } from "../../../../src/core/telemetry/index.js";
import { Isolate } from "../../../../src/core/isolates/isolate.js";

type Heard = [name: string, ...args: unknown[]];

const LIMITS: IsolateLimits = {
  memory: 2 ** 30,
  maxCalls: 100,
  stallTimeout: 60_000,
  loadTimeout: 60_000,
  maxBodySize: 0,
  idleTimeout: 60_000,
  endTimeout: 60_000,
  disposeTimeout: 60_000,
  env: {},
};

/** An isolate at whose other end the test is. Calls 1 and 2 run in it. */
function isolateAt(port: MessagePort, heard: Heard[]): Isolate {
  const hear =
    (name: string) =>
    (...args: unknown[]): void =>
      void heard.push([name, ...args]);
  const isolate = new Isolate({
    transport: {
      port: threadPort(port),
      gate: undefined,
      ended: new Promise<undefined>(() => {}),
      terminate: () => Promise.resolve(),
    },
    limits: LIMITS,
    telemetry: PluginTelemetry.ofNobody("p").isolateStarted({ slot: 0, kind: "thread", limit: LIMITS.memory }),
    hasOwnSocket: false,
    isInspected: false,
    owner: {
      isolateReady: hear("Ready"),
      isolateHeavy: hear("Heavy"),
      isolateDied: hear("Died"),
      bindingFailed: hear("BindingFailed"),
    },
    listener: {
      onAsks: hear("Asks"),
      onDone: hear("Done"),
      onFailure: hear("Failure"),
      onBindingFailed: () => {},
      onLog: hear("Log"),
    },
  });
  isolate.bind({ id: BINDING, config: "{}" });
  for (const callId of [1, 2]) isolate.start({ callId, bindingId: BINDING, functionName: "access" });
  return isolate;
}

const BINDING = 5;

const batchOf = (write: (batch: BatchWriter) => void): unknown => {
  const writer = new BatchWriter();
  write(writer);
  return writer.take().batch;
};

function truncatedFailure(): unknown {
  return batchOf((batch) => {
    batch.byte(2);
    batch.number(1);
    batch.text("{");
  });
}

const error = { name: "Error", message: "m", stack: "s" };
const deep = (levels: number): unknown => (levels === 0 ? 1 : [deep(levels - 1)]);

it.each<[string, unknown]>([
  ["a text", "ready"],
  ["null", null],
  ["nothing", undefined],
  ["a list", []],
  ["a deep one", deep(2000)],
  ["no kind", {}],
  ["an unknown kind", { kind: "constructor" }],
  ["a weight that is no number", { kind: "pong", memory: "much" }],
  ["a thread that is a path", { kind: "thread", thread: "1/task/../../2/task/2" }],
  ["a level that is none", { kind: "log", entry: { level: "constructor", message: "x" } }],
  ["an entry that is none", { kind: "log", entry: null }],
  ["an error that is none", { kind: "binding-failed", bindingId: 1, error: "x" }],
  ["a prefetch that is none", { kind: "prefetch", bindingId: 1, functionName: "access", prefetch: [1] }],
  ["a batch without bytes", { kind: "batch" }],
  ["a batch with parts that are none", { kind: "batch", bytes: new Uint8Array([2]), large: [1] }],
  ["a batch that ends too early", new Uint8Array([0, 1])],
  ["a batch of zeros", new Uint8Array(1000)],
  ["a failure that is no JSON", truncatedFailure()],
])("%s is dropped, and told once", async (_name, message) => {
  const { port1, port2 } = new MessageChannel();
  const heard: Heard[] = [];
  isolateAt(port1, heard);
  port2.postMessage(message);
  port2.postMessage(message);
  port2.postMessage({ kind: "ready" } satisfies IsolateMessage);
  await expect.poll(() => heard.some(([name]) => name === "Ready")).toBe(true);
  expect(heard.filter(([name]) => name === "Log")).toEqual([
    ["Log", { level: "warn", message: expect.stringContaining("was dropped") as unknown }],
  ]);
  expect(heard.filter(([name]) => name !== "Log" && name !== "Ready" && name !== "Asks")).toEqual([]);
  port1.close();
});

it("what is its own comes through: every kind, and batches", async () => {
  const { port1, port2 } = new MessageChannel();
  const heard: Heard[] = [];
  const isolate = isolateAt(port1, heard);
  const messages: IsolateMessage[] = [
    { kind: "ready" },
    { kind: "pong", memory: 1, vitals: { heap: 1, external: 0, delay: 0 } },
    { kind: "weighed", memory: 2 },
    { kind: "productive" },
    { kind: "binding-failed", bindingId: 3, error },
    { kind: "log", entry: { level: "info", message: "x", functionName: "access", bindingId: 4, error } },
    { kind: "prefetch", bindingId: BINDING, functionName: "access", prefetch: [Buffer.from("a")] },
  ];
  for (const message of messages) port2.postMessage(message);
  const data = Buffer.from("call");
  port2.postMessage(
    batchOf((batch) => {
      writeAsks(batch, 1, [{ data, wantsAnswer: true, ends: false }]);
      writeDone(batch, 1);
      writeFailure(batch, 2, error);
    }),
  );
  await expect.poll(() => heard.map(([name]) => name).join()).toBe("Ready,BindingFailed,Log,Asks,Done,Failure");
  expect(isolate.productive).toBe(true);
  expect(isolate.prefetchOf({ callId: 3, bindingId: BINDING, functionName: "access" })).toMatchObject([{ wantsAnswer: true }]);
  expect(heard.at(-1)).toEqual(["Failure", 2, error, { handlerTime: undefined }]);
  port1.close();
});

it("over a pipe: messages of any size, split and glued anyhow, and bytes that are none close it", async () => {
  // What is written to it comes back.
  const child = spawn("/bin/sh", ["-c", "cat <&3 >&3"], { stdio: ["ignore", "ignore", "inherit", "pipe"] });
  const [, , , pipe] = child.stdio;
  if (!(pipe instanceof Socket)) throw new Error("no pipe");
  let broken = 0;
  const port = pipePort(pipe, () => (broken += 1));
  const large = new Uint8Array(300_000).fill(7);
  const sent = [
    "text",
    { kind: "pong", memory: 1, vitals: { heap: 1, external: 0, delay: 0 } },
    new Uint8Array([1, 2, 3]),
    new Uint8Array(0),
    { kind: "batch", bytes: new Uint8Array(200_000).fill(1), large: [large, large.subarray(1)] },
    { list: deep(50) },
  ];
  const received: unknown[] = [];
  for (const message of sent) port.postMessage(message);
  port.onFirst((message) => received.push(message));
  await expect.poll(() => received.length).toBe(1);
  port.onMessage((message) => received.push(message));
  await expect.poll(() => received.length).toBe(sent.length);
  expect(received).toEqual(sent);
  pipe.write(Buffer.alloc(100, 0xff));
  await port.closed;
  expect(broken).toBe(1);
  await once(child, "exit");
});
