import { createHash } from "node:crypto";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { Fault } from "@clew/fault/fault";
import { describePlaybook } from "@clew/playbook/describe-playbook";
import { nearestOf } from "@clew/playbook/nearest";
import { parsePlaybook } from "@clew/playbook/parse-playbook";
import { SettingsError } from "@clew/process/settings";
import { Playbook } from "@clew/proto/grpc/clew/run/v1/run_service";

/** A playbook's text as the catalogue has it. */
export interface CatalogueEntry {
  readonly id: string;
  readonly source: string;
}

const playbookId = /^[A-Za-z0-9_-]{1,100}$/;
const extension = ".yaml";

/** Whether a text may name a playbook. Nothing else may become part of a path. */
export function isPlaybookId(text: string): boolean {
  return playbookId.test(text);
}

/** Where the playbooks of single tenants are, within the catalogue's folder. */
const tenantsFolder = "tenants";

/**
 * The playbooks an operator put in a folder, each as `<id>.yaml`, read afresh on each use: those for all, and for a tenant also those in its own
 * folder, `tenants/<tenant>`, which count before others of the same id.
 */
export class Catalogue {
  /** The first that has a playbook counts. */
  readonly #folders: readonly string[];

  private constructor(folders: readonly string[]) {
    this.#folders = folders;
  }

  /** Opens the catalogue in a folder; without one it is empty. @throws SettingsError when there is no such folder. */
  static async open(folder: string | undefined): Promise<Catalogue> {
    const found = folder === undefined || (await stat(folder).catch(() => undefined))?.isDirectory();
    if (!found) throw new SettingsError("CLEW_PLAYBOOKS: there is no such folder; make it, or set another");
    return new Catalogue(folder === undefined ? [] : [folder]);
  }

  /** What of it a tenant sees. */
  of(tenant: string): Catalogue {
    return new Catalogue([...this.#folders.map((folder) => join(folder, tenantsFolder, tenant)), ...this.#folders]);
  }

  /** Reads one playbook. @throws Fault PLAYBOOK_NOT_FOUND, with the nearest id there is. */
  async get(id: string): Promise<CatalogueEntry> {
    if (!isPlaybookId(id))
      throw new Fault("PLAYBOOK_NOT_FOUND", { message: "There is no such playbook: an id has 1 to 100 letters, digits, _ and -." });
    for (const folder of this.#folders) {
      const file = join(folder, `${id}${extension}`);
      if ((await stat(file).catch(() => undefined))?.isFile() === true) return { id, source: await readFile(file, "utf8") };
    }
    throw notFound(id, await this.#ids());
  }

  /** Reads all playbooks, by id. */
  async list(): Promise<CatalogueEntry[]> {
    return Promise.all((await this.#ids()).map((id) => this.get(id)));
  }

  async #ids(): Promise<string[]> {
    const names = await Promise.all(this.#folders.map((folder) => readdir(folder).catch((): string[] => [])));
    const ids = names.flat().flatMap((name) => (name.endsWith(extension) ? [name.slice(0, -extension.length)] : []));
    return [...new Set(ids.filter(isPlaybookId))].sort();
  }
}

function notFound(playbook: string, known: readonly string[]): Fault {
  const nearest = nearestOf(playbook, known);
  if (nearest === undefined)
    return new Fault("PLAYBOOK_NOT_FOUND", { message: `There is no playbook '${playbook}'.`, details: { playbook } });
  const message = `There is no playbook '${playbook}'; did you mean '${nearest}'?`;
  return new Fault("PLAYBOOK_NOT_FOUND", { message, details: { playbook, nearest } });
}

/** The SHA-256 of a playbook's text, in hex. */
export function hashSource(source: string): string {
  return createHash("sha256").update(source).digest("hex");
}

/** Describes a playbook's text for callers, with all that is wrong with it. */
export function describeSource(source: string, id: string | undefined): Playbook {
  const parsed = parsePlaybook(source, id === undefined ? {} : { id });
  const sha256 = hashSource(source);
  if ("problems" in parsed) return Playbook.fromPartial({ id: id ?? "", sha256, problems: [...parsed.problems] });
  const described = describePlaybook(parsed.playbook);
  return Playbook.fromPartial({ ...described, tags: [...described.tags], parameters: [...described.parameters], sha256 });
}
