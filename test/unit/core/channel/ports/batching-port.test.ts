// What crosses a port: event messages of one tick in one message, control messages between them in order.
import { MessageChannel, type MessagePort } from "node:worker_threads";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  type Batch,
  BatchingPort,
  type HostMessage,
  isBatch,
  type IsolateMessage,
  type Ask,
  receiveCommands,
  receiveReports,
  threadPort,
  writeAsks,
  writeCancel,
  writeFailure,
  writeDone,
  writeStart,
  writeAnswer,
} from "../../../../../src/core/channel/index.js";

type Raw = Batch | HostMessage | IsolateMessage;

/** The far end of the channel: every message as it came, and what it means. */
class FarEnd {
  readonly raw: Raw[] = [];
  readonly calls: unknown[][] = [];
  readonly #port: MessagePort;

  constructor(port: MessagePort, direction: "commands" | "reports") {
    this.#port = port;
    const note =
      (name: string) =>
      (...args: unknown[]): void => {
        this.calls.push([name, ...args]);
      };
    const commands = { start: note("start"), answer: note("answer"), cancel: note("cancel") };
    const reports = { onAsks: note("onAsks"), onDone: note("onDone"), onFailure: note("onFailure") };
    port.on("message", (message: Raw) => {
      this.raw.push(message);
      if (!isBatch(message)) this.calls.push([message.kind]);
      else if (direction === "commands") receiveCommands(message, commands);
      else receiveReports(message, reports);
    });
  }

  /** Resolves when as many calls are there. */
  until(count: number): Promise<void> {
    return new Promise((resolve) => {
      const check = (): void => {
        if (this.calls.length < count) return;
        this.#port.off("message", check);
        resolve();
      };
      this.#port.on("message", check);
      check();
    });
  }
}

let channel: MessageChannel;
beforeEach(() => {
  channel = new MessageChannel();
});
afterEach(() => {
  channel.port1.close();
  channel.port2.close();
});

const commandPort = (): BatchingPort<HostMessage> => new BatchingPort(threadPort(channel.port1));
const reportPort = (): BatchingPort<IsolateMessage> => new BatchingPort(threadPort(channel.port1));
const STOP: HostMessage = { kind: "stop" };

describe("commands", () => {
  it("arrive as the calls they were", async () => {
    const far = new FarEnd(channel.port2, "commands");
    const port = commandPort();
    const asked = [
      { ask: Buffer.from("first"), failed: false, data: Buffer.from("a") },
      { ask: Buffer.from("second"), failed: true, data: undefined },
    ];
    writeStart(port.batch(), { callId: 2 ** 31 + 5, bindingId: 7, functionName: "access" });
    writeStart(port.batch(), { callId: 6, bindingId: 8, functionName: "log" }, asked);
    writeAnswer(port.batch(), 1, false, Buffer.from("c0ff", "hex"));
    writeAnswer(port.batch(), 2, true, undefined);
    writeAnswer(port.batch(), 3, false, Buffer.alloc(0));
    writeCancel(port.batch(), 4, "too long");
    await far.until(6);
    expect(far.calls).toEqual([
      ["start", { callId: 2 ** 31 + 5, bindingId: 7, functionName: "access" }, undefined],
      ["start", { callId: 6, bindingId: 8, functionName: "log" }, asked],
      ["answer", 1, false, Buffer.from("c0ff", "hex")],
      ["answer", 2, true, undefined],
      ["answer", 3, false, Buffer.alloc(0)],
      ["cancel", 4, "too long"],
    ]);
  });
});

describe("reports", () => {
  const call = (data: string, wantsAnswer: boolean, ends: boolean): Ask => ({ data: Buffer.from(data), wantsAnswer, ends });

  it("arrive as the calls they were", async () => {
    const far = new FarEnd(channel.port2, "reports");
    const port = reportPort();
    const calls = [call("a", true, false), call("b", false, false), call("c", false, true)];
    const error = { name: "E", message: "m", code: "C", stack: "s" };
    writeAsks(port.batch(), 1, calls, 2.5);
    writeAsks(port.batch(), 2, []);
    writeDone(port.batch(), 3, undefined, 1.5);
    writeFailure(port.batch(), 4, error, Infinity);
    await far.until(4);
    expect(far.calls).toEqual([
      ["onAsks", 1, calls, 2.5],
      ["onAsks", 2, [], undefined],
      ["onDone", 3, undefined, 1.5],
      ["onFailure", 4, error, { handlerTime: undefined }],
    ]);
  });

  it.each([64 * 1024, 64 * 1024 + 1, 1024 * 1024])("carry bodies of %i bytes unchanged, in their order", async (size) => {
    const far = new FarEnd(channel.port2, "reports");
    const bodies = (): Buffer[] => [Buffer.alloc(size, 0xc1), Buffer.from("between"), Buffer.alloc(size, 0xc2)];
    const port = reportPort();
    writeAsks(
      port.batch(),
      1,
      bodies().map((data) => ({ data, wantsAnswer: false, ends: false })),
    );
    writeDone(port.batch(), 1);
    await far.until(2);
    const [, , calls] = far.calls[0] as [string, number, Ask[]];
    expect(calls.map(({ data }, index) => bodies()[index]?.equals(data))).toEqual([true, true, true]);
  });

  it("hand the memory of a large body over instead of copying it", async () => {
    const far = new FarEnd(channel.port2, "reports");
    const memory = Buffer.alloc(1024 * 1024, 0xc1);
    const [first, second] = [memory.subarray(0, 512 * 1024), memory.subarray(512 * 1024)];
    writeAsks(
      reportPort().batch(),
      1,
      [first, second].map((data) => ({ data, wantsAnswer: false, ends: false })),
    );
    await far.until(1);
    expect(memory).toHaveLength(0);
  });
});

