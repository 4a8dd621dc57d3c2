// Owns checking that a change is noticed wherever a plugin's code lies: imports, packages, links, volumes, other directories.
import { appendFileSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createTempDir, pluginSaying, ReloadServer, type TempDir } from "./reload-server.js";

let plugins: TempDir;
let server: ReloadServer;

const at = (...names: string[]): string => join(plugins.path, ...names);

beforeEach(() => {
  plugins = createTempDir("rf");
});

afterEach(async () => {
  expect(await server.close()).toMatchObject({ code: 0 });
});

describe("what a plugin is made of", () => {
  const folderPlugin = (text: string): string =>
    `module.exports = { Plugin: class { access(kong) { kong.response.setHeader("x", require("./text")); } }, Schema: [], Version: "1.0.0" };${text}`;

  it("beside it: a file that it imports", async () => {
    plugins.write("lib/text.ts", `export const text = "one";`);
    plugins.write("hello.ts", pluginSaying(undefined, { imports: 'import { text } from "./lib/text.js";' }));
    server = await ReloadServer.start(plugins);
    const hello = await server.startInstance("hello");
    plugins.write("lib/text.ts", `export const text = "two";`);
    await server.expectOneReload({ hello }, "two");
  });

  it("in a hidden folder that it imports from", async () => {
    plugins.write(".lib/text.ts", `export const text = "one";`);
    plugins.write("hello.ts", pluginSaying(undefined, { imports: 'import { text } from "./.lib/text.js";' }));
    server = await ReloadServer.start(plugins);
    const hello = await server.startInstance("hello");
    plugins.write(".lib/text.ts", `export const text = "two";`);
    await server.expectOneReload({ hello }, "two");
  });

  it("a folder: its files, and the manifest that names its entry", async () => {
    plugins.write("pack/package.json", JSON.stringify({ name: "pack", main: "./main.js" }));
    plugins.write("pack/main.js", folderPlugin(""));
    plugins.write("pack/text.js", `module.exports = "one";`);
    plugins.write("pack/other/main.js", folderPlugin(""));
    plugins.write("pack/other/text.js", `module.exports = "three";`);
    server = await ReloadServer.start(plugins);
    const pack = await server.startInstance("pack");
    plugins.write("pack/text.js", `module.exports = "two";`);
    await server.expectOneReload({ pack }, "two");
    plugins.write("pack/package.json", JSON.stringify({ name: "pack", main: "./other/main.js" }));
    await expect.poll(() => server.reloads("pack"), { timeout: 5000 }).toBe(2);
    expect(await server.says(pack)).toBe("three");
  });

  it("an installed package, in another version", async () => {
    const install = (version: string): void => {
      rmSync(at("node_modules"), { recursive: true, force: true });
      plugins.write("node_modules/says/index.js", `module.exports = ${JSON.stringify(version)};`);
      plugins.write("node_modules/says/package.json", JSON.stringify({ name: "says", version, main: "index.js" }));
      plugins.write("package-lock.json", JSON.stringify({ version }));
    };
    install("1.0.0");
    plugins.write("hello.ts", pluginSaying(undefined, { imports: 'import text from "says";' }));
    plugins.write("other.ts", pluginSaying("other"));
    server = await ReloadServer.start(plugins);
    const hello = await server.startInstance("hello");
    install("2.0.0");
    await server.expectOneReload({ hello }, "2.0.0");
    expect(server.reloads("other")).toBe(0);
  });

  it("elsewhere: linked files, folders, packages of a workspace, and what they import", async () => {
    const outside = createTempDir("ro");
    const writeOutside = (text: string): void => {
      outside.write("single/linked.ts", pluginSaying(text));
      outside.write("folder/index.ts", pluginSaying(undefined, { imports: 'import { text } from "./text.js";' }));
      outside.write("folder/text.ts", `export const text = ${JSON.stringify(text)};`);
      outside.write("shared/package.json", JSON.stringify({ name: "@acme/shared", main: "./index.ts" }));
      outside.write("shared/index.ts", `export const text = ${JSON.stringify(text)};`);
    };
    writeOutside("one");
    symlinkSync(join(outside.path, "single/linked.ts"), at("linked.ts"));
    symlinkSync(join(outside.path, "folder"), at("folder"));
    mkdirSync(at("node_modules/@acme"), { recursive: true });
    symlinkSync(join(outside.path, "shared"), at("node_modules/@acme/shared"));
    plugins.write("uses.ts", pluginSaying(undefined, { imports: 'import { text } from "@acme/shared";' }));
    server = await ReloadServer.start(plugins);
    const ids: Record<string, number> = {};
    for (const name of ["linked", "folder", "uses"]) ids[name] = await server.startInstance(name);
    writeOutside("two");
    await server.expectOneReload(ids, "two");
    // An atomic write, too, is seen, and seen again.
    for (const text of ["three", "four"]) {
      const before = server.reloads("uses");
      outside.write("shared/index.new", `export const text = ${JSON.stringify(text)};`);
      renameSync(join(outside.path, "shared/index.new"), join(outside.path, "shared/index.ts"));
      await expect.poll(() => server.reloads("uses"), { timeout: 5000 }).toBe(before + 1);
    }
    expect(await server.says(ids["uses"] ?? 0)).toBe("four");
    outside.remove();
  });

  it("that lacked a file is served when the file is there", async () => {
    plugins.write("hello.ts", pluginSaying(undefined, { imports: 'import { text } from "./text.js";' }));
    server = await ReloadServer.start(plugins);
    await server.waitFor(/plugin hello is not served: .*text/);
    plugins.write("text.ts", `export const text = "found";`);
    await server.waitFor(/plugin hello is new/);
    expect(await server.says(await server.startInstance("hello"))).toBe("found");
  });
});

