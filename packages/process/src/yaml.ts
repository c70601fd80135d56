import { parse } from "yaml";

/** Reads YAML, or JSON, which is YAML too. @throws where it is neither; its message may hold a part of the text. */
export function parseYaml(text: string): unknown {
  return parse(text, { logLevel: "error" });
}
