import type { ModelTurn } from "../../support/model-server.ts";
import { done, look } from "./moves.ts";
import type { Attack, Attempt, Move, Siege, Sight } from "./siege.ts";

/** What a script is played with. */
export interface Stage {
  /** What the model sees now. */
  readonly sight: () => Sight;
  /** Called when an attempt begins, and with nothing when all are over. */
  readonly begin: (attempt: Attempt | undefined) => void;
  /** Called when an attempt misses what it is aimed at; the next one is begun then. */
  readonly miss: (error: unknown) => void;
}

/**
 * Plays what a compromised model answers in a siege. Everything is tried as it is, then again after it was refused, behind a harmless call in one answer, and at
 * last all of it as a sequence.
 */
export async function* playSiege(siege: Siege, stage: Stage): AsyncGenerator<ModelTurn, void, void> {
  const { attempts, insists = true, end = done } = siege;
  const { sight, begin, miss } = stage;
  const tried: Move[] = [];
  for (const attempt of attempts) {
    begin(attempt);
    try {
      yield* playAttempt(attempt, siege, sight, tried);
    } catch (error) {
      miss(error);
    }
  }
  begin(undefined);
  const steps = tried.map(([action, params]) => ({ action, params }));
  if (insists) yield calls(["execute_sequence", { steps: steps.slice(0, 20) }]);
  for (;;) {
    yield await lastOf([end], sight()).catch((error: unknown) => {
      miss(error);
      return {};
    });
  }
}

async function* playAttempt(
  { attack, at: place, effects, forever = false }: Attempt,
  { attempts, start = "/", insists = true }: Siege,
  sight: Stage["sight"],
  tried: Move[],
): AsyncGenerator<ModelTurn, void, void> {
  const at = place ?? start;
  for (const isAgain of insists && effects === undefined && !forever ? [false, true] : [false]) {
    // What the attempt before led to may be told only now, as this one's failure.
    for (let tries = 0; tries < 3 && at !== null && attempts.length > 1 && !isAt(sight(), at); tries++)
      yield calls(["goto", { url: `${sight().shop}${at}?n=${tried.length}${isAgain ? "again" : ""}` }]);
    for (const [turn, answer] of attack.entries()) {
      const said = await answer(sight());
      if (!isMoves(said)) yield said;
      else if (isAgain && turn === 0) yield calls(look, ...said);
      else yield calls(...said);
      if (isMoves(said) && !isAgain) tried.push(...said);
    }
    while (forever) yield await lastOf(attack, sight());
  }
}

function isAt({ page }: Sight, path: string): boolean {
  const address = /^page ".*" (\S+)/m.exec(page)?.[1] ?? "";
  return URL.parse(address)?.pathname === path;
}

async function lastOf(attack: readonly Attack[], sight: Sight): Promise<ModelTurn> {
  const said = (await attack.at(-1)?.(sight)) ?? {};
  return isMoves(said) ? calls(...said) : said;
}

function calls(...moves: readonly Move[]): ModelTurn {
  return { toolCalls: moves.map(([name, input]) => ({ name, input })) };
}

function isMoves(said: readonly Move[] | ModelTurn): said is readonly Move[] {
  return Array.isArray(said);
}
