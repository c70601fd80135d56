import fc from "fast-check";
import { expect, it } from "vitest";
import { formatPageToken, parsePageToken } from "./page-token.ts";

it("comes back as it was, with the same filters only", () => {
  fc.assert(
    fc.property(fc.nat(), fc.string(), fc.string(), fc.string(), (createTimeMs, id, filter, other) => {
      const token = formatPageToken({ createTimeMs, id }, { filter });
      expect(parsePageToken(token, { filter })).toEqual({ createTimeMs, id });
      if (other !== filter) expect(() => parsePageToken(token, { filter: other })).toThrow("other filters");
    }),
  );
});

it.each(["x", "%%%", "bnVsbA", "[1]"])("refuses %j", (text) => {
  expect(() => parsePageToken(text, {})).toThrow("nextPageToken");
});
