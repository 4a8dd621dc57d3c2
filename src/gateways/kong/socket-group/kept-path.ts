// Keeps the path of a plugin's own socket while no isolate listens there: a gateway that comes meanwhile waits.
import type { OwnSocket } from "../../../core/channel/index.js";
import type { OwnSocketPlace } from "../../../core/isolates/index.js";
import { CoveredPath } from "../../../core/net/index.js";
import type { ServedPath } from "../../../core/supervisor/index.js";

export interface KeptPathOptions {
  readonly path: string;
  /** Permission bits of the socket file. */
  readonly mode: number;
  readonly next: () => OwnSocket;
  readonly tellLevel: OwnSocketPlace["tellLevel"];
  /** The process that keeps the path should this one die. */
  readonly onChange: (change: ServedPath) => void;
  /** The path could not be taken: gateways are refused until an isolate listens. */
  readonly onError: (error: Error) => void;
}

export class KeptPath implements OwnSocketPlace {
  readonly #options: KeptPathOptions;
  readonly #covered: CoveredPath;
  #isLeft = false;

  constructor(options: KeptPathOptions) {
    this.#options = options;
    this.#covered = new CoveredPath(options);
  }

  readonly next = (): OwnSocket => this.#options.next();

  get tellLevel(): OwnSocketPlace["tellLevel"] {
    return this.#options.tellLevel;
  }

  readonly unserved = (): void => {
    if (this.#isLeft) return;
    this.#tell("expected");
    this.#covered.unserved();
  };

  readonly served = (): void => {
    if (this.#isLeft) return;
    this.#tell("served");
    this.#covered.served();
  };

  readonly left = (): void => {
    if (this.#isLeft) return;
    this.#tell("left");
    this.supersede();
  };

  /** Another generation of the plugin has the path from now on. */
  supersede(): void {
    this.#isLeft = true;
    this.#covered.leave();
  }

  #tell(state: ServedPath["state"]): void {
    const { path, mode, onChange } = this.#options;
    onChange({ path, mode, state });
  }
}
