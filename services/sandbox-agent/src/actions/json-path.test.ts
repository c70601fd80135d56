import { expect, test } from "vitest";
import { readJsonPath } from "./json-path.ts";

const value = { data: { items: [{ id: 7, name: null }], "a-b": "x" } };

test.each([
  ["data.items.0.id", 7],
  ["data.items[0].id", 7],
  ["$.data.items[0].name", null],
  ["data.a-b", "x"],
  ["", value],
  ["data.items.1", undefined],
  ["data.items.length", undefined],
  ["data.constructor", undefined],
])("finds at '%s' %j", (path, wanted) => {
  expect(readJsonPath(value, path)).toEqual(wanted);
});
