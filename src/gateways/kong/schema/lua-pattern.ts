// Matches text against a Lua pattern as string.match of Kong's LuaJIT does, byte by byte, and in bounded time.
import { matchesClass } from "./lua-class.js";

const FAIL = -1;
/** As deep as Lua itself goes, and about ten milliseconds: a pattern must not stop a server. */
const MAX_DEPTH = 200;
const MAX_STEPS = 1_000_000;
const MAX_CAPTURES = 32;

interface Capture {
  readonly start: number;
  /** Undefined while it is open. */
  readonly length: number | undefined;
}

/** Whether `pattern` matches somewhere in `text`; undefined where Lua refuses the pattern, or it takes too long to tell. */
export function matchesLuaPattern(text: string, pattern: string): boolean | undefined {
  return new Matcher(toBytes(text), toBytes(pattern)).find();
}

/** Lua knows bytes alone: one character of the result is one byte. */
function toBytes(text: string): string {
  return Buffer.from(text, "utf8").toString("latin1");
}

class Matcher {
  readonly #text: string;
  readonly #pattern: string;
  #captures: Capture[] = [];
  #depth = 0;
  #steps = 0;
  #state: "matching" | "refused" = "matching";

  constructor(text: string, pattern: string) {
    this.#text = text;
    this.#pattern = pattern;
  }

  find(): boolean | undefined {
    const isAnchored = this.#pattern.startsWith("^");
    const last = isAnchored ? 0 : this.#text.length;
    for (let start = 0; start <= last; start += 1) {
      this.#captures = [];
      const end = this.#match(start, isAnchored ? 1 : 0);
      if (this.#isRefused()) return undefined;
      // Lua finds a capture that was not closed when it hands the captures out.
      if (end !== FAIL) return this.#captures.some(({ length }) => length === undefined) ? undefined : true;
    }
    return false;
  }

  #isRefused(): boolean {
    return this.#state === "refused";
  }

