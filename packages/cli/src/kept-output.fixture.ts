import type { Output } from "./output.ts";

/** An output for people that keeps what it is told: `said` on standard output, `remarked` on standard error. */
export function createKeptOutput(): Output & { readonly said: readonly string[]; readonly remarked: readonly string[] } {
  const said: string[] = [];
  const remarked: string[] = [];
  return {
    said,
    remarked,
    json: false,
    command: (words) => `npx clew ${words}`,
    say: (line) => void said.push(line),
    remark: (line) => void remarked.push(line),
    emit() {},
    fail() {},
  };
}
