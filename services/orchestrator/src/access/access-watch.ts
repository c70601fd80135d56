import { stat } from "node:fs/promises";
import type { Logger } from "@clew/process/logger";
import { SettingsError } from "@clew/process/settings";
import type { AccessSettings } from "./access-settings.ts";
import { KeyRing } from "./key-ring.ts";
import type { PolicyOf } from "./policy.ts";

/** What is watched, and what counts until it changes. */
export interface AccessWatchOptions {
  readonly access: AccessSettings;
  /** The file that is looked at; without one nothing ever changes. */
  readonly file: string | undefined;
  /** Reads it again. @throws SettingsError. */
  readonly readAccess: () => AccessSettings;
  readonly logger: Logger;
  /** Milliseconds between two looks; 2,000 unless given. */
  readonly lookMs?: number;
}

/** Who may call, and what their runs may ask for, as the file with settings has it now. One that cannot be read changes nothing. Dispose it to look no more. */
export class AccessWatch implements Disposable {
  readonly ring: KeyRing;
  readonly #options: AccessWatchOptions;
  readonly #looking: NodeJS.Timeout | undefined;
  #policyOf: PolicyOf;
  #seen: string | undefined;

  private constructor(options: AccessWatchOptions, seen: string | undefined) {
    this.#options = options;
    this.#seen = seen;
    this.ring = new KeyRing(options.access.keys);
    this.#policyOf = options.access.policyOf;
    if (options.file !== undefined) this.#looking = setInterval(() => void this.#look(), options.lookMs ?? 2_000).unref();
  }

  /** Begins to watch. */
  static async start(options: AccessWatchOptions): Promise<AccessWatch> {
    return new AccessWatch(options, await stampOf(options.file));
  }

  /** The policy of a tenant. */
  readonly policyOf: PolicyOf = (tenant) => this.#policyOf(tenant);

  [Symbol.dispose](): void {
    clearInterval(this.#looking);
  }

  async #look(): Promise<void> {
    const { file, logger, readAccess } = this.#options;
    const stamp = await stampOf(file);
    // A file that is gone for a moment is about to be replaced.
    if (stamp === undefined || stamp === this.#seen) return;
    this.#seen = stamp;
    try {
      const { keys, policyOf } = readAccess();
      if (!this.ring.replace(keys, Date.now())) throw new SettingsError("CLEW_API_KEYS: whether there are any is decided at the start");
      this.#policyOf = policyOf;
      logger.info({ keys: keys.length }, "keys and policy were read again");
    } catch (error) {
      const why = error instanceof SettingsError ? error.message : "unreadable";
      logger.error({ why }, "keys and policy were not read again; those from before hold");
    }
  }
}

async function stampOf(file: string | undefined): Promise<string | undefined> {
  if (file === undefined) return undefined;
  const found = await stat(file).catch(() => undefined);
  return found && `${found.ino} ${found.size} ${found.mtimeMs}`;
}
