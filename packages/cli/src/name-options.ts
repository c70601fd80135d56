/** The field of a request that each option of the command line gives; of a RunSpec, but for the last ones. */
export const fieldOfOption = {
  "--directive": "directive",
  "--max-steps": "maxSteps",
  "--param": "params",
  "--credential": "credentials",
  "--label": "labels",
  "--allow-private-host": "guardrails.allowedPrivateHosts",
  "--start-url": "startUrl",
  "--timeout": "timeoutSeconds",
  "--file": "files",
  "--browser-state": "browserState",
  "--fork-from": "forkFrom",
  "--continue-from": "continueFrom",
  "--keep-alive": "keepAliveSeconds",
  "--wait-for-person": "waitForPersonSeconds",
  "--model": "model",
  "--cassette": "cassette",
  "--record-cassette": "recording.cassette",
  "--video": "recording.video",
  "--screenshots": "recording.screenshots",
  "--no-trace": "recording.trace",
  "--no-logs": "recording.logs",
  "--request-id": "requestId",
  "--grace": "graceSeconds",
  "--input": "inputId",
  "--types": "types",
} as const;

/** An option that gives a field of a request. */
export type FieldOption = keyof typeof fieldOfOption;

const optionOfField: ReadonlyMap<string, string> = new Map([
  ...Object.entries(fieldOfOption).map(([option, field]): [string, string] => [field, option]),
  // The request id's name at the REST door.
  ["Idempotency-Key", "--request-id"],
]);

/** Fields whose entries have names that are given with the option. */
const named: ReadonlySet<string> = new Set(["params", "credentials", "labels"]);

const fields = [...optionOfField.keys()].sort((a, b) => b.length - a.length);
/** Of all that means something in an expression a field's name has dots only. */
const oneOf = (names: readonly string[]) => names.map((field) => field.replaceAll(".", String.raw`\.`)).join("|");
const place = String.raw`((?:\.\w+|\[\d+\])*)(?![\w-])`;
const wholeField = new RegExp(`^(?:spec\\.)?(${oneOf(fields)})${place}$`);
/** In a sentence a plain word is no field. */
const mentioned = fields.filter((field) => /[A-Z]|\./.test(field));
const fieldInText = new RegExp(`(?<![\\w.-])(?:spec\\.)?(${oneOf(mentioned)})${place}|(?<![\\w.-])spec\\.(${oneOf(fields)})${place}`, "g");

/** Names the option that gives a field, with the field: `--timeout (timeoutSeconds)`; a field that no option gives stays as it is. */
export function nameOption(field: string): string {
  const [, whole, rest = ""] = wholeField.exec(field) ?? [];
  return whole === undefined ? field : `${optionFor(whole, rest)} (${whole}${rest})`;
}

/** Names the option beside each field that a text speaks of. */
export function nameOptions(text: string): string {
  return text.replaceAll(fieldInText, (found) => nameOption(found));
}

function optionFor(field: string, rest: string): string {
  const option = optionOfField.get(field) ?? "";
  const name = named.has(field) ? /^\.(\w+)/.exec(rest)?.[1] : undefined;
  return name === undefined ? option : `${option} ${name}`;
}
