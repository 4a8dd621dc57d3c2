// docs/pdk.md tells of every function and error what the tables in src/pdk say, and its links lead somewhere.
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { jsName, PDK_ERROR_CODES, PDK_METHODS } from "../../../src/gateways/kong/pdk/index.js";

const text = readFileSync(new URL("../../../docs/pdk.md", import.meta.url), "utf8");

it.each(PDK_METHODS)("$method has a signature, and a mark for each of its phases", ({ method, phases }) => {
  const name = method.split(".").map(jsName).join(".");
  expect(text).toContain(`\n### ${name}\n\n\`\`\`ts\n${name}(`);
  const [row = ""] = new RegExp(`^\\| \\[${name.slice("kong.".length)}\\]\\(.*$`, "m").exec(text) ?? [];
  const cells = row.split("|").slice(2, -2);
  expect(cells.filter((cell) => cell.trim() !== "")).toHaveLength(phases.length);
});

it.each(PDK_ERROR_CODES)("%s says when", (code) => {
  expect(text).toMatch(new RegExp(`^\\| \`${code}\` \\| [A-Z].*\\. \\|$`, "m"));
});

it("links only to headings that are there", () => {
  const headings = [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replace(/[^a-z0-9 _-]/g, "")
      .replaceAll(" ", "-"),
  );
  const links = [...text.matchAll(/\]\(#([^)]*)\)/g)].map(([, anchor = ""]) => anchor);
  expect(links.length).toBeGreaterThan(90);
  expect(links.filter((anchor) => !headings.includes(anchor))).toEqual([]);
});
