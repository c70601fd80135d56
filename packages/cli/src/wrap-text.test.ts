import { expect, it } from "vitest";
import { wrapText } from "./wrap-text.ts";

it.each([
  ["short", ["short"]],
  ["", [""]],
  ["twelve chars", ["twelve chars"]],
  ["a text of more than twelve", ["a text of", "more than", "twelve"]],
  ["averyveryverylongword", ["averyveryver", "ylongword"]],
  ["one two three four five six seven eight nine ten", ["one two", "three four", "five six", "seven eight…"]],
])("breaks %j between words, and cuts what is too much", (text, lines) => {
  expect(wrapText(text, 12)).toEqual(lines);
});
