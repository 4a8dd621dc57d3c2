// What a server asks of those that serve the same path in other threads: a gateway may come to any of them with any connection.
import type { CallIds } from "../../../../core/calls/index.js";
import type { BindingTable, SleepingBinding } from "../../../../core/plugins/index.js";
import type { PassedStep, TakeStep } from "../../rpc/index.js";

/** An instance as servers tell each other of it: each starts its own when it is first asked for it. */
export interface SharedInstance extends Pick<SleepingBinding, "id" | "plugin" | "config" | "started"> {
  /** Whether it comes back where the isolate that runs it dies: its gateway cannot be told. */
  readonly comesBack: boolean;
}

/** The instances that run in one server. */
export type OwnInstances = Pick<BindingTable, "get" | "close">;

export interface Siblings {
  /** Where this server listens. The path that clients know leads to one server after the other. */
  readonly listenPath: string;
  /** Ids by which the others know its events. */
  readonly eventIds: CallIds;

  /** Sets who takes a step that came to another server. */
  onStep(take: TakeStep): void;
  /** Passes a step on to the server whose event it is; false where that is nobody's. */
  pass(step: PassedStep): boolean;

  /** An instance was started here: the others know it before what the gateway does next can reach them. */
  announce(instance: SharedInstance): void;
  /** An instance went by itself. The others may still use theirs, where it was started here they start no further one. */
  forget(instanceId: number): void;
  /** The gateway has closed an instance: it goes everywhere. */
  close(instanceId: number): void;
  /** Sets what runs here: what a gateway has closed at another server is closed here too. */
  attach(own: OwnInstances): void;
  /** An instance that was started at any of them. */
  find(instanceId: number): SharedInstance | undefined;
  list(): readonly SharedInstance[];

  /** This server takes connections: from now on, and no more. */
  listening(): void;
  leave(): void;
  /** How many connections it has now. */
  connected(count: number): void;
  /** How many all of them have. */
  readonly connectionCount: number;

  /** Whether clients that leave find a server on the path. */
  isPathServed(): boolean;
  /** Says how many events run here while it ends; whether those that end with it have none. */
  areQuiet(running: number): boolean;
}
