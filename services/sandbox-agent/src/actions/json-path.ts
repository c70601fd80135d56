import type { JsonValue } from "./action.ts";

/** Reads from a value what a path such as `data.items.0.id` or `data.items[0].id` leads to; nothing where it leads nowhere. */
export function readJsonPath(value: JsonValue, path: string): JsonValue | undefined {
  const names = path.split(/[.[\]]+/).filter((name) => name !== "" && name !== "$");
  return names.reduce<JsonValue | undefined>((at, name) => {
    if (Array.isArray(at)) return /^\d+$/.test(name) ? at[Number(name)] : undefined;
    return typeof at === "object" && at !== null ? Object.entries(at).find(([key]) => key === name)?.[1] : undefined;
  }, value);
}
