// Owns all sockets of a server before there is a server: one for each gateway that it serves.
import type { Listen } from "../net/index.js";
import { type InheritedSocket, inheritedSockets } from "../service-manager/index.js";
import { EarlySocket, type SocketPlace } from "./early-socket.js";
import { placeInherited } from "./place-inherited.js";
import type { Front } from "./supervised.js";

export class EarlySockets implements Front {
  readonly all: readonly EarlySocket[];

  /** Whether a service manager holds one of them, over the end of this process: a supervisor has nothing to hold then. */
  readonly areInherited: boolean;

  private constructor(all: readonly EarlySocket[], areInherited: boolean) {
    this.all = all;
    this.areInherited = areInherited;
  }

  /** @throws {SocketError} where one cannot be had; then there is none. */
  static async open(
    places: readonly SocketPlace[],
    inherited: readonly InheritedSocket[] = inheritedSockets(),
  ): Promise<EarlySockets> {
    const opened: EarlySocket[] = [];
    try {
      for (const place of placeInherited(places, inherited)) opened.push(await EarlySocket.open(place));
    } catch (error) {
      for (const socket of opened) await socket.giveUp();
      throw error;
    }
    return new EarlySockets(opened, inherited.length > 0);
  }

  /** Whether another server has one of the paths for good, as far as it was noticed. */
  get isTakenOver(): boolean {
    return this.all.some((socket) => socket.isTakenOver);
  }

  /** Those that another server has now. */
  async takenPaths(): Promise<readonly string[]> {
    await Promise.all(this.all.map((socket) => socket.checkPath()));
    return this.all.flatMap(({ isTakenOver, path }) => (isTakenOver && path !== undefined ? [path] : []));
  }

  find(name: string): EarlySocket | undefined {
    return this.all.find((socket) => socket.name === name);
  }

  listenOn(name: string): Listen | undefined {
    return this.find(name)?.listen;
  }

  serving(): void {
    for (const socket of this.all) socket.serving();
  }

  async giveUp(): Promise<void> {
    for (const socket of this.all) await socket.giveUp();
  }

  async close(): Promise<void> {
    for (const socket of this.all) await socket.close();
  }
}
