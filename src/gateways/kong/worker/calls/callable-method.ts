// Owns which calls are refused here because the gateway, which would refuse them too, would not say so.
import { type PDK_METHODS, PDK_NOT_OFFERED, PdkError, type PdkMethod, type Phase, PHASES } from "../../pdk/index.js";
import { ARGUMENT_RULES, type ArgumentRule } from "./argument-rules.js";

export type PdkName = (typeof PDK_METHODS)[number]["method"];

/** Makes another call of the same event. */
export type PdkAsk = (method: PdkName, args: readonly unknown[]) => Promise<unknown>;

/** A PDK function, with what decides whether a call of it may be sent. */
export interface CallableMethod extends PdkMethod {
  /** The phases in which some gateway runs it. */
  readonly runsIn: ReadonlySet<string>;
  readonly rule: ArgumentRule | undefined;
  /** It changes nothing, is small, and says the same until the handler changes something: it may be asked ahead. */
  readonly isPlainRead: boolean;
  /** It changes something, and answers `true` where that was done. */
  readonly saysDone: boolean;
  /** What to call in place of a function that runs nowhere. */
  readonly instead?: string;
}

/** Never recorded: what the gateway refuses there, if anything, is not known. */
const UNRECORDED: readonly Phase[] = ["certificate", "preread"];

/** Bodies are read only when they are wanted. */
const PLAIN_READ = /^kong\.(?:client|request|response|router|service\.response)\.get_(?!.*body)/;

const SETTER = /\.set_[^.]*$/;

export function callableMethod(method: PdkMethod): CallableMethod {
  const { phases, formerly } = method;
  const runsIn = new Set<string>(phases.length === 0 ? [] : [...phases, ...formerly, ...UNRECORDED]);
  const isPlainRead = PLAIN_READ.test(method.method);
  const saysDone = method.returns === "boolean" && SETTER.test(method.method);
  return { ...method, runsIn, rule: ARGUMENT_RULES.get(method.method), isPlainRead, saysDone };
}

/** Functions that the gateway has and lets no plugin server use: each call says what to do instead. */
export const REFUSED_METHODS: readonly CallableMethod[] = PDK_NOT_OFFERED.filter(({ because }) => because === "refused").map(
  ({ method, instead }) => ({
    ...callableMethod({ method, returns: "nothing", writeBehind: false, ends: false, phases: [], formerly: [] }),
    instead,
  }),
);

/** @throws {PdkError} in a phase in which no gateway runs the function. */
export function assertPhase({ method, runsIn, phases, formerly, instead }: CallableMethod, phase: string): void {
  if (runsIn.has(phase)) return;
  const known = PHASES.filter((name) => phases.includes(name) || formerly.includes(name));
  const places = known.length === 0 ? "in no phase of a plugin server" : `only in ${listed(known)}`;
  const advice = instead === undefined ? "" : `; ${instead}`;
  throw new PdkError("PDK_WRONG_PHASE", { method, reason: `the gateway runs it ${places}, and this is ${phase}${advice}` });
}

/** @throws {PdkError} for arguments that every gateway refuses. They are checked as they are sent. */
export function assertArguments({ method, rule }: CallableMethod, args: readonly unknown[], phase: string): void {
  const reason = rule?.(args, phase);
  if (reason !== undefined) throw new PdkError("PDK_BAD_ARGUMENT", { method, reason });
}

function listed(names: readonly string[]): string {
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1) ?? ""}`;
}
