import { open } from "node:fs/promises";
import { Fault } from "@clew/fault/fault";
import { type CassetteExchange, cassetteExchange, cassetteHeader, requestKey } from "./cassette-line.ts";
import { explainMismatch } from "./explain-mismatch.ts";

/** The most bytes of a cassette. */
export const mostCassetteBytes = 32 * 1024 * 1024;

/** Answers in the providers' place with what they once answered: to the same request the same, in the order in which it was asked. */
export class CassettePlayer {
  readonly #left: { readonly key: string; readonly exchange: CassetteExchange }[];
  readonly #size: number;

  constructor(exchanges: readonly CassetteExchange[]) {
    this.#left = exchanges.map((exchange) => ({ key: requestKey(exchange), exchange }));
    this.#size = exchanges.length;
  }

  /**
   * Takes the next answer to a normalized request.
   *
   * @throws Fault CASSETTE_MISMATCH with what differs from the request that comes next.
   */
  answer(path: string, request: unknown): CassetteExchange["response"] {
    const key = requestKey({ path, request });
    const at = this.#left.findIndex((entry) => entry.key === key);
    const [taken] = at < 0 ? [] : this.#left.splice(at, 1);
    if (taken !== undefined) return taken.exchange.response;
    const [next] = this.#left;
    const number = this.#size - this.#left.length + 1;
    const why =
      next === undefined
        ? `it holds ${this.#size} calls, and this is one more`
        : explainMismatch({ path: next.exchange.path, body: next.exchange.request }, { path, body: request });
    throw new Fault("CASSETTE_MISMATCH", { message: `Call ${number} of a model is not the cassette's: ${why}.` });
  }
}

/**
 * Opens a cassette.
 *
 * @throws Fault CASSETTE_INVALID naming the line that is wrong.
 */
export async function openCassette(path: string): Promise<CassettePlayer> {
  await using file = await open(path, "r").catch((cause: unknown) => {
    throw new Fault("CASSETTE_INVALID", { message: "The cassette cannot be read.", cause });
  });
  if ((await file.stat()).size > mostCassetteBytes) throw new Fault("CASSETTE_INVALID", { message: "The cassette has more than 32 MiB." });
  const [first = "", ...lines] = (await file.readFile("utf8")).split("\n");
  if (!cassetteHeader.safeParse(parsed(first)).success) throw invalid(1);
  const exchanges = lines.flatMap((line, index) => {
    if (line === "") return [];
    const { data } = cassetteExchange.safeParse(parsed(line));
    if (data === undefined) throw invalid(index + 2);
    return [data];
  });
  return new CassettePlayer(exchanges);
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function invalid(line: number): Fault {
  return new Fault("CASSETTE_INVALID", { message: `Line ${line} of the file is not one of a cassette.`, details: { line: `${line}` } });
}
