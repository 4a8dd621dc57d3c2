import { readFileSync, readdirSync } from "node:fs";
import { expect, it } from "vitest";

it("the PDK imports nothing outside itself but the type of Buffer", () => {
  const folder = new URL("../../../../../src/pdk/", import.meta.url);
  const imports = readdirSync(folder).flatMap((file) =>
    [...readFileSync(new URL(file, folder), "utf8").matchAll(/^(?:import|export)\b.* from "(.*)";$/gm)].map(([line]) => line),
  );
  const outside = imports.filter((line) => !/ from "\.\/[a-z-]+\.js";$/.test(line));
  expect(imports.length).toBeGreaterThan(30);
  expect([...new Set(outside)]).toEqual(['import type { Buffer } from "node:buffer";']);
});
