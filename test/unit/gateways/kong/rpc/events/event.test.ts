// One event: which call goes out when, what the handler gets back, and how it ends.
import { beforeEach, describe, expect, it } from "vitest";
import { type EventOwner, type FailureCall, GatewayEvent } from "../../../../../../src/gateways/kong/rpc/events/gateway-event.js";
import { ask, exit, failureCall, PLAIN_DIALECT, ScriptedHost, tell } from "../scripted-host.js";

const ID = 7;
let host: ScriptedHost;
let event: GatewayEvent;
/** What the gateway was sent, in order, with the request that it answered: the first is HandleEvent's. */
let sent: string[];
let over: number;
let refused: unknown[][];
let failures: readonly FailureCall[];

const reply =
  (request: string) =>
  (eventId: number, data: Buffer): void => {
    expect(eventId).toBe(ID);
    sent.push(`${request}: ${data.toString()}`);
  };

const step = (request: string, data: string | null = "value", failed = false): boolean =>
  event.step(failed, data === null ? undefined : Buffer.from(data), reply(request));

beforeEach(() => {
  host = new ScriptedHost();
  sent = [];
  over = 0;
  refused = [];
  failures = [];
  event = new GatewayEvent(
    {
      id: ID,
      instanceId: 1,
      phase: "access",
      runner: { host, plugin: "hello", timeout: 1000, onError: "exit" },
      dialect: PLAIN_DIALECT,
      beganAt: 0,
      deadline: 1000,
      owner: owner((call, answer) => refused.push([call.toString(), answer?.toString()])),
    },
    reply("start"),
  );
});

function owner(callRefused: (call: Buffer, answer: Buffer | undefined) => void): EventOwner {
  return {
    failureCalls: () => failures,
    eventFailed: () => {},
    eventOver: () => {
      over += 1;
    },
    callRefused: (_event, call, answer) => callRefused(call, answer),
    eventOverdue: () => {},
  };
}

const expectOver = (): void => {
  expect(event.state).toBe("over");
  expect(over).toBe(1);
};

describe("a handler that returns", () => {
  it("runs until it does, and is over then", () => {
    expect(event.state).toBe("running");
    expect(sent).toEqual([]);
    event.done();
    expect(sent).toEqual(["start: <over>"]);
    expectOver();
  });

  it("is over once, however often it says so", () => {
    event.done();
    event.done();
    failures = [failureCall("log", false)];
    event.handlerFailed("it broke");
    event.asked([tell("late")]);
    expect(sent).toEqual(["start: <over>"]);
    expectOver();
  });
});

describe("a call that wants an answer", () => {
  beforeEach(() => event.asked([ask("get")]));

  it("goes out at once, and its answer goes to the handler", () => {
    expect(sent).toEqual(["start: get"]);
    expect(event.state).toBe("awaiting-step");
    expect(step("step 1", "the value")).toBe(true);
    expect(host.steps()).toEqual([[false, "the value"]]);
    expect(event.state).toBe("running");
    event.done();
    expect(sent).toEqual(["start: get", "step 1: <over>"]);
    expectOver();
  });

  it("may be answered with nil, or with an error", () => {
    step("step 1", null);
    event.asked([ask("again")]);
    event.step(true, Buffer.from("refused"), reply("step 2"));
    expect(host.steps()).toEqual([
      [false, undefined],
      [true, "refused"],
    ]);
    // The handler was told: nobody else needs to hear of it.
    expect(refused).toEqual([]);
  });

  it("the next waits for the gateway's next request", () => {
    event.asked([ask("second")]);
    expect(sent).toEqual(["start: get"]);
    step("step 1", "first answer");
    expect(sent).toEqual(["start: get", "step 1: second"]);
    step("step 2", "second answer");
    expect(host.steps()).toEqual([
      [false, "first answer"],
      [false, "second answer"],
    ]);
  });

  it("a handler that returned without awaiting it gets no answer", () => {
    event.done();
    step("step 1");
    expect(host.steps()).toEqual([]);
    expect(sent).toEqual(["start: get", "step 1: <over>"]);
    expectOver();
  });
});

describe("write-behind calls", () => {
  it("are played by the gateway's steps alone, in order, before the one that wants an answer", () => {
    event.asked([tell("set a"), tell("set b"), ask("get")]);
    step("step 1", null);
    step("step 2", null);
    expect(host.steps()).toEqual([]);
    step("step 3", "answer");
    expect(host.steps()).toEqual([[false, "answer"]]);
    expect(sent).toEqual(["start: set a", "step 1: set b", "step 2: get"]);
  });

  it("are played after the handler has returned, and only then is the event over", () => {
    event.asked([tell("set a"), tell("set b")]);
    event.done();
    expect(event.state).toBe("awaiting-step");
    step("step 1", null);
    expect(over).toBe(0);
    step("step 2", null);
    expect(sent).toEqual(["start: set a", "step 1: set b", "step 2: <over>"]);
    expectOver();
  });

  it("that the gateway refuses are told of, since no handler waits for it", () => {
    event.asked([tell("set a"), tell("set b")]);
    step("step 1", "bad value", true);
    expect(refused).toEqual([["set a", "bad value"]]);
    expect(sent).toEqual(["start: set a", "step 1: set b"]);
  });
});

