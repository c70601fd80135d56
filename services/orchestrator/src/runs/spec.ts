import type { Violation } from "@clew/fault/fault";
import { isFlatName } from "@clew/outbox/flat-name";
import { guardrailProblems } from "@clew/playbook/guardrail-settings";
import { isProfileName, profileNames } from "@clew/playbook/profile-names";
import { type Check, type InputFile, RunSpec } from "@clew/proto/grpc/clew/run/v1/run";
import { limits } from "./limits.ts";
import { parentOf } from "./lineage.ts";
import { outputSchemaProblem } from "./output-schema.ts";
import { proxyProblem } from "./proxy-problem.ts";

/** What checking a RunSpec came to. */
export interface CheckedSpec {
  /** The spec with defaults filled in. Still holds its secrets. */
  readonly spec: RunSpec;
  /** All that is wrong with it. */
  readonly violations: readonly Violation[];
}

interface Range {
  readonly min: number;
  readonly max: number;
}

/** Checks every field of a RunSpec and fills in what was not given. Values are never echoed, but for numbers that are out of their bounds. */
export function checkSpec(given: RunSpec | undefined): CheckedSpec {
  const violations: Violation[] = [];
  const wrong = (field: string, rule: string, message: string) => violations.push({ field: `spec.${field}`, rule, message });
  const range = (field: string, value: number | undefined, { min, max }: Range) => {
    if (value !== undefined && (value < min || value > max)) wrong(field, "range", `must be ${min} to ${max}, not ${value}`);
  };
  const length = (field: string, value: string | undefined, most: number) => {
    if (value !== undefined && value.length > most) wrong(field, "max_length", `must have at most ${most} characters`);
  };

  const asked = given ?? RunSpec.fromPartial({});
  const { work } = asked;
  if (work === undefined) wrong("playbook", "required", "is required: give playbook, playbookSource or directive");
  if (work?.$case === "directive") {
    length("directive", work.value, limits.directiveChars);
    if (work.value.trim() === "") wrong("directive", "required", "must not be empty");
  }
  if (work?.$case === "playbookSource" && Buffer.byteLength(work.value) > limits.playbookSourceBytes) {
    wrong("playbookSource", "max_bytes", `must have at most ${limits.playbookSourceBytes} bytes`);
  }
  sized("params", asked.params, limits.paramsBytes, wrong);
  sized("outputSchema", asked.outputSchema, limits.outputSchemaBytes, wrong);
  const schemaProblem = asked.outputSchema && outputSchemaProblem(asked.outputSchema);
  if (schemaProblem !== undefined) wrong("outputSchema", "json_schema", schemaProblem);
  checkChecks(asked.checks, wrong);
  range("maxSteps", asked.maxSteps, limits.maxSteps);
  range("timeoutSeconds", asked.timeoutSeconds, limits.timeoutSeconds);
  range("queueTimeoutSeconds", asked.queueTimeoutSeconds, limits.queueTimeoutSeconds);
  range("waitForPersonSeconds", asked.waitForPersonSeconds, limits.waitForPersonSeconds);
  range("priority", asked.priority, limits.priority);
  range("retry.maxAttempts", asked.retry?.maxAttempts, limits.retryAttempts);
  range("retry.backoffSeconds", asked.retry?.backoffSeconds, limits.retryBackoffSeconds);
  length("model", asked.model, limits.nameChars);
  if (asked.profile !== undefined && !isProfileName(asked.profile)) wrong("profile", "enum", `must be one of ${profileNames.join(", ")}`);
  if (asked.budget?.maxCostUsd !== undefined && !(asked.budget.maxCostUsd >= 0)) wrong("budget.maxCostUsd", "range", "must be 0 or more");
  range("viewport.width", asked.viewport?.width, limits.viewportWidth);
  range("viewport.height", asked.viewport?.height, limits.viewportHeight);
  if (asked.startUrl !== undefined) {
    length("startUrl", asked.startUrl, limits.urlChars);
    if (!isWebUrl(asked.startUrl)) wrong("startUrl", "url", "must be an http or https address");
  }
  const credentials = Object.entries(asked.credentials);
  if (credentials.length > limits.credentials) wrong("credentials", "max_items", `must have at most ${limits.credentials} entries`);
  for (const [name, value] of credentials) {
    if (value === "") wrong(`credentials.${name}`, "required", "must not be empty");
    length(`credentials.${name}`, value, limits.credentialChars);
  }
  const setName = asked.credentialSet;
  if (setName !== undefined && !isFlatName(setName))
    wrong("credentialSet", "name", "must be a plain name of at most 120 letters, digits and ._-, no dot in front");
  if (setName !== undefined && credentials.length > 0) wrong("credentialSet", "one_of", "must not be given together with credentials");
  length("concurrencyKey", asked.concurrencyKey, limits.concurrencyKeyChars);
  if (asked.concurrencyKey === "") wrong("concurrencyKey", "required", "must not be empty");
  const proxy = asked.proxy === undefined ? undefined : proxyProblem(asked.proxy);
  if (proxy !== undefined) wrong("proxy", "url", proxy);
  checkHeaders(asked.browser?.extraHttpHeaders ?? {}, wrong);
  checkLabels(asked.labels, wrong);
  for (const { field, rule, message } of guardrailProblems(asked.guardrails ?? {})) wrong(`guardrails.${field}`, rule, message);
  checkFiles(asked.files, wrong);
  if (asked.browserState !== undefined && !(isFlatName(asked.browserState) && asked.browserState.length <= limits.browserStateNameChars))
    wrong("browserState", "name", `must be a plain name of at most ${limits.browserStateNameChars} letters, digits and ._-`);

  range("keepAliveSeconds", asked.keepAliveSeconds, limits.keepAliveSeconds);
  if (asked.forkFrom !== undefined && asked.continueFrom !== undefined)
    wrong("forkFrom", "one_of", "must not be given together with continueFrom");
  if (parentOf(asked) !== undefined && asked.browserState !== undefined)
    wrong("browserState", "one_of", "must not be given together with forkFrom or continueFrom: their login is that of the run before");
  if (asked.continueFrom !== undefined) checkContinuing(asked, wrong);
  const spec = fillIn(asked);
  if (RunSpec.encode(withoutSecrets(spec, undefined)).finish().byteLength > limits.specBytes) {
    const message = `must have at most ${limits.specBytes} bytes in all, without playbookSource and secrets: shorten its lists and texts`;
    violations.push({ field: "spec", rule: "max_bytes", message });
  }
  return { spec, violations };
}

