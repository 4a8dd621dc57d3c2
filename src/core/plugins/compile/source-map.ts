// Fits a bundle's source map to where the text is evaluated.

import { pathToFileURL } from "node:url";

export interface SourceMapPlacement {
  /** How many lines were put in front of the text since the map was made. */
  readonly skippedLines: number;
  /** The absolute path of a source. */
  readonly sourcePath: (source: string) => string;
}

/** Appends `map`, whose sources become absolute, to the text it belongs to. */
export function inlineSourceMap(code: string, map: string, { skippedLines, sourcePath }: SourceMapPlacement): string {
  const parsed = JSON.parse(map) as { sources: string[]; mappings: string };
  const placed = {
    ...parsed,
    sources: parsed.sources.map((source) => pathToFileURL(sourcePath(source)).href),
    mappings: ";".repeat(skippedLines) + parsed.mappings,
  };
  const encoded = Buffer.from(JSON.stringify(placed)).toString("base64");
  return `${code}//# sourceMappingURL=data:application/json;base64,${encoded}\n`;
}
