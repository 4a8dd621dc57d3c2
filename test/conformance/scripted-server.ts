// Owns a server whose plugins play scripts: the binary over copies of the scripted fixture.
import { copyFileSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createTempDir, startServer } from "../support/index.js";
import type { RunningServer } from "../support/index.js";
import type { Scripts } from "./script.js";

const FIXTURE = fileURLToPath(new URL("../fixtures/scripted/rec.ts", import.meta.url));

/** The names the recordings use. */
const NAMES = ["rec", "rec-two", "rec-resp", "rec-log"];

export class ScriptedServer {
  readonly #dir = createTempDir("rec");
  #server: RunningServer | undefined;
  #run = 0;

  get socketPath(): string {
    return this.#started().socketPath;
  }

  get lines(): readonly string[] {
    return this.#started().lines;
  }

  async start(): Promise<void> {
    mkdirSync(join(this.#dir.path, "plugins"), { recursive: true });
    mkdirSync(join(this.#dir.path, "scripts"), { recursive: true });
    for (const name of NAMES) copyFileSync(FIXTURE, join(this.#dir.path, "plugins", `${name}.ts`));
    await this.#launch();
  }

  /** Gives every plugin its events; those of an earlier call are forgotten. */
  load(scripts: Scripts): void {
    this.#run += 1;
    for (const name of NAMES) {
      const path = join(this.#dir.path, "scripts", `${name}.json`);
      writeFileSync(`${path}.new`, JSON.stringify({ run: this.#run, events: scripts.get(name) ?? [] }));
      renameSync(`${path}.new`, path);
    }
  }

  /** Stops the process and starts another one on the same socket. */
  async restart(): Promise<void> {
    await this.#started().close();
    await this.#launch();
  }

  async close(): Promise<void> {
    await this.#server?.close();
    this.#dir.remove();
  }

  async #launch(): Promise<void> {
    this.#server = await startServer({
      prefix: join(this.#dir.path, "prefix"),
      plugins: join(this.#dir.path, "plugins"),
      // Refused calls leave events behind that nobody will ever finish; a shutdown need not wait for them.
      flags: ["-drain-timeout", "1s"],
      env: { RECORDED_SCRIPTS: join(this.#dir.path, "scripts") },
    });
  }

  #started(): RunningServer {
    if (this.#server === undefined) throw new Error("the scripted server was not started");
    return this.#server;
  }
}
