import { Fault } from "@clew/client";

/** Reads `name=value` arguments. Throws INVALID_REQUEST for one that is none or gives a name again; it names the option, never the value. */
export function parseAssignments(option: string, assignments: readonly string[], form = "name=value"): Record<string, string> {
  const values = new Map<string, string>();
  for (const assignment of assignments) {
    const at = assignment.indexOf("=");
    if (at < 1) throw new Fault("INVALID_REQUEST", { message: `${option}: write it as ${form}.` });
    const name = assignment.slice(0, at);
    if (values.has(name)) throw new Fault("INVALID_REQUEST", { message: `${option} ${name}: it is given more than once.` });
    values.set(name, assignment.slice(at + 1));
  }
  return Object.fromEntries(values);
}

/** Reads `name=value` arguments whose value may be `@VARIABLE`: then the environment's value is meant, and the secret is in no process list. */
export function parseCredentials(
  option: string,
  assignments: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(parseAssignments(option, assignments)).map(([name, value]) => {
      if (!value.startsWith("@")) return [name, value];
      const variable = value.slice(1);
      const secret = env[variable];
      if (secret === undefined)
        throw new Fault("INVALID_REQUEST", { message: `${option} ${name}: the environment has no variable ${variable}.` });
      return [name, secret];
    }),
  );
}

/** Reads a whole number of an option within bounds. */
export function parseWholeNumber(option: string, text: string, from: number, to: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= from && value <= to) return value;
  throw new Fault("INVALID_REQUEST", { message: `${option}: a whole number from ${from} to ${to}.` });
}
