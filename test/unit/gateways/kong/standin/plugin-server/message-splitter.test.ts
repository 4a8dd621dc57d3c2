import msgpack5 from "msgpack5";
import { describe, expect, it } from "vitest";

import { MessageSplitter } from "../../../../../../src/gateways/kong/standin/plugin-server/message-splitter.js";

const codec = msgpack5();

// One value of every MessagePack format, as fixed hex.
const VALUES: readonly [name: string, hex: string][] = [
  ["positive fixint", "05"],
  ["negative fixint", "ff"],
  ["nil", "c0"],
  ["booleans in an array", "92c2c3"],
  ["fixstr", "a3616263"],
  ["empty fixstr", "a0"],
  ["str8", "d903616263"],
  ["str16", "da0003616263"],
  ["str32", "db00000003616263"],
  ["bin8", "c4020001"],
  ["bin16", "c500020001"],
  ["bin32", "c6000000020001"],
  ["empty bin8", "c400"],
  ["float32", "ca3fc00000"],
  ["float64", "cb3ff8000000000000"],
  ["uint8", "ccff"],
  ["uint16", "cdffff"],
  ["uint32", "ceffffffff"],
  ["uint64", "cf0000000100000000"],
  ["int8", "d080"],
  ["int16", "d18000"],
  ["int32", "d280000000"],
  ["int64", "d3ffffffff00000000"],
  ["fixext1", "d40102"],
  ["fixext2", "d5010203"],
  ["fixext4", "d60102030405"],
  ["fixext8", "d7010203040506070809"],
  ["fixext16", `d801${"00".repeat(16)}`],
  ["ext8", "c7020101ff"],
  ["ext16", "c800020101ff"],
  ["ext32", "c9000000020101ff"],
  ["empty array", "90"],
  ["array16", "dc00020102"],
  ["array32", "dd000000020102"],
  ["fixmap", "82a16101a162a0"],
  ["map16", "de0001a16192c0c0"],
  ["map32", "df00000001a161c400"],
  ["nested", "9281a16193019181a162c40100c0c2"],
];

describe("MessageSplitter", () => {
  it.each(VALUES)("finds the end of %s, whole and byte by byte", (_name, hex) => {
    const bytes = Buffer.from(hex, "hex");
    expect(new MessageSplitter().push(bytes)).toEqual([bytes]);
    const splitter = new MessageSplitter();
    const found = [...bytes].flatMap((byte) => splitter.push(Buffer.of(byte)));
    expect(found).toEqual([bytes]);
  });

  it("separates glued messages at every split position", () => {
    const messages = [
      [1, 7, null, { EventId: 3, Data: "ret" }],
      [2, "serverPid", 42],
      [1, 8, "error", null],
    ].map((value) => codec.encode(value).slice());
    const all = Buffer.concat(messages);
    for (let position = 0; position <= all.length; position += 1) {
      const splitter = new MessageSplitter();
      expect([...splitter.push(all.subarray(0, position)), ...splitter.push(all.subarray(position))]).toEqual(messages);
    }
  });

  it("looks at a large body once, however many pieces it comes in", () => {
    const message = codec.encode([1, 1, null, { Data: Buffer.alloc(20_000_000, 1) }]).slice();
    const splitter = new MessageSplitter();
    const found: Buffer[] = [];
    const started = performance.now();
    for (let at = 0; at < message.length; at += 4096) found.push(...splitter.push(message.subarray(at, at + 4096)));
    expect(found.map((bytes) => bytes.length)).toEqual([message.length]);
    expect(performance.now() - started).toBeLessThan(1000);
  });

  it("refuses the one byte that begins nothing", () => {
    expect(() => new MessageSplitter().push(Buffer.of(0xc1))).toThrow(expect.objectContaining({ code: "GATEWAY_BAD_REPLY" }));
  });
});
