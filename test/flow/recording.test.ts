import { readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { startBackOffice } from "@clew/back-office/back-office";
import { Run_State } from "@clew/proto/grpc/clew/run/v1/run";
import { recordPlaybook } from "@clew/recorder/record-playbook";
import { PlaybookRoom } from "@clew/sandbox-agent/playbook/playbook-room.fixture";
import type { Page } from "playwright";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findChromium } from "../../scripts/find-chromium.mjs";

let room: PlaybookRoom;
let executablePath: string | undefined;
beforeAll(async () => {
  executablePath = (await findChromium())?.path;
  room = await PlaybookRoom.open();
});
afterAll(() => room[Symbol.asyncDispose]());

const record = (url: string, drive: (page: Page) => Promise<void>) =>
  recordPlaybook({ url, id: "recorded", executablePath, signal: new AbortController().signal, drive });

async function logIn(page: Page): Promise<void> {
  await page.getByLabel("User").click();
  await page.keyboard.type("demo");
  await page.getByLabel("Password").click();
  await page.keyboard.type("demo");
  await page.getByRole("button", { name: "Log in" }).click();
  await page.getByRole("heading", { name: "Orders" }).waitFor();
}

describe("a recorded playbook", () => {
  test("cancels another order than the one it was recorded with, and the password stands nowhere in it", async () => {
    await using office = await startBackOffice();
    const recorded = await record(`${office.url}/login`, async (page) => {
      await logIn(page);
      await page.getByRole("searchbox").click();
      await page.keyboard.type("12345");
      await page.keyboard.press("Enter");
      await page.getByRole("link", { name: "12345" }).click();
      await page.getByRole("button", { name: "Cancel order" }).click();
      await page.getByRole("button", { name: "Yes, cancel it" }).click();
      await page.getByText("was cancelled").waitFor();
    });
    expect(office.orders.get("12345")?.status).toBe("cancelled");
    const report = await room.run(recorded.text, {
      credentials: { password: "demo" },
      spec: { params: { search_orders: "12346" } },
    });
    expect(report.outcome.outcome.error).toBeUndefined();
    expect(report.outcome.state).toBe(Run_State.COMPLETED);
    expect(office.orders.get("12346")?.status).toBe("cancelled");
    expect(office.orders.cancellations).toBe(2);
    expect((await readdir(tmpdir())).filter((name) => name.startsWith("clew-recorder-"))).toEqual([]);
  });
});
