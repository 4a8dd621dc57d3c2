// Bodies by their content type: what is written is read again, what browsers write is read, and what is wrong is said.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bodyProblem, formatBody, parseBody } from "../../../../../../src/gateways/kong/worker/bodies/body-types.js";

const FORM = "application/x-www-form-urlencoded";
const MULTIPART = "multipart/form-data; boundary=xyz";

const problem = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    return bodyProblem(error);
  }
  return "none";
};

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
const name = fc.string({ unit: "grapheme", minLength: 1 }).filter((text) => !/^\d+$/.test(text) && text !== "__proto__");
const bytes = fc.uint8Array().map((array) => Buffer.from(array));
const text = fc.string({ unit: "grapheme" });
/** Bytes that are text come back as text. */
const readAgain = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(readAgain);
  return Buffer.isBuffer(value) && Buffer.from(value.toString("utf8")).equals(value) ? value.toString("utf8") : value;
};

function roundTrip(body: object, contentType: string): unknown {
  const written = formatBody(body, contentType);
  return parseBody(written.bytes, written.contentType);
}

describe("what is written is read again", () => {
  it("as JSON", () => {
    fc.assert(
      fc.property(fc.oneof(fc.dictionary(text, fc.jsonValue()), fc.array(fc.jsonValue())), (body) => {
        expect(plain(roundTrip(body, "application/json; charset=utf-8"))).toEqual(plain(body));
      }),
    );
  });

  it("as a form", () => {
    const value = fc.oneof(text, bytes, fc.constant(true), fc.array(fc.oneof(text, bytes, fc.constant(true)), { minLength: 2 }));
    fc.assert(
      fc.property(fc.dictionary(name, value), (body) => {
        const expected = Object.entries(body).map(([key, item]) => [key, readAgain(item)]);
        expect(Object.entries(roundTrip(body, FORM) as object)).toEqual(expected);
      }),
    );
  });

  it("as a multipart form, with files", () => {
    const file = fc.record({
      filename: text.filter((it) => !/%(?:22|0d|0a)/i.test(it)),
      contentType: fc.constantFrom("image/png", "text/plain; charset=utf-8"),
      content: bytes,
    });
    const value = fc.oneof(text, bytes, file, fc.array(fc.oneof(text, file), { minLength: 2 }));
    const field = name.filter((it) => !/%(?:22|0d|0a)/i.test(it));
    fc.assert(
      fc.property(fc.dictionary(field, value), (body) => {
        const expected = Object.entries(body).map(([key, item]) => [key, readAgain(item)]);
        expect(Object.entries(roundTrip(body, "multipart/form-data") as object)).toEqual(expected);
      }),
    );
  });

  it("and no bytes at all end in anything but a value or a TypeError or SyntaxError", () => {
    const type = fc.constantFrom("application/json", FORM, MULTIPART, "multipart/form-data");
    const body = fc.oneof(
      bytes,
      text.map((it) => Buffer.from(it)),
      text.map((it) => Buffer.from(`--xyz\r\n${it}\r\n--xyz--`)),
    );
    fc.assert(
      fc.property(type, body, (contentType, input) => {
        try {
          expect(typeof parseBody(input, contentType)).toBe("object");
        } catch (error) {
          expect(["TypeError", "SyntaxError"]).toContain((error as Error).name);
        }
      }),
    );
  });
});

describe("what others write", () => {
  it.each<[string, unknown]>([
    ["a=1&b=two+words&b=3&flag&empty=", { a: "1", b: ["two words", "3"], flag: true, empty: "" }],
    ["a=1&a&=x&&", { a: ["1", true] }],
    ["%61=%e2%82%ac&b=%zz&c=%FF", { a: "€", b: "%zz", c: Buffer.from([255]) }],
    ["__proto__=x&constructor=y", Object.fromEntries([["__proto__", "x"], ["constructor", "y"]])], // prettier-ignore
    ["", {}],
  ])("form %j", (body, fields) => {
    expect(Object.entries(parseBody(Buffer.from(body), FORM) as object)).toEqual(Object.entries(fields as object));
  });

  it("a multipart form of a browser, with a preamble and an epilogue", () => {
    const body = [
      "preamble",
      "--xyz",
      'Content-Disposition: form-data; name="a"',
      "",
      "line one\r\nline two",
      "--xyz  ",
      'content-disposition: form-data; name="f%22"; filename="ü.txt"',
      "Content-Type: text/plain",
      "",
      "",
      "--xyz--",
      "epilogue",
    ].join("\r\n");
    expect({ ...(parseBody(Buffer.from(body), 'multipart/form-data; charset=utf-8; boundary="xyz"') as object) }).toEqual({
      a: "line one\r\nline two",
      'f"': { filename: "ü.txt", contentType: "text/plain", content: Buffer.alloc(0) },
    });
  });

  it("a multipart form whose name looks like more than it is", () => {
    const fields = { "a; filename=x": "1", 'b"; filename="y': "2", "\u2028Content-Disposition: form-data; name=z": "3" };
    expect({ ...(roundTrip(fields, MULTIPART) as object) }).toEqual(fields);
  });

  it("JSON of another name, with a byte order mark, and an empty object", () => {
    expect(parseBody(Buffer.from("\ufeff{}"), "Application/Problem+JSON")).toEqual({});
  });
});

