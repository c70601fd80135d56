import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { startSystem } from "../support/system.ts";

test("a login that one run leaves is the next one's, is on the volume in no readable form, and fails a run once it has ended", async () => {
  await using system = await startSystem({ CLEW_STATE_KEY: "a passphrase of the test" });
  const { backOffice, clew, volume } = system;
  const read = async (auth: object) => {
    const playbookSource = JSON.stringify({
      id: "reading",
      start_url: `${backOffice.url}/orders`,
      auth: { login_url: `${backOffice.url}/login`, success: { element_visible: "#orders", timeout_ms: 5_000 }, ...auth },
      steps: [{ action: "extract", selector: "h1", store_as: "heading" }],
    });
    const credentials = { username: "demo", password: "demo" };
    const run = await clew.createRun(system.spec(playbookSource, { credentials, browserState: "office", recording: { trace: false } }));
    return await run.result();
  };

  expect(await read({ mode: "form_login" })).toMatchObject({ state: "COMPLETED", outcome: { data: { heading: "Orders" } } });
  expect(backOffice.logins).toHaveLength(1);
  expect(await read({ mode: "none" })).toMatchObject({ state: "COMPLETED" });
  expect(backOffice.logins).toHaveLength(1);
  for (const { name, text } of await everyFile(volume)) expect(text, name).not.toMatch(/sameSite|"csrf"/);

  backOffice.endSessions();
  expect(await read({ mode: "none" })).toMatchObject({ state: "FAILED", outcome: { error: { reason: "AUTHENTICATION_FAILED" } } });
}, 240_000);

/** Reads all that lies in a folder which services still write to: once more from the start where a file was renamed before it was read. */
function everyFile(folder: string): Promise<readonly { readonly name: string; readonly text: string }[]> {
  return vi.waitFor(
    async () => {
      const entries = await readdir(folder, { recursive: true, withFileTypes: true });
      const files = entries.filter((entry) => entry.isFile());
      return await Promise.all(
        files.map(async ({ parentPath, name }) => ({ name, text: await readFile(join(parentPath, name), "latin1") })),
      );
    },
    { timeout: 20_000 },
  );
}
