import { spawn } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sampleEvents, sampleRun, sampleRunId, tokenAfter } from "../../../test/support/sample-run.ts";
import { answer, cut, refuse, type StubGateway, sse, startStubGateway, stream } from "../../../test/support/stub-gateway.ts";
import { type TempFolder, tempFolder } from "../../../test/support/temp-folder.ts";
import { type Ended, runHere } from "./run-here.fixture.ts";

const main = fileURLToPath(new URL("main.ts", import.meta.url));
const events = sampleEvents(6);
let temp: TempFolder;
let folder: string;

beforeAll(async () => {
  temp = await tempFolder();
  folder = temp.path;
});
afterAll(() => temp[Symbol.asyncDispose]());

/** What a command knows of its surroundings. */
const surroundings = (gateway: Pick<StubGateway, "url">, env: Record<string, string> = {}) => ({ CLEW_URL: gateway.url, ...env });

/** Runs a command in this process. */
const clew = (gateway: Pick<StubGateway, "url">, args: readonly string[]): Promise<Ended> =>
  runHere(args, { folder, env: surroundings(gateway, { PATH: process.env.PATH ?? "" }) });

/** Runs a command as a user does, in a process of its own; `onLine` sees each line of its output as it comes. */
function spawnClew(
  gateway: Pick<StubGateway, "url">,
  args: readonly string[],
  env: Record<string, string> = {},
  onLine: (line: string, kill: () => void) => void = () => {},
): Promise<Ended> {
  const child = spawn(process.execPath, [main, ...args], {
    cwd: folder,
    env: { PATH: process.env.PATH, NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE, ...surroundings(gateway, env) },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let out = "";
  let err = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    out += text;
    for (const line of text.split("\n")) onLine(line, () => child.kill("SIGINT"));
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    err += text;
  });
  return new Promise((resolve) => child.on("close", (code) => resolve({ code, out, err })));
}

const jsonLines = (text: string) =>
  text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));