describe("batches", () => {
  it("all events of one tick are one message", async () => {
    const far = new FarEnd(channel.port2, "commands");
    const port = commandPort();
    for (let id = 0; id < 100; id += 1) writeStart(port.batch(), { callId: id, bindingId: 1, functionName: "access" });
    await Promise.resolve();
    process.nextTick(() => writeStart(port.batch(), { callId: 100, bindingId: 1, functionName: "access" }));
    await far.until(101);
    expect(far.raw).toHaveLength(1);
    expect(far.calls.map(([, call]) => call)).toMatchObject(Array.from({ length: 101 }, (_, callId) => ({ callId })));
  });

  it("the next tick's are the next message", async () => {
    const far = new FarEnd(channel.port2, "commands");
    const port = commandPort();
    writeStart(port.batch(), { callId: 1, bindingId: 1, functionName: "access" });
    await far.until(1);
    writeStart(port.batch(), { callId: 2, bindingId: 1, functionName: "access" });
    await far.until(2);
    expect(far.raw).toHaveLength(2);
  });

  it("a control message takes the events before it along and leaves at once", async () => {
    const far = new FarEnd(channel.port2, "commands");
    const port = commandPort();
    writeStart(port.batch(), { callId: 1, bindingId: 1, functionName: "access" });
    port.control({ kind: "unbind", bindingId: 1 });
    writeStart(port.batch(), { callId: 2, bindingId: 1, functionName: "access" });
    writeStart(port.batch(), { callId: 3, bindingId: 1, functionName: "access" });
    port.control(STOP);
    await far.until(5);
    expect(far.calls.map(([name, call]) => [name, call])).toMatchObject([
      ["start", { callId: 1 }],
      ["unbind", undefined],
      ["start", { callId: 2 }],
      ["start", { callId: 3 }],
      ["stop", undefined],
    ]);
    expect(far.raw.map((message) => isBatch(message))).toEqual([true, false, true, false]);
  });

  it("a control message alone brings no empty batch", async () => {
    const far = new FarEnd(channel.port2, "commands");
    commandPort().control(STOP);
    await far.until(1);
    expect(far.raw).toEqual([STOP]);
  });

  it("`flush` sends what is there now, once", async () => {
    const far = new FarEnd(channel.port2, "commands");
    const port = commandPort();
    writeStart(port.batch(), { callId: 1, bindingId: 1, functionName: "access" });
    port.flush();
    port.flush();
    port.control(STOP);
    await far.until(2);
    expect(far.raw).toHaveLength(2);
  });

  it("the sender's bytes may change once they are sent", async () => {
    const far = new FarEnd(channel.port2, "commands");
    const port = commandPort();
    const data = Buffer.from("before");
    writeAnswer(port.batch(), 1, false, data);
    port.flush();
    data.fill(0);
    await far.until(1);
    expect(far.calls[0]).toEqual(["answer", 1, false, Buffer.from("before")]);
  });
});

describe("close", () => {
  it("drops what was not sent, closes the other side and may be called twice", async () => {
    const far = new FarEnd(channel.port2, "commands");
    const closed = new Promise<void>((resolve) => channel.port2.on("close", resolve));
    const port = commandPort();
    writeStart(port.batch(), { callId: 1, bindingId: 1, functionName: "access" });
    port.close();
    port.close();
    await closed;
    expect(far.raw).toEqual([]);
  });

  it("what was written before it arrives", async () => {
    const far = new FarEnd(channel.port2, "commands");
    const closed = new Promise<void>((resolve) => channel.port2.on("close", resolve));
    const port = commandPort();
    writeStart(port.batch(), { callId: 1, bindingId: 1, functionName: "access" });
    port.flush();
    port.close();
    await closed;
    expect(far.calls).toEqual([["start", { callId: 1, bindingId: 1, functionName: "access" }, undefined]]);
  });

  it("messages after it go nowhere and do not throw", () => {
    const port = commandPort();
    port.close();
    expect(() => {
      writeStart(port.batch(), { callId: 1, bindingId: 1, functionName: "access" });
      port.control(STOP);
    }).not.toThrow();
  });
});