describe("a call that ends the request", () => {
  it("is over once it is sent: no step comes back", () => {
    event.asked([exit("exit")]);
    expect(sent).toEqual(["start: exit"]);
    expectOver();
  });

  it("comes after the calls queued before it", () => {
    event.asked([tell("set a"), exit("exit")]);
    expect(event.state).toBe("awaiting-step");
    step("step 1");
    expect(sent).toEqual(["start: set a", "step 1: exit"]);
    expectOver();
  });

  it("nothing follows it", () => {
    event.asked([exit("exit"), tell("late"), exit("second")]);
    event.asked([tell("later")]);
    event.done();
    expect(step("step 1")).toBe(false);
    expect(sent).toEqual(["start: exit"]);
    expectOver();
  });
});

describe("a handler that fails", () => {
  const FAILURE = [failureCall("log", false), failureCall("exit 500", true)];

  it("plays the failure's calls", () => {
    failures = FAILURE;
    event.handlerFailed("it broke");
    step("step 1", null);
    expect(sent).toEqual(["start: log", "step 1: exit 500"]);
    expectOver();
  });

  it("drops what it had queued: half a change says nothing", () => {
    event.asked([tell("set a"), tell("set b")]);
    failures = FAILURE;
    event.handlerFailed("it broke");
    step("step 1", null);
    step("step 2", null);
    expect(sent).toEqual(["start: set a", "step 1: log", "step 2: exit 500"]);
    expectOver();
  });

  it("gets no answers any more", () => {
    event.asked([ask("get")]);
    failures = [failureCall("log", false)];
    event.handlerFailed("it broke");
    step("step 1");
    step("step 2");
    expect(host.steps()).toEqual([]);
    expect(sent).toEqual(["start: get", "step 1: log", "step 2: <over>"]);
    expectOver();
  });

  it("in a phase that cannot be answered, the phase is over behind the log line", () => {
    failures = [failureCall("log", false)];
    event.handlerFailed("it broke");
    step("step 1", null);
    expect(sent).toEqual(["start: log", "step 1: <over>"]);
    expectOver();
  });

  it("without any calls is simply over", () => {
    failures = [];
    event.handlerFailed("it broke");
    expect(sent).toEqual(["start: <over>"]);
    expectOver();
  });

  it("what it says afterwards is not heard", () => {
    failures = FAILURE;
    event.handlerFailed("it broke");
    event.asked([tell("late"), exit("exit 200")]);
    event.done();
    step("step 1");
    expect(sent).toEqual(["start: log", "step 1: exit 500"]);
  });
});

describe("a step that is not due", () => {
  it("while the handler runs is refused and changes nothing", () => {
    expect(step("early")).toBe(false);
    event.done();
    expect(sent).toEqual(["start: <over>"]);
    expect(host.steps()).toEqual([]);
  });

  it("for the second time is refused, and the first still gets its answer", () => {
    event.asked([ask("get")]);
    expect(step("step 1")).toBe(true);
    expect(step("again")).toBe(false);
    event.done();
    expect(sent).toEqual(["start: get", "step 1: <over>"]);
  });

  it("after the end is refused", () => {
    event.done();
    expect(step("late")).toBe(false);
    expect(sent).toEqual(["start: <over>"]);
  });
});

describe("a handler that is done while its call goes out", () => {
  it("is over once, with one reply per request", () => {
    const replies: string[] = [];
    const nested: GatewayEvent = new GatewayEvent(
      {
        id: ID,
        instanceId: 1,
        phase: "log",
        runner: { host, plugin: "hello", timeout: 1000, onError: "exit" },
        dialect: PLAIN_DIALECT,
        beganAt: 0,
        deadline: 1,
        owner: owner(() => {}),
      },
      (_id, data) => {
        replies.push(data.toString());
        nested.asked([tell("two")]);
        nested.done();
      },
    );
    nested.asked([tell("one")]);
    expect(replies).toEqual(["one"]);
    nested.step(false, undefined, (_id, data) => replies.push(data.toString()));
    nested.step(false, undefined, (_id, data) => replies.push(data.toString()));
    expect(replies).toEqual(["one", "two", "<over>"]);
  });
});
