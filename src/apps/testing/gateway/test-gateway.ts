// The gateway of a test: its configuration with one service, one route and the plugin, and what it knows.
import { messageOf } from "../../../core/model/index.js";
import {
  type LoadedConfig,
  parseDeclarativeConfig,
  parsePluginInfos,
  type ParsedPluginInfo,
  PluginInstances,
  Router,
} from "../../../gateways/kong/standin/index.js";
import {
  createGatewayFacts,
  type GatewayFacts,
  isAtLeast,
  type KongVersion,
  type PluginEntity,
} from "../../../gateways/kong/pdk-functions/index.js";
import { checkConfig } from "../../../gateways/kong/schema/index.js";
import { TestingError } from "../errors.js";
import { InProcessServer } from "./in-process-server.js";
import type { LoadedPlugin } from "../load-plugin.js";
import type { TestConsumer, TestSettings } from "../options.js";

export interface TestGateway {
  readonly plugin: LoadedPlugin;
  readonly entity: PluginEntity;
  readonly infos: ReadonlyMap<string, ParsedPluginInfo>;
  readonly loaded: LoadedConfig;
  readonly facts: GatewayFacts;
  readonly server: InProcessServer;
  readonly instances: PluginInstances;
  /** The consumer that has been authenticated. */
  readonly consumer: unknown;
}

type Fields = readonly unknown[];

/** `fields` are those that the configuration is checked against, and filled up from. */
export function createTestGateway(
  plugin: LoadedPlugin,
  settings: TestSettings & { readonly config?: unknown },
  fields: Fields = plugin.definition.fields,
): TestGateway {
  const { name, definition } = plugin;
  const infos = parsePluginInfos([
    {
      Name: name,
      Phases: phasesFor(settings.kongVersion, definition.phases),
      Version: definition.version,
      Priority: definition.priority,
      Schema: { name, fields: [{ config: { type: "record", fields } }] },
    },
  ]);
  const config = configure(settings, infos, name);
  const [entity] = config.plugins;
  if (entity === undefined) throw new TestingError("TESTING_BAD_OPTION", `the gateway of the test has no plugin ${name}`);
  assertFits(name, fields, entity.config);
  const server = new InProcessServer(name, definition);
  return {
    plugin,
    entity,
    infos: new Map(infos.map((info) => [info.name, info])),
    loaded: { config, router: new Router(config) },
    facts: createGatewayFacts({
      config: () => config,
      ...(settings.kongVersion === undefined ? {} : { kongVersion: settings.kongVersion }),
      ...(settings.trustedNetworks === undefined ? {} : { trustedNetworks: settings.trustedNetworks }),
    }),
    server,
    // Its instance is started by the first event, and lives as long as the gateway does.
    instances: new PluginInstances(server.calls({ onFailure: () => {}, onLog: () => {} })),
    consumer: settings.consumer === undefined ? undefined : config.consumers[0],
  };
}

/** Kong 2.0 has no response phase: it never comes to a plugin's. */
function phasesFor(version: KongVersion | undefined, phases: readonly string[]): readonly string[] {
  if (version === undefined) return phases;
  if (!/^[23]\.\d+$/.test(version))
    throw new TestingError("TESTING_BAD_OPTION", `kongVersion must be such as "2.8", not ${JSON.stringify(version)}`);
  return isAtLeast(version, "2.1") ? phases : phases.filter((phase) => phase !== "response");
}

function configure(
  settings: TestSettings & { readonly config?: unknown },
  infos: readonly ParsedPluginInfo[],
  name: string,
): LoadedConfig["config"] {
  const route = { name: "route", paths: ["/"], ...settings.route };
  const consumers = [...(settings.consumer === undefined ? [] : [settings.consumer]), ...(settings.consumers ?? [])];
  const document = {
    _format_version: "3.0",
    upstreams: Object.entries(settings.upstreams ?? {}).map(([host, targets]) => ({
      name: host,
      targets: targets.map((target) => ({ target })),
    })),
    ...(settings.service === null ? { routes: [route] } : { services: [{ ...serviceOf(settings), routes: [route] }] }),
    consumers: consumers.map((consumer: TestConsumer) => ({ ...consumer })),
    plugins: [{ name, config: settings.config ?? {} }],
  };
  try {
    return parseDeclarativeConfig(document, infos);
  } catch (error) {
    throw asTestingError(error, name, settings);
  }
}

function serviceOf({ service }: TestSettings): object {
  const address = service?.host === undefined ? { url: "http://service.test" } : {};
  return { name: "service", ...address, ...service };
}

/** The paths of the document mean something to us; those of the options mean something to the test. */
function asTestingError(error: unknown, name: string, { consumer }: TestSettings): TestingError {
  const consumerName = (_: string, number: string): string =>
    consumer === undefined ? `consumers[${number}]` : number === "1" ? "consumer" : `consumers[${Number(number) - 1}]`;
  const message = messageOf(error)
    .replace(/^services\[1\]\.routes\[1\]|^routes\[1\]/, "route")
    .replace(/^services\[1\]/, "service")
    .replace(/^consumers\[(\d+)\]/, consumerName)
    .replace(/^plugins\[1\]\./, "");
  return message.startsWith("config")
    ? new TestingError("TESTING_BAD_CONFIG", `the configuration does not fit the schema of plugin ${name}: ${message}`, error)
    : new TestingError("TESTING_BAD_OPTION", message, error);
}

function assertFits(name: string, fields: Fields, config: unknown): void {
  const problems = checkConfig(fields, config);
  if (problems.length === 0) return;
  const reasons = problems.map(({ path, reason }) => `${path} ${reason}`).join("; ");
  throw new TestingError("TESTING_BAD_CONFIG", `the configuration does not fit the schema of plugin ${name}: ${reasons}`);
}
