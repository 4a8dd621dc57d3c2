// What crosses a port: event messages of one tick in one message, control messages between them in order.
import { MessageChannel, type MessagePort } from "node:worker_threads";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  type Batch,
  BatchingPort,
  type HostMessage,
  isBatch,
  type IsolateMessage,
  type PdkCall,
  receiveCommands,
  receiveReports,
  threadPort,
  writeCalls,
  writeCancelEvent,
  writeFailure,
  writeReturn,
  writeStartEvent,
  writeStep,
} from "../../../../src/core/channel/index.js";

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
    const commands = { startEvent: note("startEvent"), step: note("step"), cancelEvent: note("cancelEvent") };
    const reports = { onCalls: note("onCalls"), onReturn: note("onReturn"), onFailure: note("onFailure") };
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
      { call: Buffer.from("first"), failed: false, data: Buffer.from("a") },
      { call: Buffer.from("second"), failed: true, data: undefined },
    ];
    writeStartEvent(port.event(), 2 ** 31 + 5, 7, "access", "MsgPack:1");
    writeStartEvent(port.event(), 6, 8, "log", "ProtoBuf:1", asked);
    writeStep(port.event(), 1, false, Buffer.from("c0ff", "hex"));
    writeStep(port.event(), 2, true, undefined);
    writeStep(port.event(), 3, false, Buffer.alloc(0));
    writeCancelEvent(port.event(), 4, "too long");
    await far.until(6);
    expect(far.calls).toEqual([
      ["startEvent", 2 ** 31 + 5, 7, "access", "MsgPack:1", undefined],
      ["startEvent", 6, 8, "log", "ProtoBuf:1", asked],
      ["step", 1, false, Buffer.from("c0ff", "hex")],
      ["step", 2, true, undefined],
      ["step", 3, false, Buffer.alloc(0)],
      ["cancelEvent", 4, "too long"],
    ]);
  });
});

describe("reports", () => {
  const call = (data: string, wantsAnswer: boolean, ends: boolean): PdkCall => ({ data: Buffer.from(data), wantsAnswer, ends });

  it("arrive as the calls they were", async () => {
    const far = new FarEnd(channel.port2, "reports");
    const port = reportPort();
    const calls = [call("a", true, false), call("b", false, false), call("c", false, true)];
    const error = { name: "E", message: "m", code: "C", stack: "s" };
    writeCalls(port.event(), 1, calls);
    writeCalls(port.event(), 2, []);
    writeReturn(port.event(), 3);
    writeFailure(port.event(), 4, error);
    await far.until(4);
    expect(far.calls).toEqual([
      ["onCalls", 1, calls],
      ["onCalls", 2, []],
      ["onReturn", 3],
      ["onFailure", 4, error],
    ]);
  });

  it.each([64 * 1024, 64 * 1024 + 1, 1024 * 1024])("carry bodies of %i bytes unchanged, in their order", async (size) => {
    const far = new FarEnd(channel.port2, "reports");
    const bodies = (): Buffer[] => [Buffer.alloc(size, 0xc1), Buffer.from("between"), Buffer.alloc(size, 0xc2)];
    const port = reportPort();
    writeCalls(
      port.event(),
      1,
      bodies().map((data) => ({ data, wantsAnswer: false, ends: false })),
    );
    writeReturn(port.event(), 1);
    await far.until(2);
    const [, , calls] = far.calls[0] as [string, number, PdkCall[]];
    expect(calls.map(({ data }, index) => bodies()[index]?.equals(data))).toEqual([true, true, true]);
  });

  it("hand the memory of a large body over instead of copying it", async () => {
    const far = new FarEnd(channel.port2, "reports");
    const memory = Buffer.alloc(1024 * 1024, 0xc1);
    const [first, second] = [memory.subarray(0, 512 * 1024), memory.subarray(512 * 1024)];
    writeCalls(
      reportPort().event(),
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
    for (let id = 0; id < 100; id += 1) writeStartEvent(port.event(), id, 1, "access", "MsgPack:1");
    await Promise.resolve();
    process.nextTick(() => writeStartEvent(port.event(), 100, 1, "access", "MsgPack:1"));
    await far.until(101);
    expect(far.raw).toHaveLength(1);
    expect(far.calls.map(([, id]) => id)).toEqual(Array.from({ length: 101 }, (_, id) => id));
  });

  it("the next tick's are the next message", async () => {
    const far = new FarEnd(channel.port2, "commands");
    const port = commandPort();
    writeStartEvent(port.event(), 1, 1, "access", "MsgPack:1");
    await far.until(1);
    writeStartEvent(port.event(), 2, 1, "access", "MsgPack:1");
    await far.until(2);
    expect(far.raw).toHaveLength(2);
  });

  it("a control message takes the events before it along and leaves at once", async () => {
    const far = new FarEnd(channel.port2, "commands");
    const port = commandPort();
    writeStartEvent(port.event(), 1, 1, "access", "MsgPack:1");
    port.control({ kind: "close-instance", instanceId: 1 });
    writeStartEvent(port.event(), 2, 1, "access", "MsgPack:1");
    writeStartEvent(port.event(), 3, 1, "access", "MsgPack:1");
    port.control(STOP);
    await far.until(5);
    expect(far.calls.map(([name, id]) => [name, id])).toEqual([
      ["startEvent", 1],
      ["close-instance", undefined],
      ["startEvent", 2],
      ["startEvent", 3],
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
    writeStartEvent(port.event(), 1, 1, "access", "MsgPack:1");
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
    writeStep(port.event(), 1, false, data);
    port.flush();
    data.fill(0);
    await far.until(1);
    expect(far.calls[0]).toEqual(["step", 1, false, Buffer.from("before")]);
  });
});

describe("close", () => {
  it("drops what was not sent, closes the other side and may be called twice", async () => {
    const far = new FarEnd(channel.port2, "commands");
    const closed = new Promise<void>((resolve) => channel.port2.on("close", resolve));
    const port = commandPort();
    writeStartEvent(port.event(), 1, 1, "access", "MsgPack:1");
    port.close();
    port.close();
    await closed;
    expect(far.raw).toEqual([]);
  });

  it("what was written before it arrives", async () => {
    const far = new FarEnd(channel.port2, "commands");
    const closed = new Promise<void>((resolve) => channel.port2.on("close", resolve));
    const port = commandPort();
    writeStartEvent(port.event(), 1, 1, "access", "MsgPack:1");
    port.flush();
    port.close();
    await closed;
    expect(far.calls).toEqual([["startEvent", 1, 1, "access", "MsgPack:1", undefined]]);
  });

  it("messages after it go nowhere and do not throw", () => {
    const port = commandPort();
    port.close();
    expect(() => {
      writeStartEvent(port.event(), 1, 1, "access", "MsgPack:1");
      port.control(STOP);
    }).not.toThrow();
  });
});
