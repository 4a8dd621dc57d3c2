// Owns what one isolate was asked to find out about itself, until it has answered or is gone.
import type { DiagnosedMessage, Diagnosis, HostMessage } from "../channel/index.js";
import { DiagnosisError } from "../model/index.js";

/** Milliseconds in which an isolate may do nothing but write its heap. */
const LONGEST = 120_000;

export interface DiagnosesOptions {
  readonly send: (message: HostMessage) => void;
  /** It is about to be busy for so many milliseconds at most. */
  readonly onBegin: (longest: number) => void;
  readonly onEnd: () => void;
}

interface Pending {
  readonly resolve: () => void;
  readonly reject: (error: DiagnosisError) => void;
}

export class Diagnoses {
  readonly #options: DiagnosesOptions;
  readonly #pending = new Map<number, Pending>();
  #nextId = 1;

  constructor(options: DiagnosesOptions) {
    this.#options = options;
  }

  /** Resolves when the result is in its file. @throws {DiagnosisError} where it cannot be had. */
  run(diagnosis: Diagnosis): Promise<void> {
    const id = this.#nextId;
    this.#nextId += 1;
    const { send, onBegin } = this.#options;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      onBegin(LONGEST + (diagnosis.kind === "profile" ? diagnosis.milliseconds : 0));
      send({ kind: "diagnose", id, diagnosis });
    });
  }

  /** What the isolate says: nothing changes where it was not asked, as plugin code can get at its channel. */
  settle({ id, problem }: DiagnosedMessage): void {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    if (this.#pending.size === 0) this.#options.onEnd();
    if (problem === undefined) pending?.resolve();
    else pending?.reject(new DiagnosisError(problem));
  }

  /** The isolate is gone. */
  end(): void {
    for (const { reject } of this.#pending.values()) reject(new DiagnosisError("its isolate ended meanwhile"));
    this.#pending.clear();
  }
}
