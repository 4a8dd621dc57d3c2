// Keeps the path of a plugin's own socket while no isolate listens there: a gateway that comes meanwhile waits.
import type { OwnSocket } from "../../../core/channel/index.js";
import type { OwnSocketPlace } from "../../../core/isolates/index.js";
import { inodeAt, PathCover } from "../../../core/net/index.js";
import type { ServedPath } from "../../../core/supervisor/index.js";

export interface KeptPathOptions {
  readonly path: string;
  /** Permission bits of the socket file. */
  readonly mode: number;
  readonly next: () => OwnSocket;
  /** The process that keeps the path should this one die. */
  readonly onChange: (change: ServedPath) => void;
  /** The path could not be taken: gateways are refused until an isolate listens. */
  readonly onError: (error: Error) => void;
}

export class KeptPath implements OwnSocketPlace {
  readonly #options: KeptPathOptions;
  /** Each step when the one before is done. */
  #cover: Promise<PathCover | undefined> = Promise.resolve(undefined);
  #isLeft = false;
  /** Of what the last isolate had at the path. */
  #inode: bigint | undefined;

  constructor(options: KeptPathOptions) {
    this.#options = options;
  }

  readonly next = (): OwnSocket => this.#options.next();

  readonly unserved = (): void => {
    if (this.#isLeft) return;
    this.#tell("expected");
    const { path, mode } = this.#options;
    this.#then((cover) => PathCover.renew(cover, { path, mode, dead: this.#inode }));
  };

  readonly served = (): void => {
    if (this.#isLeft) return;
    this.#tell("served");
    this.#inode = inodeAt(this.#options.path);
    this.#then(async (cover) => {
      await cover?.lead();
      return undefined;
    });
  };

  readonly left = (): void => {
    if (this.#isLeft) return;
    this.#tell("left");
    this.supersede();
  };

  /** Another generation of the plugin has the path from now on. */
  supersede(): void {
    this.#isLeft = true;
    this.#then(async (cover) => {
      await cover?.close();
      return undefined;
    });
  }

  #tell(state: ServedPath["state"]): void {
    const { path, mode, onChange } = this.#options;
    onChange({ path, mode, state });
  }

  #then(step: (cover: PathCover | undefined) => Promise<PathCover | undefined>): void {
    this.#cover = this.#cover.then(step).catch((error: unknown) => {
      this.#options.onError(error instanceof Error ? error : new Error(String(error)));
      return undefined;
    });
  }
}
