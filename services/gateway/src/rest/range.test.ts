import { expect, test } from "vitest";
import { parseRange } from "./range.ts";

test.each([
  ["bytes=0-9", 100, { offset: 0, length: 10 }],
  ["bytes=90-", 100, { offset: 90, length: 10 }],
  ["bytes=90-1000", 100, { offset: 90, length: 10 }],
  ["bytes=-7", 100, { offset: 93, length: 7 }],
  ["bytes=-700", 100, { offset: 0, length: 100 }],
  ["bytes=99-99", 100, { offset: 99, length: 1 }],
  ["bytes=100-", 100, "unsatisfiable"],
  ["bytes=-0", 100, "unsatisfiable"],
  ["bytes=0-", 0, "unsatisfiable"],
  ["bytes=0-1,5-6", 100, undefined],
  ["bytes=9-3", 100, undefined],
  ["bytes=-", 100, undefined],
  ["lines=1-2", 100, undefined],
  ["", 100, undefined],
  [undefined, 100, undefined],
])("%s of %i bytes", (header, sizeBytes, expected) => {
  expect(parseRange(header, sizeBytes)).toEqual(expected);
});
