import { afterAll, beforeAll, expect, test } from "vitest";
import { ActionRoom } from "../actions/action-room.fixture.ts";
import { readOne } from "../observation/reader.ts";
import { checkClick } from "./check-click.ts";

let room: ActionRoom;
beforeAll(async () => {
  room = await ActionRoom.open();
});
afterAll(() => room[Symbol.asyncDispose]());

test.each([
  ["as it is", ""],
  ["on a page that lies about its texts", `<script>Object.defineProperty(Node.prototype, "textContent", { get: () => "Next" })</script>`],
])("judges what a person would read: %s", async (_how, script) => {
  await using desk = await room.desk(`${script}<button id=go><b>Delete account</b>${" for ever".repeat(30)}</button>`);
  const { page } = desk.active;
  await page.ariaSnapshot({ mode: "ai" });
  for (const selector of ["#go", "#go b", "aria-ref=e2"]) {
    const { labels } = await readOne(page.locator(selector), "target", { timeout: 5_000, signal: desk.context.signal });
    expect(() => checkClick(labels, ["Go on"], "write"), selector).toThrow(expect.objectContaining({ reason: "GUARDRAIL_BLOCKED" }));
  }
});
