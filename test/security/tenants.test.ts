import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClew } from "@clew/client";
import { Fault } from "@clew/fault/fault";
import { connectGrpc } from "@clew/grpc/client";
import { type ReadArtifactResponse, RunService } from "@clew/proto/connect/clew/run/v1/run_service_pb";
import { RunServiceService } from "@clew/proto/grpc/clew/run/v1/run_service";
import { createClient, type Transport } from "@connectrpc/connect";
import { createConnectTransport, createGrpcWebTransport } from "@connectrpc/connect-web";
import { Metadata } from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { doors } from "../support/doors.ts";
import { Refusal, refusalOfConnect, refusalOfResponse } from "../support/refusal.ts";
import { type System, startSystem } from "../support/system.ts";
import type { Door, Doorway, JsonFields, MethodName } from "../support/told.ts";

const keys = { owner: "a-key-of-acme", stranger: "a-key-of-beta", leaver: "a-key-that-ends" };
const settings = (names: readonly (keyof typeof keys)[]) =>
  `CLEW_API_KEYS: [${names.map((name) => `${name === "stranger" ? "beta" : "acme"}:${keys[name]}`).join(", ")}]
CLEW_POLICY: { tenants: { acme: { allowPrivateNetworks: true } } }\n`;

let system: System;
let folder: string;
/** What is acme's: a run, a playbook, a file. */
let own: { readonly run: string; readonly playbook: string; readonly fileId: string };
/** What nobody has. */
const unknown = { run: `run-${"0".repeat(32)}`, playbook: "acme-sekret", fileId: `file-${"0".repeat(32)}` };

const as = (name: keyof typeof keys): Doorway => ({ url: system.url, orchestratorAddress: system.orchestratorAddress, key: keys[name] });

/** Another file takes the place of the one there is, all at once. */
async function configure(names: readonly (keyof typeof keys)[]): Promise<void> {
  await writeFile(join(folder, "next.yaml"), settings(names));
  await rename(join(folder, "next.yaml"), join(folder, "clew.yaml"));
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "clew-tenants-"));
  await mkdir(join(folder, "playbooks", "tenants", "acme"), { recursive: true });
  await writeFile(join(folder, "playbooks", "shared.yaml"), "steps: [{ action: extract }]\n");
  await writeFile(join(folder, "playbooks", "tenants", "acme", "acme-secret.yaml"), "steps: [{ action: extract }]\n");
  await configure(["owner", "stranger", "leaver"]);
  system = await startSystem({ CLEW_CONFIG: join(folder, "clew.yaml"), CLEW_PLAYBOOKS: join(folder, "playbooks") });
  const clew = createClew({ url: system.url, key: keys.owner });
  const run = await clew.createRun({ playbook: "acme-secret" }, { requestId: "one" });
  await run.stop({ graceSeconds: 0 });
  await run.result();
  const upload = await fetch(`${system.url}/v1/files?name=a.csv`, {
    method: "POST",
    headers: { authorization: `Bearer ${keys.owner}`, "content-type": "application/octet-stream" },
    body: "1,2",
  });
  const { fileId }: { fileId: string } = await upload.json();
  own = { run: run.id, playbook: "acme-secret", fileId };
}, 120_000);
afterAll(async () => {
  await system?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
}, 120_000);

type Owned = typeof unknown;
type Ask = (of: Owned) => JsonFields;
const ofRun: Ask = ({ run: runId }) => ({ runId });
const source = ({ playbook }: Owned) => `steps:\n  - { action: call, call: ${playbook} }\n`;

