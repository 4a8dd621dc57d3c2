import { readFileSync, readdirSync } from "node:fs";
import { expect, it } from "vitest";

it("the PDK imports nothing outside itself but the type of Buffer", () => {
  const folder = new URL("../../../../../src/gateways/kong/pdk/", import.meta.url);
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));
  const imports = files.flatMap((file) =>
    [...readFileSync(new URL(file, folder), "utf8").matchAll(/^(?:import|export)\b.* from "(.*)";$/gm)].map(([line]) => line),
  );
  const outside = imports.filter((line) => !/ from "\.{1,2}\/(?:namespaces\/)?[a-z-]+\.js";$/.test(line));
  expect(imports.length).toBeGreaterThan(30);
  expect([...new Set(outside)]).toEqual(['import type { Buffer } from "node:buffer";']);
});
