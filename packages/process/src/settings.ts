import { readFileSync } from "node:fs";
import { closest, distance } from "fastest-levenshtein";
import { parse, YAMLParseError } from "yaml";
import type { z } from "zod";

/** Every setting any process of Clew knows. A variable that looks like one and is none stops the start. */
export const settingNames = [
  "CLEW_ADOPTION_GRACE",
  "CLEW_ALLOWED_HOSTS",
  "CLEW_API_KEY",
  "CLEW_API_KEYS",
  "CLEW_CGROUP",
  "CLEW_CHROMIUM",
  "CLEW_CONFIG",
  "CLEW_CORS_ORIGINS",
  "CLEW_FORBIDDEN_ADDRESSES",
  "CLEW_GATEWAY_ADDRESS",
  "CLEW_HEADED",
  "CLEW_LOG_LEVEL",
  "CLEW_MAX_CONCURRENT_RUNS",
  "CLEW_MAX_QUEUED_RUNS",
  "CLEW_MAX_READERS",
  "CLEW_MAX_SANDBOX_MEMORY",
  "CLEW_MAX_STREAM_AGE",
  "CLEW_METRICS_ADDRESS",
  "CLEW_MODEL",
  "CLEW_MODELS",
  "CLEW_MODEL_ANTHROPIC_KEY",
  "CLEW_MODEL_ANTHROPIC_URL",
  "CLEW_MODEL_FALLBACK",
  "CLEW_MODEL_GOOGLE_KEY",
  "CLEW_MODEL_GOOGLE_URL",
  "CLEW_MODEL_OPENAI_COMPATIBLE_KEY",
  "CLEW_MODEL_OPENAI_COMPATIBLE_URL",
  "CLEW_MODEL_OPENAI_KEY",
  "CLEW_MODEL_OPENAI_URL",
  "CLEW_MODEL_UTILITY",
  "CLEW_ORCHESTRATOR_ADDRESS",
  "CLEW_OWN_ADDRESSES",
  "CLEW_PLAYBOOKS",
  "CLEW_POLICY",
  "CLEW_RETENTION",
  "CLEW_SANDBOX",
  "CLEW_SANDBOX_DISK",
  "CLEW_SANDBOX_MEMORY",
  "CLEW_SANDBOX_PROCESSES",
  "CLEW_SANDBOX_SILENCE",
  "CLEW_SECRETS",
  "CLEW_SERVICE_KEY",
  "CLEW_STATE_KEY",
  "CLEW_TLS_CERT",
  "CLEW_TLS_CLIENT_CA",
  "CLEW_TLS_KEY",
  "CLEW_URL",
  "CLEW_VOLUME",
  "CLEW_WARM_AGE",
  "CLEW_WARM_MEMORY",
  "CLEW_WARM_SANDBOXES",
  "CLEW_WARM_SANDBOXES_MOST",
] as const;

/** The settings cannot be used; its message lists every one that is wrong, and never a value. */
export class SettingsError extends Error {
  override readonly name = "SettingsError";
}

/**
 * Reads the settings a schema names from the environment, and from the YAML file that `CLEW_CONFIG` names; variables win, empty ones count as not given.
 *
 * @throws SettingsError listing all that is unknown or wrong.
 */
export function readSettings<S extends z.ZodType>(schema: S, env: Readonly<Record<string, string | undefined>>): z.output<S> {
  const given = {
    ...fromFile(env["CLEW_CONFIG"]),
    ...Object.fromEntries(Object.entries(env).filter(([name, value]) => name.startsWith("CLEW_") && value !== "")),
  };
  const known: readonly string[] = settingNames;
  const problems = Object.keys(given)
    .filter((name) => !known.includes(name))
    .map((name) => `${name} is not a setting; ${nearestTo(name)}`);
  const parsed = schema.safeParse(given, {
    error: (issue) => (issue.code === "invalid_value" ? `must be ${issue.values.map(String).join(" or ")}` : undefined),
  });
  if (!parsed.success) problems.push(...parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`));
  if (!parsed.success || problems.length > 0) throw new SettingsError(problems.join("\n"));
  return parsed.data;
}

function nearestTo(name: string): string {
  const nearest = closest(name, settingNames);
  const isNear = distance(name, nearest) <= (name.length - "CLEW_".length) / 3;
  return isNear ? `did you mean ${nearest}?` : `there are: ${settingNames.join(", ")}`;
}

function fromFile(path: string | undefined): Record<string, unknown> {
  if (path === undefined || path === "") return {};
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    throw new SettingsError("CLEW_CONFIG: the file it names cannot be read");
  }
  let value: unknown;
  try {
    value = parse(text);
  } catch (error) {
    // What the parser says shows the place, and with it perhaps a key.
    const at = error instanceof YAMLParseError ? error.linePos?.[0] : undefined;
    throw new SettingsError(`CLEW_CONFIG: not YAML${at === undefined ? "" : `: see line ${at.line}, column ${at.col}`}`);
  }
  if (value === null) return {};
  if (typeof value !== "object" || Array.isArray(value)) throw new SettingsError("CLEW_CONFIG: must hold settings by name");
  return Object.fromEntries(
    Object.entries(value).map(([name, entry]) => [name, typeof entry === "number" || typeof entry === "boolean" ? String(entry) : entry]),
  );
}
