import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launchChromium } from "../../../test/support/chromium.ts";
import { sampleEvents, sampleRunId, tokenAfter } from "../../../test/support/sample-run.ts";
import { startStubGateway } from "../../../test/support/stub-gateway.ts";
import { type TempFolder, tempFolder } from "../../../test/support/temp-folder.ts";
import { applyAtomically } from "./apply-atomically.ts";
import { createClew } from "./clew.ts";

const program = fileURLToPath(new URL("apply-atomically.fixture.ts", import.meta.url));
const events = sampleEvents(6);
const whole = events.map(({ sequence, summary }) => ({ sequence, summary }));
let temp: TempFolder;
let folder: string;

beforeAll(async () => {
  temp = await tempFolder();
  folder = temp.path;
});
afterAll(() => temp[Symbol.asyncDispose]());

describe("applying a run's events atomically", () => {
  it.each(["before", "between", "inside", "after"])("applies each once, killed %s the commits of a real program", async (where) => {
    await using gateway = await startStubGateway({ events });
    const file = join(folder, `${where}.sqlite`);
    const apply = async (...more: readonly string[]) => {
      const child = spawn(process.execPath, [program, gateway.url, sampleRunId, file, ...more], { stdio: "inherit" });
      const [code, signal] = await once(child, "exit");
      return { code, signal };
    };
    for (const sequence of ["1", "4", "6"]) expect(await apply(sequence, where)).toEqual({ code: null, signal: "SIGKILL" });
    expect(await apply()).toEqual({ code: 0, signal: null });
    expect(await apply()).toEqual({ code: 0, signal: null });
    using database = new DatabaseSync(file);
    expect(
      database
        .prepare("select sequence, summary from applied order by rowid")
        .all()
        .map((row) => ({ ...row })),
    ).toEqual(whole);
    expect(
      database
        .prepare("select token from cursor")
        .all()
        .map((row) => ({ ...row })),
    ).toEqual([{ token: tokenAfter(6) }]);
  });

  it("goes no further than a commit that failed, and names the token it must find", async () => {
    await using gateway = await startStubGateway({ events });
    const changes: (readonly [number, string | undefined])[] = [];
    const applying = applyAtomically(createClew({ url: gateway.url }).run(sampleRunId), {
      load: async () => tokenAfter(2),
      async commit({ event, previous }) {
        changes.push([event.sequence, previous]);
        if (event.sequence === 4) throw new Error("The disk is full.");
      },
    });
    await expect(applying).rejects.toThrow("The disk is full.");
    expect(changes).toEqual([
      [3, tokenAfter(2)],
      [4, tokenAfter(3)],
    ]);
  });

  it("applies each once in a page that is closed in the midst of a transaction, with IndexedDB", async () => {
    await using gateway = await startStubGateway({ events });
    const { outputFiles } = await build({
      entryPoints: [fileURLToPath(new URL("index.ts", import.meta.url))],
      bundle: true,
      write: false,
      format: "iife",
      globalName: "clew",
    });
    await using browser = await launchChromium();
    const context = await browser.newContext();
    const apply = async (closeAt: number): Promise<unknown> => {
      const page = await context.newPage();
      await page.goto(`${gateway.url}/healthz`);
      await page.addScriptTag({ content: outputFiles[0]?.text ?? "" });
      const gone = page.waitForEvent("close");
      await page.exposeFunction("closePage", () => page.close());
      const applied = page.evaluate(inPage(closeAt)).catch(() => undefined);
      if (closeAt > 0) await gone;
      return await applied;
    };
    await apply(3);
    await apply(5);
    expect(await apply(0)).toEqual(events.map(({ sequence }) => sequence));
    await context.close();
  });
});

/** What the page does: applies the run's events to IndexedDB, and has itself closed while the transaction of one of them is open. Answers what was applied. */
function inPage(closeAt: number): string {
  return `(async () => {
    const done = (request) => new Promise((resolve, reject) => { request.onsuccess = () => resolve(request.result); request.onerror = () => reject(request.error); });
    const opening = indexedDB.open("state", 1);
    opening.onupgradeneeded = () => { opening.result.createObjectStore("applied", { autoIncrement: true }); opening.result.createObjectStore("cursor"); };
    const database = await done(opening);
    await clew.applyAtomically(clew.createClew({ url: location.origin }).run("${sampleRunId}"), {
      load: () => done(database.transaction("cursor").objectStore("cursor").get("token")),
      async commit({ event, token, previous }) {
        const transaction = database.transaction(["applied", "cursor"], "readwrite");
        const finished = new Promise((resolve, reject) => { transaction.oncomplete = resolve; transaction.onabort = () => reject(transaction.error); });
        const cursor = transaction.objectStore("cursor");
        if (await done(cursor.get("token")) !== previous) { transaction.abort(); return finished; }
        transaction.objectStore("applied").add(event.sequence);
        if (event.sequence === ${closeAt}) {
          closePage();
          // Keeps the transaction open until the page is gone.
          for (;;) await done(cursor.get("token"));
        }
        cursor.put(token, "token");
        await finished;
      },
    });
    return await done(database.transaction("applied").objectStore("applied").getAll());
  })()`;
}
