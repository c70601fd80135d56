import { spawnSync } from "node:child_process";
import { cpSync, globSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const biome = join(root, "node_modules/.bin/biome");

const imports = "lint/style/noRestrictedImports";
const undeclared = "lint/correctness/noUndeclaredDependencies";
const environment = "lint/style/noProcessEnv";
const globals = "lint/style/noRestrictedGlobals";
const clock = "lint/nursery/noJsRestrictedProperties";
const cycles = "lint/suspicious/noImportCycles";
const rules = [imports, undeclared, environment, globals, clock, cycles];

/** A file, what it says, and the rule it must break; undefined where it must break none. */
type Case = readonly [file: string, source: string, broken: string | undefined];

const pure = [
  "packages/fault/src",
  "packages/playbook/src",
  "packages/egress/src",
  "packages/journal-format/src",
  "services/orchestrator/src/runs",
  "services/orchestrator/src/queue",
  "services/sandbox-agent/src/guardrails",
];

const cases: readonly Case[] = [
  // Services never import services, by name or by path.
  ["services/gateway/src/a.ts", 'import "@clew/orchestrator/run";', imports],
  ["services/gateway/src/b.ts", 'import "../../orchestrator/src/run.ts";', imports],
  ["services/orchestrator/src/a.ts", 'import "@clew/sandbox-agent/work";', imports],
  ["services/sandbox-agent/src/a.ts", 'import "@clew/gateway/hub";', imports],
  ["services/orchestrator/src/b.ts", 'import "@clew/warden/main";', imports],
  // Packages never import services.
  ["packages/client/src/a.ts", 'import "@clew/gateway/gateway";', imports],
  ["packages/warden/src/a.ts", 'import "@clew/orchestrator/run";', imports],
  // Every process has one dialect.
  ["services/gateway/src/c.ts", 'import "@clew/proto/grpc/clew/run/v1/run";', imports],
  ["services/orchestrator/src/c.ts", 'import "@clew/proto/connect/clew/run/v1/run_pb";', imports],
  ["packages/client/src/b.ts", 'import "@clew/proto/grpc/clew/run/v1/run";', imports],
  ["services/gateway/src/d.ts", 'import "@clew/grpc/client";', imports],
  // What each package may import, and no more.
  ["packages/fault/src/a.ts", 'import "@clew/streams/delay";', imports],
  ["packages/streams/src/a.ts", 'import "@clew/fault/fault";', imports],
  ["packages/process/src/a.ts", 'import "@clew/fault/fault";', imports],
  ["packages/playbook/src/a.ts", 'import "@clew/fault/fault";', imports],
  ["packages/egress/src/a.ts", 'import "@clew/playbook/guardrail-settings";', imports],
  ["packages/journal-format/src/a.ts", 'import "@clew/streams/delay";', imports],
  ["packages/grpc/src/a.ts", 'import "@clew/process/logger";', imports],
  ["packages/outbox/src/a.ts", 'import "@clew/process/logger";', imports],
  ["packages/cli/src/a.ts", 'import "@clew/fault/fault";', imports],
  ["packages/cli/src/b.ts", 'import "@clew/recorder/record-playbook";', imports],
  ["packages/recorder/src/a.ts", 'import "@clew/sandbox-agent/actions/to-locator";', imports],
  ["packages/warden/src/b.ts", 'import "@clew/playbook/parse-playbook";', imports],
  ["examples/back-office/src/a.ts", 'import "@clew/client/clew";', imports],
  ["services/gateway/src/j.ts", 'import "@clew/journal-format/record";', imports],
  ["packages/client/src/c.ts", 'import "../../fault/src/fault.ts";', imports],
  ["services/gateway/src/e.ts", 'import "../../../proto/gen/connect/clew/run/v1/run_pb.ts";', imports],
  // Only what a workspace declares.
  ["services/gateway/src/f.ts", 'import "lodash";', undeclared],
  ["packages/streams/src/b.ts", 'import "pino";', undeclared],
  // Pure code.
  ...pure.flatMap((folder, index): Case[] => [
    [`${folder}/files-${index}.ts`, 'import "node:fs";', imports],
    [`${folder}/net-${index}.ts`, 'import "node:net";', imports],
    [`${folder}/http-${index}.ts`, 'import "node:http";', imports],
    [`${folder}/process-${index}.ts`, 'import "node:child_process";', imports],
    [`${folder}/timers-${index}.ts`, 'import "node:timers/promises";', imports],
    [`${folder}/timer-${index}.ts`, "setTimeout(() => {}, 1);", globals],
    [`${folder}/clock-${index}.ts`, "export const now = Date.now();", clock],
    [`${folder}/random-${index}.ts`, "export const random = Math.random();", clock],
  ]),
  ["services/orchestrator/src/runs/transport.ts", 'import "@clew/grpc/server";', imports],
  ["services/orchestrator/src/runs/edge.ts", 'import "../rpc/create-run.ts";', imports],
  ["services/gateway/src/sse/encode.ts", 'import "node:http";', imports],
  ["services/gateway/src/rest/transcode.ts", 'import "fastify";', imports],
  // The hub knows no door.
  ["services/gateway/src/hub/door.ts", 'import "../http/door.ts";', imports],
  ["services/gateway/src/hub/upstream.ts", 'import "../upstream/upstream.ts";', imports],
  ["services/gateway/src/hub/http.ts", 'import "node:http2";', imports],
  ["services/gateway/src/hub/fastify.ts", 'import "fastify";', imports],
  ["services/gateway/src/hub/grpc.ts", 'import "@clew/proto/grpc/clew/run/v1/run";', imports],
  // The environment is read in one place.
  ["services/gateway/src/g.ts", "export const { env } = process; export const volume = process.env.CLEW_VOLUME;", environment],
  ["packages/outbox/src/b.ts", "export const volume = process.env.CLEW_VOLUME;", environment],
  // No circles.
  ["services/gateway/src/h.ts", 'import { i } from "./i.ts"; export const h = () => i;', cycles],
  ["services/gateway/src/i.ts", 'import { h } from "./h.ts"; export const i = () => h;', cycles],

  [
    "services/gateway/src/ok.ts",
    'import "@clew/proto/connect/clew/run/v1/run_pb"; import "@clew/fault/fault"; import "node:http";',
    undefined,
  ],
  [
    "services/gateway/src/hub/ok.ts",
    'import "@clew/proto/connect/clew/run/v1/run_pb"; import "node:buffer"; import "./wire.ts";',
    undefined,
  ],
  ["services/orchestrator/src/ok.ts", 'import "@clew/proto/grpc/clew/run/v1/run"; import "@clew/playbook/parse-playbook";', undefined],
  ["packages/journal-format/src/ok.ts", 'import "node:crypto"; import "@clew/fault/fault";', undefined],
  ["services/sandbox-agent/src/ok.ts", 'import "@clew/outbox/outbox"; import "@clew/grpc/server";', undefined],
  ["services/orchestrator/src/config.ts", "export const volume = process.env.CLEW_VOLUME;", undefined],
  ["services/orchestrator/src/runs/ok.ts", 'import "node:crypto"; import "@clew/fault/fault"; export const day = new Date(0);', undefined],
  ["services/orchestrator/src/runs/ok.test.ts", 'import "vitest"; import "node:fs"; setTimeout(() => {}, 1);', undefined],
  ["services/sandbox-agent/src/guardrails/check-ok.ts", 'import "node:dns/promises";', undefined],
  ["packages/process/src/ok.ts", "export const volume = process.env.CLEW_VOLUME;", undefined],
  ["packages/cli/src/ok.ts", 'import "@clew/client"; import "@clew/client/clew"; import "@clew/journal-format/record";', undefined],
  ["test/flow/ok.ts", 'import "@clew/orchestrator/orchestrator"; import "../../services/gateway/src/gateway.ts";', undefined],
];

/** Lints a folder; answers which of our rules each file breaks. */
function lint(folder: string): Map<string, string[]> {
  const { stdout, stderr } = spawnSync(biome, ["lint", "--reporter=json", "--max-diagnostics=none", "."], {
    cwd: folder,
    encoding: "utf8",
  });
  const broken = new Map<string, string[]>();
  const start = stdout.indexOf("{");
  if (start < 0) throw new Error(`Biome gave no report: ${stderr}`);
  const report: { diagnostics: { category: string; location: { path: string | { file: string } } }[] } = JSON.parse(stdout.slice(start));
  for (const { category, location } of report.diagnostics) {
    const path = typeof location.path === "string" ? location.path : location.path.file;
    if (rules.includes(category)) broken.set(path, [...(broken.get(path) ?? []), category]);
  }
  return broken;
}

describe("the import rules", () => {
  let folder: string;
  let broken: Map<string, string[]>;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "clew-import-rules-"));
    const settings = ["biome.json", ".gitignore", ...globSync("{.,proto,packages/*,services/*,examples/*}/package.json", { cwd: root })];
    for (const file of settings) cpSync(join(root, file), join(folder, file));
    for (const [file, source] of cases) {
      mkdirSync(dirname(join(folder, file)), { recursive: true });
      writeFileSync(join(folder, file), `${source}\n`);
    }
    broken = lint(folder);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test.each(cases)("%s: %s breaks %s", (file, _source, rule) => {
    if (rule === undefined) expect(broken.get(file) ?? []).toEqual([]);
    else expect(broken.get(file) ?? []).toContain(rule);
  });

  test("hold in the whole tree", () => {
    expect(Object.fromEntries(lint(root))).toEqual({});
  });
});
