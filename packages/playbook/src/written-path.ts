import { ways } from "./schema/candidate.ts";

/** Finds the path an author wrote for a path within the parsed playbook: what stands there in short has fewer rooms, and a candidate's value its own key. */
export function writtenPath(path: readonly PropertyKey[], content: unknown): readonly PropertyKey[] {
  const written: PropertyKey[] = [];
  let holder = content;
  for (const [index, part] of path.entries()) {
    if (holder !== undefined && (typeof holder !== "object" || holder === null)) break;
    const key = holder === undefined || Object.hasOwn(holder, part) ? part : keyInShort(part, holder, index === path.length - 1);
    if (key === undefined) continue;
    written.push(key);
    holder = holder === undefined ? undefined : Reflect.get(holder, key);
  }
  return written;
}

/** What stands for a key that the author left out; nothing where what holds it stands for it too. */
function keyInShort(part: PropertyKey, holder: object, isLast: boolean): PropertyKey | undefined {
  if (part === "primary") return isLast && Object.hasOwn(holder, "fallbacks") ? part : undefined;
  if (part === "selector" && ways.some((way) => Object.hasOwn(holder, way))) return undefined;
  return part === "value" ? (ways.find((way) => Object.hasOwn(holder, way)) ?? part) : part;
}
