// Calls and results against the frames that real gateways took and sent.
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import {
  BodyFile,
  decodePdkResult,
  decodeRpcCall,
  encodePdkCall,
  encodeRpcReturn,
} from "../../../../../src/gateways/kong/protobuf/index.js";
import { type Exact, plainValue, recordedArguments } from "../../../../support/index.js";

interface Frame {
  readonly kind: string;
  readonly what?: string;
  readonly type?: string;
  readonly hex?: string;
  readonly json?: Exact;
}

const ROOT = fileURLToPath(new URL("../../../../conformance/recordings", import.meta.url));
const FILES = readdirSync(ROOT, { recursive: true, encoding: "utf8" }).filter((path) => /protobuf[/\\].*\.jsonl$/.test(path));

const frames = FILES.flatMap((path) => readFileSync(`${ROOT}/${path}`, "utf8").trimEnd().split("\n")).flatMap((line) => {
  const parsed = JSON.parse(line) as Frame;
  return parsed.kind === "frame" && parsed.hex !== undefined ? [{ ...parsed, hex: parsed.hex }] : [];
});

const text = (value: unknown): string => (typeof value === "string" ? value : "");
const fieldsOf = (value: Exact | undefined): Readonly<Record<string, Exact>> =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? value : {};
const payload = (hex: string): Buffer => Buffer.from(hex, "hex").subarray(4);

it("there are recordings", () => {
  expect(frames.length).toBeGreaterThan(100);
});

describe("calls are the bytes that were sent", () => {
  const calls = frames.flatMap((frame, index) => {
    const args = frames[index + 1];
    return frame.what === "method" && args !== undefined ? [{ method: text(frame.json), name: frame.hex, args }] : [];
  });
  // The order of a map's entries is anybody's choice.
  const fixed = calls.filter(({ args }) => Object.keys(fieldsOf(fieldsOf(args.json)["fields"])).length < 2);

  it.each(fixed.map(({ method, name, args }) => [method, JSON.stringify(args.json), name + args.hex, args.json] as const))(
    "%s %s",
    (method, _shown, hex, json) => {
      const args = recordedArguments(method, json ?? {}).map((value) => plainValue(value) ?? undefined);
      expect(encodePdkCall(method, args).toString("hex")).toBe(hex);
    },
  );
});

describe("commands are read", () => {
  it.each(frames.filter(({ what }) => what === "RpcCall").map(({ hex, json }) => [JSON.stringify(json).slice(0, 60), hex, json]))(
    "%s",
    (_shown, hex, json) => {
      const { sequence, command } = decodeRpcCall(payload(hex));
      const recorded = fieldsOf(json);
      expect(Number(sequence)).toBe(recorded["sequence"]);
      if (command.kind === "handle-event")
        expect({ instance_id: command.instanceId, event_name: command.phase }).toEqual(recorded["cmd_handle_event"]);
      else if (command.kind === "start-instance")
        expect({ name: command.name, config: command.config }).toEqual(recorded["cmd_start_instance"]);
      else expect({ instance_id: "instanceId" in command && command.instanceId }).toEqual(recorded["cmd_close_instance"]);
    },
  );
});

describe("results are read", () => {
  const results = frames.flatMap((frame, index) =>
    frame.what === "result" ? [[text(frames[index - 2]?.json), JSON.stringify(frame.json).slice(0, 60), frame] as const] : [],
  );

  it.each(results)("%s %s", (method, _shown, { hex, json, type }) => {
    const value = decodePdkResult(method, payload(hex));
    const fields = fieldsOf(json);
    const expected = plainValue(fields["v"] ?? null) ?? undefined;
    if (type === "RawBodyResult") {
      if (fields["body_filepath"] !== undefined) expect(value).toEqual(new BodyFile(text(fields["body_filepath"])));
      else expect(value).toEqual(plainValue(fields["content"] ?? { $bytes: "" }));
    } else if (type === "ByteString") expect(Buffer.isBuffer(value)).toBe(true);
    else if (Buffer.isBuffer(value)) expect(hex.endsWith(value.toString("hex"))).toBe(true);
    else if (type === "String" || type === "Int" || type === "Number" || type === "Bool")
      expect(value === "" || value === false ? undefined : value).toEqual(expected === false ? undefined : expected);
    else if (type === "google.protobuf.Struct") expect(value).toBeInstanceOf(Map);
    else if (type === "google.protobuf.Empty") expect(value).toBeUndefined();
  });
});

describe("an answer", () => {
  it("to an event has the sequence and nothing else", () => {
    expect(encodeRpcReturn(68).toString("hex")).toBe("020000000844");
  });

  it("to StartInstance is what the recorded server sent", () => {
    const status = { name: "rec", instance_id: 26, started_at: 1_700_000_000 };
    expect(encodeRpcReturn(67, { instance_status: { ...status, config: undefined } }).toString("hex")).toBe(
      // With a configuration that is nil.
      "140000000843" + "8a020f" + "0a03726563" + "101a" + "1a00" + "2080e2cfaa06",
    );
  });
});
