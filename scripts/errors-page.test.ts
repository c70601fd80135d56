import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { errorsPage } from "./errors-page.ts";

test("docs/errors.md says what the table of reasons says", () => {
  const committed = readFileSync(new URL("../docs/errors.md", import.meta.url), "utf8");
  expect(committed, "run npm run docs:errors and commit docs/errors.md").toBe(errorsPage());
});

test("a reason's own status wins over its code's", () => {
  const page = errorsPage({
    TOO_LARGE: { code: "INVALID_ARGUMENT", status: 413, retryable: false, message: "It is too large.", wayOut: "Send less." },
  });
  expect(page).toContain("| `TOO_LARGE` | INVALID_ARGUMENT | 413 | no | It is too large. | Send less. |");
});

test("bars and angle brackets of a message stay text in the table", () => {
  const page = errorsPage({ ODD: { code: "NOT_FOUND", retryable: true, message: "Send a|b <key>.", wayOut: "Look." } });
  expect(page).toContain("| `ODD` | NOT_FOUND | 404 | yes | Send a\\|b \\<key\\>. | Look. |");
});
