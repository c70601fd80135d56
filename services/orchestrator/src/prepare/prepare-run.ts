import type { ForbiddenAddress } from "@clew/egress/egress-policy";
import { Fault, invalidRequest, type Violation } from "@clew/fault/fault";
import type { InputFile, RunSpec } from "@clew/proto/grpc/clew/run/v1/run";
import { applyPolicy, policyFault } from "../access/apply-policy.ts";
import type { PolicyOf } from "../access/policy.ts";
import type { GivenFile } from "../files/input-files.ts";
import type { Uploads } from "../files/uploads.ts";
import { asksModel } from "../models/asks-model.ts";
import { cassetteInput, type RunModels } from "../models/run-models.ts";
import type { Catalogue } from "../playbooks/catalogue.ts";
import { type FoundWork, findWork } from "../playbooks/find-work.ts";
import {
  demandCredentials,
  demandParameters,
  missingFiles,
  playbooksOf,
  type ResolvedWork,
  resolveWork,
} from "../playbooks/resolve-work.ts";
import { checkSpec } from "../runs/spec.ts";
import type { CredentialSet, CredentialSets } from "../secrets/credential-sets.ts";
import type { BrowserStates } from "../states/browser-states.ts";
import { demandParent, type ParentSources } from "./demand-parent.ts";
import { demandReachable } from "./demand-reachable.ts";
import { gatherFaults } from "./gather-faults.ts";
import { type CheckName, checkNames, checkOf, fieldOf } from "./spec-checks.ts";

/** Where what a spec names is looked for. */
export interface PrepareSources {
  readonly catalogue: Catalogue;
  readonly uploads: Pick<Uploads, "find">;
  readonly states: Pick<BrowserStates, "read">;
  readonly credentialSets: Pick<CredentialSets, "read">;
  readonly policyOf: PolicyOf;
  readonly models: Pick<RunModels, "choose">;
  readonly parents: ParentSources;
  /** Names the addresses that no run reaches. */
  readonly forbidden?: () => readonly ForbiddenAddress[];
  /** Whether sandboxes can make videos; they can unless this says otherwise. */
  readonly canRecordVideo?: () => Promise<boolean>;
}

/** One part of a spec that was looked at. */
export interface RunCheck {
  readonly name: CheckName;
  readonly passed: boolean;
  /** What was found, or all that is wrong. */
  readonly message: string;
  /** Why no run is made of it, besides what is wrong with the spec by itself. */
  readonly faults: readonly Fault[];
}

/** What a run would be made of, and all that speaks against it. */
export interface Preparation {
  readonly checks: readonly RunCheck[];
  /** What is wrong with the spec by itself. */
  readonly violations: readonly Violation[];
  /** What was asked for, with what was not given filled in, within the operator's policy. */
  readonly spec: RunSpec;
  /** Undefined where a check did not pass. */
  readonly work: ResolvedWork | undefined;
}

/** Looks at every part of a spec; starts and stores nothing. CreateRun makes a run only of what passes here, and DryRun tells all of it. */
export async function prepareRun(asked: RunSpec | undefined, tenant: string, sources: PrepareSources): Promise<Preparation> {
  const { spec, violations } = checkSpec(asked);
  const unfit = (name: CheckName) => violations.filter((violation) => checkOf(violation) === name);
  let work: FoundWork | undefined;
  const gathered: Gathered = { inputs: [], model: undefined };
  // What the playbook types decides which credentials are wanted: it is looked for first, and told in its turn.
  const found = await lookFor(unfit("playbook"), undefined, async () => {
    work = await findWork(spec, sources.catalogue);
    demandParameters(work);
    return describe(work);
  });
  const playbooks = work === undefined ? [] : playbooksOf(work);
  const policed = applyPolicy({ asked: asked ?? spec, spec, playbooks }, sources.policyOf(tenant));
  const looks = looksAt(policed.spec, tenant, sources, gathered);
  const checks: RunCheck[] = [];
  for (const name of checkNames) {
    const wrong = unfit(name);
    const isTold = (field: string) => wrong.some((violation) => violation.field === field);
    const beyond = policyFault(policed.violations.filter((violation) => checkOf(violation) === name && !isTold(violation.field)));
    const look = () => (name === "playbook" ? found.message : looks[name](work));
    const isUnfound = name === "playbook" && !found.passed;
    checks.push({ name, ...(isUnfound ? withBeyond(found, beyond) : await lookFor(wrong, beyond, look)) });
  }
  const isFit = checks.every(({ passed }) => passed);
  const prepared = { ...policed.spec, model: gathered.model ?? policed.spec.model };
  return {
    checks,
    violations,
    spec: prepared,
    work: isFit && work !== undefined ? resolveWork(work, prepared, gathered.inputs) : undefined,
  };
}

