// The try command: plugins, a stand-in gateway and an echo upstream on this machine, for a first look.
import { access, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { startEchoUpstream, startGateway } from "../../../gateways/kong/standin/index.js";
import { CommandError } from "../../../core/model/index.js";
import { createLogger, endOnFault } from "../../../core/log/index.js";
import { endOfService, writeOutput } from "../../program/index.js";
import { logOwnOutput } from "../../../gateways/kong/server/index.js";
import type { TryOptions } from "../invocation.js";
import { createServer } from "./serve.js";

const HOST = "127.0.0.1";
const EXAMPLES = fileURLToPath(new URL("../../../../plugins-dir", import.meta.url));
const CONFIG_NAME = "try.yaml";

/** What to ask the examples, and what they answer. */
const EXAMPLE_CALLS = [
  ["/hello", "", "the header x-hello-from-typescript: TypeScript says hello to 127.0.0.1:8000"],
  ["/api-key", "", '401 {"message":"No API key found in request"}'],
  ["/api-key", "-H 'apikey: let-me-in'", "200, and the upstream saw x-consumer-name"],
  ["/transform", "-d 'some text'", "the upstream got SOME TEXT, and the response has a line about its size"],
  ["/hit-counter", "", "the header x-hits, one more with each call"],
] as const;

/** Resolves when it was told to end, with everything it started gone. */
export async function tryOut(options: TryOptions): Promise<void> {
  const ending = endOfService(options.watchParent);
  const prefix = await mkdtemp(join(tmpdir(), "pluginserver-try-"));
  const ends: (() => Promise<void>)[] = [() => rm(prefix, { recursive: true, force: true })];
  try {
    await startAll(
      { ...options, pluginsDirectory: options.pluginsDirectory === "" ? EXAMPLES : options.pluginsDirectory },
      prefix,
      ends,
    );
    await ending;
  } finally {
    for (const end of ends.reverse()) await end();
  }
}

async function startAll(options: TryOptions, prefix: string, ends: (() => Promise<void>)[]): Promise<void> {
  const logger = createLogger(options.log);
  logOwnOutput(logger);
  endOnFault(logger);
  const { server, socketPath } = await createServer({ ...options, kongPrefix: prefix, socket: options.socket }, logger);
  ends.push(() => server.close());
  await server.start();
  const upstream = await startEchoUpstream({ host: HOST, port: 0 });
  ends.push(() => upstream.close());
  const pluginInfos = await server.pluginInfos();
  const names = pluginInfos.map(({ Name }) => Name);
  const configPath = options.config ?? (await configBeside(options.pluginsDirectory));
  const config = configPath === undefined ? oneRouteEach(names, upstream.url) : await readConfig(configPath, upstream.url);
  const protocol = options.protocol === "ProtoBuf:1" ? "ProtoBuf:1" : "MsgPack:1";
  const gateway = await startGateway({ protocol, config, socketPath, pluginInfos, host: HOST, port: options.port, logger });
  ends.push(() => gateway.close());
  await writeOutput(instructions(gateway.url, names, options.pluginsDirectory === EXAMPLES));
}

async function configBeside(directory: string): Promise<string | undefined> {
  const path = join(directory, CONFIG_NAME);
  return access(path).then(
    () => path,
    () => undefined,
  );
}

/** YAML or JSON, in which `${ECHO_URL}` stands for the echo upstream. */
async function readConfig(path: string, echoUrl: string): Promise<unknown> {
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    throw new CommandError(`the configuration ${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  });
  try {
    return parse(text.replaceAll("${ECHO_URL}", echoUrl));
  } catch (error) {
    throw new CommandError(
      `the configuration ${path} is no YAML: ${error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error)}`,
    );
  }
}

/** Without a configuration every plugin gets a route of its own name and its default configuration. */
function oneRouteEach(names: readonly string[], url: string): object {
  const routes = names.map((name) => ({ name, paths: [`/${name}`], strip_path: false, plugins: [{ name }] }));
  return { _format_version: "3.0", services: [{ name: "echo", url, routes }] };
}

function instructions(url: string, names: readonly string[], examples: boolean): string {
  const lines = examples
    ? EXAMPLE_CALLS.map(([path, flags, answer]) => `  curl -i ${flags === "" ? "" : `${flags} `}${url}${path}\n      → ${answer}`)
    : names.map((name) => `  curl -i ${url}/${name}`);
  return `\nA stand-in gateway is listening on ${url}, with an echo upstream behind it. Try:\n\n${lines.join("\n")}\n\nCtrl-C ends all of it.\n`;
}
