import { execFile } from "node:child_process";
import { mkdtemp, readFile, symlink, writeFile } from "node:fs/promises";
import { stripTypeScriptTypes } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { RunEvent } from "@clew/client/run-event";
import { createParser } from "eventsource-parser";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launchChromium } from "../support/chromium.ts";
import { findNodes, installPackedPackages } from "../support/packed-packages.ts";
import { readSnippets } from "../support/readme-snippets.ts";
import { type System, startSystem } from "../support/system.ts";
import { type TempFolder, tempFolder } from "../support/temp-folder.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const run = promisify(execFile);
const typed = ["client", "fetch", "connect", "grpc"];
const leftAfter = 3;

let temp: TempFolder;
let folder: string;
let system: System;
let snippets: ReadonlyMap<string, string>;
/** A run of the README's playbook that is over. */
let ended: { readonly id: string; readonly events: readonly RunEvent[] };

beforeAll(async () => {
  temp = await tempFolder();
  folder = temp.path;
  snippets = await readSnippets();
  await installPackedPackages(folder);
  // Who calls the orchestrator brings grpc-js; here it is the project's, with what it needs beside it.
  await symlink(join(root, "node_modules/@grpc"), join(folder, "node_modules/@grpc"));
  const playbooks = await mkdtemp(join(folder, "playbooks-"));
  system = await startSystem({ CLEW_PLAYBOOKS: playbooks });
  // The playbook opens the back office, whose port is known only now.
  await writeFile(join(playbooks, "hello.yaml"), here(await readFile(join(root, "examples/playbooks/hello.yaml"), "utf8")));
  const created = await system.clew.createRun({
    playbook: "hello",
    guardrails: { allowedPrivateHosts: [new URL(system.backOffice.url).host] },
  });
  ended = { id: created.id, events: await Array.fromAsync(created.events()) };
});
afterAll(async () => {
  await system?.[Symbol.asyncDispose]();
  await temp[Symbol.asyncDispose]();
});

/** The text with the addresses of this system in place of those it has unless configured. */
function here(text: string): string {
  return text
    .replaceAll("127.0.0.1:8080", new URL(system.url).host)
    .replaceAll("127.0.0.1:4000", new URL(system.backOffice.url).host)
    .replaceAll("127.0.0.1:9090", system.orchestratorAddress);
}

/** A snippet to be run here, after the variables that it uses and another snippet defines. */
function snippet(name: string): string {
  const code = here(snippets.get(name) ?? "");
  expect(code).not.toBe("");
  const known = { run: ended.id, saved: ended.events[leftAfter - 1]?.resumeToken };
  const missing = Object.entries(known).filter(([variable]) => !new RegExp(`\\b(const|let) ${variable}\\b`).test(code));
  const prelude = missing.filter(([variable]) => new RegExp(`\\b${variable}\\b`).test(code));
  return prelude.map(([variable, value]) => `const ${variable} = ${JSON.stringify(value)};\n`).join("") + code;
}

/** Runs a snippet in somebody else's folder, as a process of its own that has to end by itself. Answers the lines it wrote. */
async function runSnippet(node: string, name: string): Promise<readonly string[]> {
  const file = `${name}.mjs`;
  await writeFile(join(folder, file), stripTypeScriptTypes(snippet(name)));
  const env = { CLEW_URL: system.url };
  const { stdout, stderr } = await run(node, [file], { cwd: folder, env, timeout: 60_000 });
  expect(stderr).toBe("");
  return stdout.split("\n").slice(0, -1);
}

const contiguous = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, index) => first + index);
const summaries = (events: readonly RunEvent[]) => events.map((event) => event.summary);
const numbered = (events: readonly RunEvent[]) => events.map((event) => `${event.sequence} ${event.summary}`);

describe("the README's snippets", () => {
  it("are these six, on a playbook that has something to come back for after event 7", () => {
    expect([...snippets.keys()].sort()).toEqual(["client", "connect", "curl", "eventsource", "fetch", "grpc"]);
    expect(ended.events.map((event) => event.sequence)).toEqual(contiguous(1, ended.events.length));
    expect(ended.events.length).toBeGreaterThan(8);
  });

  it("curl: creates, streams, comes back after event 7, waits, stops what is over, and fetches the trace", async () => {
    const place = await mkdtemp(join(folder, "curl-"));
    const { stdout } = await run("bash", ["--norc", "-eu", "-c", here(snippets.get("curl") ?? "")], {
      cwd: place,
      env: { PATH: process.env.PATH },
      timeout: 110_000,
    });
    const streams: number[][] = [[]];
    const parser = createParser({
      onEvent({ event, data }) {
        if (event === undefined) streams.at(-1)?.push(JSON.parse(data).sequence);
        if (event === "end") streams.push([]);
      },
    });
    parser.feed(stdout);
    const last = streams[0]?.length ?? 0;
    expect(streams).toEqual([contiguous(1, last), contiguous(8, last), []]);
    const answers = stdout.slice(stdout.lastIndexOf("\n\n")).trim();
    expect(answers.match(/"state":"COMPLETED"/g)).toHaveLength(2);
    expect((await readFile(join(place, "trace.zip"))).subarray(0, 2).toString()).toBe("PK");
  });

  it("client: leaves after event 7, comes back, and has the result, on every Node that is here", async () => {
    for (const node of await findNodes()) {
      const lines = await runSnippet(node, "client");
      const events = lines.slice(0, -1);
      expect(events.map((line) => Number.parseInt(line, 10))).toEqual(contiguous(1, events.length));
      expect(events.length).toBeGreaterThan(8);
      expect(events[0]).toBe(numbered(ended.events)[0]);
      expect(lines.at(-1)).toMatch(/^COMPLETED \S/);
    }
  });

  it("eventsource: hears every event in Chromium, and closes at the end", async () => {
    await using browser = await launchChromium();
    const page = await browser.newPage();
    const heard: string[] = [];
    page.on("console", (message) => message.type() === "log" && heard.push(message.text()));
    await page.goto(`${system.url}/healthz`);
    const closed = await page.evaluate(
      `(async () => { ${snippet("eventsource")}
         await new Promise((resolve) => source.addEventListener("end", resolve));
         return source.readyState === EventSource.CLOSED; })()`,
    );
    expect(closed).toBe(true);
    expect(heard).toEqual(summaries(ended.events));
  });

  it("fetch: goes on after the saved token, on every Node that is here", async () => {
    for (const node of await findNodes()) expect(await runSnippet(node, "fetch")).toEqual(summaries(ended.events).slice(leftAfter));
  });

  it.each(["connect", "grpc"])("%s: goes on after the saved token, on every Node that is here", async (name) => {
    for (const node of await findNodes()) expect(await runSnippet(node, name)).toEqual(numbered(ended.events).slice(leftAfter));
  });

  it("are typed as the packages are", async () => {
    const files = typed.map((name) => `${name}.ts`);
    for (const name of typed) await writeFile(join(folder, `${name}.ts`), snippet(name));
    const compilerOptions = {
      strict: true,
      noEmit: true,
      skipLibCheck: true,
      target: "es2022",
      lib: ["es2023", "dom", "dom.iterable", "dom.asynciterable"],
      types: [join(root, "node_modules/@types/node")],
      module: "nodenext",
    };
    await writeFile(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, files }));
    const checked = run(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", folder]).catch(({ stdout }) => ({
      stdout,
    }));
    expect((await checked).stdout).toBe("");
  });
});
