// Owns fixed messages in hex: every MessagePack tag at least once, each message an array as the protocol has it.

export const hex = (text: string): Buffer => Buffer.from(text.replaceAll(/\s/g, ""), "hex");

/** One value of each tag, by the tag's name in the MessagePack specification. */
export const VALUES: readonly (readonly [tag: string, bytes: Buffer])[] = [
  ["positive fixint", hex("7f")],
  ["fixmap, empty", hex("80")],
  ["fixmap", hex("82 a161 01 a162 c0")],
  ["fixarray, empty", hex("90")],
  ["fixarray", hex("93 01 02 9103")],
  ["fixstr, empty", hex("a0")],
  ["fixstr", hex("a5 68656c6c6f")],
  ["nil", hex("c0")],
  ["false", hex("c2")],
  ["true", hex("c3")],
  ["bin 8, empty", hex("c4 00")],
  ["bin 8", hex("c4 03 00ff80")],
  ["bin 16", Buffer.concat([hex("c5 0100"), Buffer.alloc(256, 0xc1)])],
  ["bin 32", hex("c6 00000002 abcd")],
  ["ext 8", hex("c7 03 05 010203")],
  ["ext 16", hex("c8 0001 05 01")],
  ["ext 32", hex("c9 00000000 05")],
  ["float 32", hex("ca 3fc00000")],
  ["float 64", hex("cb 3ff199999999999a")],
  ["uint 8", hex("cc ff")],
  ["uint 16", hex("cd ffff")],
  ["uint 32", hex("ce ffffffff")],
  ["uint 64", hex("cf ffffffffffffffff")],
  ["int 8", hex("d0 80")],
  ["int 16", hex("d1 8000")],
  ["int 32", hex("d2 80000000")],
  ["int 64", hex("d3 8000000000000000")],
  ["fixext 1", hex("d4 05 01")],
  ["fixext 2", hex("d5 05 0102")],
  ["fixext 4", hex("d6 05 01020304")],
  ["fixext 8", Buffer.concat([hex("d7 05"), Buffer.alloc(8, 0x90)])],
  ["fixext 16", Buffer.concat([hex("d8 05"), Buffer.alloc(16, 0x90)])],
  ["str 8", hex("d9 02 c3a9")],
  ["str 16", Buffer.concat([hex("da 0100"), Buffer.alloc(256, 0x61)])],
  ["str 32", hex("db 00000001 61")],
  ["array 16", hex("dc 0002 c0 91c0")],
  ["array 32", hex("dd 00000001 a161")],
  ["map 16", hex("de 0001 a161 93010203")],
  ["map 32", hex("df 00000001 01 80")],
  ["negative fixint", hex("e0")],
];

const one = (value: Buffer): Buffer => Buffer.concat([hex("91"), value]);

/** The same values, each as a message of its own, and the messages of a short conversation. */
export const MESSAGES: readonly (readonly [name: string, bytes: Buffer])[] = [
  ...VALUES.map(([tag, bytes]) => [tag, one(bytes)] as const),
  ["the empty array", hex("90")],
  ["an array with a 16 bit length", hex("dc 0001 c0")],
  ["an array with a 32 bit length", hex("dd 00000001 c0")],
  ["[0, 1, 'plugin.GetStatus', [0]]", hex("94 00 01 b0 706c7567696e2e476574537461747573 91 00")],
  ["[2, 'serverPid', 7]", hex("93 02 a9 736572766572506964 07")],
  ["a step with a body", hex("94 00 03 ab 706c7567696e2e53746570 91 82 a7 4576656e744964 05 a4 44617461 c4 03 00ff80")],
];
