// The status command: what runs in a server now, as a table, as JSON, or again and again.
import { isatty } from "node:tty";
import { CommandError } from "../../core/model/index.js";
import type { PluginDetail, StatusReport } from "../operator/index.js";
import { AdminClient } from "./admin-client.js";
import { BY_NAME } from "./columns.js";
import type { Print } from "./control.js";
import { findServer, type Target } from "./find-server.js";
import { pluginLines } from "./plugin-text.js";
import { bundleLines, COLORED, headLines, type Layout, PLAIN, problemLines, tableLines } from "./status-text.js";
import { type View, watchOn, watchPlain } from "./watch.js";

export interface StatusCommand {
  /** One plugin in detail; all where it is not given. */
  readonly plugin: string | undefined;
  readonly isJson: boolean;
  /** Whether it is shown again and again. */
  readonly isWatched: boolean;
}

/** Where it is printed. */
export interface Output {
  readonly print: Print;
  readonly descriptor: number;
}

/** @throws {UsageError} where there is no such plugin, {CommandError} where no server answers. */
export async function status(target: Target, { plugin, isJson, isWatched }: StatusCommand, output: Output): Promise<void> {
  const isTerminal = isatty(output.descriptor);
  const look = async (): Promise<Looked> => lookAt(await ask(target, plugin), plugin);
  const text = async (): Promise<string> => {
    if (isJson) return `${JSON.stringify(await ask(target, plugin), undefined, isWatched ? undefined : 2)}\n`;
    const { head, rows } = (await look())({ ...PLAIN_LAYOUT, style: isTerminal ? COLORED : PLAIN });
    return [...head, ...rows].map((line) => `${line}\n`).join("");
  };
  if (!isWatched) return output.print(await text());
  // What is wrong with the question is said at once; a server that goes away meanwhile may come back.
  await ask(target, plugin);
  if (isJson || !isTerminal) return watchPlain(text, output.print);
  return watchOn(output.descriptor, { look, hasColumns: plugin === undefined });
}

type Looked = (layout: Layout) => View;

/** As wide as it comes. */
const PLAIN_LAYOUT = {
  width: Infinity,
  sorting: { column: BY_NAME, isReversed: false },
  marksSorting: false,
};

async function ask(target: Target, plugin: string | undefined): Promise<unknown> {
  const client = new AdminClient(await findServer(target));
  return client.ask("GET", plugin === undefined ? "/status" : `/status/${encodeURIComponent(plugin)}`);
}

function lookAt(answer: unknown, plugin: string | undefined): Looked {
  if (plugin !== undefined && hasParts(answer, ["plugin", "functions", "bindings", "errors", "waitsFor"])) {
    const detail = answer as unknown as PluginDetail;
    return (layout) => ({ head: [], rows: pluginLines(detail, Date.now(), layout) });
  }
  if (plugin === undefined && hasParts(answer, ["process", "plugins", "gateways", "problems", "log", "listening"])) {
    const report = answer as unknown as StatusReport;
    return (layout) => {
      const [titles = "", ...rows] = tableLines(report, layout);
      return {
        head: [...headLines(report, layout), ...bundleLines(report, layout), "", titles],
        rows: [...rows, ...problemLines(report, layout)],
      };
    };
  }
  throw new CommandError("the server answers what this version does not know: use the pluginserver that it was started with");
}

const hasParts = (answer: unknown, parts: readonly string[]): answer is Readonly<Record<string, object>> =>
  typeof answer === "object" &&
  answer !== null &&
  parts.every((part) => part in answer && typeof (answer as Record<string, unknown>)[part] === "object");