  #refuse(): number {
    this.#state = "refused";
    return FAIL;
  }

  /** The end of a match of the pattern from `p` on, which begins at `s`. */
  #match(s: number, p: number): number {
    this.#depth += 1;
    const end = this.#depth > MAX_DEPTH ? this.#refuse() : this.#matchItems(s, p);
    this.#depth -= 1;
    return end;
  }

  #matchItems(start: number, from: number): number {
    let [s, p] = [start, from];
    while (p < this.#pattern.length) {
      this.#steps += 1;
      if (this.#steps > MAX_STEPS) return this.#refuse();
      const item = this.#pattern[p];
      if (item === "(") return this.#open(s, p);
      if (item === ")") return this.#close(s, p);
      if (item === "$" && p + 1 === this.#pattern.length) return s === this.#text.length ? s : FAIL;
      if (item === "%") {
        const special = this.#special(s, p);
        if (special !== undefined) {
          if (special.s === FAIL) return FAIL;
          ({ s, p } = special);
          continue;
        }
      }
      const end = this.#itemEnd(p);
      if (end === FAIL) return this.#refuse();
      const quantifier = this.#pattern[end];
      if (quantifier === "*") return this.#most(s, p, end, 0);
      if (quantifier === "+") return this.#most(s, p, end, 1);
      if (quantifier === "-") return this.#least(s, p, end);
      const isMatch = this.#matchesOne(s, p, end);
      if (quantifier === "?") {
        const rest = isMatch ? this.#match(s + 1, end + 1) : FAIL;
        if (rest !== FAIL || this.#isRefused()) return rest;
        p = end + 1;
      } else {
        if (!isMatch) return FAIL;
        s += 1;
        p = end;
      }
    }
    return s;
  }

  /** `%b()`, `%f[set]` and `%1`; undefined for any other escape. */
  #special(s: number, p: number): { readonly s: number; readonly p: number } | undefined {
    const kind = this.#pattern[p + 1] ?? "";
    if (kind === "b") return { s: this.#balanced(s, p), p: p + 4 };
    if (kind === "f") {
      const end = this.#pattern[p + 2] === "[" ? this.#itemEnd(p + 2) : FAIL;
      return end === FAIL ? { s: this.#refuse(), p } : { s: this.#isFrontier(s, p + 2, end) ? s : FAIL, p: end };
    }
    return kind >= "0" && kind <= "9" ? { s: this.#repeat(s, Number(kind) - 1), p: p + 2 } : undefined;
  }

  #balanced(s: number, p: number): number {
    const [open, close] = [this.#pattern[p + 2], this.#pattern[p + 3]];
    if (open === undefined || close === undefined) return this.#refuse();
    if (this.#text[s] !== open) return FAIL;
    let depth = 1;
    for (let at = s + 1; at < this.#text.length; at += 1) {
      this.#steps += 1;
      if (this.#text[at] === close) depth -= 1;
      else if (this.#text[at] === open) depth += 1;
      if (depth === 0) return at + 1;
    }
    return FAIL;
  }

  /** Between what is not in the set and what is; both ends of the text count as a zero byte. */
  #isFrontier(s: number, p: number, end: number): boolean {
    const [before, after] = [this.#text[s - 1] ?? "\0", this.#text[s] ?? "\0"];
    return !this.#isInSet(before, p, end) && this.#isInSet(after, p, end);
  }

  #repeat(s: number, index: number): number {
    const capture = this.#captures[index];
    if (capture?.length === undefined) return this.#refuse();
    this.#steps += capture.length;
    const text = this.#text.slice(capture.start, capture.start + capture.length);
    return this.#text.startsWith(text, s) ? s + text.length : FAIL;
  }

  #open(s: number, p: number): number {
    if (this.#captures.length >= MAX_CAPTURES) return this.#refuse();
    const isPosition = this.#pattern[p + 1] === ")";
    const before = this.#captures;
    this.#captures = [...before, { start: s, length: isPosition ? 0 : undefined }];
    const end = this.#match(s, isPosition ? p + 2 : p + 1);
    if (end === FAIL) this.#captures = before;
    return end;
  }

  #close(s: number, p: number): number {
    const before = this.#captures;
    const index = before.findLastIndex(({ length }) => length === undefined);
    const open = before[index];
    if (open === undefined) return this.#refuse();
    this.#captures = before.with(index, { start: open.start, length: s - open.start });
    const end = this.#match(s, p + 1);
    if (end === FAIL) this.#captures = before;
    return end;
  }

  #most(s: number, p: number, end: number, least: number): number {
    let count = 0;
    while (this.#matchesOne(s + count, p, end)) count += 1;
    for (; count >= least; count -= 1) {
      const rest = this.#match(s + count, end + 1);
      if (rest !== FAIL || this.#isRefused()) return rest;
    }
    return FAIL;
  }

  #least(s: number, p: number, end: number): number {
    for (let at = s; ; at += 1) {
      const rest = this.#match(at, end + 1);
      if (rest !== FAIL || this.#isRefused()) return rest;
      if (!this.#matchesOne(at, p, end)) return FAIL;
    }
  }

  #matchesOne(s: number, p: number, end: number): boolean {
    this.#steps += 1;
    const byte = this.#text[s];
    if (byte === undefined) return false;
    const item = this.#pattern[p];
    if (item === ".") return true;
    if (item === "%") return matchesClass(byte, this.#pattern[p + 1] ?? "");
    return item === "[" ? this.#isInSet(byte, p, end) : byte === item;
  }

  /** `end` is behind the closing bracket. */
  #isInSet(byte: string, p: number, end: number): boolean {
    const isInverted = this.#pattern[p + 1] === "^";
    const close = end - 1;
    for (let at = isInverted ? p + 2 : p + 1; at < close; at += 1) {
      this.#steps += 1;
      const [first = "", dash, last = ""] = this.#pattern.slice(at, at + 3);
      if (first === "%") {
        at += 1;
        if (matchesClass(byte, this.#pattern[at] ?? "")) return !isInverted;
      } else if (dash === "-" && at + 2 < close) {
        at += 2;
        if (first <= byte && byte <= last) return !isInverted;
      } else if (first === byte) return !isInverted;
    }
    return isInverted;
  }

  /** Where the single item at `p` ends, its quantifier not included; FAIL where it does not end. */
  #itemEnd(p: number): number {
    const item = this.#pattern[p];
    if (item === "%") return p + 1 < this.#pattern.length ? p + 2 : FAIL;
    if (item !== "[") return p + 1;
    // A bracket that comes first closes nothing.
    let at = this.#pattern[p + 1] === "^" ? p + 2 : p + 1;
    do {
      if (at >= this.#pattern.length) return FAIL;
      at += this.#pattern[at] === "%" && at + 1 < this.#pattern.length ? 2 : 1;
    } while (this.#pattern[at] !== "]");
    return at + 1;
  }
}
