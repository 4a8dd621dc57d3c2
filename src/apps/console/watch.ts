// Redraws a server's status until somebody wants to leave: as `top` does on a terminal, as plain lines where there is none.
import { setTimeout as wait } from "node:timers/promises";
import { messageOf } from "../../core/model/index.js";
import { BY_NAME, COLUMNS, type Sorting } from "./columns.js";
import { Screen } from "./screen.js";
import { COLORED, cut, type Layout } from "./status-text.js";

/** Milliseconds. */
const INTERVAL = 2000;
const CTRL_C = "\u0003";
const LEFT = ["\u001b[D", "\u001bOD", "<"];
const RIGHT = ["\u001b[C", "\u001bOC", ">"];
const UP = ["\u001b[A", "\u001bOA", "k"];
const DOWN = ["\u001b[B", "\u001bOB", "j"];

/** What is shown: lines that stay, and lines that can be moved through. */
export interface View {
  readonly head: readonly string[];
  readonly rows: readonly string[];
}

export interface Watched {
  /** Asks the server. What it throws is shown in place of the view, and it is asked again. */
  readonly look: () => Promise<(layout: Layout) => View>;
  /** Whether there are columns to sort by. */
  readonly hasColumns: boolean;
}

/** Prints again and again, until the process ends. */
export async function watchPlain(look: () => Promise<string>, print: (text: string) => Promise<void>): Promise<never> {
  for (;;) {
    await print(await look().catch((error: unknown) => `${messageOf(error)}\n`));
    await wait(INTERVAL);
  }
}

/** Resolves when somebody wants to leave. `terminal` is its descriptor. */
export function watchOn(terminal: number, watched: Watched): Promise<void> {
  return new Promise((resolve, reject) => {
    new Watch(terminal, watched, (closed) => {
      closed.then(resolve, reject);
    }).refresh();
  });
}

class Watch {
  readonly #watched: Watched;
  readonly #screen: Screen;
  readonly #onEnd: (closed: Promise<void>) => void;
  #sorting: Sorting = { column: BY_NAME, isReversed: false };
  #view: (layout: Layout) => View = () => ({ head: ["asking the server"], rows: [] });
  #problem: string | undefined;
  #top = 0;
  #timer: NodeJS.Timeout | undefined;
  #state: "open" | "closed" = "open";

  constructor(terminal: number, watched: Watched, onEnd: (closed: Promise<void>) => void) {
    this.#watched = watched;
    this.#onEnd = onEnd;
    this.#screen = new Screen(terminal, {
      onKey: (key) => this.#onKey(key),
      onResize: () => this.#draw(),
      onEnd: () => this.#end(),
    });
    this.#draw();
  }

  refresh(): void {
    clearTimeout(this.#timer);
    const next = (): void => {
      if (this.#state === "closed") return;
      this.#draw();
      this.#timer = setTimeout(() => this.refresh(), INTERVAL);
    };
    this.#watched.look().then(
      (view) => {
        this.#view = view;
        this.#problem = undefined;
        next();
      },
      (error: unknown) => {
        this.#problem = messageOf(error);
        next();
      },
    );
  }

  #draw(): void {
    const { width, height } = this.#screen;
    const layout: Layout = { style: COLORED, width, sorting: this.#sorting, marksSorting: this.#watched.hasColumns };
    const { head, rows } = this.#view(layout);
    const problem = this.#problem === undefined ? [] : [COLORED.wrong(cut(`${this.#problem}; asking again`, width))];
    const top = [...problem, ...head].slice(0, Math.max(0, height - 2));
    const room = Math.max(0, height - top.length - 1);
    this.#top = Math.max(0, Math.min(this.#top, rows.length - room));
    const shown = rows.slice(this.#top, this.#top + room);
    const filler = Array.from({ length: Math.max(0, room - shown.length) }, () => "");
    this.#screen.draw([...top, ...shown, ...filler, cut(this.#help(rows.length, room), width)]);
  }

  #help(rows: number, room: number): string {
    const columns = COLUMNS.map(({ key, title }) => `${key} ${title.toLowerCase()}`).join("  ");
    const sort = this.#watched.hasColumns ? `  ←→ r sort: ${columns}` : "";
    return `q quit${rows > room ? "  ↑↓ scroll" : ""}${sort}`;
  }

  #onKey(key: string): void {
    if (key === "q" || key.includes(CTRL_C)) return this.#end();
    if (UP.includes(key)) this.#top -= 1;
    else if (DOWN.includes(key)) this.#top += 1;
    else if (this.#watched.hasColumns) this.#sort(key);
    this.#draw();
  }

  #sort(key: string): void {
    const { column, isReversed } = this.#sorting;
    const step = LEFT.includes(key) ? -1 : RIGHT.includes(key) ? 1 : 0;
    const neighbour = COLUMNS.at((COLUMNS.indexOf(column) + step + COLUMNS.length) % COLUMNS.length) ?? column;
    const named = COLUMNS.find((each) => each.key === key);
    if (key === "r" || named === column) this.#sorting = { column, isReversed: !isReversed };
    else this.#sorting = { column: named ?? neighbour, isReversed: named === undefined && step === 0 && isReversed };
  }

  #end(): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    clearTimeout(this.#timer);
    this.#onEnd(this.#screen.close());
  }
}
