// Reads a declarative configuration in the shape of Kong's (YAML or JSON) into the gateway's entities.

import { readFile } from "node:fs/promises";
import { messageOf } from "../../../core/model/index.js";

import { parse } from "yaml";

import { completeAuthentication, isAuthenticator } from "./authentication.js";
import { ShapedFields } from "./config-shape.js";
import {
  type ConsumerEntity,
  type CredentialEntity,
  entityId,
  type GatewayConfig,
  type PluginEntity,
  type RouteEntity,
  type ServiceEntity,
  WORKSPACE_ID,
} from "../pdk-functions/index.js";
import { type ConsumerShape, DOCUMENT, type PluginShape, type RouteShape, type ServiceShape } from "./entity-shapes.js";
import { GatewayError } from "./errors.js";
import { completeConfig } from "./plugin-server/plugin-config.js";
import type { ParsedPluginInfo } from "./plugin-server/plugin-info.js";

type Mutable<Entities> = { -readonly [Key in keyof Entities]: Entities[Key] extends readonly (infer Item)[] ? Item[] : never };

interface Loading {
  readonly config: Mutable<GatewayConfig>;
  readonly pluginInfos: ReadonlyMap<string, ParsedPluginInfo>;
  readonly now: number;
}

/** What a plugin stands in. */
type Owner = Pick<PluginEntity, "routeId" | "serviceId" | "consumerId">;

// Kong numbers the entries of all loads of a worker.
let lastSequence = 0;

/** Reads and checks a file; the error names the file and the field. */
export async function readConfigFile(file: string, pluginInfos: readonly ParsedPluginInfo[]): Promise<GatewayConfig> {
  try {
    return parseDeclarativeConfig(parse(await readFile(file, "utf8")), pluginInfos);
  } catch (error) {
    throw new GatewayError("GATEWAY_CONFIG", `${file}: ${messageOf(error)}`, error);
  }
}

/** Checks a configuration that was read already. */
export function parseDeclarativeConfig(value: unknown, pluginInfos: readonly ParsedPluginInfo[]): GatewayConfig {
  const place = { path: "", nullIsMissing: true, fail: (message: string) => new GatewayError("GATEWAY_CONFIG", message) };
  const document = new ShapedFields(value, place, DOCUMENT);
  const loading: Loading = {
    config: { services: [], routes: [], plugins: [], consumers: [], credentials: [], upstreams: [], presets: [] },
    pluginInfos: new Map(pluginInfos.map((info) => [info.name, info])),
    now: Math.floor(Date.now() / 1000),
  };
  for (const upstream of document.get("upstreams"))
    loading.config.upstreams.push({
      name: upstream.get("name"),
      targets: upstream.get("targets").map((target) => address(target.get("target"))),
    });
  const consumers = document.get("consumers").map((fields) => ({ fields, consumerId: addConsumer(loading, fields).id }));
  for (const service of document.get("services")) addService(loading, service);
  for (const route of document.get("routes")) {
    const service = findNamed(loading.config.services, route.get("service"), "service", route);
    addRoute(loading, route, service);
  }
  for (const { fields, consumerId } of consumers) {
    for (const plugin of fields.get("plugins")) addPlugin(loading, plugin, { consumerId });
  }
  for (const plugin of document.get("plugins")) addPlugin(loading, plugin, {});
  return loading.config;
}

function address(target: string): { readonly host: string; readonly port: number } {
  const [, host = "", port = "8000"] = /^(.*?)(?::(\d+))?$/.exec(target) ?? [];
  return { host, port: Number(port) };
}

function addService(loading: Loading, fields: ShapedFields<ServiceShape>): void {
  const name = fields.get("name");
  assertNew(loading.config.services, fields, name);
  const service: ServiceEntity = {
    id: fields.get("id") ?? entityId("services", name),
    name,
    ...serviceAddress(fields),
    retries: fields.get("retries"),
    connect_timeout: fields.get("connect_timeout"),
    write_timeout: fields.get("write_timeout"),
    read_timeout: fields.get("read_timeout"),
    enabled: fields.get("enabled"),
    ws_id: WORKSPACE_ID,
    ...common(loading, fields.get("tags")),
  };
  loading.config.services.push(service);
  for (const route of fields.get("routes")) addRoute(loading, route, service);
  for (const plugin of fields.get("plugins")) addPlugin(loading, plugin, { serviceId: service.id });
}

