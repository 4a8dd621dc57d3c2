// What a run of a phase is asked for and gives, whatever the protocol.
import type { WireClient } from "./wire-client.js";

export interface PdkCall {
  readonly method: string;
  readonly args: readonly unknown[];
}

/** What a gateway may say to a PDK call other than a plain value. */
export class GatewayAnswer {
  private constructor(
    readonly kind: "error" | "refused",
    readonly text: string,
  ) {}

  /** The PDK function failed (`nil, message` in Lua): StepError. */
  static error(text: string): GatewayAnswer {
    return new GatewayAnswer("error", text);
  }

  /** The gateway refused the call: no Step ever comes. */
  static refused(): GatewayAnswer {
    return new GatewayAnswer("refused", "");
  }
}

/** Gives the value for a call; undefined is Lua's nil. */
export type Answer = (method: string, args: readonly unknown[]) => unknown;

export interface PhaseRun {
  readonly calls: readonly PdkCall[];
  /** ret: the handler came to its end; exit: it ended the request; refused: the gateway dropped a call; error: the server did. */
  readonly end: "ret" | "exit" | "refused" | "error";
  readonly eventId: unknown;
  /** The server's error text when `end` is "error". */
  readonly error?: unknown;
}

export interface PhaseOptions {
  readonly answer?: Answer;
  /** Gives the connection for the next message: an event may move between them. */
  readonly connection?: () => WireClient;
}
