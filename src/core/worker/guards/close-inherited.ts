// Closes the descriptors that a child process inherited beyond its standard ones: they are none of plugin code's business.
import { closeSync, readdirSync, readFileSync } from "node:fs";

/** The descriptor of the pipe to the server. */
export const CHANNEL = 3;
const FIRST_OTHER = CHANNEL + 1;
/** `O_CLOEXEC` on Linux. Node.js opens everything with it, so what lacks it was opened by whoever started the server. */
const CLOSE_ON_EXEC = 0o2000000;

/** Does nothing where the system does not tell about descriptors. */
export function closeInherited(): void {
  for (const descriptor of descriptors()) {
    if (descriptor >= FIRST_OTHER && isInherited(descriptor)) closeSync(descriptor);
  }
}

function descriptors(): number[] {
  try {
    return readdirSync("/proc/self/fdinfo").map(Number);
  } catch {
    // A system without /proc: nothing is known to be inherited.
    return [];
  }
}

function isInherited(descriptor: number): boolean {
  try {
    const flags = /^flags:\s*(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${descriptor}`, "utf8"))?.[1];
    return flags !== undefined && (parseInt(flags, 8) & CLOSE_ON_EXEC) === 0;
  } catch {
    // The one that the list was read with is gone.
    return false;
  }
}
