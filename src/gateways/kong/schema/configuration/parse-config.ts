// Reads the text of a configuration; what is no JSON object is none.
export function parseConfig(config: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(config);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;
  } catch {
    // No JSON: the caller says so.
    return undefined;
  }
}
