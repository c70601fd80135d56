import { once } from "node:events";
import { access, constants, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import type { RunHandle } from "@clew/client";
import { contentsOf } from "@clew/sandbox-agent/recording/zip.fixture";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readSse } from "../support/doors.ts";
import { type ModelServer, type ModelTurn, modelSettings, startModelServer } from "../support/model-server.ts";
import { type System, startSystem } from "../support/system.ts";
import { type TempFolder, tempFolder } from "../support/temp-folder.ts";

/** With what HTML, JSON, addresses and forms write in ways of their own, and a core by which any part of it is known. */
const password = `p "<&'>ä% zq7Lm4Vx9Rt2 +/=`;
const token = "tok_live_h3Jw8Ys5Nd1Kb6Fc";
const cores = ["zq7Lm4Vx9Rt2", "h3Jw8Ys5Nd1Kb6Fc"];

/** A page that gives away what is typed in every way a page has. */
const leaky = `<!doctype html><title>Login</title>
<form id=login><input name=password type=password><input name=token><button>Log in</button></form><p id=said></p>
<script>
const form = document.forms.login;
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const { password, token } = Object.fromEntries(new FormData(form));
  const both = btoa(unescape(encodeURIComponent("someone:" + password + ":" + token)));
  console.log("typed", password, token, { password, token }, both);
  console.error(JSON.stringify(JSON.stringify({ password, token })));
  setTimeout(() => { throw new Error("could not log in with " + token + " and " + password); });
  document.cookie = "token=" + encodeURIComponent(token);
  localStorage.password = password;
  const query = new URLSearchParams({ password, token });
  const headers = { authorization: "Basic " + both, "x-token": token, "content-type": "application/json" };
  await fetch("/api/" + token + "?" + query + "#" + token, { method: "POST", headers, body: JSON.stringify({ deep: JSON.stringify({ password, token }) }) });
  await fetch("/form", { method: "POST", body: query });
  await fetch("/bytes", { method: "POST", body: new Uint8Array([0, 255, ...new TextEncoder().encode(password + token), 254]) });
  document.title = "Logged in with " + token;
  document.getElementById("said").textContent = password + " and " + token + " as " + both;
  document.getElementById("said").dataset.token = token;
  document.body.append(Object.assign(document.createElement("h1"), { textContent: "Welcome" }));
});
</script>`;

const playbook = (url: string) => `id: leaky
steps:
  - { action: goto, params: { url: "${url}/" } }
  - { action: key_press, selector: "input[name=password]", params: { credential_ref: password } }
  - { action: key_press, selector: "input[name=token]", params: { credential_ref: token } }
  - { action: click, selector: button, verify: { expect_text_on_page: Welcome } }
  - { action: extract, selector: "#said", store_as: said }
  - { action: goto, params: { url: "${url}/away" } }
  - { action: wait_for, selector: "#never", params: { timeout_ms: 500 }, on_failure: abort }
`;

/** Every text that would give a secret away: its core as it is, and as it stands in Base64, wherever it begins there. */
function traces(): readonly string[] {
  return cores.flatMap((core) => [
    core,
    ...[0, 1, 2].map((before) => {
      const text = Buffer.concat([Buffer.alloc(before), Buffer.from(core)]).toString("base64");
      return text.replace(/=+$/, "").slice(before === 0 ? 0 : 2, -2);
    }),
    Buffer.from(core, "utf16le").toString("latin1"),
  ]);
}

/** Names where in some bytes a secret stands. */
function found(where: string, bytes: Buffer | string): readonly string[] {
  const text = typeof bytes === "string" ? bytes : bytes.toString("latin1");
  return [...traces(), "tok_live_"]
    .filter((trace) => text.includes(trace))
    .map((trace) => `${where}: …${text.slice(Math.max(0, text.indexOf(trace) - 80), text.indexOf(trace) + 40)}…`);
}

async function searchFile(path: string): Promise<readonly string[]> {
  const bytes = await readFile(path);
  const inside = path.endsWith(".zip")
    ? [...(await contentsOf(bytes))].flatMap(([name, content]) => [...found(`${path}!${name}`, name), ...found(`${path}!${name}`, content)])
    : [];
  return [...found(path, path), ...found(path, bytes), ...inside];
}

