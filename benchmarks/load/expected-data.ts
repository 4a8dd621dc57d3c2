// Knows what the `Data` of one reply must be, and recognises the encodings it has checked before.
import { isDeepStrictEqual } from "node:util";
import msgpack5 from "msgpack5";
import type { ScriptedCall, Workload } from "../workloads/index.js";
import { standsAt } from "./scan.js";

const codec = msgpack5();
const PHASE_OVER = "ret";
/** Servers encode one call in few ways; more than these would mean that every reply is decoded. */
const MAX_ENCODINGS = 8;
/** From here a native comparison is quicker than a loop. */
const NATIVE_COMPARISON = 256;

/** A value as a gateway sees it: Lua knows no difference between str and bin. */
function asBytes(value: unknown): unknown {
  if (typeof value === "string") return Buffer.from(value);
  return Array.isArray(value) ? value.map(asBytes) : value;
}

export class ExpectedData {
  readonly #call: ScriptedCall | undefined;
  readonly #encodings: Buffer[] = [];

  constructor(call: ScriptedCall | undefined) {
    this.#call = call;
  }

  /** The length of the expected value at `position`, or -1 where another one stands there, or one not seen before. */
  lengthAt(bytes: Buffer, position: number, end: number): number {
    for (const encoding of this.#encodings) {
      const { length } = encoding;
      if (position + length > end) continue;
      const equal =
        length < NATIVE_COMPARISON
          ? standsAt(bytes, position, encoding)
          : bytes.compare(encoding, 0, length, position, position + length) === 0;
      if (equal) return length;
    }
    return -1;
  }

  /** Decodes a value that was not recognised. @throws where it is not the expected one. */
  learn(encoding: Buffer): void {
    const value: unknown = codec.decode(encoding);
    if (!this.#accepts(value)) throw new Error(`the plugin asked ${brief(value)} instead of ${brief(this.#wanted())}`);
    if (this.#encodings.length === MAX_ENCODINGS) throw new Error(`more than ${MAX_ENCODINGS} encodings of ${brief(value)}`);
    this.#encodings.push(Buffer.from(encoding));
  }

  #wanted(): unknown {
    return this.#call === undefined ? PHASE_OVER : { Method: this.#call.method, Args: this.#call.args };
  }

  #accepts(value: unknown): boolean {
    if (this.#call === undefined) return value === PHASE_OVER;
    if (typeof value !== "object" || value === null) return false;
    const { Method: method, Args: args } = value as { readonly Method?: unknown; readonly Args?: unknown };
    const { args: wanted, otherArgs = wanted } = this.#call;
    return method === this.#call.method && [wanted, otherArgs].some((each) => isDeepStrictEqual(asBytes(args), asBytes(each)));
  }
}

const brief = (value: unknown): string => JSON.stringify(value).slice(0, 200);

/** What the replies of one phase must say, from the first to the last. */
export const phaseExpectations = ({ calls }: Workload): ExpectedData[] => [
  ...calls.map((call) => new ExpectedData(call)),
  new ExpectedData(undefined),
];