/** How each call could ask for what is another tenant's. `follow` and `download` are streams; a call that names nothing lists only its own. */
const asks = {
  createRun: [
    ({ playbook }: Owned) => ({ spec: { playbook } }),
    ({ fileId }: Owned) => ({ spec: { playbook: "shared", files: [{ name: "a.csv", fileId }] } }),
    (of: Owned) => ({ spec: { playbookSource: source(of) } }),
  ],
  dryRun: [
    ({ playbook }: Owned) => ({ spec: { playbook } }),
    ({ fileId }: Owned) => ({ spec: { playbook: "shared", files: [{ name: "a.csv", fileId }] } }),
  ],
  getRun: [ofRun],
  deleteRun: [ofRun],
  readEvents: [ofRun],
  streamRunEvents: "follow",
  stopRun: [ofRun],
  releaseRun: [ofRun],
  sendInput: [(of: Owned) => ({ ...ofRun(of), inputId: "input-1", decision: "approve" })],
  listArtifacts: [ofRun],
  readArtifact: "download",
  createTicket: [({ run }: Owned) => ({ runs: [run] })],
  getPlaybook: [({ playbook: playbookId }: Owned) => ({ playbookId })],
  validatePlaybook: [(of: Owned) => ({ source: source(of) })],
  listRuns: "list",
  listPlaybooks: "list",
  uploadFile: "nothing",
} as const satisfies Record<keyof typeof RunService.method, readonly Ask[] | "follow" | "download" | "list" | "nothing">;

/** What comes of a call, with names taken out: so that what is another's can be compared with what is nobody's. */
async function outcome(of: Owned, work: () => Promise<unknown>): Promise<string> {
  const told = await work().catch((thrown: unknown) => {
    if (!(thrown instanceof Refusal)) throw thrown;
    const { code, reason, message, details, fields } = thrown;
    return { code, reason, message, details, fields };
  });
  const plain = Object.entries(of).reduce((text, [name, value]) => text.replaceAll(value, name), JSON.stringify(told));
  return plain.replaceAll(/[0-9a-f]{64}/g, "sha256");
}

async function followOnce(door: Door, at: Doorway, runId: string): Promise<readonly string[]> {
  const told: string[] = [];
  for await (const one of door.follow(at, { runId, signal: AbortSignal.timeout(30_000) })) told.push(one.kind);
  return told;
}

const webTransports: Readonly<Record<string, (options: { baseUrl: string }) => Transport>> = {
  connect: createConnectTransport,
  "grpc-web": createGrpcWebTransport,
};

/** Takes a file of a run at a door, as text. */
async function download(door: Door, at: Doorway, runId: string): Promise<string> {
  const headers = { authorization: `Bearer ${at.key}` };
  if (door.name === "grpc") return await downloadByGrpc(at, runId);
  const transport = webTransports[door.name];
  if (transport === undefined) {
    const response = await fetch(`${at.url}/v1/runs/${runId}/artifacts/playbook.yaml`, { headers });
    if (!response.ok) throw await refusalOfResponse(response);
    return await response.text();
  }
  const client = createClient(RunService, transport({ baseUrl: at.url }));
  try {
    return await textOf(client.readArtifact({ runId, name: "playbook.yaml" }, { headers }));
  } catch (thrown) {
    throw refusalOfConnect(thrown);
  }
}

async function downloadByGrpc({ orchestratorAddress, key = "" }: Doorway, runId: string): Promise<string> {
  using client = connectGrpc(RunServiceService, orchestratorAddress);
  const metadata = new Metadata();
  metadata.set("authorization", `Bearer ${key}`);
  try {
    let text = "";
    for await (const { part } of client.readArtifact({ runId, name: "playbook.yaml", offset: 0, length: 0 }, { metadata }))
      if (part?.$case === "chunk") text += Buffer.from(part.value).toString();
    return text;
  } catch (thrown) {
    const { code, reason, message, details } = Fault.from(thrown);
    throw new Refusal(code, reason, message, details, []);
  }
}

async function textOf(parts: AsyncIterable<ReadArtifactResponse>): Promise<string> {
  let text = "";
  for await (const { part } of parts) if (part.case === "chunk") text += Buffer.from(part.value).toString();
  return text;
}

function isCall(name: string): name is MethodName {
  return Array.isArray(asks[name as keyof typeof asks]);
}

