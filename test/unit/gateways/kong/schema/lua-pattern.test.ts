// Lua patterns as LuaJIT has them: by examples, and against regular expressions where both say the same.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { matchesLuaPattern } from "../../../../../src/gateways/kong/schema/lua-pattern.js";

describe("a pattern", () => {
  it.each<[pattern: string, matching: string[], other: string[]]>([
    ["", ["", "a"], []],
    ["b", ["abc"], ["ac", ""]],
    ["^b", ["bc"], ["ab"]],
    ["b$", ["ab"], ["bc"]],
    ["^$", [""], ["a"]],
    ["a$b", ["a$b"], ["a"]],
    ["a^b", ["a^b"], ["ab"]],
    ["^a.c$", ["abc", "a\nc"], ["ac", "abbc"]],
    ["^ab*$", ["a", "abbb"], ["ac"]],
    ["^ab+$", ["ab", "abbb"], ["a"]],
    ["^ab?c$", ["ac", "abc"], ["abbc"]],
    ["^ab-c$", ["ac", "abbc"], ["ab"]],
    ["^a*a$", ["a", "aaa"], [""]],
    ["^a-a$", ["a", "aaa"], [""]],
    ["^%d+%.%d+$", ["1.5"], ["1x5", "1."]],
    ["^%a%A$", ["a1"], ["ab", "11"]],
    ["^%w+$", ["a1Z"], ["a_b", "é"]],
    ["^[%w_-]+$", ["a_b-c"], ["a b", ""]],
    ["^%s%S$", [" a", "\ta"], ["  "]],
    ["^%l%u%x%p%c%g$", ["aBf!\u0001~"], ["aBg!\u0001~", "aBf!\u0001 "]],
    ["^[^%d%s]+$", ["a-b"], ["a1", "a b"]],
    ["^[]]$", ["]"], ["[", ""]],
    ["^[^]]$", ["a"], ["]"]],
    ["^[a-c]$", ["a", "c"], ["d", "-"]],
    ["^[a-]$", ["a", "-"], ["b"]],
    ["^[-a]$", ["a", "-"], ["b"]],
    ["^[a%-c]$", ["a", "-", "c"], ["b"]],
    ["^[%a-z]$", ["b", "-"], ["1"]],
    ["^%%$", ["%"], ["a"]],
    ["^%q$", ["q"], ["%q"]],
    ["^%b()$", ["()", "(a(b)c)"], ["(", "(()", "a()"]],
    ["%bxx", ["xyx"], ["x"]],
    ["%f[%a]the%f[%A]", ["the", "a the end"], ["athe", "thea"]],
    ["^(a*)b%1$", ["b", "aabaa"], ["aaba"]],
    ["^(.)(.)%2%1$", ["abba"], ["abab"]],
    ["^()a()$", ["a"], ["b"]],
    ["^((a)(b))%3%2%1$", ["abbaab"], ["ababab"]],
    ["^é$", ["é"], ["e"]],
    ["^..$", ["é"], ["ab1", "a"]],
    ["^%z$", ["\0"], ["0"]],
    ["^https?://[%w.]+:?%d*$", ["http://a.b:80", "https://a"], ["ftp://a", "http://"]],
  ])("%j", (pattern, matching, other) => {
    for (const text of matching) expect([text, matchesLuaPattern(text, pattern)]).toEqual([text, true]);
    for (const text of other) expect([text, matchesLuaPattern(text, pattern)]).toEqual([text, false]);
  });

  it.each(["%", "[", "[a", "[^", "[%", "[]", "(", "a)", "(()", "%1", "(%1)", "%b", "%b(", "%f", "%fa", "(a", "()".repeat(33)])(
    "%j is refused, as by Lua",
    (pattern) => {
      expect(matchesLuaPattern("(a", pattern)).toBeUndefined();
    },
  );

  it.each([
    [`${".-".repeat(20)}x`, "a".repeat(5000)],
    ["(.-)%1b", "a".repeat(100_000)],
    ["%b()", "(".repeat(100_000)],
    [`${"a?".repeat(10_000)}b`, "a".repeat(10_000)],
    [`${"[^a-zA-Z]*".repeat(20)}x`, "0".repeat(5000)],
  ])("%s that would take for ever takes a moment", { timeout: 5000 }, (pattern, text) => {
    expect(matchesLuaPattern(text, pattern)).toBeUndefined();
  });
});

