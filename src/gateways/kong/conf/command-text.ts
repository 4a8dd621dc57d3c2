// Writes commands as the gateway's shell reads them.

/** A flag of the command line with its value, if it takes one. */
export interface GivenFlag {
  readonly name: string;
  readonly value?: string;
  /** A plugin that is a program has no use for it, or cannot do it, with the reason. Others it takes as a server does. */
  readonly inPrograms?: "unused" | { readonly refused: string };
}

/** One word of a command; whatever may mean something to a shell is escaped. */
export function shellWord(text: string): string {
  // Not quoted: kong.conf takes quotes around a whole value away.
  return text === "" ? "''" : text.replace(/[^\w@%+=:,./-]/g, "\\$&");
}

export function commandText(file: string, flags: readonly GivenFlag[]): string {
  const words = flags.flatMap(({ name, value }) => [`-${name}`, ...(value === undefined ? [] : [value])]);
  return [file, ...words].map(shellWord).join(" ");
}
