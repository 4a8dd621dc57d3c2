// Reads the lock file: whoever can run this package can run all that it brings along.
import { readFileSync } from "node:fs";
import { minVersion, subset } from "semver";
import { expect, it } from "vitest";

interface Locked {
  readonly dev?: boolean;
  readonly engines?: { readonly node?: string };
}

const read = (name: string): unknown => JSON.parse(readFileSync(new URL(`../../../${name}`, import.meta.url), "utf8"));

it("every production package runs on each Node.js that this one names", () => {
  const { engines } = read("package.json") as { engines: { node: string } };
  const { packages } = read("package-lock.json") as { packages: Readonly<Record<string, Locked>> };
  const production = Object.entries(packages).filter(([path, { dev }]) => path !== "" && dev !== true);
  expect(production.length).toBeGreaterThan(10);
  expect(minVersion(engines.node)?.version).toBe("20.19.0");
  const refusing = production.filter(([, locked]) => !subset(engines.node, locked.engines?.node ?? "*"));
  expect(refusing.map(([path]) => path)).toEqual([]);
});
