// Tells how deeply a value is nested before anything walks over it without a limit.

/** What a configuration or a schema may have; Kong's own fit into a tenth of it. */
export const MAX_NESTING = 200;

/** Whether `value` has more than `levels` levels of lists and objects; what refers to itself has. */
export function isDeeperThan(levels: number, value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (levels === 0) return true;
  return Object.values(value).some((item) => isDeeperThan(levels - 1, item));
}
