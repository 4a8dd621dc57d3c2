// Tells ES modules from CommonJS by how they are written.

import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";

const ESM_STATEMENT = /^[ \t]*(?:import\b(?!\s*\()|export\b)/m;
const COMMONJS_WORD = /\b(?:module\s*\.\s*exports|exports\s*[.[]|require\s*\()/;

/** A guess: the words may stand in a comment or a string. */
export function looksLikeEsm(text: string): boolean {
  return ESM_STATEMENT.test(text);
}

/**
 * True for CommonJS that its package calls ES modules. Node.js would refuse it, but a plugin is often just one file that
 * was dropped somewhere, below a package it knows nothing of.
 */
export function isMislabelledCommonJs(path: string, text: string): boolean {
  return /\.[jt]s$/.test(path) && !ESM_STATEMENT.test(text) && COMMONJS_WORD.test(text) && packageType(path) === "module";
}

function packageType(path: string): unknown {
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    try {
      const manifest: unknown = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
      return typeof manifest === "object" && manifest !== null && "type" in manifest ? manifest.type : undefined;
    } catch {
      // No package.json here, or a broken one: the next folder up decides.
    }
    if (folder === dirname(folder)) return undefined;
  }
}
