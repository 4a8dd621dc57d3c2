// Makes the session of a key that `authCheck` accepts, with the token and lifetimes that the gateway does not ask for and needs.
import { createHash } from "node:crypto";
import { isRecord } from "../../../../core/model/index.js";
import { TykError } from "../../api/index.js";
import { SESSION_STATE } from "../../messages/index.js";
import { type Acceptance, HookSession } from "../calls/early-reply.js";
import { headerValue, showShort, wellFormed } from "../http/http-rules.js";
import { messageInput } from "./message-input.js";

export interface SessionMaker {
  readonly orgId: string;
  /** The credential that a token is made of, where the plugin gives none. */
  readonly credential: string | undefined;
}

const SUBJECT = "session()";
/** Seconds. */
const MIN_LIFETIME = 3600;
/** Unix times in seconds are below this for 3,000 years; in milliseconds they are above. */
const MAX_SECONDS = 1e11;

/** Fields of this API's own, and what the gateway does with those that a plugin cannot set. */
const NOT_TAKEN: ReadonlyMap<string, string> = new Map([
  ["org_id", "it is the API's own: leave it out"],
  ["key_id", "the gateway makes it: give a token"],
  ["last_updated", "the gateway writes it"],
]);
const TIMES = ["expires", "last_check", "quota_renews", "data_expires", "id_extractor_deadline"];

/** @throws {TykError} for fields that there are not, and values that the gateway takes for others. */
export const makeSession = (given: unknown, maker: SessionMaker): HookSession => new HookSession(acceptSession(given, maker));

/** As {@link makeSession}, for who writes the reply. */
export function acceptSession(given: unknown, { orgId, credential }: SessionMaker): Acceptance {
  if (given !== undefined && !isRecord(given)) throw bad(`it takes an object, not ${showShort(given)}`);
  const { token, cacheFor, ...fields } = given ?? {};
  for (const [name, reason] of NOT_TAKEN)
    if (fields[name] !== undefined && !(name === "org_id" && fields[name] === orgId))
      throw new TykError("TYK_NOT_CARRIED", SUBJECT, `${name}: ${reason}`);
  checkNumbers(fields);
  const cached = cacheFor === undefined ? undefined : secondsOf(cacheFor);
  if (cached !== undefined && fields["id_extractor_deadline"] !== undefined)
    throw bad("cacheFor and id_extractor_deadline are the same: give one");
  const session = messageInput(SESSION_STATE, withApiIds({ ...fields, org_id: orgId }), SUBJECT);
  const metadata = fields["metadata"];
  if (isRecord(metadata) && metadata["token"] !== undefined) throw bad("metadata.token: give it as token");
  return {
    session: {
      ...session,
      session_lifetime: session.session_lifetime ?? lifetime(cached, session.quota_renewal_rate),
      id_extractor_deadline: cached === undefined ? session.id_extractor_deadline : Math.floor(Date.now() / 1000) + cached,
    },
    metadata: new Map([["token", tokenOf(token, orgId, credential)]]),
  };
}

/** Without one each token ever seen stays in Redis; with one that is shorter than the quota's the count would be lost. */
const lifetime = (cached = 0, quota = 0): number => Math.max(MIN_LIFETIME, cached, quota);

function tokenOf(token: unknown, orgId: string, credential: string | undefined): string {
  if (token !== undefined) {
    if (typeof token !== "string" || token === "") throw bad(`token is text, and not empty, not ${showShort(token)}`);
    return headerSafe(token);
  }
  if (credential === undefined || credential === "")
    throw new TykError(
      "TYK_NO_TOKEN",
      SUBJECT,
      "the request has no Authorization header to make one from: give { token }, the same for the same key; the gateway refuses a " +
        "session without",
    );
  // A token stands in Redis as it is: no credential does.
  return createHash("sha256").update(`${orgId}\n${credential}`).digest("hex");
}

const headerSafe = (token: string): string => headerValue(wellFormed(token, SUBJECT), SUBJECT);

function checkNumbers(fields: Readonly<Record<string, unknown>>): void {
  const { rate, per } = fields;
  if (typeof rate === "number" && rate > 0 && !(typeof per === "number" && per > 0))
    throw bad("rate needs per, the seconds that it is for");
  for (const name of TIMES) {
    const time = fields[name];
    if (typeof time === "number" && time > MAX_SECONDS) throw bad(`${name} is in seconds, and ${time} looks like milliseconds`);
  }
}

/** Each access right has its API's id twice: as its name and inside. */
function withApiIds(fields: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const rights = fields["access_rights"];
  if (!isRecord(rights)) return fields;
  const filled = Object.entries(rights).map(([id, right]) => [id, isRecord(right) ? { api_id: id, ...right } : right] as const);
  return { ...fields, access_rights: new Map(filled) };
}

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

function secondsOf(duration: unknown): number {
  const match = typeof duration === "string" ? /^(\d+(?:\.\d+)?)([smhd])$/.exec(duration) : null;
  const seconds = match === null ? duration : Number(match[1]) * (UNITS[match[2] ?? ""] ?? NaN);
  if (typeof seconds === "number" && Number.isFinite(seconds) && seconds >= 0 && seconds < MAX_SECONDS) return Math.ceil(seconds);
  throw bad(`cacheFor is seconds, or such as "60s" or "5m", not ${showShort(duration)}`);
}

const bad = (reason: string): TykError => new TykError("TYK_BAD_ARGUMENT", SUBJECT, reason);
