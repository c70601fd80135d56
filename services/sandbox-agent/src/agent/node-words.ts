import type { SnapshotNode } from "../observation/snapshot-tree.ts";

const nameChars = 60;

/** Calls an element what a person would, such as `button 'Save'`. */
export function wordsOfNode({ role, name, text, marks }: SnapshotNode): string {
  const placeholder = marks.map((mark) => /^placeholder="(.*)"$/.exec(mark)?.[1]).find((found) => found !== undefined);
  const words = (name || placeholder || (role === "textbox" ? "" : text)).replace(/\s+/g, " ").trim();
  const shown = words.length > nameChars ? `${words.slice(0, nameChars - 1)}…` : words;
  return shown === "" ? role : `${role} '${shown}'`;
}
