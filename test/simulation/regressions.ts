import { readFile, writeFile } from "node:fs/promises";
import type { Plan } from "./plan.ts";

/** A history that once failed, as small as it could be made. It happens again before all others. */
export interface Regression {
  /** What was wrong with it. */
  readonly problem: string;
  readonly plan: Plan;
}

const file = new URL("./regressions.json", import.meta.url);

/** Reads the histories that once failed. */
export async function readRegressions(): Promise<Regression[]> {
  return JSON.parse(await readFile(file, "utf8"));
}

/** Adds histories that fail. */
export async function addRegressions(added: readonly Regression[]): Promise<void> {
  const all = [...(await readRegressions()), ...added];
  const unique = new Map(all.map((regression) => [JSON.stringify(regression.plan), regression]));
  await writeFile(file, `${JSON.stringify([...unique.values()], undefined, 2)}\n`);
}
