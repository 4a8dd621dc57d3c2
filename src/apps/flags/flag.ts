// Says what an entry in the table of flags has.
import type { CommandName } from "./tables/commands.js";

/** How the value of a flag is written, and so what is made of it. */
export type FlagKind =
  | "switch" // no value
  | "text"
  | "optional" // a text, or nothing behind the flag
  | "path" // never empty
  | "paths" // may be given many times
  | "texts" // likewise
  | "names" // with commas between them
  | "choice"
  | "count"
  | "duration"
  | "size"
  | "mode"
  | "levels" // of the log, and of plugins in it
  | "inspect";

interface Common {
  readonly name: string;
  readonly kind: FlagKind;
  /** What stands for the value in help, in lower case: `path` in `-socket PATH`. A switch has none. */
  readonly value?: string;
  /** Of the kind "choice". */
  readonly choices?: readonly string[];
  /** As it would be written. */
  readonly default?: string;
  /** The least value of a count; 1 by default. */
  readonly least?: number;
  /** One sentence without a full stop, for -help and the documents; what stands between backquotes is code. */
  readonly help: string;
}

export interface Flag extends Common {
  /** Other names, as the servers have them that this one replaces. */
  readonly aliases?: readonly string[];
  /** More for docs/flags.md, in Markdown: links, and what the default is where there is no value for it. */
  readonly document?: { readonly more?: string; readonly default?: string };
  /** Most servers need it: it is in the README's table. */
  readonly isEssential?: true;
  /** The commands that alone have this flag; without them all commands take it. "serve" is the one without a name. */
  readonly commands?: readonly CommandName[];
  /** One plugin as a program takes it too, with what differs there. */
  readonly program?: Partial<Common>;
  /** What a dump has in it, or how it is made, depends on it. */
  readonly isForDumps?: true;
  /** It asks for something else than serving. */
  readonly isAction?: true;
  /** It says where Kong finds the server. */
  readonly placesKong?: true;
  /** `kong-conf` does not hand it on: it stands in each start command anyway, or was said with another flag. */
  readonly isNotHandedOn?: true;
  /** Why `kong-conf -mode standalone` refuses it. Of the others it hands on what a program takes. */
  readonly notStandalone?: string;
}
