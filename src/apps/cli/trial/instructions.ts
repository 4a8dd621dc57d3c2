// Says what to ask the stand-in gateway: a command for each route that is there.
import type { GatewayConfig, PluginEntity, RouteEntity } from "../../../gateways/kong/pdk-functions/index.js";

export interface Trial {
  readonly url: string;
  readonly config: GatewayConfig;
  /** Where the configuration is from. */
  readonly file: string | undefined;
  readonly pluginsDirectory: string;
}

/** @param answers what is to be expected of the commands, by the route's name. */
export function instructions(trial: Trial, answers: Readonly<Record<string, string>> = {}): string {
  const { url, config, file, pluginsDirectory } = trial;
  const source = file === undefined ? `no try.yaml in ${pluginsDirectory}: a route for each plugin` : `routes of ${file}`;
  const routes = config.routes.flatMap((route) => routeLines(trial, route, answers[route.name]));
  return [
    "",
    `A stand-in gateway is listening on ${url}, with an echo upstream behind it (${source}).`,
    "",
    ...(routes.length === 0 ? ["There is no route: every request gets 404."] : ["Try:", "", ...routes]),
    "",
    "Ctrl-C ends all of it.",
    "",
  ].join("\n");
}

function routeLines({ url, config }: Trial, route: RouteEntity, answer: string | undefined): string[] {
  const plugins = config.plugins.filter((plugin) => concerns(plugin, route));
  const names = [...new Set(plugins.map(({ name }) => name))];
  const preset = config.presets.find(({ routeId }) => routeId === route.id)?.consumer;
  const told = [
    names.length === 0 ? "no plugin" : names.join(", "),
    ...(preset === undefined ? [] : [`as ${preset.username ?? preset.id}`]),
  ];
  const command = [
    "curl -i",
    ...methodOf(route),
    ...hostOf(route),
    ...credentialsFor(names, config),
    quoted(`${url}${pathOf(route)}`),
  ];
  return [`  ${command.join(" ")}`, `      → ${answer ?? `route ${route.name}: ${told.join(", ")}`}`];
}

function concerns({ routeId, serviceId }: PluginEntity, route: RouteEntity): boolean {
  return (routeId === undefined || routeId === route.id) && (serviceId === undefined || serviceId === route.service?.id);
}

const methodOf = ({ methods = [] }: RouteEntity): string[] =>
  methods.length === 0 || methods.includes("GET") ? [] : [`-X ${methods[0] ?? ""}`];

function hostOf({ hosts = [] }: RouteEntity): string[] {
  const [host] = hosts;
  return host === undefined ? [] : [`-H 'Host: ${host.replace(/^\*/, "any").replace(/\*$/, "test")}'`];
}

/** Of a pattern, as much as is no pattern. */
function pathOf({ paths = ["/"] }: RouteEntity): string {
  const path = paths.find((each) => !each.startsWith("~")) ?? paths[0] ?? "/";
  return path.startsWith("~") ? (/^~([^\\^$.|?*+()[\]{}]*)/.exec(path)?.[1] ?? "/") : path;
}

/** Of the first consumer who has what the route asks for. */
function credentialsFor(plugins: readonly string[], { credentials }: GatewayConfig): string[] {
  if (plugins.includes("key-auth")) {
    const key = credentials.find((credential) => credential.key !== undefined)?.key;
    return key === undefined ? [] : [`-H ${quoted(`apikey: ${key}`)}`];
  }
  const basic = plugins.includes("basic-auth") ? credentials.find(({ password }) => password !== undefined) : undefined;
  return basic === undefined ? [] : [`-u ${quoted(`${basic.username ?? ""}:${basic.password ?? ""}`)}`];
}

/** For a shell, where it needs to be. */
const quoted = (text: string): string => (/^[\w:/.@-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);
