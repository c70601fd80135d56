import { expect, it } from "vitest";
import { shellWord } from "./shell-word.ts";

it.each([
  ["plain-1.yaml", "plain-1.yaml"],
  ["two words", "'two words'"],
  ["$(x)", "'$(x)'"],
  ["", "''"],
])("writes %j as %s", (text, word) => {
  expect(shellWord(text)).toBe(word);
});
