// Authenticates clients where a configuration says so, as Kong's own plugins key-auth and basic-auth do.

import { ShapedFields, flag, reference, type Shape, text, texts, withDefault } from "./config-shape.js";
import {
  type ConsumerEntity,
  type CredentialEntity,
  type GatewayConfig,
  type GatewayRequest,
  getHeader,
  parseQuery,
  type PluginEntity,
  removeHeader,
  respondWithError,
  setHeader,
} from "../pdk-functions/index.js";
import { GatewayError } from "./errors.js";
import type { ParsedPluginInfo } from "./plugin-server/plugin-info.js";

/** What `config` of each may have. */
export const AUTHENTICATORS = {
  "key-auth": {
    key_names: withDefault(["apikey"], texts("Headers and query arguments that may have the key.")),
    key_in_header: withDefault(true, flag("Whether a header may have it.")),
    key_in_query: withDefault(true, flag("Whether the query may have it.")),
    hide_credentials: withDefault(false, flag("Whether the service does not get it.")),
    anonymous: reference("The consumer of requests without a valid key; without it they get 401."),
  },
  "basic-auth": {
    hide_credentials: withDefault(false, flag("Whether the service does not get the Authorization header.")),
    anonymous: reference("The consumer of requests without valid credentials; without it they get 401."),
    realm: withDefault("service", text("What the client is told to have credentials for.")),
  },
} satisfies Readonly<Record<string, Shape>>;

type Name = keyof typeof AUTHENTICATORS;

/** With Kong's priorities: plugins below find the consumer. */
const PRIORITIES: Readonly<Record<Name, number>> = { "key-auth": 1250, "basic-auth": 1100 };

export function isAuthenticator(name: string): name is Name {
  return Object.hasOwn(AUTHENTICATORS, name);
}

/** What the gateway knows of them; a plugin of the server's with such a name counts more. */
export function authenticatorInfos(served: readonly ParsedPluginInfo[]): ParsedPluginInfo[] {
  return Object.entries(PRIORITIES)
    .filter(([name]) => !served.some((info) => info.name === name))
    .map(([name, priority]) => ({ name, priority, phases: new Set(["access"]), version: "", configFields: [], isOwn: true }));
}

const place = (path: string) => ({
  path,
  nullIsMissing: true,
  fail: (message: string) => new GatewayError("GATEWAY_CONFIG", message),
});

/** The configuration with its defaults. */
export function completeAuthentication(name: string, given: unknown, path: string): Readonly<Record<string, unknown>> {
  const shape: Shape = isAuthenticator(name) ? AUTHENTICATORS[name] : {};
  const fields = new ShapedFields(given, place(path), shape);
  return Object.fromEntries(Object.keys(shape).map((key) => [key, fields.get(key)]));
}

/** Finds out whose a request is; "ended" where it was refused. */
export function authenticate(plugin: PluginEntity, request: GatewayRequest, config: GatewayConfig): "finished" | "ended" {
  const isKey = plugin.name === "key-auth";
  const attempt = isKey ? keyAuth(plugin, request, config) : basicAuth(plugin, request, config);
  const consumer = config.consumers.find(({ id }) => id === attempt.credential?.consumer.id);
  if (attempt.credential !== undefined && consumer !== undefined) {
    admit(request, consumer, attempt.credential);
    return "finished";
  }
  const anonymous = consumerNamed(config, plugin.config["anonymous"]);
  if (anonymous !== undefined) {
    // Another authentication may have found one.
    if (request.credential === undefined) admit(request, anonymous, undefined);
    return "finished";
  }
  respondWithError(request, 401, attempt.refusal);
  setHeader(request.response.headers, "WWW-Authenticate", [isKey ? "Key" : `Basic realm="${String(plugin.config["realm"])}"`]);
  return "ended";
}

interface Attempt {
  readonly credential: CredentialEntity | undefined;
  readonly refusal: string;
}

function keyAuth(plugin: PluginEntity, request: GatewayRequest, { credentials }: GatewayConfig): Attempt {
  const { key_names: names, key_in_header: inHeader, key_in_query: inQuery, hide_credentials: hides } = plugin.config;
  for (const name of names as readonly string[]) {
    const header = inHeader === true ? getHeader(request.headers, name) : undefined;
    const given = header ?? (inQuery === true ? parseQuery(request.query, Infinity).get(name)?.[0] : undefined);
    if (typeof given !== "string") continue;
    if (hides === true) hideKey(request, name);
    return { credential: credentials.find(({ key }) => key === given), refusal: "Unauthorized" };
  }
  return { credential: undefined, refusal: "No API key found in request" };
}

function hideKey(request: GatewayRequest, name: string): void {
  removeHeader(request.headers, name);
  const others = request.query.split("&").filter((part) => part !== name && !part.startsWith(`${name}=`));
  request.query = others.join("&");
}

function basicAuth(plugin: PluginEntity, request: GatewayRequest, { credentials }: GatewayConfig): Attempt {
  const [, encoded] = /^basic +(\S+)/i.exec(getHeader(request.headers, "authorization") ?? "") ?? [];
  const [, name, word] = /^([^:]*):(.*)$/s.exec(Buffer.from(encoded ?? "", "base64").toString("utf8")) ?? [];
  if (plugin.config["hide_credentials"] === true) removeHeader(request.headers, "authorization");
  const credential = credentials.find(
    ({ username, password }) => username !== undefined && username === name && password === word,
  );
  return { credential, refusal: "Unauthorized" };
}

function consumerNamed({ consumers }: Pick<GatewayConfig, "consumers">, name: unknown): ConsumerEntity | undefined {
  return name === undefined ? undefined : consumers.find(({ id, username }) => id === name || username === name);
}

/** What the service gets to know of it, and plugins. */
export function admit(request: GatewayRequest, consumer: ConsumerEntity, credential: CredentialEntity | undefined): void {
  request.consumer = consumer;
  request.credential = credential;
  const values = {
    "X-Consumer-ID": consumer.id,
    "X-Consumer-Custom-ID": consumer.custom_id,
    "X-Consumer-Username": consumer.username,
    "X-Credential-Identifier": credential?.id,
    "X-Anonymous-Consumer": credential === undefined ? "true" : undefined,
  };
  for (const [name, value] of Object.entries(values)) setHeader(request.headers, name, value === undefined ? [] : [value]);
}
