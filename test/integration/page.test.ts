// The operators' page in a real browser: what it shows is what the server counted, and a look at it is kept where somebody asks for one.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, expect, it } from "vitest";
import { CdpClient } from "../support/cdp-client.js";
import {
  createTempDir,
  isRecord,
  runPhase,
  type RunningServer,
  startInstance,
  startServer,
  type TempDir,
  WireClient,
} from "../support/index.js";

const PLUGIN = `module.exports = {
  Plugin: class { async access(kong) { if (await kong.request.getHeader("x-do")) throw new Error("boom <b>bold</b>"); } },
  Schema: [], Version: "2.1.0", Priority: 1, Name: "greeter" };`;

const CHROMIUM = "chromium";
const hasChromium = spawnSync(CHROMIUM, ["--version"]).status === 0;
/** A file for the screenshot. */
const SCREENSHOT = process.env["TEST_SCREENSHOT"];

let temp: TempDir;
let server: RunningServer;
let browser: ChildProcess | undefined;

beforeEach(async () => {
  temp = createTempDir("page");
  temp.write("plugins/greeter.cjs", PLUGIN);
  temp.write("plugins/broken.cjs", "throw new Error('as <i>it</i> loads');");
  server = await startServer({ plugins: join(temp.path, "plugins"), flags: ["-metrics", "127.0.0.1:0"] });
});

afterEach(async () => {
  if (browser?.exitCode === null) {
    browser.kill("SIGKILL");
    await once(browser, "exit");
  }
  await server.close();
  temp.remove();
});

/** Opens the address, and gives what speaks to its page. */
async function open(url: string): Promise<CdpClient> {
  const profile = join(temp.path, "profile");
  const flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--remote-debugging-port=0"];
  browser = spawn(CHROMIUM, [...flags, `--user-data-dir=${profile}`, "--window-size=1280,640", url], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  if (browser.stderr === null) throw new Error("it has no stderr");
  for await (const line of createInterface({ input: browser.stderr })) {
    const host = /DevTools listening on ws:\/\/([^/]+)\//.exec(line)?.[1];
    if (host === undefined) continue;
    const targets: unknown = await (await fetch(`http://${host}/json/list`)).json();
    const page: unknown = Array.isArray(targets)
      ? targets.find((target) => isRecord(target) && target["type"] === "page")
      : undefined;
    if (isRecord(page)) return CdpClient.connect(String(page["webSocketDebuggerUrl"]));
  }
  throw new Error("the browser has no page");
}

async function evaluate(page: CdpClient, expression: string): Promise<unknown> {
  const { result } = await page.call("Runtime.evaluate", { expression, returnByValue: true, awaitPromise: true });
  return isRecord(result) ? result["value"] : undefined;
}

/** Resolves in the page, when its script has drawn as many rows. */
const SHOWN = `new Promise((resolve) => {
  const look = () => {
    const cells = [...document.querySelectorAll("#plugins tr")].map((row) => [...row.children].map((cell) => cell.textContent));
    if (cells.length > 0 && cells[0][14] !== "–") resolve(cells); else setTimeout(look, 100);
  };
  look();
})`;

it.skipIf(!hasChromium)(
  "shows the table and the charts, and nothing of what plugins say as HTML (skipped without Chromium: apt-get install chromium)",
  { timeout: 90_000 },
  async () => {
    const [, url = ""] =
      /metrics are served on (http:\S+)\/metrics/.exec(await server.waitForLine(/metrics are served on/)) ?? [];
    const client = await WireClient.connect(server.socketPath);
    const instance = await startInstance(client, "greeter", {});
    for (let i = 0; i < 20; i += 1)
      await runPhase(client, instance, "access", {
        answer: (method) => (method.endsWith("get_header") && i === 0 ? "x" : undefined),
      });
    const page = await open(`${url}/`);
    await page.call("Runtime.enable");
    await page.call("Log.enable");
    const [row] = (await evaluate(page, SHOWN)) as string[][];
    expect(row?.slice(0, 3)).toEqual(["greeter", "2.1.0", "1"]);
    expect(row?.[4]).toBe("kong");
    expect(row?.[14]).toMatch(/^\d\d:\d\d:\d\d access threw: boom <b>bold<\/b>$/);
    expect(await evaluate(page, "document.querySelectorAll('b b, i, #plugins b').length")).toBe(0);
    expect(await evaluate(page, "document.getElementById('problems').textContent")).toContain("as <i>it</i> loads");
    const charts =
      "[...document.querySelectorAll('.chart')].map((chart) => [chart.querySelector('h2').firstChild.textContent, chart.querySelector('svg').getBoundingClientRect().width > 100])";
    expect(await evaluate(page, charts)).toEqual([
      ["Calls per second", true],
      ["Failures per second", true],
      ["p99 of the slowest plugin", true],
      ["Memory of isolates", true],
    ]);
    // A click on a title sorts by it.
    await evaluate(page, "document.querySelectorAll('#titles button')[6].click()");
    expect(await evaluate(page, "document.querySelectorAll('#titles th')[6].getAttribute('aria-sort')")).toBe("descending");
    const { data } = await page.call("Page.captureScreenshot", { format: "png" });
    const picture = Buffer.from(String(data), "base64");
    expect(picture.subarray(1, 4).toString()).toBe("PNG");
    expect(picture.length).toBeGreaterThan(5000);
    if (SCREENSHOT !== undefined) writeFileSync(SCREENSHOT, picture);
    await client.close();
  },
);
