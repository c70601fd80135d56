import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes, randomInt } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { hostname, networkInterfaces } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { type Canary, startCanary } from "../../support/canary.ts";
import { type TempFolder, tempFolder } from "../../support/temp-folder.ts";
import { agentAttacks } from "./agent-attacks.ts";
import { promise, tiers } from "./attack.ts";
import { type HostileSystem, hostileSpec, startHostileSystem } from "./hostile-system.ts";
import { bombs } from "./inside/bombs.ts";
import type { Targets } from "./inside/targets.ts";

/** Milliseconds that the runs before the first test may take, on a machine that others load. */
const hookMs = 300_000;

const texts = z.record(z.string(), z.string());

describe.each(tiers)("a program that has taken a sandbox over, in the tier %s", (tier) => {
  const marker = `host-bytes-${randomBytes(12).toString("hex")}`;
  let folder: TempFolder;
  let sharedFile = "";
  let canary: Canary;
  let victim: ChildProcess;
  const unixSockets: Server[] = [];
  let reachedBySocket = 0;
  let system: HostileSystem;
  let targets: Targets;
  let runId = "";
  let got: Readonly<Record<string, string>> = {};
  let told = "";

  beforeAll(async () => {
    folder = await tempFolder();
    canary = await startCanary("everything");
    const file = join(folder.path, "marker.txt");
    sharedFile = `/dev/shm/clew-test-${randomBytes(6).toString("hex")}`;
    await Promise.all([file, sharedFile].map((path) => writeFile(path, marker)));
    const daemonSeconds = `97.${randomInt(1_000_000, 9_999_999)}`;
    victim = spawn("sh", ["-c", "sleep 120", `victim-${daemonSeconds}`], {
      env: { PATH: "/usr/bin:/bin", SECRET: marker },
      detached: true,
    });
    const [socket, abstractSocket] = [join(folder.path, "listens"), `clew-test-${randomBytes(6).toString("hex")}`];
    for (const path of [socket, `\0${abstractSocket}`]) {
      const server = createServer((reached) => {
        reachedBySocket++;
        reached.destroy();
      });
      unixSockets.push(server.listen(path));
    }
    system = await startHostileSystem(tier, folder, marker);
    const own = Object.values(networkInterfaces()).flatMap((entries) => entries ?? []);
    targets = {
      marker,
      file,
      folder: folder.path,
      sharedFile,
      volume: system.volume,
      victim: victim.pid ?? 0,
      port: canary.port,
      ownAddress: own.find(({ family, internal }) => family === "IPv4" && !internal)?.address ?? "127.0.0.1",
      socket,
      abstractSocket,
      orchestratorPort: system.orchestratorPort,
      gatewayPort: system.gatewayPort,
      hostName: hostname(),
      daemonSeconds,
    };
    const other = await system.clew.createRun(hostileSpec(targets, "waits"));
    for await (const event of other.events()) if (event.type === "runStarted") break;
    const run = await system.clew.createRun(hostileSpec(targets));
    runId = run.id;
    for await (const event of run.events()) told += JSON.stringify(event);
    const { outcome } = await run.result();
    got = {
      ...texts.parse(outcome.data?.["got"]),
      // What nobody inside is told.
      "a port of the machine by UDP": canary.heard.includes("udp") ? "heard" : "",
      "a process that stays": leftBehind(daemonSeconds).join(),
    };
    for (const { name } of await run.artifacts()) told += await (await run.artifact(name)).text();
    await other.stop({ graceSeconds: 0 });
    await other.result();
  }, hookMs);
  afterAll(async () => {
    endLeftBehind(targets?.daemonSeconds);
    if (victim.pid !== undefined && victim.exitCode === null && victim.signalCode === null) process.kill(-victim.pid, "SIGKILL");
    for (const server of unixSockets) server.close();
    await system?.[Symbol.asyncDispose]();
    await canary?.[Symbol.asyncDispose]();
    await rm(sharedFile, { force: true });
    await folder?.[Symbol.asyncDispose]();
  });

  const wanted = (does: ReturnType<typeof promise>) =>
    agentAttacks.filter((attack) => promise(attack, tier) === does).map(({ name }) => name);

  it("has tried everything", () => {
    expect(Object.keys(got).sort()).toEqual(agentAttacks.map(({ name }) => name).sort());
  });

  it.each(wanted("stops"))("does not get at %s", (name) => {
    expect(got[name]).toBe("");
  });

  it.runIf(tier === "process").each(wanted("does not stop"))(
    "gets at %s, as the table says: what was tried could have come through",
    (name) => {
      expect(got[name]).not.toBe("");
    },
  );

  it.runIf(tier === "bubblewrap")("has reached nothing, read nothing and left nothing", () => {
    expect(canary.heard).toEqual([]);
    expect(reachedBySocket).toBe(0);
    expect(victim.signalCode).toBe(null);
    expect(existsSync(join(folder.path, "planted"))).toBe(false);
    expect(leftBehind(targets.daemonSeconds)).toEqual([]);
    expect(told).not.toContain(marker);
  });

  it("has no file stored by a name, size or hash that is not its own, and none of the machine's", async () => {
    const stored = readdirSync(join(system.volume, "runs", runId, "artifacts"));
    expect(stored.sort()).toEqual(["egress.json", "honest.txt", "playbook.yaml"]);
  });

  it.each(Object.keys(bombs))("that takes %s without end is ended, and the next run begins", async (does) => {
    const run = await system.clew.createRun(hostileSpec(targets, does));
    const causes: string[] = [];
    for await (const event of run.events()) if (event.type === "sandboxExited") causes.push(event.sandboxExited.cause);
    expect(causes).toEqual([{ processes: "TOO_MANY_PROCESSES", memory: "OUT_OF_MEMORY", disk: "DISK_FULL" }[does]]);
    expect((await run.result()).state).toBe("FAILED");
  });
});

/** Processes that are called by this. */
function leftBehind(seconds: string): readonly number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, "utf8").startsWith(`sleep\0${seconds}\0`);
      } catch {
        return false;
      }
    })
    .map(Number);
}

function endLeftBehind(seconds: string | undefined): void {
  if (seconds !== undefined) for (const pid of leftBehind(seconds)) process.kill(pid, "SIGKILL");
}
