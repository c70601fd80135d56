import { expect, test } from "vitest";
import { readList } from "./read-list.ts";

test.each([
  ['["a", 7, true, {"b": 1}]', ["a", "7", "true", '{"b":1}']],
  [" a\r\n\n  b c \n", ["a", "b c"]],
  ["", []],
  ["[]", []],
  ["[draft] one\ntwo", ["[draft] one", "two"]],
  ["a, b", ["a, b"]],
])("reads a list from JSON, or from lines: %j", (text, list) => {
  expect(readList(text)).toEqual(list);
});
