// Owns judging what a handler got from a PDK call against what the gateway had said.
import { bytesOf, mapEntries } from "../support/index.js";
import type { Exact } from "../support/index.js";
import type { RecordedCall } from "./recording.js";
import { sorted } from "./replay.js";

/** Functions that promise bytes, whatever MessagePack type carried them. */
const BYTES = /\.get_raw_body$/;

/** What is wrong with the plugin's report, or undefined when nothing was lost. */
export function judgeReport(row: RecordedCall, report: Exact): string | undefined {
  if (!Array.isArray(report)) return `no report: ${JSON.stringify(report)}`;
  if (row.step === "plugin.StepError") return judgeError(row, report);
  if (row.data === undefined) return report[0] === "nil" ? undefined : `nil arrived as ${JSON.stringify(report)}`;
  // A setter's answer says nothing that its author could use, so a server may not wait for it.
  if (row.data === true && report[0] === "nil" && /\.set_\w+$/.test(row.method)) return undefined;
  const expected = JSON.stringify(sorted(expectedReport(row.data, BYTES.test(row.method))));
  const got = JSON.stringify(sorted(readable(report)));
  return expected === got ? undefined : `${expected} arrived as ${got}`;
}

function judgeError(row: RecordedCall, report: Exact[]): string | undefined {
  const [kind, name, code, message] = report;
  if (kind !== "error" || name !== "PdkError") return `StepError arrived as ${JSON.stringify(report)}`;
  if (typeof code !== "string" || code === "undefined") return `a PdkError without a code: ${JSON.stringify(report)}`;
  return text(message ?? "").includes(text(row.data ?? "")) ? undefined : `the text was lost: ${JSON.stringify(report)}`;
}

/** Both sides are brought into one form: bytes in hex, maps as sorted pairs, an empty table as such. */
function expectedReport(value: Exact, asBytes: boolean): Exact {
  if (value === null) return ["null"];
  if (typeof value === "string") return asBytes ? ["bytes", Buffer.from(value).toString("hex")] : ["string", value];
  if (typeof value !== "object") return [typeof value, value];
  if (Array.isArray(value)) return list(value.map((item) => expectedReport(item, asBytes)));
  const bytes = bytesOf(value);
  if (bytes !== undefined) return ["bytes", bytes.toString("hex")];
  const entries: [Exact, Exact][] = mapEntries(value) ?? Object.entries(value);
  return pairs(entries.map(([key, item]) => [text(key), expectedReport(item, asBytes)]));
}

function readable(report: Exact): Exact {
  if (!Array.isArray(report)) return report;
  const [kind, value] = report;
  if (kind === "buffer" && value !== undefined) {
    return ["bytes", (bytesOf(value) ?? Buffer.from(text(value))).toString("hex")];
  }
  if (kind === "array" && Array.isArray(value)) return list(value.map(readable));
  if (kind !== "map" || !Array.isArray(value)) return report;
  return pairs(
    value.map((entry) => {
      const [key, item] = Array.isArray(entry) ? entry : [];
      return [text(Array.isArray(key) ? (key[1] ?? null) : (key ?? null)), readable(item ?? null)];
    }),
  );
}

/** A map with integer keys may well have become an array. */
function list(items: Exact[]): Exact {
  return pairs(items.map((item, index) => [String(index), item]));
}

function pairs(entries: [string, Exact][]): Exact {
  return entries.length === 0 ? ["empty"] : ["map", entries.sort(([a], [b]) => (a < b ? -1 : 1))];
}

function text(value: Exact): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
