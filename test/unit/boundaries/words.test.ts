// Who may speak of which gateway: the core of none, and a gateway only of itself.
import { expect, it } from "vitest";
import { sources } from "./sources.js";

it.each([
  ["core/", "any gateway, or the API of one", /kong|tyk|pdk/i],
  ["gateways/kong/", "Tyk", /[Tt]yk|TYK/],
  ["gateways/tyk/", "Kong", /kong/i],
])("src/%s does not speak of %s", (folder, _whom, words) => {
  const read = sources.filter(({ path }) => path.startsWith(folder));
  expect(read.length).toBeGreaterThan(10);
  const found = read.flatMap(({ path, text }) => {
    const lines = text.split("\n").map((line, index) => ({ line, place: `${path}:${index + 1}` }));
    return lines.filter(({ line }) => words.test(line) || words.test(path)).map(({ line, place }) => `${place}: ${line.trim()}`);
  });
  expect(found).toEqual([]);
});
