// Writes the lines of which a stranger or a broken plugin can cause any number: few in a second, and how many more there were.
import type { Logger } from "pino";
import { cutText } from "../model/index.js";
import type { LogLevel } from "../channel/index.js";

export interface Line {
  readonly level: LogLevel;
  readonly message: string;
  /** Read only where the line is written. */
  readonly fields?: () => object;
}

export interface LimitedLine extends Line {
  /** What it is about: each has a limit of its own. */
  readonly group: string;
  /** Lines with the same message are equal where this is too. */
  readonly about?: string | number;
}

interface Written {
  readonly line: LimitedLine;
  more: number;
}

interface Group {
  readonly written: Map<string, Written>;
  /** Lines beyond those: the last, and how many. */
  last: LimitedLine | undefined;
  others: number;
}

const WINDOW = 1000;
/** Different lines of a group in a second. */
const MAX_DIFFERENT = 10;
const MAX_MESSAGE = 9000;

export class LimitedLog {
  readonly #logger: Logger;
  readonly #groups = new Map<string, Group>();
  #window: NodeJS.Timeout | undefined;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  log(line: LimitedLine): void {
    if (!this.#logger.isLevelEnabled(line.level)) return;
    this.#window ??= setTimeout(() => this.#next(), WINDOW).unref();
    const group = this.#group(line.group);
    const key = `${line.about ?? ""} ${line.message}`;
    const written = group.written.get(key);
    if (written !== undefined) written.more += 1;
    else if (group.written.size < MAX_DIFFERENT) {
      group.written.set(key, { line, more: 0 });
      this.write(line);
    } else {
      group.others += 1;
      group.last = line;
    }
  }

  /** Tells of the lines that were not written until now. */
  close(): void {
    clearTimeout(this.#window);
    this.#tell();
    this.#groups.clear();
  }

  /** What goes on is told of once a second. */
  #next(): void {
    this.#window = undefined;
    const goesOn = this.#tell();
    for (const [name, group] of this.#groups) if (!goesOn.has(group)) this.#groups.delete(name);
    if (this.#groups.size > 0) this.#window = setTimeout(() => this.#next(), WINDOW).unref();
  }

  /** Returns the groups of which there was something to tell: they keep the lines that have been written. */
  #tell(): Set<Group> {
    const told = new Set<Group>();
    for (const group of this.#groups.values()) {
      const { written, last, others } = group;
      for (const [key, { line, more }] of written) {
        if (more > 0) this.write(line, `and ${more} more in the last second: `);
        if (more === 0) written.delete(key);
        else written.set(key, { line, more: 0 });
        if (more > 0) told.add(group);
      }
      if (last !== undefined) this.write(last, `and ${others} others in the last second, the last: `);
      group.last = undefined;
      group.others = 0;
    }
    return told;
  }

  #group(name: string): Group {
    const known = this.#groups.get(name);
    if (known !== undefined) return known;
    const group: Group = { written: new Map(), last: undefined, others: 0 };
    this.#groups.set(name, group);
    return group;
  }

  /** A line that is limited elsewhere. */
  write({ level, message, fields }: Line, before = ""): void {
    this.#logger[level](fields?.() ?? {}, before + cutText(message, MAX_MESSAGE));
  }
}
