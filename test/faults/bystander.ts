// Owns a second client that goes on with ordinary requests all the time, and remembers whatever disturbs them.
import { connectPeer, type Peer, runPhase, startInstance, type TestProtocol } from "../support/index.js";

export interface BystanderReport {
  readonly phases: number;
  readonly troubles: readonly string[];
  readonly slowestMs: number;
}

export class Bystander {
  readonly #client: Peer;
  readonly #done: Promise<void>;
  readonly #troubles: string[] = [];
  #stopped = false;
  #phases = 0;
  #slowest = 0;

  private constructor(client: Peer, instance: number) {
    this.#client = client;
    this.#done = this.#run(instance);
  }

  /** The server must serve the fixture `asks`. */
  static async begin(socketPath: string, protocol: TestProtocol = "MsgPack:1"): Promise<Bystander> {
    const client = await connectPeer(protocol, socketPath);
    return new Bystander(client, await startInstance(client, "asks", { asks: ["one", "two"] }));
  }

  async stop(): Promise<BystanderReport> {
    this.#stopped = true;
    await this.#done;
    await this.#client.close();
    return { phases: this.#phases, troubles: this.#troubles, slowestMs: this.#slowest };
  }

  async #run(instance: number): Promise<void> {
    while (!this.#stopped) {
      const began = performance.now();
      try {
        const run = await runPhase(this.#client, instance, "access", { answer: (_, args) => `value of ${String(args[0])}` });
        const asked = run.calls.map(({ args }) => args[0]).join();
        if (run.end !== "ret" || asked !== "one,two") this.#troubles.push(`${run.end} after ${asked}`);
      } catch (error) {
        this.#troubles.push(String(error));
        return;
      }
      this.#phases += 1;
      this.#slowest = Math.max(this.#slowest, performance.now() - began);
      // Leave the processor to the client that misbehaves.
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }
}