function serviceAddress(fields: ShapedFields<ServiceShape>): Pick<ServiceEntity, "protocol" | "host" | "port" | "path"> {
  const text = fields.get("url");
  if (text !== undefined && !URL.canParse(text)) throw fields.wrong("url", "expected a URL such as http://127.0.0.1:8080/path");
  const url = text === undefined ? undefined : new URL(text);
  const protocol = fields.get("protocol") ?? (url?.protocol === "https:" ? "https" : "http");
  const host = url?.hostname ?? fields.get("host");
  if (host === undefined) throw fields.wrong("host", "host or url is needed");
  const port = url === undefined || url.port === "" ? fields.get("port") : Number(url.port);
  const path = fields.get("path") ?? (url === undefined || url.pathname === "/" ? undefined : url.pathname);
  return { protocol, host, port: port ?? (protocol === "https" ? 443 : 80), ...optional("path", path) };
}

function addRoute(loading: Loading, fields: ShapedFields<RouteShape>, service: ServiceEntity | undefined): void {
  const name = fields.get("name");
  assertNew(loading.config.routes, fields, name);
  const route: RouteEntity = {
    id: fields.get("id") ?? entityId("routes", name),
    name,
    ...(service === undefined ? {} : { service: { id: service.id } }),
    protocols: fields.get("protocols"),
    ...optional("paths", routePaths(fields)),
    ...optional("methods", fields.get("methods")),
    ...optional("hosts", fields.get("hosts")),
    strip_path: fields.get("strip_path"),
    preserve_host: fields.get("preserve_host"),
    regex_priority: fields.get("regex_priority"),
    path_handling: "v0",
    https_redirect_status_code: 426,
    request_buffering: fields.get("request_buffering"),
    response_buffering: fields.get("response_buffering"),
    ws_id: WORKSPACE_ID,
    ...common(loading, fields.get("tags")),
  };
  loading.config.routes.push(route);
  const consumer = findConsumer(loading, fields);
  if (consumer !== undefined) loading.config.presets.push({ routeId: route.id, consumer });
  for (const plugin of fields.get("plugins")) addPlugin(loading, plugin, { routeId: route.id });
}

function routePaths(fields: ShapedFields<RouteShape>): readonly string[] | undefined {
  const paths = fields.get("paths");
  for (const path of paths ?? []) {
    if (!path.startsWith("/") && !path.startsWith("~/"))
      throw fields.wrong("paths", "a path starts with / (or ~/ for a pattern)");
    if (path.startsWith("~")) assertPattern(fields, path);
  }
  return paths;
}

function assertPattern(fields: ShapedFields<RouteShape>, path: string): void {
  try {
    new RegExp(path.slice(1));
  } catch (error) {
    throw fields.wrong("paths", `${path} is no regular expression (${messageOf(error)})`);
  }
}

function addConsumer(loading: Loading, fields: ShapedFields<ConsumerShape>): ConsumerEntity {
  const [username, customId] = [fields.get("username"), fields.get("custom_id")];
  if (username === undefined && customId === undefined) throw fields.wrong("username", "username or custom_id is needed");
  const consumer: ConsumerEntity = {
    id: fields.get("id") ?? entityId("consumers", username ?? `custom_id:${customId}`),
    ...optional("username", username),
    ...optional("custom_id", customId),
    ...common(loading, fields.get("tags")),
  };
  loading.config.consumers.push(consumer);
  const owned = { consumer: { id: consumer.id }, created_at: loading.now };
  const keys = fields.get("keyauth_credentials").map((credential): CredentialEntity => {
    const key = credential.get("key");
    return { id: credential.get("id") ?? entityId("keyauth_credentials", key), key, ...owned };
  });
  const passwords = fields.get("basicauth_credentials").map((credential): CredentialEntity => {
    const [name, password] = [credential.get("username"), credential.get("password")];
    return { id: credential.get("id") ?? entityId("basicauth_credentials", name), username: name, password, ...owned };
  });
  loading.config.credentials.push(...keys, ...passwords);
  return consumer;
}