const BYTES = "ab1_- .]^%é\n";
const CLASS_OF: Record<string, string> = {
  "%a": "A-Za-z",
  "%d": "0-9",
  "%w": "0-9A-Za-z",
  "%s": "\\t-\\r ",
  "%l": "a-z",
  "%p": "!-\\/:-@\\[-`{-~",
};
const literal = fc
  .constantFrom(...Array.from("ab1_-. ]"))
  .map((byte) => ({ lua: /\w| /.test(byte) ? byte : `%${byte}`, set: `\\${byte}` }));
const named = fc.constantFrom(...Object.entries(CLASS_OF)).map(([lua, set]) => ({ lua, set }));
const range = fc.constantFrom("a-c", "0-9", "A-Z").map((text) => ({ lua: text, set: text }));

interface Item {
  readonly lua: string;
  readonly regex: string;
}

const escaped = (set: string): string => set.replace(/^\\([\w ])$/, "$1");
const single: fc.Arbitrary<Item> = fc.oneof(
  fc.constant({ lua: ".", regex: "[^]" }),
  literal.map(({ lua, set }) => ({ lua, regex: `[${escaped(set)}]` })),
  named.map(({ lua, set }) => ({ lua, regex: `[${set}]` })),
  named.map(({ lua, set }) => ({ lua: lua.toUpperCase(), regex: `[^${set}]` })),
  fc.tuple(fc.boolean(), fc.array(fc.oneof(literal, named, range), { minLength: 1, maxLength: 3 })).map(([not, parts]) => ({
    lua: `[${not ? "^" : ""}${parts.map(({ lua }) => lua).join("")}]`,
    regex: `[${not ? "^" : ""}${parts.map(({ set }) => escaped(set)).join("")}]`,
  })),
);
const QUANTIFIERS = { "": "", "*": "*", "+": "+", "?": "?", "-": "*?" } as const;
const quantified: fc.Arbitrary<Item> = fc
  .tuple(single, fc.constantFrom(...Object.entries(QUANTIFIERS)))
  .map(([item, [lua, regex]]) => ({ lua: item.lua + lua, regex: item.regex + regex }));
const group: fc.Arbitrary<Item> = fc
  .array(quantified, { maxLength: 2 })
  .map((items) => ({ lua: `(${items.map(({ lua }) => lua).join("")})`, regex: `(${items.map(({ regex }) => regex).join("")})` }));
const pattern: fc.Arbitrary<Item> = fc
  .tuple(
    fc.boolean(),
    fc.array(fc.oneof({ weight: 4, arbitrary: quantified }, { weight: 1, arbitrary: group }), { maxLength: 5 }),
    fc.boolean(),
  )
  .map(([start, items, end]) => ({
    lua: (start ? "^" : "") + items.map(({ lua }) => lua).join("") + (end ? "$" : ""),
    regex: (start ? "^" : "") + items.map(({ regex }) => regex).join("") + (end ? "$" : ""),
  }));
const text = fc.array(fc.constantFrom(...Array.from(BYTES)), { maxLength: 8 }).map((characters) => characters.join(""));

describe("any pattern", () => {
  it("matches what the same regular expression does", () => {
    const property = fc.property(pattern, text, ({ lua, regex }, subject) => {
      const bytes = Buffer.from(subject).toString("latin1");
      expect([lua, regex, matchesLuaPattern(subject, lua)]).toEqual([lua, regex, new RegExp(regex).test(bytes)]);
    });
    fc.assert(property, { numRuns: 3000 });
  });

  it("of any characters is matched, not matched or refused, and never breaks", () => {
    const characters = fc
      .array(fc.constantFrom(...Array.from("%[]()^$.*+-?bf1a\\z \0é")), { maxLength: 12 })
      .map((list) => list.join(""));
    const property = fc.property(characters, text, (lua, subject) => {
      expect([true, false, undefined]).toContain(matchesLuaPattern(subject, lua));
    });
    fc.assert(property, { numRuns: 3000 });
  });

  it("that is escaped matches itself", () => {
    fc.assert(
      fc.property(text, text, text, (before, word, after) => {
        const lua = word.replace(/[^\w\s]/g, (byte) => (byte > "\x7f" ? byte : `%${byte}`));
        expect(matchesLuaPattern(before + word + after, lua)).toBe(true);
        expect(matchesLuaPattern(word, `^${lua}$`)).toBe(true);
      }),
    );
  });
});
