// Owns what servers of one path tell each other, and tells it from whatever else comes: plugin code can get at a port.
import { MessagePort } from "node:worker_threads";
import type { SharedInstance } from "../server/index.js";

/** Beside the batches of steps and answers. */
export type SiblingMessage =
  /** A further server: the other end of this port is its. */
  | { readonly kind: "introduction"; readonly slot: number; readonly port: MessagePort }
  | { readonly kind: "instance"; readonly instance: SharedInstance }
  | { readonly kind: "forget" | "close"; readonly instanceId: number }
  /** The sender has told everything that it knew when it was introduced. */
  | { readonly kind: "told" }
  /** The sender takes connections. */
  | { readonly kind: "listening" };

type Fields = Readonly<Record<string, unknown>>;

/** Undefined for what no server says. */
export function asSiblingMessage(message: unknown): SiblingMessage | undefined {
  return isFields(message) && isMessage(message) ? (message as unknown as SiblingMessage) : undefined;
}

function isMessage(message: Fields): boolean {
  switch (message["kind"]) {
    case "introduction":
      return isNumber(message["slot"]) && message["port"] instanceof MessagePort;
    case "instance":
      return isInstance(message["instance"]);
    case "forget":
    case "close":
      return isNumber(message["instanceId"]);
    case "told":
    case "listening":
      return true;
    default:
      return false;
  }
}

const isInstance = (value: unknown): boolean =>
  isFields(value) &&
  [value["id"], value["started"]].every(isNumber) &&
  [value["plugin"], value["config"]].every((text) => typeof text === "string") &&
  typeof value["comesBack"] === "boolean";

const isFields = (value: unknown): value is Fields => typeof value === "object" && value !== null;
const isNumber = (value: unknown): boolean => typeof value === "number" && Number.isFinite(value);
