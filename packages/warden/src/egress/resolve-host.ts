import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { abortable } from "@clew/streams/abortable";

/** Answers every address a host has. */
export type ResolveHost = (host: string) => Promise<readonly string[]>;

/** Milliseconds a name may take to be resolved. */
const resolveMs = 5_000;

/** Asks the system's resolver; an IP address is its own. Rejects when there is no answer within 5 s. */
export const resolveHost: ResolveHost = async (host) => {
  const bare = host.replace(/^\[(.*)\]$/, "$1");
  if (isIP(bare) !== 0) return [bare];
  const found = await abortable(lookup(bare, { all: true }), AbortSignal.timeout(resolveMs));
  return found.map(({ address }) => address);
};
