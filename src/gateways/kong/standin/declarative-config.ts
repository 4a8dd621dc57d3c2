// Reads a declarative configuration in the shape of Kong's (YAML or JSON) into the gateway's entities.

import { readFile } from "node:fs/promises";

import { parse } from "yaml";

import { ConfigFields } from "./config-fields.js";
import {
  type ConsumerEntity,
  type CredentialEntity,
  entityId,
  type GatewayConfig,
  type PluginEntity,
  type RouteEntity,
  type ServiceEntity,
  type UpstreamEntity,
  WORKSPACE_ID,
} from "./entities.js";
import { GatewayError, messageOf } from "./errors.js";
import { completeConfig } from "./plugin-server/plugin-config.js";
import { isRecord, type PluginInfo } from "./plugin-server/plugin-info.js";

type Mutable<Entities> = { -readonly [Key in keyof Entities]: Entities[Key] extends readonly (infer Item)[] ? Item[] : never };

interface Loading {
  readonly config: Mutable<GatewayConfig>;
  readonly pluginInfos: ReadonlyMap<string, PluginInfo>;
  readonly now: number;
}

// Kong numbers the entries of all loads of a worker.
let lastSequence = 0;

/** Reads and checks a file; the error names the file and the field. */
export async function readConfigFile(file: string, pluginInfos: readonly PluginInfo[]): Promise<GatewayConfig> {
  try {
    return parseConfig(parse(await readFile(file, "utf8")), pluginInfos);
  } catch (error) {
    throw new GatewayError("GATEWAY_CONFIG", `${file}: ${messageOf(error)}`, error);
  }
}

/** Checks a configuration that was read already. */
export function parseConfig(document: unknown, pluginInfos: readonly PluginInfo[]): GatewayConfig {
  const fields = new ConfigFields(document, "");
  const loading: Loading = {
    config: { services: [], routes: [], plugins: [], consumers: [], credentials: [], upstreams: [] },
    pluginInfos: new Map(pluginInfos.map((info) => [info.name, info])),
    now: Math.floor(Date.now() / 1000),
  };
  const version = fields.requiredString("_format_version");
  if (!/^\d+\.\d+$/.test(version)) throw fields.wrong("_format_version", 'expected a version such as "3.0"');
  fields.any("_transform");
  for (const upstream of fields.objects("upstreams")) addUpstream(loading, upstream);
  for (const service of fields.objects("services")) addService(loading, service);
  for (const route of fields.objects("routes")) addRoute(loading, route, undefined);
  for (const consumer of fields.objects("consumers")) addConsumer(loading, consumer);
  for (const plugin of fields.objects("plugins")) addPlugin(loading, plugin, {});
  fields.finish();
  return loading.config;
}

function addUpstream({ config }: Loading, fields: ConfigFields): void {
  const targets = fields.objects("targets").map((target) => {
    const address = target.requiredString("target");
    target.any("weight");
    target.finish();
    const [, host = "", port = "8000"] = /^(.*?)(?::(\d+))?$/.exec(address) ?? [];
    return { host, port: Number(port) };
  });
  const upstream: UpstreamEntity = { name: fields.requiredString("name"), targets };
  fields.finish();
  config.upstreams.push(upstream);
}

function addService(loading: Loading, fields: ConfigFields): void {
  const name = fields.requiredString("name");
  assertNew(loading.config.services, fields, name);
  const service: ServiceEntity = {
    id: fields.string("id") ?? entityId("services", name),
    name,
    ...serviceAddress(fields),
    retries: fields.integer("retries", 0, 32_767) ?? 5,
    connect_timeout: fields.integer("connect_timeout", 1, 2_147_483_646) ?? 60_000,
    write_timeout: fields.integer("write_timeout", 1, 2_147_483_646) ?? 60_000,
    read_timeout: fields.integer("read_timeout", 1, 2_147_483_646) ?? 60_000,
    enabled: fields.boolean("enabled") ?? true,
    ws_id: WORKSPACE_ID,
    ...common(loading, fields),
  };
  loading.config.services.push(service);
  for (const route of fields.objects("routes")) addRoute(loading, route, service);
  for (const plugin of fields.objects("plugins")) addPlugin(loading, plugin, { serviceId: service.id });
  fields.finish();
}

