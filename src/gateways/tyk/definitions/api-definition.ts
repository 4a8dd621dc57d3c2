// Reads an API definition, classic or OAS, as one value with the fields that plugins ask for.
import { isRecord } from "../../../core/model/index.js";
import type { ApiDefinition } from "../api/index.js";
import { DefinitionError } from "./errors.js";

type Fields = Readonly<Record<string, unknown>>;

const EXTENSION = "x-tyk-api-gateway";

/** @throws {DefinitionError} for what is none. `place` says where it is from. */
export function parseDefinition(value: unknown, place: string): ApiDefinition {
  const document = fieldsOf(value);
  // An export of the Dashboard has the definition one level below.
  const inner = document["api_definition"];
  if (isRecord(inner)) return parseDefinition(inner, place);
  const definition = EXTENSION in document ? fromOas(document) : fromClassic(document);
  if (definition.id !== "") return definition;
  throw new DefinitionError("TYK_DEFINITION_BROKEN", `${place} has no ${EXTENSION in document ? "info.id" : "api_id"}`);
}

/** The same API with its OAS document, where the classic fields came first. */
export function withDocument(definition: ApiDefinition, document: unknown): ApiDefinition {
  return isRecord(document) && EXTENSION in document ? { ...definition, form: "oas", document } : definition;
}

/** Whether the gateway keeps an OAS document of this classic definition. */
export const hasOas = ({ form, document }: ApiDefinition): boolean => form === "classic" && document["is_oas"] === true;

function fromClassic(document: Fields): ApiDefinition {
  const proxy = fieldsOf(document["proxy"]);
  const versions = fieldsOf(fieldsOf(document["version_data"])["versions"]);
  return {
    id: textOf(document["api_id"]) ?? "",
    orgId: textOf(document["org_id"]) ?? "",
    name: textOf(document["name"]) ?? "",
    active: document["active"] === true,
    internal: document["internal"] === true,
    listenPath: textOf(proxy["listen_path"]),
    stripListenPath: proxy["strip_listen_path"] === true,
    targetUrl: textOf(proxy["target_url"]),
    domain: document["domain_disabled"] === true ? undefined : textOf(document["domain"]),
    keyless: document["use_keyless"] === true,
    tags: document["tags_disabled"] === true ? [] : textsOf(document["tags"]),
    versions: Object.keys(versions),
    configData: fieldsOf(document["config_data"]),
    bundle: document["custom_middleware_bundle_disabled"] === true ? undefined : textOf(document["custom_middleware_bundle"]),
    form: "classic",
    document,
  };
}

function fromOas(document: Fields): ApiDefinition {
  const { info, server, upstream, middleware } = groupsOf(fieldsOf(document[EXTENSION]), [
    "info",
    "server",
    "upstream",
    "middleware",
  ]);
  const { state, versioning } = groupsOf(info, ["state", "versioning"]);
  const { listenPath, authentication, customDomain, gatewayTags } = groupsOf(server, [
    "listenPath",
    "authentication",
    "customDomain",
    "gatewayTags",
  ]);
  const { pluginConfig } = groupsOf(fieldsOf(middleware["global"]), ["pluginConfig"]);
  const { bundle, data } = groupsOf(pluginConfig, ["bundle", "data"]);
  const versions = Array.isArray(versioning["versions"]) ? versioning["versions"] : [];
  return {
    id: textOf(info["id"]) ?? "",
    orgId: textOf(info["orgId"]) ?? "",
    name: textOf(info["name"]) ?? "",
    active: state["active"] === true,
    internal: state["internal"] === true,
    listenPath: textOf(listenPath["value"]),
    stripListenPath: listenPath["strip"] === true,
    targetUrl: textOf(upstream["url"]),
    domain: customDomain["enabled"] === true ? textOf(customDomain["name"]) : undefined,
    keyless: authentication["enabled"] !== true,
    tags: gatewayTags["enabled"] === true ? textsOf(gatewayTags["tags"]) : [],
    versions: versions.flatMap((version) => textOf(fieldsOf(version)["name"]) ?? []),
    configData: fieldsOf(data["value"]),
    bundle: bundle["enabled"] === true ? textOf(bundle["path"]) : undefined,
    form: "oas",
    document,
  };
}

function groupsOf<Name extends string>(fields: Fields, names: readonly Name[]): Readonly<Record<Name, Fields>> {
  return Object.fromEntries(names.map((name) => [name, fieldsOf(fields[name])])) as Record<Name, Fields>;
}

const fieldsOf = (value: unknown): Fields => (isRecord(value) ? value : {});

const textOf = (value: unknown): string | undefined => (typeof value === "string" && value !== "" ? value : undefined);

const textsOf = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((text): text is string => typeof text === "string") : [];
