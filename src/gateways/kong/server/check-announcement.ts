// Checks what a plugin announces of itself the way the gateway will: name, phases, schema.
import { basename, extname } from "node:path";
import type { PluginMetadata } from "../../../core/channel/index.js";
import type { DefinitionCheck, FoundPlugin } from "../../../core/plugins/index.js";
import { checkSchema, type SchemaProblem } from "../schema/index.js";
import { announcementOf } from "./plugin-info.js";

/** Words with a meaning of their own in the gateway's list of plugins. */
const RESERVED_NAMES: ReadonlySet<string> = new Set(["bundled", "off"]);

/** Plugins that a gateway brings along: it looks there first, and a plugin server's plugin of that name never runs. */
const BUNDLED_NAMES: ReadonlySet<string> = new Set(
  `acl acme ai-prompt-decorator ai-prompt-guard ai-prompt-template ai-proxy ai-request-transformer ai-response-transformer
  aws-lambda azure-functions basic-auth bot-detection correlation-id cors datadog file-log grpc-gateway grpc-web hmac-auth http-log
  ip-restriction jwt key-auth ldap-auth loggly oauth2 opentelemetry post-function pre-function prometheus proxy-cache rate-limiting
  redirect request-size-limiting request-termination request-transformer response-ratelimiting response-transformer session
  standard-webhooks statsd syslog tcp-log udp-log zipkin`.split(/\s+/),
);

/** `source` is where its module is. */
export function checkAnnouncement(metadata: PluginMetadata, source: FoundPlugin): DefinitionCheck {
  const { name, functions: phases, schema: fields } = metadata;
  const { priority, ignoredPhases, nearMisses, unsent } = announcementOf(metadata);
  const schema = checkSchema(fields);
  const told = (severity: "error" | "warning"): string[] =>
    schema.filter((problem) => problem.severity === severity).map(({ path, reason }) => `${path}: ${reason}`);
  const notes = schema.filter(({ severity }) => severity === "note");
  const warnings = [...formerName(source, metadata), ...nearMisses];
  if (BUNDLED_NAMES.has(name))
    warnings.push(`the gateway has a plugin of its own called ${name} and takes that one: choose another name`);
  if (ignoredPhases.length > 0)
    warnings.push(`its ${ignoredPhases.join(" and ")} will never be called: the gateway does not ask plugin servers there`);
  if (phases.includes("certificate"))
    warnings.push("its certificate handler cannot refuse a connection: where it fails, the connection goes on");
  if (unsent.length > 0)
    warnings.push(
      `the ${unsent.join(" and ")} in its schema does not reach the gateway, being a function: check the value in the plugin`,
    );
  return {
    errors: [...wrongName(name), ...told("error")],
    warnings: [...warnings, ...told("warning")],
    notes: grouped(notes),
    effects: phases.includes("response") ? [BUFFERS] : [],
    announced: { schema: fields, priority, phases },
  };
}

const BUFFERS = "has a response handler: the gateway will buffer every response of its routes, which breaks event streams";

/** kong-js-pdk calls a folder's plugin after its entry's file; configurations that are in use have that name. */
function formerName({ name, root, entry }: FoundPlugin, metadata: PluginMetadata): string[] {
  const former = basename(entry, extname(entry)).toLowerCase();
  const isAfterFolder = metadata.form === "kong-js-pdk" && root !== entry && metadata.name === name.toLowerCase();
  if (!isAfterFolder || former === "index" || former === metadata.name) return [];
  return [
    `kong-js-pdk calls it ${former}, after its entry: export Name: "${former}" where the gateway's configuration has that name`,
  ];
}

/** One line per reason: a schema may have a description on each of its fields. */
function grouped(notes: readonly SchemaProblem[]): string[] {
  const paths = new Map<string, string[]>();
  for (const { path, reason } of notes) paths.set(reason, [...(paths.get(reason) ?? []), path]);
  return [...paths].map(([reason, [first = "", ...others]]) => {
    const where = others.length === 0 ? first : `${first} and ${others.length} more`;
    return `${reason} (${where})`;
  });
}

function wrongName(name: string): string[] {
  if (RESERVED_NAMES.has(name)) return [`the name ${name} has another meaning in the gateway's list of plugins: choose another`];
  // The gateway reads its list of plugins from a line of names with commas between them.
  return /[\s,#]/.test(name)
    ? [`the name "${name}" cannot stand in the gateway's list of plugins: use letters, digits and dashes`]
    : [];
}