describe("clew run", () => {
  it("sends a playbook file with its parameters, prints a line an event, then the outcome, and exits 0", async () => {
    await using gateway = await startStubGateway({ events });
    await writeFile(join(folder, "hello.yaml"), "id: hello\n");
    const args = [
      "--param",
      "order_id=12345",
      "--param",
      "note=a=b",
      "--credential",
      "password=@SHOP_PASSWORD",
      "--label",
      "team=shop",
      "--timeout",
      "60",
    ];
    const { code, out, err } = await spawnClew(
      gateway,
      ["run", "hello.yaml", ...args, "--start-url", "http://shop.test", "--allow-private-host", "127.0.0.1:4000"],
      { SHOP_PASSWORD: "hunter2" },
    );
    expect(err).toBe("");
    expect(code).toBe(0);
    expect(out.split("\n").slice(0, 9)).toEqual([
      `run ${sampleRunId}`,
      "   1   +0.0 s  Created the run",
      "   2   +0.4 s  Opened page 2",
      "   3   +0.8 s  Opened page 3",
      "   4   +1.2 s  Opened page 4",
      "   5   +1.6 s  Cancelled order 12345.",
      "   6   +2.0 s  The run ended: COMPLETED",
      "",
      "COMPLETED after 2.0 s: Cancelled order 12345.",
    ]);
    expect(JSON.parse(gateway.seen[0]?.body ?? "")).toEqual({
      playbookSource: "id: hello\n",
      params: { order_id: "12345", note: "a=b" },
      credentials: { password: "hunter2" },
      labels: { team: "shop" },
      startUrl: "http://shop.test",
      timeoutSeconds: 60,
      guardrails: { allowedPrivateHosts: ["127.0.0.1:4000"] },
    });
  });

  it("[weakness 20] takes what is no file for an id of the catalogue, and exits 1 when the run did not complete", async () => {
    await using gateway = await startStubGateway({ events: sampleEvents(4, "FAILED") });
    const { code, out } = await clew(gateway, ["run", "cancel-order"]);
    expect(code).toBe(1);
    expect(out).toContain("FAILED after 1.2 s: The order could not be cancelled.");
    expect(out).toContain("Nothing was changed: it is safe to run again.");
    expect(JSON.parse(gateway.seen[0]?.body ?? "")).toEqual({ playbook: "cancel-order" });
  });

  it("prints one JSON object a line for programs, the very events", async () => {
    await using gateway = await startStubGateway({ events });
    const { code, out } = await clew(gateway, ["run", "hello", "--json"]);
    expect(code).toBe(0);
    expect(jsonLines(out)).toEqual(events);
  });

  it("leaves at once with --detach, and starts nothing with --dry-run", async () => {
    await using gateway = await startStubGateway({ events: events.slice(0, 2) });
    expect(await clew(gateway, ["run", "hello", "--detach"])).toMatchObject({ code: 0, out: `${sampleRunId}\n` });
    expect(await clew(gateway, ["run", "hello", "--dry-run"])).toMatchObject({ code: 0, out: "ok    playbook: It can run.\n" });
    gateway.script(
      "POST /v1/runs/dry-run",
      answer(200, { valid: false, checks: [{ name: "params", passed: false, message: "order_id is missing." }], warnings: [] }),
    );
    expect(await clew(gateway, ["run", "hello", "--dry-run"])).toMatchObject({ code: 2, out: "FAIL  params: order_id is missing.\n" });
    expect(gateway.seen.map(({ path }) => path)).toEqual(["/v1/runs", "/v1/runs/dry-run", "/v1/runs/dry-run"]);
  });

  it("leaves the run running on Ctrl-C and prints how to come back", async () => {
    await using gateway = await startStubGateway({ events: events.slice(0, 3) });
    const { code, err } = await spawnClew(gateway, ["run", "hello"], {}, (line, interrupt) => {
      if (line.includes("Opened page 3")) interrupt();
    });
    expect(code).toBe(130);
    const named = await clew({ url: "" }, ["run", "hello", "--detach", "--url", gateway.url]);
    expect(named.err).toBe(`Follow it with:\n  npx clew stream ${sampleRunId} --url ${gateway.url}\n`);
    expect(err).toContain(`clew stream ${sampleRunId} --after ${tokenAfter(3)}`);
    expect(gateway.seen.some(({ path }) => path.endsWith("/stop"))).toBe(false);
  });

  it.each([
    ["a parameter without a value", ["run", "hello", "--param", "order_id"], "--param: write it as name=value."],
    [
      "a credential from a variable that is not there",
      ["run", "hello", "--credential", "password=@NOT_THERE"],
      "the environment has no variable NOT_THERE",
    ],
    ["a file that is not there", ["run", "missing.yaml"], "There is no file missing.yaml."],
    ["a timeout that is none", ["run", "hello", "--timeout", "-5"], "--timeout: a whole number from 5 to 3600."],
    ["neither a playbook nor a directive", ["run"], "Name a playbook, or say with --directive"],
    ["both", ["run", "hello", "--directive", "Do it"], "Name a playbook or give --directive, not both"],
    ["an unknown option", ["run", "hello", "--prams", "a=b"], "Did you mean --param?"],
    ["an unknown command", ["runs"], "Did you mean run?"],
  ])("exits 2 for %s and asks nothing", async (_, args, message) => {
    await using gateway = await startStubGateway({ events });
    const { code, err, out } = await clew(gateway, args);
    expect(code).toBe(2);
    expect(err).toContain(message);
    expect(out).toBe("");
    expect(gateway.seen).toEqual([]);
  });

  it("exits 2 and names each wrong field when the gateway refuses", async () => {
    await using gateway = await startStubGateway();
    const violations = [{ field: "params.order_id", rule: "required", message: "is missing" }];
    gateway.script(
      "POST /v1/runs",
      refuse(400, "INVALID_ARGUMENT", "INVALID_REQUEST", {}, { violations }),
      refuse(400, "INVALID_ARGUMENT", "INVALID_REQUEST", {}, { violations }),
    );
    const plain = await clew(gateway, ["run", "hello"]);
    expect(plain).toMatchObject({
      code: 2,
      err: "clew: It is INVALID_REQUEST. (INVALID_REQUEST)\n  --param order_id (params.order_id): is missing\n",
    });
    const json = await spawnClew(gateway, ["run", "hello", "--json"]);
    expect(json.code).toBe(2);
    expect(JSON.parse(json.err)).toMatchObject({ error: { code: "INVALID_ARGUMENT", reason: "INVALID_REQUEST", details: { violations } } });
  });

  it("exits 3 and says what to start where no gateway answers", async () => {
    const gateway = await startStubGateway();
    await gateway[Symbol.asyncDispose]();
    const { code, err } = await spawnClew(gateway, ["run", "hello"]);
    expect(code).toBe(3);
    expect(err).toContain(`No gateway answers at ${gateway.url}. Is \`npm start\` running?`);
  });
});

