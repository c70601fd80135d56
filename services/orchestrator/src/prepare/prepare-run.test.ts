import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { metadataServices } from "@clew/egress/metadata-services";
import { type DeepPartial, RunSpec } from "@clew/proto/grpc/clew/run/v1/run";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type TempFolder, tempFolder } from "../../../../test/support/temp-folder.ts";
import { type Policy, usualPolicy } from "../access/policy.ts";
import { Uploads } from "../files/uploads.ts";
import { toModels } from "../models/model-settings.ts";
import { RunModels } from "../models/run-models.ts";
import { Catalogue, hashSource } from "../playbooks/catalogue.ts";
import { dryRun } from "../rpc/dry-run.ts";
import { runNotFound } from "../runs/run-not-found.ts";
import { CredentialSets } from "../secrets/credential-sets.ts";
import { BrowserStates } from "../states/browser-states.ts";
import { KeptSessions } from "../states/kept-sessions.ts";
import { caller } from "../supervisor/runs-test-kit.ts";
import { demandPrepared, type PrepareSources, prepareRun } from "./prepare-run.ts";

const cancel = `tags: [cancel, order]
parameters:
  - { name: order_id, type: int }
  - { name: password, secret: true }
steps:
  - { action: goto, params: { url: "https://example.org/{order_id}" } }
`;

