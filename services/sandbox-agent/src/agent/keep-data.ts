import { z } from "zod";
import type { JsonValue } from "../actions/action.ts";
import type { Findings } from "../playbook/step-context.ts";
import { store } from "../playbook/store-value.ts";

const dataSchema = z.record(z.string().min(1).max(100), z.json());

/** Reads a model's data; nothing of it where a part is no JSON, or has a name of more than 100 characters. */
export function dataOf(data: unknown): Readonly<Record<string, JsonValue>> {
  return dataSchema.safeParse(data).data ?? {};
}

/** Keeps a model's data as what steps stored is kept. */
export function keepData(data: unknown, findings: Findings): void {
  for (const [name, value] of Object.entries(dataOf(data))) store(name, value, findings);
}
