// Owns the statuses that a call can end with, and how they are written into headers.
import { cutText } from "../../../core/model/index.js";

/** Those that this server gives. */
export const STATUS = {
  OK: 0,
  CANCELLED: 1,
  UNKNOWN: 2,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  RESOURCE_EXHAUSTED: 8,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
} as const;

export type Status = (typeof STATUS)[keyof typeof STATUS];

/** Thrown by a method: what its caller is told. Gateways write the message into their log. */
export class GrpcError extends Error {
  override readonly name = "GrpcError";
  readonly status: Exclude<Status, 0>;

  constructor(status: Exclude<Status, 0>, message: string, options?: ErrorOptions) {
    super(message, options);
    this.status = status;
  }
}

/** Characters: clients limit the size of headers, and an error may hold a plugin's whole output. */
const MAX_MESSAGE = 2048;
/** What stands for itself: printable ASCII without the percent sign. */
const PLAIN = /^[\x20-\x24\x26-\x7e]*$/;

/** A message as `grpc-message` has it: UTF-8, of which bytes that are not printable ASCII are percent-encoded. */
export function encodeGrpcMessage(message: string): string {
  const short = cutText(message, MAX_MESSAGE);
  if (PLAIN.test(short)) return short;
  let text = "";
  for (const byte of Buffer.from(short, "utf8")) {
    const isPlain = byte >= 0x20 && byte <= 0x7e && byte !== 0x25;
    text += isPlain ? String.fromCharCode(byte) : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return text;
}

/** Milliseconds in one unit of `grpc-timeout`. */
const UNITS: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 1e-3, n: 1e-6 };
const TIMEOUT = /^(\d{1,8})([HMSmun])$/;

/** Milliseconds that a client gives a call, from its `grpc-timeout`; `undefined` for what is none. */
export function parseGrpcTimeout(text: string): number | undefined {
  const [, digits, unit] = TIMEOUT.exec(text) ?? [];
  const scale = UNITS[unit ?? ""];
  return digits === undefined || scale === undefined ? undefined : Number(digits) * scale;
}