describe("a run that is asked for", () => {
  let temp: TempFolder;
  let sources: PrepareSources;
  let policy: Policy;
  beforeEach(async () => {
    temp = await tempFolder();
    policy = usualPolicy;
    const folder = join(temp.path, "playbooks");
    await mkdir(folder);
    await writeFile(join(folder, "cancel-order.yaml"), cancel);
    await writeFile(join(folder, "track-order.yaml"), cancel.replace("cancel", "track"));
    const scripted = `${cancel.replace("tags: [cancel, order]\n", "")}  - { action: evaluate, params: { script: return 1 } }\n`;
    await writeFile(join(folder, "evaluate.yaml"), scripted);
    await writeFile(join(folder, "broken.yaml"), "tags: [cancel order]\nsteps: []\n");
    sources = {
      catalogue: await Catalogue.open(folder),
      uploads: new Uploads({ volumeFolder: temp.path }),
      parents: {
        sessions: new KeptSessions({
          volume: { runFolder: (runId) => join(temp.path, runId) },
          states: await BrowserStates.open(temp.path, undefined),
        }),
        findRun: (runId) => {
          throw runNotFound(runId);
        },
        demandKept: () => {},
      },
      states: await BrowserStates.open(temp.path, undefined),
      credentialSets: new CredentialSets(join(temp.path, "secrets")),
      policyOf: () => policy,
      models: new RunModels(toModels({ CLEW_MODEL_ANTHROPIC_KEY: "key" })),
    };
  });
  afterEach(async () => {
    await temp[Symbol.asyncDispose]();
  });

  const credentials = { password: "x" };
  const create = async (spec: DeepPartial<RunSpec>) => demandPrepared(await prepareRun(RunSpec.fromPartial(spec), "default", sources));
  const directive = (value: string) => ({ work: { $case: "directive" as const, value } });
  const playbook = (value: string) => ({ work: { $case: "playbook" as const, value } });

  it("by a directive runs the playbook it means, with what it says of its parameters; explicit ones win", async () => {
    expect(await create({ ...directive("Please CANCEL order 12345"), credentials })).toMatchObject({
      source: cancel,
      reference: { id: "cancel-order" },
      spec: { params: { order_id: "12345" } },
    });
    const { spec } = await create({ ...directive("Please cancel order 12345"), params: { order_id: 777 }, credentials });
    expect(spec.params).toEqual({ order_id: 777 });
  });

  it("with a video says whether one can be made", async () => {
    const spec = RunSpec.fromPartial({ ...playbook("cancel-order"), params: { order_id: 1 }, credentials, recording: { video: true } });
    const said = async (canRecordVideo: boolean) => {
      const { checks } = await prepareRun(spec, "default", { ...sources, canRecordVideo: async () => canRecordVideo });
      return checks.find(({ name }) => name === "settings");
    };
    expect(await said(true)).toEqual({ name: "settings", passed: true, message: "within their bounds", faults: [] });
    expect(await said(false)).toMatchObject({
      message: expect.stringContaining("spec.recording.video: no video will be made"),
      passed: true,
    });
  });

  it("by a directive that means no playbook is an agent's, where there is a model", async () => {
    await expect(create(directive("Do something"))).rejects.toMatchObject({
      reason: "MODEL_UNAVAILABLE",
      message: expect.stringContaining("name a playbook"),
    });
  });

  it("by a directive that means several says how to choose", async () => {
    await expect(create(directive("Look at the order"))).rejects.toMatchObject({
      reason: "INVALID_REQUEST",
      violations: [{ field: "spec.directive", rule: "ambiguous", message: expect.stringContaining("cancel-order or track-order") }],
    });
  });

  it("that logs in needs what the login form asks for, unless a saved login may do", async () => {
    const playbookSource = "auth: { mode: form_login, login_url: https://shop.example/login }\nsteps: [{ action: extract }]";
    const asked = { work: { $case: "playbookSource" as const, value: playbookSource } };
    await expect(create(asked)).rejects.toMatchObject({
      reason: "INVALID_REQUEST",
      violations: [{ field: "spec.credentials.username" }, { field: "spec.credentials.password" }],
    });
    await create({ ...asked, credentials: { email: "a@shop.example", password: "x" } });
  });

  it("with an address that is known to lead out of the web is refused before it begins", async () => {
    const playbookSource = 'parameters: [{ name: url }]\nsteps: [{ action: goto, params: { url: "{url}" } }]';
    const asked = { work: { $case: "playbookSource" as const, value: playbookSource } };
    await expect(create({ ...asked, params: { url: "javascript:alert(1)" } })).rejects.toMatchObject({
      reason: "INVALID_REQUEST",
      violations: [{ field: "spec.steps[0].params.url", message: expect.stringContaining("must begin with http:// or https://") }],
    });
    await create({ ...asked, params: { url: "https://shop.example/" } });
  });

  it("that is known to lead into a private network is refused before it begins, unless it names the host", async () => {
    const playbookSource = 'parameters: [{ name: url }]\nsteps: [{ action: goto, params: { url: "{url}/orders" } }]';
    const asked = { work: { $case: "playbookSource" as const, value: playbookSource }, params: { url: "http://127.1:4000" } };
    await expect(create(asked)).rejects.toMatchObject({
      reason: "INVALID_REQUEST",
      violations: [{ field: "spec.steps[0].params.url", rule: "private_network", message: expect.stringContaining("allowedPrivateHosts") }],
    });
    await expect(create({ ...asked, params: { url: "https://shop.example" }, startUrl: "http://localhost/" })).rejects.toMatchObject({
      violations: [{ field: "spec.startUrl" }],
    });
    await create({ ...asked, guardrails: { allowedPrivateHosts: ["127.0.0.1:4000"] } });
    await create({ ...asked, guardrails: { allowPrivateNetworks: true } });
  });

  it("that would reach a metadata service, or Clew itself, is refused whatever it says", async () => {
    const work = { $case: "playbookSource" as const, value: "steps: [{ action: extract }]" };
    sources = { ...sources, forbidden: () => [...metadataServices, { network: "127.0.0.0/8", port: 9090, rule: "own_service" }] };
    for (const [more, field, rule] of [
      [{ startUrl: "http://169.254.169.254/latest" }, "startUrl", "metadata_service"],
      [{ startUrl: "http://[::ffff:a9fe:a9fe]/" }, "startUrl", "metadata_service"],
      [{ proxy: "http://127.0.0.1:9090" }, "proxy", "own_service"],
      [
        { guardrails: { allowPrivateNetworks: true, allowedPrivateHosts: ["a.example:1", "127.2:9090"] } },
        "guardrails.allowedPrivateHosts[1]",
        "own_service",
      ],
    ] as const) {
      const asked = create({ work, guardrails: { allowPrivateNetworks: true }, ...more });
      await expect(asked).rejects.toMatchObject({ reason: "POLICY_EXCEEDED", violations: [{ field: `spec.${field}`, rule }] });
    }
  });

  it("by a pin runs that text only", async () => {
    const given = { params: { order_id: 1 }, credentials };
    await create({ ...playbook(`cancel-order@sha256:${hashSource(cancel)}`), ...given });
    const other = hashSource("another");
    await expect(create({ ...playbook(`cancel-order@sha256:${other}`), ...given })).rejects.toMatchObject({
      reason: "PLAYBOOK_INVALID",
      message: expect.stringContaining(`the catalogue's is sha256:${hashSource(cancel)}`),
    });
    await expect(create({ ...playbook("cancel-order@latest"), ...given })).rejects.toMatchObject({ reason: "PLAYBOOK_INVALID" });
  });

  it("is looked at part by part, and all that speaks against it is said", async () => {
    const spec = {
      ...playbook("cancel-order"),
      startUrl: "ftp://example.org",
      outputSchema: { type: "nonsense" },
      checks: [{ name: "paid" }],
      maxSteps: 150,
      timeoutSeconds: 3_000,
    };
    const { valid, checks, warnings, configSummary } = await dryRun({ spec: RunSpec.fromPartial(spec) }, caller, {
      ...sources,
      isolation: "bubblewrap",
    });
    const said = Object.fromEntries(checks.map(({ name, passed, message }) => [name, passed ? "passed" : message]));
    expect(valid).toBe(false);
    expect(said).toMatchObject({
      profile: "passed",
      credentials: "spec.credentials.password is missing: a step types it",
      playbook: "spec.params.order_id is missing",
      guardrails: "passed",
      start_url: "spec.startUrl must be an http or https address",
      output_schema: expect.stringContaining("must be a JSON Schema"),
      checks: expect.stringContaining("must have a condition"),
    });
    expect(warnings).toHaveLength(2);
    expect(configSummary).toMatchObject({ work: "playbook", maxSteps: 150, hasCredentials: false, isolation: "bubblewrap" });
  });

  it("is refused once with all that speaks against it, field by field, whatever found it", async () => {
    policy = { ...usualPolicy, maxSteps: 40, timeoutSeconds: 300 };
    const spec = {
      ...playbook("cancel-order"),
      params: { order_id: "x" },
      startUrl: "http://10.0.0.1/",
      maxSteps: 50,
      timeoutSeconds: 4_000,
      model: "anthropic:none",
      budget: { maxCostUsd: -1 },
      files: [{ name: "a", fileId: "file-none" }],
      forkFrom: "run-none",
    };
    const fields = [
      ["spec.timeoutSeconds", "range"],
      ["spec.budget.maxCostUsd", "range"],
      ["spec.credentials.password", "required"],
      ["spec.params.order_id", "parameter"],
      ["spec.startUrl", "private_network"],
      ["spec.files[0].fileId", "file"],
      ["spec.forkFrom", "run_not_found"],
      ["spec.maxSteps", "policy"],
    ];
    await expect(create(spec)).rejects.toMatchObject({
      reason: "INVALID_REQUEST",
      message: "spec.timeoutSeconds: must be 5 to 3600, not 4000 (and 7 more)",
      violations: fields.map(([field, rule]) => ({ field, rule })),
    });
    await expect(create({ ...spec, ...playbook("no-such") })).rejects.toMatchObject({
      violations: expect.arrayContaining([
        { field: "spec.playbook", rule: "playbook_not_found", message: expect.stringContaining("no-such") },
      ]),
    });
  });

  it("names the files that it is sure to upload and was not given", async () => {
    const source = `
steps:
  - { action: upload, selector: a, params: { files: [a.pdf, b.pdf] } }
  - { action: upload, selector: a, params: { files: [b.pdf, c.pdf] } }
  - { if: { element_visible: a }, then: [{ action: upload, selector: a, params: { files: [maybe.pdf] } }] }
  - { action: execute_sequence, steps: [{ action: upload, selector: a, params: { files: [d.pdf] } }] }
  - { call: sends }`;
    const sends = "steps: [{ action: upload, selector: a, params: { files: [e.pdf] } }]";
    await writeFile(join(temp.path, "playbooks", "sends.yaml"), sends);
    const uploads = new Uploads({ volumeFolder: temp.path });
    const { fileId } = await uploads.store(caller.tenant, "b.pdf", Readable.from([Buffer.from("x")]));
    const asked = { work: { $case: "playbookSource", value: source }, files: [{ name: "b.pdf", fileId }] } as const;
    await expect(create(asked)).rejects.toMatchObject({
      reason: "INVALID_REQUEST",
      violations: ["a.pdf", "c.pdf", "d.pdf", "e.pdf"].map((name) => ({
        field: "spec.files",
        rule: "required",
        message: `must give '${name}': a step uploads it`,
      })),
    });
  });

  it("is told of a playbook that goes beyond the policy also where its parameters do not fit", async () => {
    policy = { ...usualPolicy, evaluate: false };
    const asked = { ...playbook("evaluate"), params: { order_id: "x" }, credentials };
    await expect(create(asked)).rejects.toMatchObject({
      violations: [
        { field: "spec.params.order_id", rule: "parameter" },
        { field: "spec.playbook", rule: "policy" },
      ],
    });
    const { checks } = await dryRun({ spec: RunSpec.fromPartial(asked) }, caller, sources);
    expect(checks.find(({ name }) => name === "playbook")?.message).toMatch(/order_id.*; .*evaluate/);
  });

  it("for one reason alone is refused with that", async () => {
    await expect(create(playbook("no-such"))).rejects.toMatchObject({ reason: "PLAYBOOK_NOT_FOUND" });
    await expect(create({ ...playbook("broken"), credentials })).rejects.toMatchObject({ reason: "PLAYBOOK_INVALID" });
    policy = { ...usualPolicy, maxSteps: 40 };
    const asked = { ...playbook("cancel-order"), params: { order_id: 1 }, credentials, maxSteps: 41 };
    await expect(create(asked)).rejects.toMatchObject({ reason: "POLICY_EXCEEDED" });
    await expect(create({ ...asked, maxSteps: 40, forkFrom: "run-none" })).rejects.toMatchObject({ reason: "RUN_NOT_FOUND" });
  });

  it("is held to the operator's policy, and a dry run says the same; what nobody asked for is kept within it", async () => {
    policy = { ...usualPolicy, maxSteps: 40, timeoutSeconds: 300, recording: [] };
    const fine = { ...playbook("cancel-order"), params: { order_id: 1 }, credentials };
    expect((await create(fine)).spec).toMatchObject({ maxSteps: 40, timeoutSeconds: 300, recording: { trace: false, logs: false } });
    const spec = { ...fine, timeoutSeconds: 301 };
    await expect(create(spec)).rejects.toMatchObject({ reason: "POLICY_EXCEEDED", violations: [{ field: "spec.timeoutSeconds" }] });
    const { valid, checks, configSummary } = await dryRun({ spec: RunSpec.fromPartial(spec) }, caller, sources);
    const { message } = checks.find(({ passed }) => !passed) ?? {};
    expect([valid, message]).toEqual([false, "spec.timeoutSeconds must be at most 300: the operator's policy"]);
    expect(configSummary).toMatchObject({ maxSteps: 40 });
  });

  it("by a credential set is given what the operator keeps under that name; one that is not there is refused by its field", async () => {
    await mkdir(join(temp.path, "secrets", "default"), { recursive: true });
    const file = join(temp.path, "secrets", "default", "shop.yaml");
    await writeFile(file, "password: hunter22", { mode: 0o600 });
    const asked = { ...playbook("cancel-order"), params: { order_id: 1 } };
    const { spec } = await create({ ...asked, credentialSet: "shop" });
    expect([spec.credentialSet, spec.credentials]).toEqual(["shop", {}]);
    const told = await dryRun({ spec: RunSpec.fromPartial({ ...asked, credentialSet: "shop" }) }, caller, sources);
    expect([told.valid, JSON.stringify(told).includes("hunter22")]).toEqual([true, false]);
    for (const credentialSet of ["bank", "../default/shop"])
      await expect(create({ ...asked, credentialSet })).rejects.toMatchObject({ violations: [{ field: "spec.credentialSet" }] });
    await expect(create({ ...asked, credentialSet: "shop", credentials })).rejects.toMatchObject({ reason: "INVALID_REQUEST" });
    await writeFile(file, "user: ada");
    await expect(create({ ...asked, credentialSet: "shop" })).rejects.toMatchObject({
      violations: [{ field: "spec.credentials.password", rule: "required" }],
    });
  });

  it("and may be made passes every check, and holds none of its secrets in what is said", async () => {
    const spec = RunSpec.fromPartial({ ...playbook("cancel-order"), params: { order_id: 1 }, credentials: { password: "hunter22" } });
    const told = await dryRun({ spec }, caller, sources);
    expect([told.valid, told.checks.map(({ passed }) => passed)]).toEqual([true, told.checks.map(() => true)]);
    expect(JSON.stringify(told)).not.toContain("hunter22");
  });
});
