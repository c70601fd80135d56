import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type BackOffice, startBackOffice } from "@clew/back-office/back-office";
import { type ActionDesk, ActionRoom } from "@clew/sandbox-agent/actions/action-room.fixture";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";

/** Every action against the back office; what it did is judged by the office's own records. */
let room: ActionRoom;
let office: BackOffice;
let desk: ActionDesk;
beforeAll(async () => {
  room = await ActionRoom.open();
  office = await startBackOffice();
  await writeFile(join(room.folder, "inputs", "proof.txt"), "signed");
});
afterAll(async () => {
  await office[Symbol.asyncDispose]();
  await room[Symbol.asyncDispose]();
});
beforeEach(async () => {
  desk = await room.desk();
  await open("/login");
  await act({ action: "fill", selector: { label: "User" }, params: { text: "demo" } });
  await act({ action: "key_press", selector: { label: "Password" }, params: { text: "demo", key: "Enter" } });
  await act({ action: "wait_for", selector: { role: "button", name: "Log out" } });
  return () => desk[Symbol.asyncDispose]();
});

const act = (step: object) => desk.act(withTime(step));
const open = (path: string) => act({ action: "goto", params: { url: office.url + path } });
const click = (selector: unknown) => act({ action: "click", selector });

/** The machine may be busy. */
function withTime(step: object): object {
  const params = "params" in step && typeof step.params === "object" ? step.params : {};
  const isTimed = "action" in step && !["scroll", "switch_tab", "close_tab", "handle_dialog"].includes(String(step.action));
  return isTimed ? { ...step, params: { timeout_ms: 20_000, ...params } } : step;
}

test("fills a form in a frame, and the field in a frame within it", async () => {
  await open("/payments");
  const frame = "iframe[name=payment]";
  await act({ action: "fill", selector: { label: "Name on the card", frame }, params: { text: "Ariadne" } });
  await act({ action: "fill", selector: { label: "Order", exact: true, frame }, params: { text: "12345" } });
  await act({
    action: "fill",
    selector: { label: "Card number", frame: [frame, "iframe[name=card-number]"] },
    params: { text: "4000123412341234" },
  });
  await click({ role: "button", name: "Pay", frame });
  await act({ action: "wait_for", selector: { css: "#paid", frame } });
  expect(office.payments).toEqual([{ holder: "Ariadne", order: "12345", card: "1234" }]);
});

test("fills a form in shadow roots", async () => {
  await open("/contact");
  await act({ action: "fill", selector: { label: "Subject" }, params: { text: "Thread" } });
  await act({ action: "fill", selector: { label: "Message" }, params: { text: "Red, please." } });
  await click({ role: "button", name: "Send" });
  await act({ action: "wait_for", selector: "text=Sent." });
  expect(office.messages).toEqual([{ subject: "Thread", text: "Red, please." }]);
});

test("chooses, checks and types its way through a form of three pages", async () => {
  const before = office.orders.search().length;
  await open("/orders/new/customer");
  await act({ action: "fill", selector: "[name=customer]", params: { text: "Theseus" } });
  await act({ action: "select", selector: "[name=country]", params: { value: "Athens" } });
  await act({ action: "press", selector: "[name=customer]", params: { key: "Enter" } });
  await act({ action: "select", selector: "[name=item]", params: { value: "Ball of red thread" } });
  await act({ action: "fill", selector: "[name=quantity]", params: { text: "3" } });
  await act({ action: "check", selector: "[name=delivery][value='by ship']" });
  await act({ action: "check", selector: "[name=extras][value=insurance]" });
  await act({ action: "fill", selector: "[name=date]", params: { text: "2030-01-02" } });
  await act({ action: "press", selector: "[name=quantity]", params: { key: "Enter" } });
  await act({ action: "check", selector: "[name=agreed]" });
  await click("main [type=submit], main form button");
  await expect.poll(() => office.orders.search().length, { timeout: 20_000 }).toBe(before + 1);
  expect(office.orders.search().find(({ customer }) => customer === "Theseus")).toMatchObject({ item: "Ball of red thread × 3" });
});

test("drags an entry to another place, which the server keeps", async () => {
  await open("/priorities");
  await act({ action: "drag", selector: "[data-name=Thread]", params: { to: "[data-name=Cards]" } });
  await act({ action: "wait_for", selector: "text=Saved." });
  expect(office.reorderings.at(-1)?.indexOf("Thread")).toBeGreaterThan(2);
});

