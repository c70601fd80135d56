import { createHash } from "node:crypto";
import { readFile, symlink, writeFile } from "node:fs/promises";
import type { ServerResponse } from "node:http";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Downloads } from "../browser/downloads.ts";
import { Notices } from "../browser/notices.ts";
import { startSite } from "../browser/site.fixture.ts";
import { ActionRoom } from "./action-room.fixture.ts";

let room: ActionRoom;
beforeAll(async () => {
  room = await ActionRoom.open();
  await writeFile(join(room.folder, "inputs", "a.txt"), "first");
  await writeFile(join(room.folder, "inputs", "b.txt"), "second");
  await symlink("/etc/hostname", join(room.folder, "inputs", "link.txt"));
});
afterAll(() => room[Symbol.asyncDispose]());

const kept = (name: string) => readFile(join(room.folder, "files", name), "utf8");
const chosen = `[...document.querySelector("input").files].map(({ name }) => name).join()`;

test.each([
  ["a field", '<label>Files <input type="file" multiple></label>', { label: "Files" }],
  ["a hidden field", '<input type="file" multiple hidden id="field"><button>Browse</button>', "#field"],
  ["a button that asks", '<input type="file" multiple hidden><button onclick="previousSibling.click()">Browse</button>', "button"],
  ["a label of a hidden field", '<label>Browse<input type="file" multiple hidden></label>', "label"],
])("gives files to %s, under their own names", async (_, html, selector) => {
  await using desk = await room.desk(html);
  const { did } = await desk.act({ action: "upload", selector, params: { files: ["a.txt", "b.txt"] } });
  expect(did).toMatch(/^Gave 'a.txt', 'b.txt' to /);
  await expect(desk.active.page.evaluate(chosen)).resolves.toBe("a.txt,b.txt");
  await expect(desk.active.page.evaluate(`document.querySelector("input").files[0].text()`)).resolves.toBe("first");
});

test("says which files the run was given, and follows no link", async () => {
  await using desk = await room.desk('<input type="file">');
  const upload = (name: string) => desk.prepare({ action: "upload", selector: "input", params: { files: [name] } });
  await expect(upload("link.txt")).rejects.toMatchObject({
    reason: "FILE_NOT_FOUND",
    message: "The run was not given 'link.txt': it was given 'a.txt', 'b.txt'.",
  });
  await expect(upload("../a.txt")).rejects.toThrow("must be a plain file name");
});

test("says that something asks for no files, or for one only", async () => {
  await using desk = await room.desk('<button>Save</button><i onclick="nextSibling.click()">Browse</i><input type="file" hidden>');
  const upload = (selector: string, files: string[]) => desk.act({ action: "upload", selector, params: { files, timeout_ms: 3_000 } });
  await expect(upload("button", ["a.txt"])).rejects.toThrow("button 'Save' asked for no files when it was clicked.");
  await expect(upload("i", ["a.txt", "b.txt"])).rejects.toThrow("takes one file only");
});

const csv = "order,amount\r\n12345,7\r\n";
const site = () =>
  startSite({
    "/": `<a href="/file" download>Get</a><a href="/broken">Broken</a><a href="/file" target="_blank">Elsewhere</a><button>Nothing</button>`,
    "/file": (_, response) => {
      response.writeHead(200, { "content-type": "text/csv", "content-disposition": 'attachment; filename="../../orders 1.csv"' }).end(csv);
      return undefined;
    },
    "/inline.json": (_, response) => {
      response.writeHead(200, { "content-type": "application/json" }).end("[1]");
      return undefined;
    },
    "/broken": (_, response) => {
      response.writeHead(200, { "content-disposition": "attachment; filename=b.bin", "content-length": "1000" }).write("half");
      setTimeout(() => response.destroy(), 200);
      return undefined;
    },
    "/slow": (_, response) => {
      response.writeHead(200, { "content-disposition": "attachment; filename=s.bin", "content-length": "1000" }).write("half");
      return undefined;
    },
    "/large": (_, response) => {
      response.writeHead(200, { "content-disposition": "attachment; filename=l.bin" });
      const block = Buffer.alloc(4 * 1024 * 1024);
      const more = () => {
        while (!response.destroyed && response.write(block));
      };
      response.on("drain", more);
      more();
      return undefined;
    },
  });

test.each([
  ["link", "Get"],
  ["link in a new tab", "Elsewhere"],
])("keeps the file a %s offers, whole, under a safe name", async (_, name) => {
  await using pages = await site();
  await using desk = await room.desk();
  await desk.act({ action: "goto", params: { url: pages.url } });
  const { did, value } = await desk.act({ action: "download", selector: { role: "link", name } });
  const sha256 = createHash("sha256").update(csv).digest("hex");
  expect(value).toMatchObject({ sizeBytes: csv.length, sha256, name: expect.stringMatching(/^[\w-][\w.-]*\.csv$/) });
  expect(did).toContain(`(${csv.length} bytes, sha256 ${sha256})`);
  await expect(kept((value as { name: string }).name)).resolves.toBe(csv);
  await expect(desk.act({ action: "wait_for", selector: "text=Nothing" })).resolves.toBeDefined();
});

