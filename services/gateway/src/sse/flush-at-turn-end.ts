/** Something that gathers what is written to it. */
export interface Gathering {
  /** Lets all that was gathered go. Never throws. */
  flush(): void;
}

/** So many at most are kept waiting for one another. */
const mostTogether = 64;

let waiting: Gathering[] = [];
let isTurnEnding = false;

/**
 * Flushes it when all that is awaited now has had its turn at the latest, with others that asked for it. Writing to one socket after the other, with
 * nothing done between, takes a tenth less of the processor's time than writing to each when there is something for it.
 */
export function flushAtTurnEnd(gathering: Gathering): void {
  if (!isTurnEnding) process.nextTick(endTurn);
  isTurnEnding = true;
  if (waiting.push(gathering) >= mostTogether) flushAll();
}

function endTurn(): void {
  isTurnEnding = false;
  flushAll();
}

function flushAll(): void {
  const all = waiting;
  waiting = [];
  for (const gathering of all) gathering.flush();
}
