import type { Line } from "./lines.ts";

/** What is shown of lines, and how much of them. */
export interface Fitted {
  readonly text: string;
  /** How many lines are shown, of how many there are. */
  readonly shown: number;
  readonly total: number;
  /** How many lines hold what was looked for. */
  readonly matches: number;
}

/** The least budget that anything can be shown in. */
export const leastChars = 200;

/** What the note about what is left out takes at most. */
const noteChars = 120;
const deepestIndentChars = 40;
/** What a line keeps for what it says, however deep it stands. */
const leastLineChars = 60;

/**
 * Shows as many whole lines as a budget of characters holds, and says what is left out. With `find`, only lines that hold it, each with those it stands
 * under; then, as far as the budget goes, what else stands in the same row or entry.
 */
export function fitLines(lines: readonly Line[], budget: number, find = ""): Fitted {
  const matches = find === "" ? [] : lines.flatMap((line, at) => (line.holds(find) ? [at] : []));
  const room = new Room(lines, budget, find);
  if (find === "") for (let at = 0; at < lines.length && room.take([at]); at++);
  else takeMatches(room, lines, matches);
  const shown = room.taken;
  const note = noteOf({
    shown: shown.length,
    total: lines.length,
    find,
    found: matches.filter((at) => room.has(at)).length,
    matches: matches.length,
  });
  const text = [...shown.map((at) => room.say(at)), ...(note === "" ? [] : [note])].join("\n");
  return { text, shown: shown.length, total: lines.length, matches: matches.length };
}

function takeMatches(room: Room, lines: readonly Line[], matches: readonly number[]): void {
  const fitting = matches.filter((at) => room.take([...ancestors(lines, at), at]) || room.take([at]));
  for (const at of fitting) {
    const entry = [...ancestors(lines, at), at].findLast((above) => lines[above]?.isEntry) ?? at;
    for (let next = entry + 1; next < lines.length && isUnder(lines, next, entry) && room.take([next]); next++);
  }
}

/** The lines a line stands under, the outermost first. */
function ancestors(lines: readonly Line[], at: number): number[] {
  const above: number[] = [];
  for (let parent = lines[at]?.parent ?? -1; parent >= 0; parent = lines[parent]?.parent ?? -1) above.unshift(parent);
  return above;
}

function isUnder(lines: readonly Line[], at: number, above: number): boolean {
  return (lines[at]?.depth ?? 0) > (lines[above]?.depth ?? 0);
}

/** What is left of a budget. */
class Room {
  readonly #lines: readonly Line[];
  readonly #find: string;
  readonly #lineChars: number;
  /** What one line takes at most, so that in any budget there is room for one. */
  readonly #most: number;
  readonly #taken = new Map<number, string>();
  #left: number;

  constructor(lines: readonly Line[], maxChars: number, find: string) {
    this.#lines = lines;
    this.#find = find;
    this.#lineChars = Math.max(Math.floor(maxChars / 4), 80);
    this.#left = maxChars - noteChars;
    this.#most = this.#left - 1;
  }

  /** Takes these lines, or none of them where they do not fit. */
  take(places: readonly number[]): boolean {
    const wanted = places.filter((at) => !this.#taken.has(at)).map((at) => [at, this.#write(at)] as const);
    const chars = wanted.reduce((sum, [, text]) => sum + text.length + 1, 0);
    if (chars > this.#left) return false;
    this.#left -= chars;
    for (const [at, text] of wanted) this.#taken.set(at, text);
    return true;
  }

  has(at: number): boolean {
    return this.#taken.has(at);
  }

  get taken(): readonly number[] {
    return [...this.#taken.keys()].sort((one, other) => one - other);
  }

  say(at: number): string {
    return this.#taken.get(at) ?? "";
  }

  #write(at: number): string {
    const line = this.#lines[at];
    if (line === undefined) return "";
    const indent = " ".repeat(Math.min(2 * line.depth, deepestIndentChars, this.#most - leastLineChars));
    return `${indent}${line.say(Math.min(this.#lineChars, this.#most - indent.length), this.#find)}`;
  }
}

interface Tally {
  readonly shown: number;
  readonly total: number;
  readonly find: string;
  readonly found: number;
  readonly matches: number;
}

function noteOf({ shown, total, find, found, matches }: Tally): string {
  if (find !== "" && matches === 0) return `[Nothing here says that; ${total} lines were searched]`;
  if (found < matches) return `[${found} of ${matches} matches shown; look for something longer, or allow more characters]`;
  if (find !== "" || shown === total) return "";
  return `[${total - shown} of ${total} lines left out; see them with find, depth, a selector or more characters]`;
}
