// Makes what an operator sees of one plugin: its functions, its bindings with secrets left out, its errors, and what it waits for.
import type { PluginProblem } from "../../core/plugins/index.js";
import type { AdministeredEngine, BindingDescription } from "../../core/server/index.js";
import { type ErrorFigures, type FunctionFigures, quantileOf, type ServerFigures } from "../../core/telemetry/index.js";
import type { PluginStatus } from "./report.js";

export interface FunctionStatus extends Pick<
  FunctionFigures,
  "function" | "calls" | "failures" | "running" | "asks" | "bytesIn" | "bytesOut"
> {
  /** In seconds, since the server began; `handlerP50` is the part in which the plugin's own code ran. */
  readonly p50: number | undefined;
  readonly p99: number | undefined;
  readonly handlerP50: number | undefined;
  readonly handlerP99: number | undefined;
}

export interface PluginDetail {
  readonly plugin: PluginStatus;
  readonly functions: readonly FunctionStatus[];
  readonly bindings: readonly BindingDescription[];
  /** How many bindings there are beyond those. */
  readonly moreBindings: number;
  /** The newest first. */
  readonly errors: readonly ErrorFigures[];
  readonly waitsFor: readonly string[];
}

const MAX_BINDINGS = 100;

export interface DetailParts {
  readonly figures: ServerFigures;
  readonly status: PluginStatus;
  readonly engine: AdministeredEngine;
  /** Why its files do not load, where they do not. */
  readonly problem: PluginProblem | undefined;
}

export function detailOf({ figures, status, engine, problem }: DetailParts): PluginDetail {
  const { gateway, plugin } = status;
  const isIts = (each: { readonly gateway: string; readonly plugin: string }): boolean =>
    each.gateway === gateway && each.plugin === plugin;
  const bindings = engine.describeBindings(plugin);
  return {
    plugin: status,
    functions: figures.functions.filter((each) => isIts(each) && each.calls + each.running > 0).map(functionStatus),
    bindings: bindings.slice(0, MAX_BINDINGS),
    moreBindings: Math.max(0, bindings.length - MAX_BINDINGS),
    errors: figures.plugins.find(isIts)?.lastErrors ?? [],
    waitsFor: waitsFor(figures.at, status, bindings, problem),
  };
}

function functionStatus({ duration, handler, ...counted }: FunctionFigures): FunctionStatus {
  const { function: name, calls, failures, running, asks, bytesIn, bytesOut } = counted;
  return {
    function: name,
    calls,
    failures,
    running,
    asks,
    bytesIn,
    bytesOut,
    p50: quantileOf(duration, 0.5),
    p99: quantileOf(duration, 0.99),
    handlerP50: quantileOf(handler, 0.5),
    handlerP99: quantileOf(handler, 0.99),
  };
}

function waitsFor(
  now: number,
  { isolates, bindings: living, running }: PluginStatus,
  bindings: readonly BindingDescription[],
  problem: PluginProblem | undefined,
): string[] {
  const waits: string[] = [];
  if (problem !== undefined) waits.push(`files that load: ${problem.reason}`);
  if (isolates.length === 0 && living === 0) waits.push("a gateway that uses it: its isolate starts with its first binding");
  if (isolates.length === 0 && living > 0) waits.push("a fresh isolate, as its last one has ended: calls fail until then");
  for (const { slot, state, startedAt, running: calls } of isolates) {
    if (state === "loading") waits.push(`isolate ${slot}, which has been loading its module for ${seconds(now - startedAt)}`);
    if (state === "draining") waits.push(`isolate ${slot}, which ends when its ${calls} calls have`);
  }
  if (running > 0) waits.push(`${running} calls that are under way`);
  const former = bindings.filter(({ generation }) => generation === "former").map(({ id }) => id);
  if (former.length > 0) waits.push(`a configuration that fits its new version, for bindings ${former.join(", ")}`);
  return waits;
}

const seconds = (milliseconds: number): string => `${(milliseconds / 1000).toFixed(1)} s`;
