// Makes APIs of the stand-in of Tyk: of the gateway's own definitions, classic or OAS, or of a short form of them.
import { CommandError, isRecord } from "../../../core/model/index.js";
import { parseDefinition } from "../../../gateways/tyk/definitions/index.js";
import {
  describeApi,
  type Hook,
  type IdExtractor,
  type MockResponse,
  type StandinApi,
} from "../../../gateways/tyk/standin/index.js";

type Fields = Readonly<Record<string, unknown>>;

const EXTENSION = "x-tyk-api-gateway";
/** What the short form has: hooks by the names that classic definitions have for them. */
const HOOK_LISTS = ["pre", "post_key_auth", "post", "response"] as const;
const SHORT_KEYS = ["name", "listen_path", "target_url", ...HOOK_LISTS, "auth_check", "id_extractor", "config_data"];

/** A definition as it is; of the short form a classic one. @throws {CommandError} naming the key that is none. */
export function wholeDefinition(value: unknown, place: string, echoUrl: string): Fields {
  if (!isRecord(value)) throw new CommandError(`${place}: an API is an object, such as { name: hello, pre: [hello] }`);
  if ("api_id" in value || "api_definition" in value || EXTENSION in value) return value;
  const unknown = Object.keys(value).find((key) => !SHORT_KEYS.includes(key));
  if (unknown !== undefined) throw new CommandError(`${place}: there is no ${unknown}: an API has ${SHORT_KEYS.join(", ")}`);
  const { name } = value;
  if (typeof name !== "string" || name === "") throw new CommandError(`${place}: an API has a name`);
  const auth = value["auth_check"];
  const isKeyless = auth === undefined && listOf(value["post_key_auth"]).length === 0;
  return {
    api_id: name,
    org_id: "default",
    name,
    active: true,
    use_keyless: isKeyless,
    enable_coprocess_auth: !isKeyless,
    custom_plugin_auth_enabled: !isKeyless,
    proxy: {
      listen_path: value["listen_path"] ?? `/${name}/`,
      target_url: value["target_url"] ?? echoUrl,
      strip_listen_path: true,
    },
    custom_middleware: {
      ...Object.fromEntries(HOOK_LISTS.map((list) => [list, listOf(value[list]).map(namedHook)])),
      ...(auth === undefined ? {} : { auth_check: namedHook(auth) }),
      ...(value["id_extractor"] === undefined ? {} : { id_extractor: value["id_extractor"] }),
      driver: "grpc",
    },
    config_data: value["config_data"] ?? {},
  };
}

const namedHook = (hook: unknown): unknown => (typeof hook === "string" ? { name: hook } : hook);

/** As far as hooks have to do with it. @throws {Error} for what no gateway would take. */
export function standinApi(document: Fields, place: string, echoUrl: string): StandinApi {
  const definition = parseDefinition(document, place);
  const { id, orgId, listenPath = "/", stripListenPath, targetUrl = echoUrl, keyless, bundle = "", configData } = definition;
  const inner = fieldsOf(definition.document);
  const hooks = definition.form === "classic" ? classicHooks(inner) : oasHooks(fieldsOf(inner[EXTENSION]), inner);
  const path = `/${listenPath.replace(/^\/+/, "")}`;
  return describeApi({
    id,
    orgId,
    listenPath: path.endsWith("/") ? path : `${path}/`,
    stripListenPath,
    targetUrl,
    keyless,
    bundle,
    configData,
    ...hooks,
  });
}

function classicHooks(document: Fields): Partial<StandinApi> {
  const middleware = fieldsOf(document["custom_middleware"]);
  const named = (list: unknown): Hook[] => hooksIn(list, "name", "raw_body_only", ({ disabled }) => disabled !== true);
  const [authCheck] = named([middleware["auth_check"]]);
  const versions = Object.values(fieldsOf(fieldsOf(document["version_data"])["versions"]));
  const paths = versions.map((version) => fieldsOf(fieldsOf(version)["extended_paths"]));
  const each = (list: string): Fields[] => paths.flatMap((all) => listOf(all[list]).map(fieldsOf));
  const cache = fieldsOf(document["cache_options"]);
  const lifetime = document["session_lifetime"];
  return {
    driver: textOf(middleware["driver"]) ?? "",
    pre: named(middleware["pre"]),
    authCheck,
    customAuth: document["enable_coprocess_auth"] === true || document["custom_plugin_auth_enabled"] === true,
    postKeyAuth: named(middleware["post_key_auth"]),
    post: named(middleware["post"]),
    response: named(middleware["response"]),
    idExtractor: extractorOf(middleware["id_extractor"], {
      from: "extract_from",
      with: "extract_with",
      config: "extractor_config",
    }),
    events: eventHandlers(document["event_handlers"]),
    ignored: each("ignored").flatMap(({ path }) => pattern(path)),
    rewrites: each("url_rewrites").flatMap(({ match_pattern: match, rewrite_to: to }) =>
      pattern(match).map((found) => ({ pattern: found, to: textOf(to) ?? "" })),
    ),
    caches: cache["enable_cache"] === true && cache["cache_all_safe_requests"] === true,
    sessionLifetime: typeof lifetime === "number" ? lifetime : 0,
  };
}