function serviceAddress(fields: ConfigFields): Pick<ServiceEntity, "protocol" | "host" | "port" | "path"> {
  const url = fields.string("url");
  const parts = url === undefined ? undefined : parseServiceUrl(fields, url);
  const protocol = fields.string("protocol") ?? parts?.protocol.slice(0, -1) ?? "http";
  if (protocol !== "http" && protocol !== "https") throw fields.wrong("protocol", "expected http or https");
  const host = parts?.hostname ?? fields.requiredString("host");
  const port = parts === undefined || parts.port === "" ? undefined : Number(parts.port);
  const path = fields.string("path") ?? (parts === undefined || parts.pathname === "/" ? undefined : parts.pathname);
  if (path !== undefined && !path.startsWith("/")) throw fields.wrong("path", "expected a path that starts with /");
  return {
    protocol,
    host,
    port: port ?? fields.integer("port", 0, 65_535) ?? (protocol === "https" ? 443 : 80),
    ...(path === undefined ? {} : { path }),
  };
}

function parseServiceUrl(fields: ConfigFields, url: string): URL {
  if (!URL.canParse(url)) throw fields.wrong("url", "expected a URL such as http://127.0.0.1:8080/path");
  return new URL(url);
}

function addRoute(loading: Loading, fields: ConfigFields, owner: ServiceEntity | undefined): void {
  const name = fields.requiredString("name");
  assertNew(loading.config.routes, fields, name);
  const service = owner ?? findNamed(loading.config.services, fields, "service");
  const route: RouteEntity = {
    id: fields.string("id") ?? entityId("routes", name),
    name,
    ...(service === undefined ? {} : { service: { id: service.id } }),
    protocols: fields.strings("protocols") ?? ["http", "https"],
    ...optional("paths", routePaths(fields)),
    ...optional("methods", fields.strings("methods")),
    ...optional("hosts", fields.strings("hosts")),
    strip_path: fields.boolean("strip_path") ?? true,
    preserve_host: fields.boolean("preserve_host") ?? false,
    regex_priority: fields.integer("regex_priority", 0, 1_000_000) ?? 0,
    path_handling: "v0",
    https_redirect_status_code: 426,
    request_buffering: fields.boolean("request_buffering") ?? true,
    response_buffering: fields.boolean("response_buffering") ?? true,
    ws_id: WORKSPACE_ID,
    ...common(loading, fields),
  };
  loading.config.routes.push(route);
  for (const plugin of fields.objects("plugins")) addPlugin(loading, plugin, { routeId: route.id });
  fields.finish();
}

function routePaths(fields: ConfigFields): string[] | undefined {
  const paths = fields.strings("paths");
  for (const path of paths ?? []) {
    if (!path.startsWith("/") && !path.startsWith("~/"))
      throw fields.wrong("paths", "a path starts with / (or ~/ for a pattern)");
    if (path.startsWith("~")) assertPattern(fields, path);
  }
  return paths;
}

function assertPattern(fields: ConfigFields, path: string): void {
  try {
    new RegExp(path.slice(1));
  } catch (error) {
    throw fields.wrong("paths", `${path} is no regular expression (${messageOf(error)})`);
  }
}

