// Sorts the flags of a command line: which of them the commands that `kong-conf` prints take over.
import { resolve } from "node:path";
import type { GivenFlag, ServerFlags } from "../../gateways/kong/conf/index.js";
import type { Flag } from "./flag.js";
import type { GivenFlags } from "./flag-values.js";
import { FLAGS, plainFlag, type TableFlag } from "./tables/table.js";

/** The flags of a start command and of a dump, with absolute paths: a gateway starts them in another folder. */
export function serverFlags(given: GivenFlags): Pick<ServerFlags, "startFlags" | "queryFlags"> {
  const flagsOf = (flags: readonly TableFlag[]): GivenFlag[] => flags.flatMap((flag) => givenFlags(flag, given.get(flag.name)));
  const handedOn = FLAGS.filter((flag) => isHandedOn(flag));
  return { startFlags: flagsOf(handedOn), queryFlags: flagsOf(handedOn.filter((flag) => plainFlag(flag).isForDumps === true)) };
}

/** What a command has alone, and what asks for something else than serving, is not the server's. */
const isHandedOn = ({ commands, isAction, isNotHandedOn }: Flag): boolean =>
  (commands?.includes("serve") ?? true) && isAction === undefined && isNotHandedOn === undefined;

function givenFlags(flag: Flag, given: string | true | readonly string[] | undefined): GivenFlag[] {
  if (given === undefined) return [];
  const { name } = flag;
  const standalone = inPrograms(flag);
  if (given === true) return [{ name, ...standalone }];
  const isPath = flag.kind === "path" || flag.kind === "paths";
  const values = typeof given === "string" ? [given] : given;
  return values.map((text) => ({ name, value: isPath ? resolve(text) : text, ...standalone }));
}

function inPrograms({ notStandalone, program }: Flag): Pick<GivenFlag, "inPrograms"> {
  if (notStandalone !== undefined) return { inPrograms: { refused: notStandalone } };
  return program === undefined ? { inPrograms: "unused" } : {};
}
