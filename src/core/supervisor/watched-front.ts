// Knows whether the paths of the sockets that another process or module holds for a server still lead to it.
import { existsSync } from "node:fs";
import type { Listen, PathChange } from "../net/index.js";
import type { ServedPath } from "./messages.js";
import type { Front, Keeper } from "./supervised.js";

export class WatchedFront implements Front {
  readonly keeper?: Keeper;
  readonly left?: Promise<ReadonlySet<string>>;
  readonly areInherited: boolean;
  readonly pathChanged: (change: ServedPath) => void;
  readonly makeWay?: () => void;
  readonly #front: Front;
  readonly #paths = new Set<string>();
  readonly #problems = new Map<string, string>();

  constructor(front: Front) {
    this.#front = front;
    if (front.keeper !== undefined) this.keeper = front.keeper;
    if (front.left !== undefined) this.left = front.left;
    if (front.makeWay !== undefined) this.makeWay = front.makeWay;
    this.areInherited = front.areInherited ?? false;
    this.pathChanged = (change) => {
      if (change.state === "served") this.#paths.add(change.path);
      else this.#paths.delete(change.path);
      front.pathChanged?.(change);
    };
  }

  /** Why new connections do not come to the server, and over which path; undefined where they do. */
  get unreachable(): string | undefined {
    const [problem] = this.#problems.values();
    const gone = [...this.#paths].find((path) => path.startsWith("/") && !existsSync(path));
    return problem ?? (gone === undefined ? undefined : `${gone} is gone`);
  }

  listenOn(name: string): Listen | undefined {
    const listen = this.#front.listenOn(name);
    if (listen === undefined) return undefined;
    return async (options) => {
      const { path, onPathChange } = options;
      const changed = (change: PathChange): void => {
        this.#note(path, change);
        onPathChange?.(change);
      };
      const socket = await listen({ ...options, onPathChange: changed });
      this.#paths.add(path);
      return socket;
    };
  }

  serving(): void {
    this.#front.serving();
  }

  #note(path: string, change: PathChange): void {
    if (change.kind === "restored") this.#problems.delete(path);
    else if (change.kind === "taken over") this.#problems.set(path, `another server has taken ${path} over`);
    else this.#problems.set(path, `${path} does not lead to this server: ${change.error.message}`);
  }
}
