import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createClew } from "@clew/client";
import { afterEach, beforeEach, expect, test } from "vitest";
import { startBackOffice } from "../../examples/back-office/src/back-office.ts";
import { withoutSettings } from "../../scripts/services.ts";
import { waitingPlaybook } from "../support/system.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const started: ChildProcess[] = [];
let volume: string;

beforeEach(async () => {
  volume = await mkdtemp(join(tmpdir(), "clew-first-"));
});
afterEach(async () => {
  for (const child of started.splice(0)) if (child.exitCode === null && child.signalCode === null) child.kill("SIGTERM");
  await rm(volume, { recursive: true, force: true });
});

/** A command of the project, run as `npm run` runs it. */
function command(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const child = spawn(process.execPath, args, {
    cwd: root,
    env: { ...withoutSettings(process.env), ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  started.push(child);
  const said = { out: "", err: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => (said.out += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (said.err += text));
  const exit: Promise<number | NodeJS.Signals> = once(child, "close").then(([code, signal]) => code ?? signal);
  return { child, said, exit };
}

const addresses = { CLEW_GATEWAY_ADDRESS: "127.0.0.1:0", CLEW_ORCHESTRATOR_ADDRESS: "127.0.0.1:0" };
const start = (env: Readonly<Record<string, string>> = addresses) =>
  command(["scripts/run.mjs", "start"], { CLEW_VOLUME: volume, CLEW_SANDBOX: "process", CLEW_WARM_SANDBOXES: "0", ...env });

/** Waits until `npm start` has said where it listens. */
async function gatewayOf(said: { readonly out: string; readonly err: string }): Promise<string> {
  await expect.poll(() => said.out, { timeout: 30_000, message: said.err }).toContain("Ctrl-C stops");
  return /gateway\s+(http:\S+)/.exec(said.out)?.[1] ?? "";
}

test("the demo runs its playbook, says what happened, and what it says to do next works: npm start knows the run and the example playbooks, and leaves nothing behind", async () => {
  const demo = command(["scripts/run.mjs", "demo", "--volume", volume]);
  expect(await demo.exit, demo.said.err).toBe(0);
  expect(demo.said.out).toMatch(/^ {3}1 +\+0\.0 s {2}\S/m);
  expect(demo.said.out).toContain("COMPLETED:");
  expect(demo.said.out).toContain("confirmation: Order 12345 was cancelled");
  const run = /clew get (run-[0-9a-f]{32})/.exec(demo.said.out)?.[1] ?? "";
  const lines = demo.said.out.split("\n").filter((line) => /^ *\d+ +\+\d/.test(line));

  const services = start();
  const url = await gatewayOf(services.said);
  const clew = (...args: string[]) => command(["packages/cli/src/main.ts", ...args], { CLEW_URL: url });
  const get = clew("get", run);
  expect(await get.exit, get.said.err).toBe(0);
  const stream = clew("stream", run, "--after", "5");
  expect(await stream.exit, stream.said.err).toBe(0);
  const sequences = stream.said.out.split("\n").flatMap((line) => /^ *(\d+) +\+\d/.exec(line)?.slice(1) ?? []);
  expect(sequences).toEqual(lines.slice(5).map((_line, index) => String(index + 6)));
  const trace = join(volume, "trace.zip");
  const artifact = clew("artifacts", run, "trace.zip", "-o", trace);
  expect(await artifact.exit, artifact.said.err).toBe(0);
  expect(await (await fetch(`${url}/v1/playbooks`)).text()).toContain('"id":"hello"');
  services.child.kill("SIGTERM");
  expect(await services.exit).toBe(0);
  await expect(fetch(`${url}/healthz`)).rejects.toThrow();
});

test("Ctrl-C ends the demo with its services", async () => {
  const demo = command(["scripts/run.mjs", "demo", "--volume", volume]);
  await expect.poll(() => demo.said.out, { timeout: 30_000 }).toContain("Running examples/playbooks");
  const url = /Gateway (http:\S+?),/.exec(demo.said.out)?.[1] ?? "";
  demo.child.kill("SIGINT");
  expect(await demo.exit).toBe(130);
  await expect(fetch(`${url}/healthz`)).rejects.toThrow();
});

test("npm start starts what dies again, at its address: the run goes on, its reader too, and hands over what dies too often", async () => {
  await using backOffice = await startBackOffice({ port: 0 });
  const services = start({ ...addresses, CLEW_LOG_LEVEL: "info" });
  const url = await gatewayOf(services.said);
  const pidOf = (name: string) =>
    Number(
      services.said.out
        .match(new RegExp(`"pid":(\\d+),"name":"${name}","address"`, "g"))
        ?.at(-1)
        ?.match(/\d+/)?.[0],
    );
  const clew = createClew({ url });
  const run = await clew.createRun({
    playbookSource: waitingPlaybook(backOffice.url),
    guardrails: { allowedPrivateHosts: [new URL(backOffice.url).host] },
  });
  const types: string[] = [];
  const reading = (async () => {
    for await (const event of run.events()) types.push(event.type);
  })();
  await expect.poll(() => types, { timeout: 30_000 }).toContain("stepStarted");
  for (const name of ["gateway", "orchestrator"]) {
    const pid = pidOf(name);
    process.kill(pid, "SIGKILL");
    await expect.poll(() => services.said.err, { timeout: 30_000 }).toContain(`The ${name} runs again on `);
    expect(pidOf(name)).not.toBe(pid);
  }
  expect((await run.stop({ graceSeconds: 0 })).id).toBe(run.id);
  await reading;
  expect(types.at(-1)).toBe("runFinished");
  expect((await run.get()).attempt ?? 1).toBe(1);

  while (services.child.exitCode === null) {
    const pid = pidOf("gateway");
    process.kill(pid, "SIGKILL");
    await expect.poll(() => pidOf("gateway") !== pid || services.child.exitCode !== null, { timeout: 40_000 }).toBe(true);
  }
  expect(await services.exit).toBe(1);
  expect(services.said.err).toContain("The gateway ended too often");
});

test("npm start says how many runs stay queued, and finds them again", async () => {
  await using backOffice = await startBackOffice({ port: 0 });
  const first = start({ ...addresses, CLEW_MAX_CONCURRENT_RUNS: "1" });
  const clew = createClew({ url: await gatewayOf(first.said) });
  const spec = { playbookSource: waitingPlaybook(backOffice.url), guardrails: { allowedPrivateHosts: [new URL(backOffice.url).host] } };
  const running = await clew.createRun(spec);
  await expect.poll(async () => (await running.get()).state, { timeout: 30_000 }).toBe("RUNNING");
  await clew.createRun(spec);
  await clew.createRun(spec);
  first.child.kill("SIGINT");
  expect(await first.exit).toBe(0);
  expect(first.said.err).toContain("Queued runs that stay queued and begin at the next start: 2.");
  const next = start({ ...addresses, CLEW_MAX_CONCURRENT_RUNS: "1" });
  await gatewayOf(next.said);
  expect(next.said.err).toContain("Queued runs found on the volume: 2.");
  next.child.kill("SIGINT");
  expect(await next.exit).toBe(0);
});

test("npm start names the setting of a port that is taken, and whom it waits for where the volume is in use", async () => {
  const first = start();
  const url = await gatewayOf(first.said);
  const sameAddress = { ...addresses, CLEW_GATEWAY_ADDRESS: new URL(url).host };
  const waiting = start();
  const elsewhere = start({ ...sameAddress, CLEW_VOLUME: join(volume, "other") });
  const here = start(sameAddress);
  expect(await elsewhere.exit).toBe(1);
  expect(elsewhere.said.err).toContain(
    `port ${new URL(url).port} is taken by the gateway of another Clew. Stop that with Ctrl-C where it runs. Set CLEW_GATEWAY_ADDRESS`,
  );
  expect(await here.exit).toBe(1);
  await expect.poll(() => waiting.said.err, { timeout: 15_000 }).toMatch(/Waiting for the volume, which process \d+ holds/);
  waiting.child.kill("SIGINT");
  expect(await waiting.exit).toBe(1);
  const launcher = /Clew runs on this volume already. Stop it with `kill -INT (\d+)`/.exec(here.said.err)?.[1];
  process.kill(Number(launcher), "SIGINT");
  expect(await first.exit).toBe(0);
});

test("npm start takes keys from a file, says that clients need one, and knows the playbooks that it is told of only", async () => {
  const config = join(volume, "clew.yaml");
  await writeFile(config, `CLEW_PLAYBOOKS: ${volume}\nCLEW_API_KEYS:\n  - acme:a-key-in-clear-text\n`);
  const services = start({ ...addresses, CLEW_CONFIG: config });
  const url = await gatewayOf(services.said);
  expect(services.said.out).toContain("with one of the keys of CLEW_API_KEYS in CLEW_API_KEY:");
  expect(services.said.out).toContain(`CLEW_URL=${url} npx clew run examples/playbooks/hello.yaml`);
  const playbooks = await fetch(`${url}/v1/playbooks`, { headers: { authorization: "Bearer a-key-in-clear-text" } });
  expect([playbooks.status, await playbooks.text()]).toEqual([200, expect.not.stringContaining("hello")]);
  services.child.kill("SIGINT");
  expect(await services.exit).toBe(0);
});

test("npm start refuses a setting that it does not know, and names the nearest", async () => {
  const services = start({ ...addresses, CLEW_GATEWAY_ADRESS: "127.0.0.1:0" });
  expect(await services.exit).toBe(1);
  expect(services.said.err).toContain("did you mean CLEW_GATEWAY_ADDRESS?");
});

test("the launcher knows its targets", async () => {
  const unknown = command(["scripts/run.mjs", "strat"]);
  expect(await unknown.exit).toBe(2);
  expect(unknown.said.err).toContain("There are: setup, test, demo, start");
});
