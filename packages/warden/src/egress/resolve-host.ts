import { lookup } from "node:dns/promises";
import { abortable } from "@clew/streams/abortable";

/** Answers every address that a host name has. */
export type ResolveHost = (host: string) => Promise<readonly string[]>;

/** Milliseconds a name may take to be looked up. */
const resolveMs = 5_000;

/** Asks the system's resolver. Rejects when there is no answer within 5 s. */
export const resolveHost: ResolveHost = async (host) => {
  const found = await abortable(lookup(host, { all: true }), AbortSignal.timeout(resolveMs));
  return found.map(({ address }) => address);
};

/** Milliseconds an answer is kept, how many are, and how many names may wait; and how many are asked for at once: the system's look-ups share threads with whatever else writes and reads. */
const bounds = { keptMs: 10_000, most: 256, atOnce: 2 };

/** Makes a resolver that asks for one name once in a while, and for few at once, whoever wants them. What fails is not kept. */
export function rememberAnswers(resolve: ResolveHost, now: () => number = () => performance.now()): ResolveHost {
  const kept = new Map<string, { readonly answer: Promise<readonly string[]>; readonly untilMs: number }>();
  const waiting: (() => void)[] = [];
  let asking = 0;
  const ask = async (host: string) => {
    if (asking < bounds.atOnce) asking++;
    else if (waiting.length >= bounds.most) throw new Error("Too many names are being looked up.");
    else await new Promise<void>((begin) => waiting.push(begin));
    try {
      return await resolve(host);
    } finally {
      const next = waiting.shift();
      if (next === undefined) asking--;
      else next();
    }
  };
  return (host) => {
    const known = kept.get(host);
    if (known !== undefined && known.untilMs > now()) return known.answer;
    const answer = ask(host);
    kept.delete(host);
    kept.set(host, { answer, untilMs: now() + bounds.keptMs });
    answer.catch(() => kept.get(host)?.answer === answer && kept.delete(host));
    for (const [oldest] of kept) {
      if (kept.size <= bounds.most) break;
      kept.delete(oldest);
    }
    return answer;
  };
}
