// Joins one server to the others of its path: which instances there are, whose an event is, and who takes the next connection.
import { MessageChannel, type MessagePort } from "node:worker_threads";
import type { CallIds } from "../../../core/calls/index.js";
import type { PassedStep, TakeStep } from "../rpc/index.js";
import type { OwnInstances, SharedInstance, Siblings } from "../server/index.js";
import type { SharedPath } from "../../../core/net/index.js";
import type { Board } from "./board.js";
import { SiblingLink } from "./sibling-link.js";
import type { SiblingMessage } from "./sibling-message.js";

/** An instance, and the server whose gateway asked for it. */
interface KnownInstance {
  readonly shared: SharedInstance;
  readonly origin: number;
}

/** A server beside this one, and what may be waited for: that it has told what it knows, that it listens. */
interface Sibling {
  readonly link: SiblingLink;
  readonly told: Deferred;
  readonly listening: Deferred;
}

export interface PathTroubles {
  /** The links or sockets of the path could not be changed. */
  readonly onPathError: (error: Error) => void;
  /** Another sent what no server says: it was dropped. */
  readonly onForeign: (reason: string) => void;
}

export class PathSiblings implements Siblings {
  readonly listenPath: string;
  readonly eventIds: CallIds;
  readonly #slot: number;
  readonly #board: Board;
  readonly #path: SharedPath;
  readonly #troubles: PathTroubles;
  readonly #siblings = new Map<number, Sibling>();
  readonly #instances = new Map<number, KnownInstance>();
  #takeStep: TakeStep | undefined;
  #own: OwnInstances | undefined;

  constructor(slot: number, board: Board, path: SharedPath, troubles: PathTroubles) {
    this.#slot = slot;
    this.#troubles = troubles;
    this.#board = board;
    this.#path = path;
    this.listenPath = path.socketOf(slot);
    this.eventIds = { slot, slots: board.slots };
  }

