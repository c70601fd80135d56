import { expect, test } from "vitest";
import { cutMarked } from "./cut-marked.ts";
import { filterObservation } from "./filter-observation.ts";

const nonce = "0123456789abcdef0123456789abcdef";

test("what is cut of a page's text stays between its marks, and no line of it is torn", () => {
  const page = Array.from({ length: 2_000 }, (_, at) => `- button "${at}" [ref=e${at}]`).join("\n");
  const cut = cutMarked(filterObservation(page, nonce).text, 16_000, "\n[cut]");
  expect(cut.length).toBeLessThanOrEqual(16_000);
  expect(cut.length).toBeGreaterThan(15_900);
  expect(
    cut
      .split("\n")
      .slice(0, -2)
      .slice(1)
      .every((line) => /^- button "(\d+)" \[ref=e\1\]$/.test(line)),
  ).toBe(true);
  expect(cut).toMatch(new RegExp(`\\n\\[cut\\]\\n\\[end of web-content ${nonce}\\]$`));
});

test("a text of one line is cut all the same, and one without marks", () => {
  const cut = cutMarked(filterObservation("x".repeat(20_000), nonce).text, 16_000);
  expect(cut).toHaveLength(16_000);
  expect(cut.endsWith(`x\n[end of web-content ${nonce}]`)).toBe(true);
  expect(cutMarked("abc", 2)).toBe("ab");
});