/** Answers what a run is made of. @throws Fault with all that does not pass, `more` first: see gather-faults.ts. */
export function demandPrepared({ checks, violations, spec, work }: Preparation, more: readonly Violation[] = []): ResolvedWork {
  const [first, ...others] = [...violations, ...more];
  const unfit = first === undefined ? [] : [{ fault: invalidRequest([first, ...others]), field: "spec" }];
  const found = checks.flatMap(({ name, faults }) => faults.map((fault) => ({ fault, field: `spec.${fieldOf(name, spec)}` })));
  const fault = gatherFaults([...unfit, ...found]);
  if (fault !== undefined) throw fault;
  if (work === undefined) throw new Fault("INTERNAL");
  return work;
}

/** What is found while the parts of a spec are looked at. */
interface Gathered {
  readonly inputs: GivenFile[];
  /** The run's, which may be the operator's or its cassette's. */
  model: string | undefined;
}

type Look = (work: FoundWork | undefined) => Promise<string> | string;

/** What else is looked at of each part, once it is fit by itself. Answers what was found. */
function looksAt(spec: RunSpec, tenant: string, sources: PrepareSources, gathered: Gathered): Record<CheckName, Look> {
  const { uploads, states, credentialSets } = sources;
  const { guardrails, startUrl, outputSchema, checks, files, browserState } = spec;
  return {
    profile: () => "the usual one",
    credentials: async (work) => {
      const set = await findSet(spec, tenant, credentialSets);
      const names = Object.keys(set?.values ?? spec.credentials);
      if (work !== undefined) demandCredentials(work, names, spec);
      if (names.length === 0) return "none: an anonymous run";
      return `${set === undefined ? "given" : "of the operator's set"}: ${names.join(", ")}`;
    },
    playbook: () => "",
    guardrails: (work) => {
      demandReachable({ spec, work, forbidden: sources.forbidden?.() });
      return guardrails === undefined ? "the usual ones" : "given";
    },
    model: async (work) => {
      const cassette = await findCassette(spec, tenant, uploads);
      if (cassette !== undefined) gathered.inputs.push(cassetteInput(cassette));
      const chosen = await sources.models.choose(spec, cassette?.path);
      gathered.model = chosen?.model;
      if (chosen === undefined && work !== undefined) demandNoModel(work);
      return chosen === undefined ? "none is set up" : cassette === undefined ? chosen.model : `${chosen.model}, as its cassette answers`;
    },
    start_url: () => (startUrl === undefined ? "the playbook's own" : "an http or https address"),
    output_schema: () => (outputSchema === undefined ? "none" : "a JSON Schema"),
    checks: () => (checks.length === 0 ? "none" : `${checks.length} on the final page`),
    files: async (work) => {
      const given = files.map(({ name }) => name);
      const missing = work === undefined ? [] : missingFiles(work, given);
      gathered.inputs.push(...(await findInputs(files, missing, tenant, uploads)));
      return files.length === 0 ? "none" : `all there: ${files.map(({ name }) => name).join(", ")}`;
    },
    browser_state: async () => {
      if (browserState === undefined) return "none";
      return (await states.read(tenant, browserState)) === undefined ? "none is saved under this name yet" : "one is saved";
    },
    lineage: () => demandParent(spec, tenant, sources.parents),
    settings: async () => {
      if (spec.recording?.video !== true || (await sources.canRecordVideo?.()) !== false) return "within their bounds";
      return `within their bounds, but spec.recording.video: ${noVideo}`;
    },
  };
}

const noVideo =
  "no video will be made, since there is no ffmpeg on the machine of the sandboxes: apt-get install ffmpeg, or npx playwright install ffmpeg";