  /** Introduces a server that is about to start to all there are. It gets the port. */
  admit(slot: number): MessagePort {
    const { port1, port2 } = new MessageChannel();
    const others = [...this.#siblings];
    const { link } = this.#add(slot, port1, () => this.#lose(slot));
    for (const [other, sibling] of others) {
      const between = new MessageChannel();
      sibling.link.tell({ kind: "introduction", slot, port: between.port1 }, [between.port1]);
      link.tell({ kind: "introduction", slot: other, port: between.port2 }, [between.port2]);
    }
    this.#tellAll(link);
    return port2;
  }

  /** Resolves when each that has been admitted listens, or has ended before. */
  async othersListening(): Promise<void> {
    await Promise.all([...this.#siblings.values()].map(({ listening }) => listening.promise));
  }

  /** Joins those that the server at the other end of the port introduces. Resolves when all have told what they know. */
  async join(slot: number, port: MessagePort): Promise<void> {
    // It introduces the others before it has told everything.
    await this.#add(slot, port).told.promise;
    await Promise.all([...this.#siblings.values()].map(({ told }) => told.promise));
  }

  onStep(take: TakeStep): void {
    this.#takeStep = take;
  }

  pass(step: PassedStep): boolean {
    const sibling = this.#siblings.get(step.eventId % this.#board.slots);
    sibling?.link.pass(step);
    return sibling !== undefined;
  }

  announce(instance: SharedInstance): void {
    this.#instances.set(instance.id, { shared: instance, origin: this.#slot });
    this.#tell({ kind: "instance", instance });
  }

  forget(instanceId: number): void {
    if (this.#instances.get(instanceId)?.origin !== this.#slot) return;
    this.#instances.delete(instanceId);
    this.#tell({ kind: "forget", instanceId });
  }

  close(instanceId: number): void {
    this.#instances.delete(instanceId);
    this.#tell({ kind: "close", instanceId });
  }

  attach(own: OwnInstances): void {
    this.#own = own;
  }

  find(instanceId: number): SharedInstance | undefined {
    if (!this.#instances.has(instanceId)) for (const { link } of this.#siblings.values()) link.receiveNow();
    return this.#instances.get(instanceId)?.shared;
  }

  list(): readonly SharedInstance[] {
    return [...this.#instances.values()].map(({ shared }) => shared);
  }

  listening(): void {
    this.#board.enter(this.#slot, "listening");
    this.#lead();
    this.#tell({ kind: "listening" });
  }

  leave(): void {
    this.#board.enter(this.#slot, "leaving");
    this.#lead();
  }

  connected(count: number): void {
    this.#board.connected(this.#slot, count);
    this.#lead();
  }

  get connectionCount(): number {
    return this.#board.connectionCount;
  }

  isPathServed(): boolean {
    return this.#path.isServed();
  }

  areQuiet(running: number): boolean {
    const links = [...this.#siblings.values()].map(({ link }) => link);
    // Who sees that all are quiet is to have the last answers that are for its connections.
    for (const link of links) link.flush();
    const areQuiet = this.#board.areOthersQuiet(this.#slot, running);
    if (areQuiet) for (const link of links) link.receiveNow();
    return areQuiet;
  }

  /** Ends its channels. */
  end(): void {
    for (const { link } of this.#siblings.values()) link.close();
    this.#siblings.clear();
  }

  #add(slot: number, port: MessagePort, onEnd: () => void = () => {}): Sibling {
    const link = new SiblingLink(port, {
      onMessage: (message) => this.#onMessage(slot, message),
      takeStep: (eventId, failed, data, reply) => this.#takeStep?.(eventId, failed, data, reply),
      onForeign: (reason) => this.#troubles.onForeign(reason),
      onEnd: () => {
        this.#onEnd(slot, sibling);
        onEnd();
      },
    });
    const sibling = { link, told: deferred(), listening: deferred() };
    this.#siblings.set(slot, sibling);
    return sibling;
  }

  #onMessage(slot: number, message: SiblingMessage): void {
    switch (message.kind) {
      case "introduction":
        return this.#tellAll(this.#add(message.slot, message.port).link);
      case "instance":
        return this.#learn(message.instance, slot);
      case "forget":
        return void this.#instances.delete(message.instanceId);
      case "close":
        this.#instances.delete(message.instanceId);
        return void this.#own?.close(message.instanceId);
      case "told":
        return this.#siblings.get(slot)?.told.resolve();
      case "listening":
        return this.#siblings.get(slot)?.listening.resolve();
    }
  }

  #onEnd(slot: number, sibling: Sibling): void {
    sibling.told.resolve();
    sibling.listening.resolve();
    // The slot may have another server by now.
    if (this.#siblings.get(slot) !== sibling) return;
    this.#siblings.delete(slot);
    for (const instance of this.#instances.values()) if (instance.origin === slot) this.#inherit(instance.shared);
  }

  /** A server that was admitted here is gone, in whatever way. */
  #lose(slot: number): void {
    try {
      this.#path.drop(slot);
    } catch (error) {
      this.#troubles.onPathError(asError(error));
    }
    this.#board.enter(slot, "free");
    this.#lead();
  }

  /** Where several say that an instance is theirs, as they may when they inherit it, it is that of the first slot. */
  #learn(instance: SharedInstance, slot: number): void {
    const known = this.#instances.get(instance.id)?.origin;
    const isTaken = known !== undefined && known < slot && (known === this.#slot || this.#siblings.has(known));
    if (!isTaken) this.#instances.set(instance.id, { shared: instance, origin: slot });
  }

  /** The server whose gateway asked for it is gone: it belongs to those that run it, or that have to bring it back. */
  #inherit(instance: SharedInstance): void {
    this.#instances.delete(instance.id);
    if (instance.comesBack || this.#own?.get(instance.id) !== undefined) this.announce(instance);
  }

  #tell(message: SiblingMessage): void {
    for (const { link } of this.#siblings.values()) link.tell(message);
  }

  #tellAll(link: SiblingLink): void {
    for (const { shared, origin } of this.#instances.values())
      if (origin === this.#slot) link.tell({ kind: "instance", instance: shared });
    link.tell({ kind: "told" });
  }

  /** Leads new clients to the server with the fewest. One that leaves meanwhile must not be the last that they are led to. */
  #lead(): void {
    try {
      let slot: number | undefined;
      do {
        slot = this.#board.choose();
        if (slot !== undefined) this.#path.lead(slot);
      } while (slot !== undefined && this.#board.stateOf(slot) !== "listening");
    } catch (error) {
      this.#troubles.onPathError(asError(error));
    }
  }
}

const asError = (thrown: unknown): Error => (thrown instanceof Error ? thrown : new Error(String(thrown)));

interface Deferred {
  readonly promise: Promise<void>;
  readonly resolve: () => void;
}

function deferred(): Deferred {
  let resolve = (): void => {};
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