describe("what is wrong is said, without the body", () => {
  it.each<[string, string, RegExp]>([
    ["application/json", '{"secret', /JSON/],
    ["application/json", "secret", /is not valid JSON$/],
    ["application/json", "5", /^it is JSON, but no object and no list$/],
    ["application/json", "", /JSON/],
    ["text/plain", "secret", /^this is none of JSON, form and multipart form/],
    ["multipart/form-data", "--x\r\n", /^the type names no boundary$/],
    [MULTIPART, "secret", /^the boundary is not in it$/],
    [MULTIPART, '--xyz\r\nContent-Disposition: form-data; name="a"\r\n\r\nsecret', /^it stops before the closing boundary$/],
    [MULTIPART, "--xyz\r\nsecret\r\n--xyz--", /^a part has no blank line/],
    [MULTIPART, "--xyz\r\nA: b\r\n\r\nsecret\r\n--xyz--", /^a part has no name$/],
  ])("%s %j", (contentType, body, message) => {
    const said = problem(() => parseBody(Buffer.from(body), contentType));
    expect(said).toMatch(message);
    expect(said).not.toContain("secret");
  });

  it("of bytes that are no UTF-8", () => {
    expect(problem(() => parseBody(Buffer.from([0x22, 0xff, 0x22]), "application/json"))).toBe("it is not UTF-8");
  });

  it.each<[string, object, RegExp]>([
    [FORM, { a: { b: 1 } }, /^field a has a value/],
    [FORM, [1], /^a list has no field names$/],
    [FORM, { file: { filename: "f", content: Buffer.alloc(1) } }, /^field file has a value/],
    [MULTIPART, { a: "--xyz" }, /^field a contains the boundary$/],
  ])("when writing %s of %j", (contentType, body, message) => {
    expect(problem(() => formatBody(body, contentType))).toMatch(message);
  });

  it("and null, undefined and false are left out of a form", () => {
    expect(formatBody({ a: null, b: undefined, c: false, d: 0 }, FORM).bytes.toString()).toBe("d=0");
  });
});

describe("what nobody should send", () => {
  const part = (head: string): string => `--xyz\r\n${head}\r\n\r\n\r\n--xyz--`;
  const blanks = " ".repeat(15_000);

  it.each([
    ["a header of blanks", part(`Content-Disposition: form-data; name="a"; filename=b\r\nContent-Type:${blanks}x${blanks}\r`)],
    ["parameters without end", part(`Content-Disposition: form-data; name=a${';a="'.repeat(3000)}`)],
    ["a larger header", part(`Content-Disposition: form-data; name=a; b=${blanks}\r\nX: ${blanks}`)],
    ["as many as fit", part(`Content-Disposition: form-data; name=a;${";;".repeat(7000)}`).repeat(60)],
    ["too many parts", `${part("Content-Disposition: form-data; name=a").slice(0, -2)}\r\n`.repeat(2000)],
  ])("%s: takes no time", (_name, body) => {
    const began = performance.now();
    problem(() => parseBody(Buffer.from(body), MULTIPART));
    problem(() => parseBody(Buffer.from(body), `multipart/form-data;${';boundary="'.repeat(4000)}`));
    expect(performance.now() - began).toBeLessThan(500);
  });

  it.each([
    ["a part has a header of more than 16384 bytes", part(`Content-Disposition: form-data; name=a\r\nX: ${blanks.repeat(2)}`)],
    ["it has more than 1000 parts", "--xyz\r\nContent-Disposition: form-data; name=a\r\n\r\n\r\n".repeat(1100)],
  ])("%s", (reason, body) => {
    expect(problem(() => parseBody(Buffer.from(body), MULTIPART))).toBe(reason);
  });
});