function addPlugin(loading: Loading, fields: ShapedFields<PluginShape>, owner: Owner): void {
  const { config, pluginInfos } = loading;
  const name = fields.get("name");
  const info = pluginInfos.get(name);
  if (info === undefined && !isAuthenticator(name)) {
    const served = [...pluginInfos.keys()].join(", ");
    throw fields.wrong("name", `the plugin server has no plugin ${name} (it serves: ${served === "" ? "none" : served})`);
  }
  const scope = {
    ...optional("routeId", owner.routeId ?? findNamed(config.routes, fields.get("route"), "route", fields)?.id),
    ...optional("serviceId", owner.serviceId ?? findNamed(config.services, fields.get("service"), "service", fields)?.id),
    ...optional("consumerId", owner.consumerId ?? findConsumer(loading, fields)?.id),
  };
  const [given, path] = [fields.get("config"), fields.path === "" ? "config" : `${fields.path}.config`];
  const complete =
    info === undefined ? completeAuthentication(name, given, path) : completeConfig(given, info.configFields, path);
  const key = [name, scope.routeId, scope.serviceId, scope.consumerId].filter((part, index) => index < 3 || part !== undefined);
  const id = fields.get("id") ?? entityId("plugins", key.join(":"));
  if (!fields.get("enabled")) return;
  lastSequence += 1;
  const plugin = { id, name, ...scope, sequence: lastSequence, config: complete };
  config.plugins.push({ ...plugin, configText: configText(plugin) });
}

/** The JSON text of a configuration, with the keys Kong adds. */
function configText(plugin: Omit<PluginEntity, "configText">): string {
  const { id, name, routeId, serviceId, consumerId, sequence, config } = plugin;
  const text = JSON.stringify({
    ...config,
    __seq__: sequence,
    __key__: `plugins:${name}:${routeId ?? ""}:${serviceId ?? ""}:${consumerId ?? ""}::${WORKSPACE_ID}`,
    __plugin_id: id,
    __ws_id: WORKSPACE_ID,
    ...optional("route_id", routeId),
    ...optional("service_id", serviceId),
    ...optional("consumer_id", consumerId),
  });
  return text.replaceAll("/", "\\/");
}

function common(
  loading: Loading,
  tags: readonly string[] | undefined,
): Pick<ServiceEntity, "created_at" | "updated_at" | "tags"> {
  return { created_at: loading.now, updated_at: loading.now, ...optional("tags", tags) };
}

interface Complaining {
  wrong(name: string, what: string): Error;
}

function findNamed<Entity extends { id: string; name: string }>(
  entities: readonly Entity[],
  reference: string | undefined,
  kind: string,
  fields: Complaining,
): Entity | undefined {
  if (reference === undefined) return undefined;
  const found = entities.find((entity) => entity.name === reference || entity.id === reference);
  if (found === undefined) throw fields.wrong(kind, `there is no ${kind} ${reference}`);
  return found;
}

function findConsumer(
  { config }: Loading,
  fields: ShapedFields<{ consumer: PluginShape["consumer"] }>,
): ConsumerEntity | undefined {
  const reference = fields.get("consumer");
  if (reference === undefined) return undefined;
  const found = config.consumers.find(({ id, username }) => username === reference || id === reference);
  if (found === undefined) throw fields.wrong("consumer", `there is no consumer ${reference}`);
  return found;
}

function assertNew(entities: readonly { name: string }[], fields: Complaining, name: string): void {
  if (entities.some((entity) => entity.name === name)) throw fields.wrong("name", `the name ${name} is taken`);
}

function optional<Key extends string, Value>(key: Key, value: Value | undefined): { [K in Key]?: Value } {
  return value === undefined ? {} : ({ [key]: value } as { [K in Key]?: Value });
}
