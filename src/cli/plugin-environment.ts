// Says which environment plugin code sees.

/** The server's own, as it is when the server starts; an isolate's changes to it stay in the isolate. */
export function pluginEnvironment(): Readonly<Record<string, string | undefined>> {
  return { ...process.env };
}