/** Reads the credential set a spec names. @throws Fault INVALID_REQUEST where the tenant has none of this name, CREDENTIALS_UNREADABLE. */
async function findSet(
  { credentialSet }: RunSpec,
  tenant: string,
  sets: PrepareSources["credentialSets"],
): Promise<CredentialSet | undefined> {
  if (credentialSet === undefined) return undefined;
  const set = await sets.read(tenant, credentialSet);
  const message = "is no credential set that the operator keeps for you";
  if (set === undefined) throw invalidRequest([{ field: "spec.credentialSet", rule: "unknown", message }]);
  return set;
}

/** Finds the cassette a spec names. @throws Fault INVALID_REQUEST where the tenant has no such file. */
async function findCassette(
  { cassette }: RunSpec,
  tenant: string,
  uploads: PrepareSources["uploads"],
): Promise<Omit<GivenFile, "name"> | undefined> {
  if (cassette === undefined) return undefined;
  return await uploads.find(tenant, cassette).catch((error: unknown) => {
    if (Fault.from(error).reason !== "FILE_NOT_FOUND") throw error;
    throw invalidRequest([{ field: "spec.cassette", rule: "file", message: noSuchFile }]);
  });
}

const noSuchFile = "is no file of yours, or its time is over; upload it again: POST /v1/files";

/** @throws Fault INVALID_REQUEST naming every file that the tenant does not have, after those that are missing. */
async function findInputs(
  files: readonly InputFile[],
  missing: readonly Violation[],
  tenant: string,
  uploads: PrepareSources["uploads"],
): Promise<GivenFile[]> {
  const violations = [...missing];
  const found = await Promise.all(
    files.map(async ({ name, fileId }, index) => {
      const upload = await uploads.find(tenant, fileId).catch((error: unknown) => {
        if (Fault.from(error).reason !== "FILE_NOT_FOUND") throw error;
        violations.push({ field: `spec.files[${index}].fileId`, rule: "file", message: noSuchFile });
      });
      return upload === undefined ? [] : [{ name, path: upload.path, sizeBytes: upload.sizeBytes }];
    }),
  );
  const [first, ...others] = violations;
  if (first !== undefined) throw invalidRequest([first, ...others]);
  return found.flat();
}

function describe({ playbook, called }: FoundWork): string {
  if (playbook === undefined) return "none: an agent does what the directive says";
  const steps = `${playbook.steps.length} ${playbook.steps.length === 1 ? "step" : "steps"}`;
  const calls = called.size === 0 ? "" : `; calls ${[...called.keys()].join(", ")}`;
  return `${playbook.id} is valid (${steps}), and its parameters fit${calls}`;
}

/** @throws Fault MODEL_UNAVAILABLE where work cannot come to its end without a model. */
function demandNoModel(work: FoundWork): void {
  const none = "The directive means no playbook of the catalogue (GET /v1/playbooks), and no model is set up for an agent; name a playbook";
  if (work.playbook === undefined) throw new Fault("MODEL_UNAVAILABLE", { message: `${none}, or set CLEW_MODEL.` });
  if (playbooksOf(work).some(asksModel)) throw new Fault("MODEL_UNAVAILABLE", { message: "A step asks a model, and none is set up." });
}

/** Looks at a part that nothing speaks against yet: neither by itself, nor by the policy. */
async function lookFor(
  wrong: readonly Violation[],
  beyond: Fault | undefined,
  look: () => Promise<string> | string,
): Promise<Omit<RunCheck, "name">> {
  const violations = [...wrong, ...(beyond?.violations ?? [])];
  if (violations.length > 0)
    return { passed: false, message: describeViolations(violations), faults: beyond === undefined ? [] : [beyond] };
  try {
    return { passed: true, message: await look(), faults: [] };
  } catch (error) {
    const fault = Fault.from(error);
    if (fault.reason === "INTERNAL") throw error;
    return { passed: false, message: describeViolations(fault.violations) || fault.message, faults: [fault] };
  }
}

/** What was found, and what the policy says besides. */
function withBeyond(found: Omit<RunCheck, "name">, beyond: Fault | undefined): Omit<RunCheck, "name"> {
  if (beyond === undefined) return found;
  return { ...found, message: `${found.message}; ${describeViolations(beyond.violations)}`, faults: [...found.faults, beyond] };
}

function describeViolations(violations: readonly Violation[]): string {
  return violations.map(({ field, rule, message }) => (rule === "playbook" ? message : `${field} ${message}`)).join("; ");
}