test("answers each kind of dialog as it is told, or as nobody would be harmed by", async () => {
  await open("/dialogs");
  const answered = (dialog: string) =>
    expect.poll(() => office.answers.findLast((answer) => answer.dialog === dialog)?.answer, { timeout: 20_000 });
  await click("#alert");
  await answered("alert").toBe("seen");
  await expect(click("#confirm")).resolves.toMatchObject({
    did: expect.stringContaining("a confirmation said 'Really confirm?' and was dismissed"),
  });
  await answered("confirm").toBe("no");
  await act({ action: "handle_dialog", params: { accept: true } });
  await click("#confirm");
  await answered("confirm").toBe("yes");
  await act({ action: "handle_dialog", params: { accept: true, text: "Minos" } });
  await click("#prompt");
  await answered("prompt").toBe("Minos");
});

test("attaches a file of the run, which arrives whole", async () => {
  await open("/orders/12344/files");
  await act({ action: "upload", selector: { label: "Files" }, params: { files: ["proof.txt"] } });
  await click({ role: "button", name: "Attach" });
  const sha256 = createHash("sha256").update("signed").digest("hex");
  await expect.poll(() => office.uploads, { timeout: 20_000 }).toEqual([{ orderId: "12344", name: "proof.txt", sizeBytes: 6, sha256 }]);
});

test.each([
  ["a link", { selector: { role: "link", name: "Invoice (CSV)" } }, "invoice-12345.csv", "order,customer"],
  ["a slow address", { params: { url: "/orders/12346/invoice.csv?ms=1500" } }, "invoice-12346.csv", "order,customer"],
  ["a link to what the browser would show", { selector: { role: "link", name: "Invoice (PDF)" } }, "invoice.pdf", "%PDF"],
  ["an address that the browser would show", { params: { url: "/orders/12347/invoice.pdf" } }, "invoice.pdf", "%PDF"],
])("downloads from %s, whole", async (_, step, name, start) => {
  await open("/orders/12345");
  const params = "params" in step ? { ...step.params, url: office.url + step.params.url } : {};
  const { value } = await act({ action: "download", ...step, params });
  const file = value as { name: string; sizeBytes: number; sha256: string };
  expect(file.name).toMatch(new RegExp(name.replace(/(-\d+)?\.(\w+)$/, "(-\\d+)*\\.$2$")));
  const bytes = await readFile(join(room.folder, "files", file.name));
  expect(bytes.toString()).toContain(start);
  expect(file).toMatchObject({ sizeBytes: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") });
  expect(office.downloads.length).toBeGreaterThan(0);
});

test("opens a menu by hovering, follows tabs and windows, and goes back", async () => {
  await open("/reports");
  await act({ action: "hover", selector: { role: "button", name: "Menu" } });
  await click({ role: "link", name: "Returns" });
  await act({ action: "wait_for", selector: "h1:text-is('Returns')" });
  await act({ action: "go_back" });
  await click("text=Sales in a new tab");
  await act({ action: "wait_for", selector: "h1:text-is('Sales')" });
  await act({ action: "close_tab" });
  await click("#popup");
  await act({ action: "wait_for", selector: "h1:text-is('Stock')" });
  await act({ action: "switch_tab", params: { index: 0 } });
  await act({ action: "reload" });
  await act({ action: "switch_tab", params: { title_contains: "Stock" } });
  await click({ role: "button", name: "Close" });
  await expect.poll(() => desk.active.pages.length, { timeout: 20_000 }).toBe(1);
  await act({ action: "wait_for", selector: "h1:text-is('Reports')" });
});

test("scrolls for entries that come as the list grows", async () => {
  await open("/activity");
  await act({ action: "wait_for", selector: "#activity > li" });
  const count = () => desk.active.page.locator("#activity > li").count();
  const before = await count();
  await expect
    .poll(
      async () => {
        await act({ action: "scroll", params: { to: "bottom" } });
        return await count();
      },
      { timeout: 20_000 },
    )
    .toBeGreaterThan(before);
});

test("clicks the right one of a list that is made anew all the time, once", async () => {
  await open("/packing");
  await click({ role: "button", name: "Pack 12345" });
  await expect.poll(() => office.packed, { timeout: 20_000 }).toEqual(["12345"]);
});