test("takes what its own click offers, not what another tab or the page offers meanwhile, and says where it came from", async () => {
  const file = (name: string) => (_: unknown, response: ServerResponse) => {
    response.writeHead(200, { "content-disposition": `attachment; filename=${name}` }).end(name);
    return undefined;
  };
  await using pages = await startSite({
    "/": `<a href="/mine">Mine</a><button disabled>Soon</button><script>
      const button = document.querySelector("button"); button.onclick = () => (location = "/mine");
      const offer = (path) => Object.assign(document.createElement("a"), { href: path }).click();
      function begin() { offer("/early"); setTimeout(() => (button.disabled = false), 500) }
    </script>`,
    "/both": `<button onclick="for (const path of ['/mine', '/other']) Object.assign(document.body.appendChild(document.createElement('iframe')), { src: path })">Both</button>`,
    "/mine": file("mine.txt"),
    "/other": file("other.txt"),
    "/early": file("early.txt"),
  });
  await using desk = await room.desk();
  desk.active.downloads.keepIn(desk.context.files, desk.context.signal);
  await desk.act({ action: "goto", params: { url: pages.url } });
  const aside = await desk.active.context.newPage();
  await desk.act({ action: "switch_tab", params: { index: 0 } });
  const perform = await desk.prepare({ action: "download", selector: "text=Mine" });
  const [taken] = await Promise.all([perform(), aside.goto(`${pages.url}/other`).catch(() => {})]);
  expect(taken.did).toContain(`Downloaded what link 'Mine' offers (${pages.url}/mine) as mine`);
  await desk.active.page.evaluate("begin()");
  const { did } = await desk.act({ action: "download", selector: "button" });
  expect(did).toContain(`(${pages.url}/mine)`);
  await desk.act({ action: "goto", params: { url: `${pages.url}/both` } });
  await expect(desk.act({ action: "download", selector: "button" })).rejects.toMatchObject({
    reason: "ACTION_FAILED",
    message: expect.stringMatching(/2 were offered, '(mine|other).txt', '(mine|other).txt'/),
  });
});

test.each([
  ["/file", csv],
  ["/inline.json", "[1]"],
])("keeps what an address answers with, under the name that is wanted, and stays on its page: %s", async (path, content) => {
  await using pages = await site();
  await using desk = await room.desk("<h1>Here</h1>");
  const wanted = `mine${path.length}.dat`;
  await expect(desk.act({ action: "download", params: { url: pages.url + path, name: wanted } })).resolves.toMatchObject({ found: wanted });
  await expect(kept(wanted)).resolves.toBe(content);
  expect(desk.active.pages).toHaveLength(1);
  await expect(desk.active.page.textContent("h1")).resolves.toBe("Here");
});

test.each([
  ["/broken", {}, "ACTION_FAILED", /The download failed/],
  ["/slow", { timeout_ms: 400 }, "ACTION_TIMED_OUT", /was not whole within 0.4 s/],
  ["/none", {}, expect.stringMatching(/^(NAVIGATION|ACTION)_FAILED$/), /could not be opened|answered with status 404, and no file/],
])("says why a download failed: %s", async (path, params, reason, message) => {
  await using pages = await site();
  await using desk = await room.desk();
  await expect(desk.act({ action: "download", params: { url: pages.url + path, ...params } })).rejects.toMatchObject({
    reason,
    message: expect.stringMatching(message),
  });
});

test("cancels what grows too large while it comes", async () => {
  await using pages = await site();
  await using desk = await room.desk();
  const downloads = new Downloads(join(room.folder, "downloads"), new Notices(), 2 * 1024 * 1024);
  const page = await desk.active.openAside();
  const offered = page.waitForEvent("download");
  await page.goto(`${pages.url}/large`).catch(() => {});
  await expect(downloads.keep(await offered, desk.context.files, desk.context.signal)).rejects.toMatchObject({
    reason: "ACTION_FAILED",
    message: "What is being downloaded is larger than 2 MiB.",
  });
});

test("says that a click offered nothing", async () => {
  await using pages = await site();
  await using desk = await room.desk();
  await desk.act({ action: "goto", params: { url: pages.url } });
  await expect(desk.act({ action: "download", selector: "button", params: { timeout_ms: 300 } })).rejects.toThrow(
    "The download of what button 'Nothing' offers was not whole within 0.3 s.",
  );
});

test("says that an address is a file where a page was wanted", async () => {
  await using pages = await site();
  await using desk = await room.desk();
  await expect(desk.act({ action: "goto", params: { url: `${pages.url}/file` } })).rejects.toThrow(
    "/file is a file, not a page: use the action download.",
  );
});

test("keeps a file that a page offers by itself, and says so", async () => {
  await using pages = await site();
  await using desk = await room.desk();
  desk.active.downloads.keepIn(desk.context.files, desk.context.signal);
  await desk.act({ action: "goto", params: { url: pages.url } });
  const clicked = await desk.act({ action: "click", selector: "text=Get" });
  await expect.poll(() => desk.context.files.all.length).toBe(1);
  await desk.active.downloads.finish(5_000, desk.context.signal);
  const [file] = desk.context.files.all;
  const hovered = await desk.act({ action: "hover", selector: "button" });
  expect(clicked.did + hovered.did).toContain(`; the page offered a file, kept as ${file?.name}`);
  await expect(kept(file?.name ?? "")).resolves.toBe(csv);
});
