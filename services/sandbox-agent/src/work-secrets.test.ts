import { afterAll, beforeAll, expect, test } from "vitest";
import { startSite } from "./browser/site.fixture.ts";
import { contentsOf } from "./recording/zip.fixture.ts";
import { ReportInMemory, WorkRoom } from "./work.fixture.ts";

const form = `<title>Form</title><h1>Form</h1><form method="post" action="/done"><input name="q"><button>Send</button></form>`;

let shared: WorkRoom;
beforeAll(async () => {
  shared = await WorkRoom.open();
});
afterAll(() => shared[Symbol.asyncDispose]());

test("types a credential that stands in no event and in no trace", async () => {
  await using site = await startSite({ "/": form, "/done": (request) => `<h1>You said ${request.method}, hunter2-hunter2</h1>` });
  await using room = await shared.beside();
  const report = new ReportInMemory();
  const playbookSource = `
parameters: [{ name: url }]
steps:
  - { action: goto, params: { url: "{url}" } }
  - { action: key_press, selector: input, params: { credential_ref: password, key: Enter } }
  - { action: extract, selector: h1 }`;
  const work = room.start(
    {
      playbookSource,
      credentials: { password: "hunter2-hunter2" },
      spec: { params: { url: site.url }, guardrails: { allowedPrivateHosts: [site.host] }, recording: { trace: true } },
    },
    report,
  );
  await work.done;
  expect(site.bodies).toEqual(["q=hunter2-hunter2"]);
  expect(report.outcome.outcome.extractedTexts).toEqual(["You said POST, [redacted]"]);
  expect(JSON.stringify(report.events)).not.toContain("hunter2");
  expect(report.all("warningRaised").map(({ reason }) => reason)).toEqual([]);
  const contents = await contentsOf(await room.read("trace.zip"));
  expect(contents.size).toBeGreaterThan(3);
  for (const [name, bytes] of contents) expect(`${name} ${bytes.toString("latin1")}`).not.toContain("hunter2");
});

test("leaves no credential in what is cut, in what is kept in files, and in what there is when it is stopped", async () => {
  const secret = "hunter2-hunter2";
  const header = "huntsman";
  // A secret lies across each place where a text is cut: 4,096 bytes and 1,000,000 characters of a text, 300 of a title, 200 of a summary, 50 of a
  // selector. Extra headers are secrets too.
  const across = (at: number) => `${"x".repeat(at - 5)}${secret}`;
  const arrived = Promise.withResolvers<void>();
  await using site = await startSite({
    "/": `<title>${across(300)}</title><h1>${across(4096)}</h1><p>${secret}${across(1_000_000 - secret.length)}</p><b>${secret}</b><i>${across(4096)}</i>`.replace(
      `${secret}</i>`,
      `${header}</i>`,
    ),
    [`/${across(170)}`]: "<h1>Here</h1>",
    "/slow": () => {
      arrived.resolve();
      return undefined;
    },
  });
  await using room = await shared.beside();
  const report = new ReportInMemory();
  const playbookSource = `
parameters: [{ name: url }]
steps:
  - { action: goto, params: { url: "{url}" }, description: "${across(190)}" }
  - { action: extract, selector: h1, store_as: long }
  - { action: extract, selector: p }
  - { action: extract, selector: b, store_as: name }
  - { action: extract, selector: i }
  - { action: wait_for, selector: '${"p:visible, ".repeat(3)}[title="${secret}"], h1' }
  - { action: goto, params: { url: "{url}/${across(170)}" } }
  - { action: goto, params: { url: "{url}/slow" } }`;
  const work = room.start(
    {
      playbookSource,
      credentials: { password: secret },
      spec: {
        params: { url: site.url },
        guardrails: { allowedPrivateHosts: [site.host] },
        browser: { extraHttpHeaders: { "x-token": header } },
      },
    },
    report,
  );
  await arrived.promise;
  const partial = await work.stop(0);
  await work.done;
  expect(partial).toMatchObject({ truncated: true, data: { name: "[redacted]" }, dataArtifact: "outcome.json" });
  const names = report.all("artifactReady").map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining(["text-step-2.txt", "text-step-3.txt", "outcome.json"]));
  const texts = await Promise.all(
    names.filter((name) => /[.](txt|json)$/.test(name) && name !== "manifest.json").map(async (name) => (await room.read(name)).toString()),
  );
  expect(texts.every((text) => text.includes("[redacted]"))).toBe(true);
  for (const said of [JSON.stringify(report.events), JSON.stringify(partial), ...texts]) expect(said).not.toContain("hunt");
});
