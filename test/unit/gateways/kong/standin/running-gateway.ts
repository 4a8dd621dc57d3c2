// A gateway with a scripted plugin server and an echo service, closed after the test that started it.

import { onTestFinished } from "vitest";

import {
  startEchoUpstream,
  startGateway,
  type EchoUpstream,
  type Gateway,
  type GatewayOptions,
} from "../../../../../src/gateways/kong/standin/index.js";
import { ScriptedPluginServer, type ScriptedPlugin } from "./scripted-plugin-server.js";

export interface Running {
  readonly gateway: Gateway;
  readonly plugins: ScriptedPluginServer;
  readonly echo: EchoUpstream;
}

export interface Setup {
  readonly plugins?: Readonly<Record<string, ScriptedPlugin>>;
  /** Added to a service `echo` with a route `all` for everything, unless it brings services of its own. */
  readonly config?: Readonly<Record<string, unknown>>;
  readonly options?: Partial<GatewayOptions>;
}

export async function run(setup: Setup = {}): Promise<Running> {
  const plugins = await ScriptedPluginServer.start(setup.plugins ?? {});
  const echo = await startEchoUpstream();
  const gateway = await startGateway({
    port: 0,
    socketPath: plugins.socketPath,
    pluginInfos: plugins.pluginInfos,
    config: configFor(echo, setup),
    ...setup.options,
  });
  onTestFinished(async () => {
    await gateway.close();
    await echo.close();
    await plugins.close();
  });
  return { gateway, plugins, echo };
}

export function configFor(echo: { url: string }, setup: Setup = {}): Record<string, unknown> {
  return {
    _format_version: "3.0",
    services: [{ name: "echo", url: echo.url, routes: [{ name: "all", paths: ["/"] }] }],
    plugins: Object.keys(setup.plugins ?? {}).map((name) => ({ name })),
    ...setup.config,
  };
}

export interface Told {
  readonly method: string;
  readonly url: string;
  readonly headers: [string, string][];
  readonly body: string;
  readonly body_len: number;
}

/** What the echo service was asked. */
export function told(text: string): Told {
  return JSON.parse(text) as Told;
}

export function headerOf(headers: readonly (readonly [string, string])[], name: string): string | undefined {
  return headers.find(([key]) => key.toLowerCase() === name)?.[1];
}

/** Something that happens once, to wait for. */
export function signal(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((done) => (resolve = done));
  return { promise, resolve: () => resolve() };
}