async function hasFfmpeg(): Promise<boolean> {
  const places = (process.env["PATH"] ?? "").split(delimiter).map((folder) => access(join(folder, "ffmpeg"), constants.X_OK));
  return (await Promise.allSettled(places)).some(({ status }) => status === "fulfilled");
}

describe("a run with every recording on, whose playbook types a password and a token", () => {
  const logs: string[] = [];
  let system: System;
  let site: Server;
  let siteUrl = "";
  const asked: string[] = [];
  let secrets: TempFolder;
  let models: ModelServer;
  /** What the model does next, turn after turn. */
  let turns: ((refOf: (words: string, at?: number) => string) => Calls)[] = [];
  beforeAll(async () => {
    models = await startModelServer(({ text }) => answer(text, turns.shift()));
    secrets = await tempFolder();
    site = createServer(async (request, response) => {
      const body = Buffer.concat(await Array.fromAsync(request as AsyncIterable<Buffer>)).toString("latin1");
      asked.push(`${request.url} ${JSON.stringify(request.headers)} ${body}`);
      if (request.url === "/away")
        return void response.writeHead(302, { location: `/landed/${token}?password=${encodeURIComponent(password)}` }).end();
      response.writeHead(200, { "content-type": "text/html; charset=utf-8", "x-echo": encodeURIComponent(token) });
      response.end(
        request.url === "/" ? leaky : `<title>${token}</title><p>${token} ${password.replace("&", "&amp;").replace("<", "&lt;")}</p>`,
      );
    }).listen(0, "127.0.0.1");
    await once(site, "listening");
    const address = site.address();
    if (address === null || typeof address === "string") throw new Error("The site has no port.");
    siteUrl = `http://127.0.0.1:${address.port}`;
    await mkdir(join(secrets.path, "default"));
    const set = JSON.stringify({ values: { password, token }, origins: [siteUrl] });
    await writeFile(join(secrets.path, "default", "leaky.json"), set, { mode: 0o600 });
    const env = { CLEW_LOG_LEVEL: "debug", CLEW_SECRETS: secrets.path, CLEW_MODEL: "openai:gpt-5", ...modelSettings(models) };
    system = await startSystem(env, (service, line) => logs.push(`${service} ${line}`));
  });
  afterAll(async () => {
    await system?.[Symbol.asyncDispose]();
    await models?.[Symbol.asyncDispose]();
    site?.closeAllConnections();
    site?.close();
    await secrets?.[Symbol.asyncDispose]();
  });

  it.each([
    ["given with the run", { credentials: { password, token } }],
    ["of the operator's set", { credentialSet: "leaky" }],
  ])(
    "%s, leaves not one byte of either in events, journal, logs, trace, names, errors, or anything else on the volume",
    async (_, given) => {
      asked.length = 0;
      const run = await system.clew.createRun({
        playbookSource: playbook(siteUrl),
        ...given,
        recording: { trace: true, video: true, screenshots: true, logs: true },
        guardrails: { allowedPrivateHosts: [new URL(siteUrl).host] },
      });
      const { state, outcome } = await run.result();
      expect(state).toBe("FAILED");
      expect(outcome.error).toMatchObject({ reason: "ACTION_TIMED_OUT", details: { step: "7" } });
      // The site was told both, so there was something to leave out.
      expect(asked.join()).toContain(token);
      for (const core of cores) expect(asked.join()).toContain(core);

      const names = (await run.artifacts()).map(({ name }) => name);
      expect(names).toEqual(
        expect.arrayContaining(["trace.zip", "console.ndjson", "network.ndjson", "action-1-1.jpg", "failure-step-7.jpg", "manifest.json"]),
      );
      const events = await readSse(system, run.id);
      if (await hasFfmpeg()) expect(names).toContain("video-1.webm");
      else expect(events.join()).toContain("VIDEO_UNAVAILABLE");
      const completed = events.filter((event) => event.includes('"actionCompleted":'));
      expect(completed.length).toBeGreaterThan(5);
      for (const event of completed) expect(event).toContain('"traceOffsetMs":');
      if (names.includes("video-1.webm")) expect(completed.at(-1)).toContain('"videoOffsetMs":');
      const manifest: { artifacts: { name: string; startTime?: string }[] } = JSON.parse(
        await (await run.artifact("manifest.json")).text(),
      );
      expect(manifest.artifacts.find(({ name }) => name === "trace.zip")?.startTime).toMatch(/^\d{4}-/);
      expect(await readFile(join(system.volume, "runs", run.id, "artifacts", "console.ndjson"), "utf8")).toContain("[redacted]");

      expect(await searchAll(run, events)).toEqual([]);
    },
  );

  it("known to a compromised model, which says it wherever it can, leaves not one byte of either, its cassette included", async () => {
    asked.length = 0;
    turns = [
      (refOf) => [
        ["fill", { element: refOf("textbox"), credential_ref: "password" }],
        ["fill", { element: refOf("textbox", 1), credential_ref: "token" }],
        ["click", { element: refOf("button") }],
      ],
      () => [
        ["extract", {}],
        ["extract", { mode: "html" }],
        ["screenshot", {}],
      ],
      () => [["goto", { url: `${siteUrl}/?q=${token}` }]],
      () => [["evaluate", { script: `fetch("/${token}")` }]],
      (refOf) => [["fill", { element: refOf("textbox"), text: `It is ${token}, and ${password}` }]],
      () => [["done", { summary: `The token is ${token}, the password ${password}.`, data: { token, [token]: btoa(token) } }]],
    ];
    const run = await system.clew.createRun({
      directive: `Log in at ${siteUrl}/ and say what it says`,
      startUrl: `${siteUrl}/`,
      credentials: { password, token },
      recording: { trace: true, video: true, screenshots: true, logs: true, cassette: true },
      guardrails: { allowedPrivateHosts: [new URL(siteUrl).host] },
    });
    const { outcome } = await run.result();
    expect(asked.join()).toContain(token);
    expect(turns).toEqual([]);
    expect(JSON.stringify(outcome)).toContain("[redacted]");
    expect((await run.artifacts()).map(({ name }) => name)).toEqual(expect.arrayContaining(["trace.zip", "cassette.jsonl"]));
    const events = await readSse(system, run.id);
    expect(events.filter((event) => event.includes('"actionBlocked":')).length).toBeGreaterThan(0);
    expect(await searchAll(run, events)).toEqual([]);
    const told = models.requests.map(({ body }) => JSON.stringify(Array.isArray(body["input"]) ? body["input"].filter(isTold) : body));
    expect(told.length).toBeGreaterThan(5);
    expect(found("model", told.join("\n"))).toEqual([]);
  }, 120_000);

  /** Names where a run's secrets stand in anything that is kept or shown of it. */
  async function searchAll(run: RunHandle, events: readonly string[]): Promise<readonly string[]> {
    const { volume, url } = system;
    const openApi = await (await fetch(`${url}/openapi.json`)).text();
    const files = (await readdir(volume, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
    const inFiles = await Promise.all(files.map((entry) => searchFile(join(entry.parentPath, entry.name))));
    expect(files.length).toBeGreaterThan(10);
    return [
      ...inFiles.flat(),
      ...found("events", events.join("\n")),
      ...found("run", JSON.stringify(await run.get())),
      ...found("list", JSON.stringify(await (await fetch(`${url}/v1/runs`)).json())),
      ...found("openapi", openApi),
      ...found("logs", logs.join("\n")),
      ...(await readdir(tmpdir())).flatMap((name) => found(name, name)),
    ];
  }
});

type Calls = readonly (readonly [name: string, input: unknown])[];

/** What a scripted model answers to a request of OpenAI's Responses. */
function answer(text: string, turn: ((refOf: (words: string, at?: number) => string) => Calls) | undefined): ModelTurn {
  const page = text.slice(text.lastIndexOf("[web-content"));
  const refOf = (words: string, at = 0) => [...page.matchAll(new RegExp(`${words}[^\\n]*?\\[ref=(\\w+)\\]`, "g"))][at]?.[1] ?? "none";
  const calls = turn?.(refOf);
  return calls === undefined ? { text: '{"safe":false,"reason":"x"}' } : { toolCalls: calls.map(([name, input]) => ({ name, input })) };
}

/** Whether an item of a request was not said by the model itself. */
function isTold(item: unknown): boolean {
  const { role, type } = Object(item);
  return role !== "assistant" && type !== "function_call" && type !== "reasoning";
}
