// Asks a server for its metrics as Prometheus does, and reads them into a table.
import { request } from "node:http";

export interface Scraped {
  readonly contentType: string;
  readonly text: string;
  /** The value of a series, by its name and the labels in it, in any order; 0 where there is none. */
  value(name: string, labels?: Readonly<Record<string, string>>): number;
}

/** `socketPath` is that of `-metrics unix://PATH`. */
export async function scrape(socketPath: string, accept = "text/plain"): Promise<Scraped> {
  const { contentType, text } = await get(socketPath, "/metrics", accept);
  const series = text.split("\n").flatMap(seriesOf);
  return {
    contentType,
    text,
    value: (name, labels = {}) =>
      series
        .filter((one) => one.name === name && Object.entries(labels).every(([label, value]) => one.labels[label] === value))
        .reduce((sum, { value }) => sum + value, 0),
  };
}

function get(socketPath: string, path: string, accept: string): Promise<{ contentType: string; text: string }> {
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath, path, headers: { accept } }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (part: string) => (text += part));
      response.on("end", () => resolve({ contentType: response.headers["content-type"] ?? "", text }));
    });
    asked.on("error", reject);
    asked.end();
  });
}

interface Series {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

function seriesOf(line: string): Series[] {
  const [, name, labels = "", value] = /^([a-zA-Z_:][\w:]*)(?:\{(.*?)\})? (\S+)/.exec(line) ?? [];
  if (name === undefined || line.startsWith("#")) return [];
  const pairs = [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, label = "", text = ""]) => [label, text] as const);
  return [{ name, labels: Object.fromEntries(pairs), value: Number(value) }];
}
