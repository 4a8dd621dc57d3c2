// Owns all sockets of a server before there is a server: one for each gateway that it serves.
import type { Listen } from "../net/index.js";
import { EarlySocket, type SocketPlace } from "./early-socket.js";
import type { Front } from "./supervised.js";

export class EarlySockets implements Front {
  readonly all: readonly EarlySocket[];

  private constructor(all: readonly EarlySocket[]) {
    this.all = all;
  }

  /** @throws {SocketError} where one cannot be had; then there is none. */
  static async open(places: readonly SocketPlace[]): Promise<EarlySockets> {
    const opened: EarlySocket[] = [];
    try {
      for (const place of places) opened.push(await EarlySocket.open(place));
    } catch (error) {
      for (const socket of opened) await socket.giveUp();
      throw error;
    }
    return new EarlySockets(opened);
  }

  /** Whether another server has one of the paths for good. */
  get isTakenOver(): boolean {
    return this.all.some((socket) => socket.isTakenOver);
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
