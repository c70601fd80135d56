import { readdir, readFile } from "node:fs/promises";
import { startBackOffice } from "@clew/back-office/back-office";
import { Run_State } from "@clew/proto/grpc/clew/run/v1/run";
import { importRecording } from "@clew/recorder/devtools/import-recording";
import { recordPlaybook } from "@clew/recorder/record-playbook";
import { PlaybookRoom } from "@clew/sandbox-agent/playbook/playbook-room.fixture";
import type { Page } from "playwright";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { findChromium } from "../../scripts/find-chromium.mjs";
import { tempFolder } from "../support/temp-folder.ts";

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
    await using folder = await tempFolder();
    vi.stubEnv("TMPDIR", folder.path);
    const recorded = await record(`${office.url}/login`, async (page) => {
      expect((await readdir(folder.path)).filter((name) => name.startsWith("clew-recorder-"))).toHaveLength(1);
      await logIn(page);
      await page.getByRole("searchbox").click();
      await page.keyboard.type("12345");
      await page.keyboard.press("Enter");
      await page.getByRole("link", { name: "12345" }).click();
      await page.getByRole("button", { name: "Cancel order" }).click();
      await page.getByRole("button", { name: "Yes, cancel it" }).click();
      await page.getByText("was cancelled").waitFor();
    });
    vi.unstubAllEnvs();
    expect(office.orders.get("12345")?.status).toBe("cancelled");
    expect(recorded.text.replace(office.url, "OFFICE")).toMatchInlineSnapshot(`
      "id: recorded
      parameters:
        - { name: user, default: demo }
        - { name: password, secret: true }
        - { name: search_orders, default: "12345" }
      start_url: OFFICE/login
      steps:
        - action: fill
          selector:
            primary: { role: textbox, name: User }
            fallbacks: [ { label: User }, 'input[name="username"]', label:nth-of-type(1) > input ]
          params: { text: "{user}" }

        - action: fill
          selector:
            primary: { label: Password }
            fallbacks: [ 'input[name="password"]', label:nth-of-type(2) > input ]
          params: { credential_ref: password }

        - action: click
          selector:
            primary: { role: button, name: Log in }
            fallbacks: [ form > button ]
          verify: { expect_url_contains: /orders }

        - action: key_press
          selector:
            primary: { role: searchbox, name: Search orders }
            fallbacks: [ { label: Search orders }, { placeholder: Search orders }, 'input[name="q"]' ]
          params: { text: "{search_orders}", key: Enter }
          verify: { expect_url_contains: "q={search_orders}" }

        - action: click
          selector:
            primary: { role: link, name: "{search_orders}" }
            fallbacks: [ { text: "{search_orders}" } ]
          verify: { expect_url_contains: "/orders/{search_orders}" }

        - action: click
          selector:
            primary: { role: button, name: Cancel order }
            fallbacks: [ "#cancel", { text: Cancel order } ]

        - action: click
          selector:
            primary: { role: button, name: "Yes, cancel it" }
            fallbacks: [ { text: "Yes, cancel it" }, "#confirm > form > button:nth-of-type(1)" ]
          verify: { expect_url_contains: "/orders/{search_orders}/cancel" }
      "
    `);
    expect(recorded.warnings).toEqual([]);
    const report = await room.run(recorded.text, {
      credentials: { password: "demo" },
      spec: { params: { search_orders: "12346" } },
    });
    expect(report.outcome.outcome.error).toBeUndefined();
    expect(report.outcome.state).toBe(Run_State.COMPLETED);
    expect(office.orders.get("12346")?.status).toBe("cancelled");
    expect(office.orders.cancellations).toBe(2);
    expect((await readdir(folder.path)).filter((name) => name.startsWith("clew-recorder-"))).toEqual([]);
  });

  test("does again what was done in forms, frames, shadow roots, dialogs and tabs", async () => {
    await using office = await startBackOffice();
    const type = async (page: Page, text: string, ...keys: string[]) => {
      await page.keyboard.type(text);
      for (const key of keys) await page.keyboard.press(key);
    };
    const recorded = await record(`${office.url}/login`, async (page) => {
      await logIn(page);
      await page.goto(`${office.url}/orders/new/customer`);
      await page.getByLabel("Customer").click();
      await type(page, "Io of Argos", "Tab");
      await type(page, "io@argos.example", "Tab");
      await page.getByLabel("Country").selectOption("Crete");
      await page.getByRole("button", { name: "Next" }).click();
      await page.getByLabel("Item").selectOption("Moth net");
      await page.getByLabel("by mule").check();
      await page.getByText("insurance").click();
      await page.getByLabel("Delivery date").fill("2030-01-31");
      await page.getByRole("button", { name: "Next" }).click();
      await page.getByLabel("Note").click();
      await type(page, "two", "Enter");
      await type(page, "lines");
      await page.getByLabel("All of it is right").check();
      await page.getByRole("button", { name: "Place order" }).click();
      await page.getByRole("heading", { name: /Order \d/ }).waitFor();

      await page.goto(`${office.url}/payments`);
      const details = page.frameLocator("[name=payment]");
      await details.getByLabel("Name on the card").click();
      await type(page, "Ariadne");
      await details.getByLabel("Order").click();
      await type(page, "12345");
      await details.frameLocator("iframe").getByLabel("Card number").click();
      await type(page, "4111222233334444");
      await details.getByRole("button", { name: "Pay" }).click();
      await details.getByText("Paid order").waitFor();

      await page.goto(`${office.url}/contact`);
      await page.getByLabel("Subject").click();
      await type(page, "A moth");
      await page.getByLabel("Message").click();
      await type(page, "in the nets");
      await page.getByRole("button").last().click();
      await expect.poll(() => office.messages.length).toBe(1);

      await page.goto(`${office.url}/dialogs`);
      page.on("dialog", (dialog) => void dialog.accept(dialog.type() === "prompt" ? "Daedalus" : undefined));
      for (const name of ["Show an alert", "Ask to confirm", "Ask for a name"]) await page.getByRole("button", { name }).click();
      await expect.poll(() => office.answers.length).toBe(3);

      await page.goto(`${office.url}/reports`);
      const [popup] = await Promise.all([page.waitForEvent("popup"), page.getByRole("link", { name: "Sales in a new tab" }).click()]);
      await popup.getByRole("heading").waitFor();
      await page.bringToFront();
      await page.getByRole("button", { name: "Menu" }).hover();
      await page.getByRole("listitem").getByRole("link").first().click();
      await page.getByText("orders are open").waitFor();
    });
    expect(JSON.stringify(recorded)).not.toContain("4111");
    const report = await room.run(recorded.text, { credentials: { password: "demo", card_number: "5555666677778888" } });
    expect(report.outcome.outcome.error).toBeUndefined();
    const [first, second] = office.orders.search({ words: "Io of Argos" });
    expect(second).toMatchObject({ ...first, id: expect.any(String) });
    expect(office.payments).toMatchObject([{ card: "4444" }, { card: "8888", holder: "Ariadne", order: "12345" }]);
    expect(office.messages).toEqual([office.messages[0], office.messages[0]]);
    expect(office.answers.slice(3)).toEqual(office.answers.slice(0, 3));
  });

  test("is made of a recording of Chrome DevTools too, and can do more than was recorded", async () => {
    await using office = await startBackOffice();
    const recording = (await readFile(new URL("devtools-recording.json", import.meta.url), "utf8")).replaceAll(
      "http://127.0.0.1:4000",
      office.url,
    );
    const { text, warnings } = importRecording(recording, { id: "recorded" });
    expect(warnings).toMatchObject(["Step 1 (setViewport) is left out: the run has a window of its own."]);
    const report = await room.run(text, { credentials: { password: "demo" }, spec: { params: { search_orders: "12347" } } });
    expect(report.outcome.outcome.error).toBeUndefined();
    expect(office.orders.get("12347")?.status).toBe("cancelled");
    expect(office.orders.cancellations).toBe(1);
  });
});
