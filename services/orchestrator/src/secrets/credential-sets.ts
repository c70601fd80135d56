import type { Stats } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { Fault } from "@clew/fault/fault";
import { hasCode } from "@clew/fault/volume-fault";
import { isFlatName } from "@clew/outbox/flat-name";
import { parseYaml } from "@clew/process/yaml";
import { z } from "zod";
import { limits } from "../runs/limits.ts";

/** Credentials that the operator keeps for the runs of a tenant. */
export interface CredentialSet {
  readonly values: Readonly<Record<string, string>>;
  /** The only origins whose pages they may be typed into; any that the work goes to where empty. */
  readonly origins: readonly string[];
}

const endings = [".json", ".yaml"];
const fileBytes = 256 * 1024;
/** Writable by its group, or anything at all to others. */
const openMode = 0o027;

const values = z
  .record(z.string(), z.string().min(1).max(limits.credentialChars))
  .refine((entries) => Object.keys(entries).length <= limits.credentials);
const origin = z.string().refine((text) => URL.canParse(text) && new URL(text).origin === text && /^https?:/.test(text));
const bound = z.strictObject({ values, origins: z.array(origin).max(20).default([]) });

/** The credential sets of all tenants: `<tenant>/<name>.json` or `.yaml` in the folder that CLEW_SECRETS names, each read when it is needed and kept nowhere. */
export class CredentialSets {
  readonly #folder: string | undefined;

  /** Without a folder there is none. */
  constructor(folder: string | undefined) {
    this.#folder = folder;
  }

  /**
   * Reads one; undefined where the tenant has none of this name.
   *
   * @throws Fault CREDENTIALS_UNREADABLE where it cannot be read, is no credential set, or is open to others on the machine than its owner and group.
   */
  async read(tenant: string, name: string): Promise<CredentialSet | undefined> {
    if (this.#folder === undefined || !isFlatName(name) || !/^[A-Za-z0-9_-]{1,63}$/.test(tenant)) return undefined;
    for (const ending of endings) {
      const text = await readOwn(join(this.#folder, tenant, `${name}${ending}`));
      if (text !== undefined) return parseSet(text);
    }
    return undefined;
  }
}

async function readOwn(path: string): Promise<string | undefined> {
  try {
    await using file = await open(path, "r");
    const found = await file.stat();
    const wrong = wrongWith(found);
    if (wrong !== undefined) throw new Fault("CREDENTIALS_UNREADABLE", { message: `The credential set's file ${wrong}.` });
    return await file.readFile("utf8");
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error instanceof Fault ? error : new Fault("CREDENTIALS_UNREADABLE", { cause: error });
  }
}

function wrongWith(found: Stats): string | undefined {
  if (!found.isFile()) return "is no file";
  if (found.size > fileBytes) return `is larger than ${fileBytes} bytes`;
  if ((found.mode & openMode) !== 0) return "is open to others on the machine; let only its owner and group read it (chmod 640)";
  if (found.uid !== 0 && found.uid !== process.getuid?.()) return "belongs to another user than root or the orchestrator's";
  return undefined;
}

/** Names and values; or `values`, and the `origins` they are for. */
function parseSet(text: string): CredentialSet {
  const given = parse(text);
  const flat = values.safeParse(given);
  if (flat.success) return { values: flat.data, origins: [] };
  const whole = bound.safeParse(given);
  if (whole.success) return whole.data;
  // What is wrong is not said: it would be said of secrets.
  throw new Fault("CREDENTIALS_UNREADABLE", { message: "The credential set's file must hold texts by name, or values and origins." });
}

function parse(text: string): unknown {
  try {
    return parseYaml(text);
  } catch {
    throw new Fault("CREDENTIALS_UNREADABLE", { message: "The credential set's file is neither JSON nor YAML." });
  }
}
