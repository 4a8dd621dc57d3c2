// Asks an OAuth server whether a token is active (RFC 7662), and remembers the answer for a while: here, and in Redis for all gateways.
import { createHash } from "node:crypto";
import { definePlugin } from "pluginserver/pdk";
import { Redis } from "./redis.js";

interface Answer {
  readonly active: boolean;
  readonly username: string | undefined;
  readonly scopes: readonly string[];
  /** Milliseconds since 1970. */
  readonly until: number;
}

/** By endpoint and the token's hash: the tokens themselves are not kept. */
const answers = new Map<string, Promise<Answer>>();
const MOST = 10_000;

export default definePlugin({
  version: "1.0.0",
  priority: 1460,
  schema: [
    { endpoint: { type: "string", required: true, match: "^https?://" } },
    { client_id: { type: "string", required: true } },
    { client_secret: { type: "string", required: true, encrypted: true, referenceable: true } },
    { scopes: { type: "set", elements: { type: "string" }, default: [] } },
    { cache_seconds: { type: "integer", default: 60, between: [0, 3600] } },
    { timeout: { type: "integer", default: 2000, between: [1, 30_000] } },
    // Without it each isolate asks for itself.
    { redis_host: { type: "string" } },
    { redis_port: { type: "integer", default: 6379, between: [1, 65_535] } },
  ],
  dispose() {
    for (const redis of connections.values()) redis.close();
    connections.clear();
    answers.clear();
  },
  async access(kong, config) {
    const [, token] = /^bearer +(\S+)$/i.exec((await kong.request.getHeader("authorization")) ?? "") ?? [];
    if (token === undefined) return kong.response.exit(401, { message: "no token" }, { "www-authenticate": "Bearer" });
    let answer: Answer;
    try {
      answer = await introspect(token, config);
    } catch (error) {
      await kong.log.err("the token server does not answer: ", error instanceof Error ? error.message : String(error));
      return kong.response.exit(503, { message: "the token cannot be checked" });
    }
    if (!answer.active)
      return kong.response.exit(401, { message: "invalid token" }, { "www-authenticate": 'Bearer error="invalid_token"' });
    if (!config.scopes.every((scope) => answer.scopes.includes(scope)))
      return kong.response.exit(403, { message: "the token is not for this" });
    await kong.service.request.clearHeader("x-user");
    if (answer.username !== undefined) await kong.service.request.setHeader("x-user", answer.username);
  },
});

interface Config {
  readonly endpoint: string;
  readonly client_id: string;
  readonly client_secret: string;
  readonly cache_seconds: number;
  readonly timeout: number;
  readonly redis_host?: string | undefined;
  readonly redis_port: number;
}

const REDIS_TIMEOUT = 500;
const connections = new Map<string, Redis>();

function redisOf({ redis_host: host, redis_port: port }: Config): Redis | undefined {
  if (host === undefined) return undefined;
  const address = `${host}:${port}`;
  const known = connections.get(address) ?? new Redis(host, port, REDIS_TIMEOUT);
  connections.set(address, known);
  return known;
}

/** The answer that another gateway got, else one of the token server. Without Redis that is asked more often, and nothing else. */
async function lookUp(key: string, token: string, config: Config): Promise<Answer> {
  const redis = redisOf(config);
  const kept = await redis?.get(`introspection:${key}`).catch(() => undefined);
  if (kept !== undefined) {
    const answer = JSON.parse(kept) as Answer;
    if (answer.until > Date.now()) return answer;
  }
  const answer = await ask(token, config);
  const seconds = Math.floor((answer.until - Date.now()) / 1000);
  if (seconds > 0) await redis?.set(`introspection:${key}`, JSON.stringify(answer), seconds).catch(() => {});
  return answer;
}

/** Requests with the same token ask once. */
async function introspect(token: string, config: Config): Promise<Answer> {
  const key = createHash("sha256").update(`${config.endpoint} ${config.client_id} ${token}`).digest("base64");
  const known = answers.get(key);
  if (known !== undefined && (await known).until > Date.now()) return known;
  const asked = lookUp(key, token, config);
  answers.set(key, asked);
  const [oldest] = answers.keys();
  if (answers.size > MOST && oldest !== undefined) answers.delete(oldest);
  // A server that failed is asked again.
  asked.catch(() => answers.get(key) === asked && answers.delete(key));
  return asked;
}

async function ask(
  token: string,
  { endpoint, client_id: id, client_secret: secret, cache_seconds: seconds, timeout }: Config,
): Promise<Answer> {
  const credentials = Buffer.from(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`).toString("base64");
  const response = await fetch(endpoint, {
    method: "POST",
    headers: { authorization: `Basic ${credentials}`, accept: "application/json" },
    body: new URLSearchParams({ token, token_type_hint: "access_token" }),
    signal: AbortSignal.timeout(timeout),
  });
  if (!response.ok) throw new Error(`it answered ${response.status}`);
  const told = (await response.json()) as Readonly<Record<string, unknown>>;
  const expires = typeof told["exp"] === "number" ? told["exp"] * 1000 : Infinity;
  return {
    active: told["active"] === true,
    username: typeof told["username"] === "string" ? told["username"] : undefined,
    scopes: typeof told["scope"] === "string" ? told["scope"].split(" ") : [],
    until: Math.min(Date.now() + seconds * 1000, expires),
  };
}