/** What a browser was started with stays as it is. */
function checkContinuing({ viewport, browser, retry }: RunSpec, wrong: (field: string, rule: string, message: string) => void): void {
  const message = "must not be given together with continueFrom: the browser goes on as the run before had it";
  if (viewport !== undefined) wrong("viewport", "one_of", message);
  for (const name of ["locale", "timezone", "colorScheme"] as const)
    if (browser?.[name] !== undefined) wrong(`browser.${name}`, "one_of", message);
  if ((retry?.maxAttempts ?? 1) > 1)
    wrong("retry.maxAttempts", "one_of", "must be 1 together with continueFrom: there is that one browser");
}

/** Leaves out of a spec what must not be stored: its secrets, and the playbook's text, which is an artifact. */
export function withoutSecrets(spec: RunSpec, playbookSha256: string | undefined): RunSpec {
  const { work, browser } = spec;
  return {
    ...spec,
    credentials: namesOnly(spec.credentials),
    browser: browser && { ...browser, extraHttpHeaders: namesOnly(browser.extraHttpHeaders) },
    proxy: spec.proxy && "",
    work: work?.$case === "playbookSource" ? undefined : work,
    playbookSourceSha256: work?.$case === "playbookSource" ? playbookSha256 : undefined,
  };
}

/** Whether a text is an http or https address with a host. */
export function isWebUrl(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && (url.protocol === "http:" || url.protocol === "https:") && url.hostname !== "";
}

/** Names stay, so that a restart can tell that values are missing. */
function namesOnly(values: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.keys(values).map((name) => [name, ""]));
}

