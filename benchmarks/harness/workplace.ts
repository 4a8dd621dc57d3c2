// Owns the temporary directory of one server: its plugins and its socket.
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";

export interface PluginCopies {
  /** A file of `benchmarks/plugins`. */
  readonly file: string;
  /** The names of its copies, without an extension. */
  readonly names: readonly string[];
}

export class Workplace {
  readonly directory = mkdtempSync(join(tmpdir(), "psbench-"));
  readonly plugins = join(this.directory, "plugins");
  readonly socketName = "server.sock";
  readonly socketPath = join(this.directory, this.socketName);
  /** Path of the first plugin. */
  readonly firstPlugin: string;

  constructor(source: string, copies: readonly PluginCopies[]) {
    mkdirSync(this.plugins);
    const paths = copies.flatMap(({ file, names }) =>
      names.map((name) => this.#copy(join(source, file), `${name}${extname(file)}`)),
    );
    this.firstPlugin = paths[0] ?? "";
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }

  #copy(from: string, name: string): string {
    const to = join(this.plugins, name);
    copyFileSync(from, to);
    return to;
  }
}