describe("the other commands", () => {
  it("stream resumes after a token, with the times of the whole run", async () => {
    await using gateway = await startStubGateway({ events });
    const { code, out } = await clew(gateway, ["stream", sampleRunId, "--after", tokenAfter(4)]);
    expect(code).toBe(0);
    expect(out.split("\n").slice(0, 2)).toEqual(["   5   +1.6 s  Cancelled order 12345.", "   6   +2.0 s  The run ended: COMPLETED"]);
    expect(await clew(gateway, ["stream", sampleRunId, "--after", tokenAfter(6)])).toMatchObject({ code: 0 });
  });

  it("stream says it when there is no such run", async () => {
    await using gateway = await startStubGateway();
    gateway.script(`GET /v1/runs/${sampleRunId}`, refuse(404, "NOT_FOUND", "RUN_NOT_FOUND"));
    expect(await clew(gateway, ["stream", sampleRunId])).toMatchObject({
      code: 2,
      err: expect.stringContaining("See the runs there are: npx clew list"),
    });
  });

  it("get, list, stop and playbooks print what there is", async () => {
    await using gateway = await startStubGateway({ events: events.slice(0, 3) });
    expect(await clew(gateway, ["get", sampleRunId])).toMatchObject({ code: 0, out: expect.stringMatching(`^${sampleRunId}  RUNNING `) });
    expect(jsonLines((await clew(gateway, ["get", sampleRunId, "--json"])).out)).toEqual([
      sampleRun({ lastSequence: 3, resumeToken: tokenAfter(3) }),
    ]);
    expect(
      (await clew(gateway, ["list", "--state", "running", "--label", "team=shop", "--limit", "2"])).out.trimEnd().split("\n"),
    ).toHaveLength(2);
    expect(await clew(gateway, ["list", "--state", "asleep"])).toMatchObject({ code: 2 });
    expect(await clew(gateway, ["stop", sampleRunId, "--reason", "enough", "--grace", "0"])).toMatchObject({ code: 0 });
    expect(gateway.seen.at(-1)?.body).toBe('{"reason":"enough","graceSeconds":0}');
    expect((await clew(gateway, ["stop", sampleRunId])).err).toMatch(
      /^It is stopping: .* 10 seconds .*\n {2}npx clew get run-\w+ --wait 60\n/,
    );
    expect((await clew(gateway, ["playbooks"])).out).toBe("hello  Says hello.\n");
  });

  it("stream says once on standard error that it has lost the gateway, and goes on where it stopped", async () => {
    await using gateway = await startStubGateway({ events });
    gateway.script(`GET /v1/runs/${sampleRunId}/stream`, stream(sse(events[0]!)), cut, cut);
    const { code, out, err } = await clew(gateway, ["stream", sampleRunId]);
    expect(code).toBe(0);
    expect(out).toContain("   6   +2.0 s  The run ended: COMPLETED");
    expect(err.match(/Lost the gateway/g)).toHaveLength(1);
  });

  it("stream prints the token to go on with where the history of the one given is lost", async () => {
    await using gateway = await startStubGateway({ events });
    gateway.script(`GET /v1/runs/${sampleRunId}/stream`, refuse(416, "OUT_OF_RANGE", "EPOCH_CHANGED", {}, { earliest: tokenAfter(2) }));
    const { code, err } = await clew(gateway, ["stream", sampleRunId, "--after", "c1.old"]);
    expect(code).toBe(2);
    expect(err).toContain(`Go on with: --after ${tokenAfter(2)}`);
  });

  it.each(["htp://x", "127.0.0.1:8080"])("says that %s is not a URL of http or https", async (url) => {
    const { code, err } = await clew({ url }, ["list"]);
    expect(code).toBe(2);
    expect(err).toContain("is not a URL of http or https");
    expect((await clew({ url }, ["doctor"])).out).toContain("BAD   gateway       CLEW_URL is not a URL of http or https");
  });

  it("says its version, and what it can do", async () => {
    expect(await spawnClew({ url: "" }, ["--version"])).toMatchObject({ code: 0, out: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) });
    const { out } = await clew({ url: "" }, ["run", "--help"]);
    expect(out).toContain("--detach");
    expect(out).toContain("--dry-run");
  });

  it("asks for CLEW_API_KEY where a key is missing", async () => {
    await using gateway = await startStubGateway({ key: "secret" });
    expect(await clew(gateway, ["list"])).toMatchObject({ code: 2, err: expect.stringContaining("Set CLEW_API_KEY to one of the keys") });
  });

  it("speaks of private hosts only where that rule stopped a run", async () => {
    const ended = (rule: string) =>
      sampleRun({
        state: "FAILED",
        outcome: {
          summary: "Blocked.",
          extractedTexts: [],
          sessionMemory: "",
          truncated: false,
          error: { reason: "GUARDRAIL_BLOCKED", message: "Blocked.", code: "PERMISSION_DENIED", retryable: false, details: { rule } },
        },
      });
    await using gateway = await startStubGateway();
    gateway.script(`GET /v1/runs/${sampleRunId}`, answer(200, ended("private_network")), answer(200, ended("scheme")));
    expect((await clew(gateway, ["get", sampleRunId])).out).toContain("--allow-private-host");
    expect((await clew(gateway, ["get", sampleRunId])).out).not.toContain("--allow-private-host");
  });

  it("counts what a run took as its last event does, and says what its wait and start add", async () => {
    const times = { createTime: "2026-01-01T00:00:00Z", startTime: "2026-01-01T00:00:03.7Z", endTime: "2026-01-01T00:00:08.9Z" };
    await using gateway = await startStubGateway();
    gateway.script(`GET /v1/runs/${sampleRunId}`, answer(200, sampleRun({ state: "COMPLETED", ...times })));
    expect((await clew(gateway, ["get", sampleRunId])).out).toContain("COMPLETED after 5.2 s (8.9 s with its wait and start): ");
  });

  it("get exits 1 for a run that failed", async () => {
    await using gateway = await startStubGateway({ events: sampleEvents(4, "FAILED") });
    expect(await spawnClew(gateway, ["get", sampleRunId])).toMatchObject({ code: 1 });
  });

  it("artifacts lists, saves without overwriting, and writes to standard output", async () => {
    await using gateway = await startStubGateway({ events, artifacts: { "notes.txt": "order 12345" } });
    expect((await clew(gateway, ["artifacts", sampleRunId])).out).toBe("        11  LOG         notes.txt\n");
    expect(await clew(gateway, ["artifacts", sampleRunId, "notes.txt"])).toMatchObject({ code: 0, err: "Saved notes.txt\n" });
    expect(await readFile(join(folder, "notes.txt"), "utf8")).toBe("order 12345");
    expect(await clew(gateway, ["artifacts", sampleRunId, "notes.txt"])).toMatchObject({
      code: 2,
      err: expect.stringContaining("notes.txt already"),
    });
    for (const [target, why] of [
      ["no-folder/x.txt", "its folder does not exist"],
      [".", "it is a folder"],
      ["notes.txt/x.txt", "its folder is a file"],
    ] as const)
      expect(await clew(gateway, ["artifacts", sampleRunId, "notes.txt", "-o", target])).toMatchObject({
        code: 2,
        err: `clew: ${target} cannot be written: ${why}. (INVALID_REQUEST)\n`,
      });
    expect(await clew(gateway, ["artifacts", sampleRunId, "notes.txt", "-o", "notes.txt"])).toMatchObject({ code: 0 });
    expect(await spawnClew(gateway, ["artifacts", sampleRunId, "notes.txt", "-o", "-"])).toMatchObject({ code: 0, out: "order 12345" });
    expect(await clew(gateway, ["artifacts", sampleRunId, "other.txt"])).toMatchObject({
      code: 2,
      err: expect.stringContaining("ARTIFACT_NOT_FOUND"),
    });
  });

  it("verify says what a reader can prove of a run whose journal is not here, and fails for one without its end", async () => {
    await using gateway = await startStubGateway({ events });
    const whole = await clew(gateway, ["verify", sampleRunId]);
    expect(whole).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^ok {2}run-\S+: 6 events without a gap .* ended COMPLETED; last token /),
    });
    expect(
      gateway.seen.map(({ path, query, headers }) => [path.replace(/.*run-\d+/, ""), query.get("after") ?? headers["last-event-id"]]),
    ).toEqual([
      ["/events", ""],
      ["", undefined],
      ["/stream", tokenAfter(5)],
    ]);
    await using live = await startStubGateway({ events: events.slice(0, 3) });
    expect(await clew(live, ["verify", sampleRunId])).toMatchObject({ code: 1, out: expect.stringMatching(/^UNFINISHED {2}.*3 events/) });
  });

  it.each([
    ["a gap", [events[0], events[2], ...events.slice(3)], "Event 2 is missing"],
    ["a time that goes back", [events[0], { ...events[1], time: "2025-01-01T00:00:00Z" }, ...events.slice(2)], "Its time is before"],
    [
      "another run's beginning",
      [{ ...events[0], runCreated: { run: { ...sampleRun(), id: "run-2" } } }, ...events.slice(1)],
      "not the runCreated",
    ],
  ])("verify finds %s in what the gateway shows", async (_, shown, message) => {
    await using gateway = await startStubGateway({ events });
    gateway.script(
      `GET /v1/runs/${sampleRunId}/events`,
      answer(200, { events: shown, nextResumeToken: tokenAfter(6), upToDate: true, finished: true }),
    );
    const { code, out } = await clew(gateway, ["verify", sampleRunId, "--json"]);
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({ kind: "wrong", runId: sampleRunId, message: expect.stringContaining(message) });
  });

  it("verify finds a Run that ended with another event than its stream", async () => {
    await using gateway = await startStubGateway({ events });
    gateway.script(
      `GET /v1/runs/${sampleRunId}`,
      answer(200, sampleRun({ state: "COMPLETED", lastSequence: 7, resumeToken: tokenAfter(7) })),
    );
    expect(await clew(gateway, ["verify", sampleRunId])).toMatchObject({
      code: 1,
      out: expect.stringContaining("ended with another event"),
    });
  });

  it("verify exits 2 for what is neither a file nor a run, and for a run that is not on the volume named", async () => {
    await using gateway = await startStubGateway({ events });
    expect(await clew(gateway, ["verify", "journal"])).toMatchObject({
      code: 2,
      err: expect.stringContaining("neither a file that is here nor a run's id"),
    });
    expect(await clew(gateway, ["verify", sampleRunId, "--volume", "no-volume"])).toMatchObject({
      code: 2,
      err: expect.stringContaining("no such run on the volume no-volume"),
    });
    expect(gateway.seen).toEqual([]);
  });
});
