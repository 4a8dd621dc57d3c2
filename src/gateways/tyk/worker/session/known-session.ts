// Shows the session of a request whose key is accepted: it can be read, and every change is refused.
import { isRecord } from "../../../../core/model/index.js";
import { type Session, TykError } from "../../api/index.js";
import type { ObjectView, SessionState } from "../../messages/index.js";
import { recordOf } from "../own-json.js";

/** Undefined where the request has none: gateways send an empty one to response hooks then. */
export function knownSession(view: ObjectView): Session | undefined {
  if (!view.has("session")) return undefined;
  const state = view.get("session");
  if (state === undefined || isEmpty(state)) return undefined;
  // The gateway merges them in this order.
  const metadata = new Map([...state.metadata, ...view.get("metadata")]);
  return readOnly(plainSession({ ...state, metadata }), "session") as Session;
}

/** Whether all fields are at their defaults, inside of messages too. */
function isEmpty(value: unknown): boolean {
  if (value instanceof Map) return value.size === 0;
  if (Array.isArray(value)) return value.length === 0;
  if (isRecord(value)) return Object.values(value).every(isEmpty);
  return value === undefined || value === "" || value === 0 || value === false;
}

const MESSAGES = { basic_auth_data: { password: "", hash: "" }, jwt_data: { secret: "" }, monitor: { trigger_limits: [] } };

/** As plugins see it. */
export function plainSession(state: SessionState): Session {
  const { basic_auth_data = MESSAGES.basic_auth_data, jwt_data = MESSAGES.jwt_data, monitor = MESSAGES.monitor } = state;
  return toPlain({ ...state, basic_auth_data, jwt_data, monitor }) as Session;
}

function toPlain(value: unknown): unknown {
  if (value instanceof Map) return recordOf([...value].map(([key, each]) => [String(key), toPlain(each)] as const));
  if (Array.isArray(value)) return value.map(toPlain);
  return isRecord(value) ? recordOf(Object.entries(value).map(([key, each]) => [key, toPlain(each)] as const)) : value;
}

/** A frozen object would do, but for code that is not strict: there a change is lost without a word. */
function readOnly(value: object, path: string): object {
  const refuse = (_target: object, key: string | symbol): never => {
    throw new TykError(
      "TYK_READ_ONLY",
      `${path}.${String(key)}`,
      "the gateway takes a session from authCheck alone, whatever its release",
    );
  };
  // What is set is defined.
  return new Proxy(value, {
    get: (target, key) => {
      const field: unknown = Reflect.get(target, key);
      return typeof field === "object" && field !== null ? readOnly(field, `${path}.${String(key)}`) : field;
    },
    defineProperty: refuse,
    deleteProperty: refuse,
    setPrototypeOf: (target) => refuse(target, "__proto__"),
  });
}