function fillIn(asked: RunSpec): RunSpec {
  return {
    ...asked,
    timeoutSeconds: asked.timeoutSeconds ?? limits.timeoutSeconds.default,
    queueTimeoutSeconds: asked.queueTimeoutSeconds ?? limits.queueTimeoutSeconds.default,
    waitForPersonSeconds: asked.waitForPersonSeconds ?? 0,
    maxSteps: asked.maxSteps ?? limits.maxSteps.default,
    priority: asked.priority ?? limits.priority.default,
    retry: {
      maxAttempts: asked.retry?.maxAttempts ?? limits.retryAttempts.default,
      backoffSeconds: asked.retry?.backoffSeconds ?? limits.retryBackoffSeconds.default,
    },
    viewport: {
      width: asked.viewport?.width ?? limits.viewportWidth.default,
      height: asked.viewport?.height ?? limits.viewportHeight.default,
    },
    recording: {
      trace: asked.recording?.trace ?? true,
      video: asked.recording?.video ?? false,
      screenshots: asked.recording?.screenshots ?? false,
      logs: asked.recording?.logs ?? true,
      cassette: asked.recording?.cassette ?? false,
    },
  };
}

type Wrong = (field: string, rule: string, message: string) => void;

function sized(field: string, value: object | undefined, most: number, wrong: Wrong): void {
  if (value !== undefined && Buffer.byteLength(JSON.stringify(value)) > most)
    wrong(field, "max_bytes", `must have at most ${most} bytes as JSON`);
}

function checkFiles(files: readonly InputFile[], wrong: Wrong): void {
  if (files.length > limits.files) wrong("files", "max_items", `must have at most ${limits.files} entries`);
  for (const [index, { name, fileId }] of files.entries()) {
    if (!isFlatName(name))
      wrong(`files[${index}].name`, "name", "must be a plain file name: letters, digits and ._- only, no dot in front");
    if (files.findIndex((other) => other.name === name) !== index)
      wrong(`files[${index}].name`, "unique", "must be another than those before");
    if (fileId === "") wrong(`files[${index}].fileId`, "required", "is required: what POST /v1/files answered");
  }
}

function checkChecks(checks: readonly Check[], wrong: Wrong): void {
  if (checks.length > limits.checks) wrong("checks", "max_items", `must have at most ${limits.checks} entries`);
  for (const [index, { name, urlContains, elementVisible, elementGone, textOnPage }] of checks.entries()) {
    const field = `checks[${index}]`;
    const conditions = [urlContains, elementVisible, elementGone, textOnPage].filter((text) => text !== undefined);
    if (name === "" || name.length > limits.nameChars) wrong(`${field}.name`, "required", `must have 1 to ${limits.nameChars} characters`);
    if (conditions.length === 0) wrong(field, "required", "must have a condition: urlContains, elementVisible, elementGone or textOnPage");
    if (conditions.some((text) => text === "" || text.length > limits.urlChars))
      wrong(field, "max_length", `must have conditions of 1 to ${limits.urlChars} characters`);
  }
}

function checkHeaders(headers: Readonly<Record<string, string>>, wrong: Wrong): void {
  const field = "browser.extraHttpHeaders";
  const entries = Object.entries(headers);
  if (entries.length > limits.extraHeaders) wrong(field, "max_items", `must have at most ${limits.extraHeaders} entries`);
  if (entries.some(([name]) => !/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name) || name.length > limits.headerNameChars))
    wrong(field, "header_name", `must have names of 1 to ${limits.headerNameChars} characters that HTTP allows in a header's name`);
  if (entries.some(([, value]) => value.length > limits.headerValueChars))
    wrong(field, "max_length", `must have values of at most ${limits.headerValueChars} characters`);
  // What is stored of a secret is empty: one that is so from the start would look lost.
  if (entries.some(([, value]) => value === "")) wrong(field, "required", "must not have empty values");
  if (entries.some(([, value]) => /[\r\n\0]/.test(value))) wrong(field, "header_value", "must have values of one line");
}

function checkLabels(labels: Readonly<Record<string, string>>, wrong: Wrong): void {
  const entries = Object.entries(labels);
  if (entries.length > limits.labels) wrong("labels", "max_items", `must have at most ${limits.labels} entries`);
  for (const [key, value] of entries) {
    if (!/^[A-Za-z0-9._/-]+$/.test(key) || key.length > limits.labelKeyChars) {
      wrong("labels", "label_key", `must have keys of 1 to ${limits.labelKeyChars} letters, digits and ._/-`);
    }
    if (value.length > limits.labelValueChars)
      wrong(`labels.${key}`, "max_length", `must have at most ${limits.labelValueChars} characters`);
  }
}
