// Says which environment plugin code sees.

/**
 * The server's own, less the variables that one of `hidden` names; a `*` stands for any characters. What an isolate
 * changes in it stays in the isolate.
 */
export function pluginEnvironment(hidden: readonly string[]): Readonly<Record<string, string | undefined>> {
  const patterns = hidden.map(toPattern);
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !patterns.some((pattern) => pattern.test(name))));
}

function toPattern(text: string): RegExp {
  const escaped = text.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${escaped.join(".*")}$`);
}