describe.each(doors.map((door) => ({ door, name: door.name })))("at the $name door", ({ door }) => {
  it("what is another tenant's is as if it were not there, for every call", async () => {
    for (const [method, list] of Object.entries(asks)) {
      if (!isCall(method) || typeof list === "string" || door.call === undefined) continue;
      const { call } = door;
      for (const ask of list) {
        const [foreign, nobodys] = await Promise.all([own, unknown].map((of) => outcome(of, () => call(as("stranger"), method, ask(of)))));
        expect([method, foreign]).toEqual([method, nobodys]);
        expect(foreign).not.toContain("acme");
      }
    }
  });

  it("another tenant's events and files are not there either", async () => {
    const follow = (of: Owned) => outcome(of, () => followOnce(door, as("stranger"), of.run));
    expect(await follow(own)).toBe(await follow(unknown));
    expect(await follow(own)).toContain("RUN_NOT_FOUND");
    const take = (of: Owned) => outcome(of, () => download(door, as("stranger"), of.run));
    expect(await take(own)).toBe(await take(unknown));
    expect(await download(door, as("owner"), own.run)).toContain("extract");
  });

  it("lists tell of nothing that is another tenant's", async () => {
    if (door.call === undefined) return;
    for (const method of ["listRuns", "listPlaybooks"] as const) {
      const [mine, others] = await Promise.all([door.call(as("owner"), method, {}), door.call(as("stranger"), method, {})]);
      const names = [own.run, own.playbook];
      expect([method, names.some((name) => JSON.stringify(mine).includes(name))]).toEqual([method, true]);
      expect([method, names.some((name) => JSON.stringify(others).includes(name))]).toEqual([method, false]);
    }
  });
});

it("a request id is its tenant's: another's makes another run, and says nothing of the first", async () => {
  const again = await createClew({ url: system.url, key: keys.stranger }).createRun({ playbook: "shared" }, { requestId: "one" });
  expect(again.id).not.toBe(own.run);
  await again.stop({ graceSeconds: 0 });
});

it("private networks are closed to a tenant to whom nobody opened them, at a dry run too, which says the way out", async () => {
  const spec = system.spec("steps: [{ action: extract }]");
  const call = doors.find(({ name }) => name === "rest")?.call;
  const check = async (name: keyof typeof keys) => {
    const dry = (await call?.(as(name), "dryRun", { spec: { ...spec } })) ?? {};
    return JSON.stringify(dry["checks"]);
  };
  expect(await check("owner")).not.toContain('"passed":false');
  expect(await check("stranger")).toMatch(/spec\.guardrails\.allowedPrivateHosts\[0\] must be left out.*CLEW_POLICY opens by privateHosts/);
  await expect(createClew({ url: system.url, key: keys.stranger }).createRun(spec)).rejects.toMatchObject({
    reason: "POLICY_EXCEEDED",
    violations: [{ field: "guardrails.allowedPrivateHosts[0]" }],
  });
});

it("a key that is taken out of the file ends, with its streams and its tickets, without a restart; others go on", async () => {
  const clew = createClew({ url: system.url, key: keys.owner });
  const run = await clew.createRun(system.spec("steps: [{ action: wait_for, selector: '#never', params: { timeout_ms: 60000 } }]"));
  const follow = (door: Door, at: Doorway) =>
    followOnce(door, at, run.id).then(
      (told) => told.at(-1),
      (thrown: unknown) => (thrown instanceof Refusal ? thrown.reason : String(thrown)),
    );
  const { ticket } = (await doors.find(({ name }) => name === "rest")?.call?.(as("leaver"), "createTicket", { runs: [run.id] })) ?? {};
  const streaming = doors.filter(({ name }) => name !== "rest");
  const ended = streaming.flatMap((door) => [follow(door, as("leaver")), follow(door, { ...as("leaver"), key: String(ticket) })]);
  const staying = follow(doors[1] ?? doors[0]!, as("owner"));
  // All of them are open.
  for await (const event of run.events()) if (event.type === "runStarted") break;
  await configure(["owner", "stranger"]);
  const told = await Promise.all(ended);
  expect(told.map((word) => /KEY_INVALID|TICKET_INVALID|later/.exec(word ?? "")?.[0])).not.toContain(undefined);
  expect((await fetch(`${system.url}/v1/runs`, { headers: { authorization: `Bearer ${keys.leaver}` } })).status).toBe(401);
  await run.stop({ graceSeconds: 0 });
  expect(await staying).toBe("end");
}, 90_000);