describe("a directory", () => {
  const generation = (name: string, text: string): void => {
    mkdirSync(at(name));
    writeFileSync(at(name, "hello.ts"), pluginSaying(undefined, { imports: 'import { text } from "./text.js";' }));
    writeFileSync(at(name, "text.ts"), `export const text = ${JSON.stringify(text)};`);
    writeFileSync(at(name, "same.ts"), pluginSaying("same"));
  };

  it("of a Kubernetes volume: the swap of its ..data link", async () => {
    generation("..2026_1", "one");
    symlinkSync("..2026_1", at("..data"));
    for (const name of ["hello.ts", "text.ts", "same.ts"]) symlinkSync(join("..data", name), at(name));
    server = await ReloadServer.start(plugins);
    const hello = await server.startInstance("hello");
    for (const [index, text] of ["two", "three"].entries()) {
      generation(`..2026_${index + 2}`, text);
      symlinkSync(`..2026_${index + 2}`, at("..data_tmp"));
      renameSync(at("..data_tmp"), at("..data"));
      rmSync(at(`..2026_${index + 1}`), { recursive: true });
      await expect.poll(() => server.reloads("hello"), { timeout: 5000 }).toBe(index + 1);
      expect(await server.says(hello)).toBe(text);
    }
    await server.settled();
    expect([server.reloads("hello"), server.reloads("same")]).toEqual([2, 0]);
    expect(server.lines(/is not reloaded|is gone/)).toEqual([]);
  });

  it("that is a link, to another release", async () => {
    for (const text of ["one", "two"]) plugins.write(`releases/${text}/hello.ts`, pluginSaying(text));
    symlinkSync("releases/one", at("current"));
    server = await ReloadServer.start(plugins, [], at("current"));
    const hello = await server.startInstance("hello");
    symlinkSync("releases/two", at("next"));
    renameSync(at("next"), at("current"));
    await server.waitFor(/plugin hello was reloaded/);
    expect(await server.says(hello)).toBe("two");
    plugins.write("releases/two/hello.ts", pluginSaying("three"));
    await expect.poll(() => server.reloads("hello"), { timeout: 5000 }).toBe(2);
    expect(await server.says(hello)).toBe("three");
  });

  it("that is gone for a while serves what it had, and says so once", async () => {
    plugins.write("hello.ts", pluginSaying("one"));
    server = await ReloadServer.start(plugins);
    const hello = await server.startInstance("hello");
    renameSync(plugins.path, `${plugins.path}-away`);
    await server.waitFor(/the plugins directory cannot be read/);
    expect(await server.says(hello)).toBe("one");
    renameSync(`${plugins.path}-away`, plugins.path);
    await server.waitFor(/the plugins directory can be read again/);
    plugins.write("hello.ts", pluginSaying("two"));
    await server.waitFor(/plugin hello was reloaded/);
    expect(await server.says(hello)).toBe("two");
    expect(server.lines(/cannot be read/)).toHaveLength(1);
  });

  it("in which something is written all the time is looked at all the same", async () => {
    plugins.write("hello.ts", pluginSaying("one"));
    server = await ReloadServer.start(plugins);
    const hello = await server.startInstance("hello");
    let count = 0;
    const noise = setInterval(() => {
      appendFileSync(at("access.log"), "a line\n");
      writeFileSync(at(`data-${(count += 1) % 50}.json`), String(count));
    }, 15);
    plugins.write("hello.ts", pluginSaying("two"));
    await server.waitFor(/plugin hello was reloaded/).finally(() => clearInterval(noise));
    expect(await server.says(hello)).toBe("two");
    expect(server.reloads("hello")).toBe(1);
  });
});