function oasHooks(extension: Fields, document: Fields): Partial<StandinApi> {
  const middleware = fieldsOf(extension["middleware"]);
  const global = fieldsOf(middleware["global"]);
  const authentication = fieldsOf(fieldsOf(extension["server"])["authentication"]);
  const custom = fieldsOf(authentication["custom"]);
  const config = fieldsOf(custom["config"]);
  const isOn = ({ enabled }: Fields): boolean => enabled === true;
  const named = (list: unknown): Hook[] => hooksIn(list, "functionName", "rawBodyOnly", isOn);
  const stage = (name: string): Hook[] => named(global[`${name}s`] ?? fieldsOf(global[name])["plugins"]);
  const [authCheck] = custom["enabled"] === true ? named([config]) : [];
  const operations = fieldsOf(middleware["operations"]);
  return {
    driver: textOf(fieldsOf(global["pluginConfig"])["driver"]) ?? "",
    pre: stage("prePlugin"),
    authCheck,
    customAuth: authentication["enabled"] === true && authCheck !== undefined,
    postKeyAuth: stage("postAuthenticationPlugin"),
    post: stage("postPlugin"),
    response: stage("responsePlugin"),
    idExtractor: isOn(fieldsOf(config["idExtractor"]))
      ? extractorOf(config["idExtractor"], { from: "source", with: "with", config: "config" })
      : undefined,
    ignored: operationPaths(document, operations, (operation) => isOn(fieldsOf(operation["ignoreAuthentication"]))).map(
      ({ path }) => path,
    ),
    mocks: operationPaths(document, operations, (operation) => isOn(fieldsOf(operation["mockResponse"]))).map(mockOf),
  };
}

interface Operation {
  readonly path: RegExp;
  readonly settings: Fields;
}

/** Operations stand under `paths`, and what the gateway does with them under their ids. */
function operationPaths(document: Fields, operations: Fields, isWanted: (operation: Fields) => boolean): Operation[] {
  return Object.entries(fieldsOf(document["paths"])).flatMap(([path, methods]) =>
    Object.values(fieldsOf(methods)).flatMap((method) => {
      const settings = fieldsOf(operations[textOf(fieldsOf(method)["operationId"]) ?? ""]);
      return isWanted(settings) ? [{ path: pathPattern(path), settings }] : [];
    }),
  );
}

function mockOf({ path, settings }: Operation): MockResponse {
  const { code, body, headers } = fieldsOf(settings["mockResponse"]);
  const pairs = listOf(headers).map((header) => [
    textOf(fieldsOf(header)["name"]) ?? "",
    textOf(fieldsOf(header)["value"]) ?? "",
  ]);
  return {
    path,
    status: typeof code === "number" ? code : 200,
    headers: Object.fromEntries(pairs) as Record<string, string>,
    body: textOf(body) ?? "",
  };
}

/** `/users/{id}` */
function pathPattern(path: string): RegExp {
  const parts = path.split("/").map((part) => (part.startsWith("{") ? "[^/]+" : part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")));
  return new RegExp(`^${parts.join("/")}$`);
}

const pattern = (text: unknown): RegExp[] => (typeof text === "string" && text !== "" ? [new RegExp(text)] : []);

function hooksIn(list: unknown, nameKey: string, rawKey: string, isOn: (hook: Fields) => boolean): Hook[] {
  return listOf(list)
    .map(fieldsOf)
    .flatMap((hook) => {
      const name = textOf(hook[nameKey]);
      return name === undefined || !isOn(hook) ? [] : [{ name, ...(hook[rawKey] === true ? { rawBodyOnly: true } : {}) }];
    });
}

function extractorOf(
  value: unknown,
  keys: { readonly from: string; readonly with: string; readonly config: string },
): IdExtractor | undefined {
  const { [keys.from]: from, [keys.with]: how, [keys.config]: config } = fieldsOf(value);
  if ((from !== "header" && from !== "form" && from !== "body") || (how !== "value" && how !== "regex")) return undefined;
  const given = fieldsOf(config);
  const text = (...names: string[]): string | undefined =>
    names.map((name) => textOf(given[name])).find((found) => found !== undefined);
  const [headerName, formParameter] = [text("header_name", "headerName"), text("param_name", "formParamName")];
  const expression = text("regex_expression", "regexp");
  const matchIndex = given["regex_match_index"] ?? given["regexMatchIndex"];
  return {
    from,
    with: how,
    ...(headerName === undefined ? {} : { headerName }),
    ...(formParameter === undefined ? {} : { formParameter }),
    ...(expression === undefined ? {} : { expression }),
    ...(typeof matchIndex === "number" ? { matchIndex } : {}),
  };
}

function eventHandlers(value: unknown): Record<string, string[]> {
  const handlers = Object.entries(fieldsOf(fieldsOf(value)["events"])).map(([event, list]) => {
    const ours = listOf(list)
      .map(fieldsOf)
      .filter(({ handler_name: name }) => name === "cp_dynamic_handler");
    return [event, ours.flatMap(({ handler_meta: meta }) => textOf(fieldsOf(meta)["name"]) ?? [])] as const;
  });
  return Object.fromEntries(handlers);
}

const fieldsOf = (value: unknown): Fields => (isRecord(value) ? value : {});

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

const textOf = (value: unknown): string | undefined => (typeof value === "string" && value !== "" ? value : undefined);
