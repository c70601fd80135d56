import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
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
  const files = (await readdir(volume, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  for (const { parentPath, name } of files) {
    expect((await readFile(join(parentPath, name))).toString("latin1"), name).not.toMatch(/sameSite|"csrf"/);
  }

  backOffice.endSessions();
  expect(await read({ mode: "none" })).toMatchObject({ state: "FAILED", outcome: { error: { reason: "AUTHENTICATION_FAILED" } } });
}, 240_000);