function addConsumer(loading: Loading, fields: ConfigFields): void {
  const username = fields.string("username");
  const customId = fields.string("custom_id");
  if (username === undefined && customId === undefined) throw fields.wrong("username", "username or custom_id is needed");
  const consumer: ConsumerEntity = {
    id: fields.string("id") ?? entityId("consumers", username ?? `custom_id:${customId}`),
    ...optional("username", username),
    ...optional("custom_id", customId),
    ...common(loading, fields),
  };
  loading.config.consumers.push(consumer);
  for (const credential of fields.objects("keyauth_credentials")) {
    loading.config.credentials.push(keyAuthCredential(loading, credential, consumer));
  }
  fields.finish();
}

function keyAuthCredential(loading: Loading, fields: ConfigFields, consumer: ConsumerEntity): CredentialEntity {
  const key = fields.requiredString("key");
  fields.strings("tags");
  const id = fields.string("id") ?? entityId("keyauth_credentials", key);
  fields.finish();
  return { id, key, consumer: { id: consumer.id }, created_at: loading.now };
}

function addPlugin(loading: Loading, fields: ConfigFields, owner: Pick<PluginEntity, "routeId" | "serviceId">): void {
  const name = fields.requiredString("name");
  const info = loading.pluginInfos.get(name);
  if (info === undefined) {
    const served = [...loading.pluginInfos.keys()].join(", ");
    throw fields.wrong("name", `the plugin server has no such plugin (it serves: ${served === "" ? "none" : served})`);
  }
  const route = findNamed(loading.config.routes, fields, "route");
  const service = findNamed(loading.config.services, fields, "service");
  const scope = {
    ...optional("routeId", owner.routeId ?? route?.id),
    ...optional("serviceId", owner.serviceId ?? service?.id),
  };
  const given = fields.any("config") ?? {};
  if (!isRecord(given)) throw fields.wrong("config", "expected an object");
  const config = completeConfig(given, info.configFields, fields.path === "" ? "config" : `${fields.path}.config`);
  const id = fields.string("id") ?? entityId("plugins", `${name}:${scope.routeId ?? ""}:${scope.serviceId ?? ""}`);
  const isEnabled = fields.boolean("enabled") ?? true;
  fields.strings("protocols");
  fields.strings("tags");
  fields.finish();
  if (!isEnabled) return;
  lastSequence += 1;
  const plugin = { id, name, ...scope, sequence: lastSequence, config };
  loading.config.plugins.push({ ...plugin, configText: configText(plugin) });
}

/** The JSON text of a configuration, with the keys Kong adds. */
function configText(plugin: Omit<PluginEntity, "configText">): string {
  const { id, name, routeId, serviceId, sequence, config } = plugin;
  const text = JSON.stringify({
    ...config,
    __seq__: sequence,
    __key__: `plugins:${name}:${routeId ?? ""}:${serviceId ?? ""}:::${WORKSPACE_ID}`,
    __plugin_id: id,
    __ws_id: WORKSPACE_ID,
    ...optional("route_id", routeId),
    ...optional("service_id", serviceId),
  });
  return text.replaceAll("/", "\\/");
}

function common(loading: Loading, fields: ConfigFields): Pick<ServiceEntity, "created_at" | "updated_at" | "tags"> {
  return { created_at: loading.now, updated_at: loading.now, ...optional("tags", fields.strings("tags")) };
}

function findNamed<Entity extends { id: string; name: string }>(
  entities: readonly Entity[],
  fields: ConfigFields,
  name: string,
): Entity | undefined {
  const reference = fields.reference(name);
  if (reference === undefined) return undefined;
  const found = entities.find((entity) => entity.name === reference || entity.id === reference);
  if (found === undefined) throw fields.wrong(name, `there is no ${name} of that name`);
  return found;
}

function assertNew(entities: readonly { name: string }[], fields: ConfigFields, name: string): void {
  if (entities.some((entity) => entity.name === name)) throw fields.wrong("name", "this name is taken");
}

function optional<Key extends string, Value>(key: Key, value: Value | undefined): { [K in Key]?: Value } {
  return value === undefined ? {} : ({ [key]: value } as { [K in Key]?: Value });
}
