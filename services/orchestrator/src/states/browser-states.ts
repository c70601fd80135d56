import { createHash, randomBytes, scryptSync } from "node:crypto";
import { mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { Fault } from "@clew/fault/fault";
import { hasCode } from "@clew/fault/volume-fault";
import { nodeDisk, onVolume } from "../journal/disk.ts";
import { writeDurably } from "../volume/volume.ts";
import { ownerBytes, sealText, unsealText } from "./sealed-text.ts";

/** The saved logins of tenants, by name, each in a file of its own that nobody can read or change without the key. The last one saved under a name is kept. */
export class BrowserStates {
  readonly #folder: string;
  readonly #key: Buffer | undefined;

  private constructor(folder: string, key: Buffer | undefined) {
    this.#folder = folder;
    this.#key = key;
  }

  /** Opens a volume's saved logins under what the operator set: 32 bytes in Base64, or a passphrase. Without it none can be read or saved. */
  static async open(volumeFolder: string, secret: string | undefined): Promise<BrowserStates> {
    const folder = join(volumeFolder, "states");
    if (secret === undefined) return new BrowserStates(folder, undefined);
    await onVolume(mkdir(folder, { recursive: true, mode: 0o700 }));
    const bytes = Buffer.from(secret, "base64");
    const isKey = bytes.length === 32 && bytes.toString("base64").replace(/=+$/, "") === secret.replace(/=+$/, "");
    return new BrowserStates(
      folder,
      isKey ? bytes : scryptSync(secret, await readOrMakeSalt(folder), 32, { N: 2 ** 15, maxmem: 64 * 2 ** 20 }),
    );
  }

  /** @throws Fault STATE_KEY_MISSING where no key is configured. */
  demandKey(): Buffer {
    if (this.#key === undefined) throw new Fault("STATE_KEY_MISSING");
    return this.#key;
  }

  /** Reads a tenant's login; undefined where none is saved. @throws Fault STATE_KEY_MISSING, or STATE_UNREADABLE where it was saved under another key. */
  async read(tenant: string, name: string): Promise<string | undefined> {
    const key = this.demandKey();
    let bytes: Buffer;
    try {
      bytes = await readFile(this.#file(tenant, name));
    } catch (error) {
      if (hasCode(error, "ENOENT")) return undefined;
      throw error;
    }
    return unsealText(key, [tenant, name], bytes);
  }

  /** Saves a tenant's login, in the place of the one before. @throws Fault STATE_KEY_MISSING, VOLUME_FULL or VOLUME_FAILED. */
  async save(tenant: string, name: string, text: string): Promise<void> {
    await writeDurably(this.#file(tenant, name), sealText(this.demandKey(), [tenant, name], text));
  }

  /** Forgets a tenant's login where it is still `text`: one that was saved since stays. Repeatable. */
  async forget(tenant: string, name: string, text: string): Promise<void> {
    if ((await this.read(tenant, name)) !== text) return;
    await onVolume(rm(this.#file(tenant, name), { force: true }));
    await onVolume(nodeDisk.syncFolder(this.#folder));
  }

  #file(tenant: string, name: string): string {
    return join(
      this.#folder,
      createHash("sha256")
        .update(ownerBytes([tenant, name]))
        .digest("hex"),
    );
  }
}

async function readOrMakeSalt(folder: string): Promise<Buffer> {
  const file = join(folder, "salt");
  try {
    return await readFile(file);
  } catch (error) {
    if (!hasCode(error, "ENOENT")) throw error;
  }
  const salt = randomBytes(16);
  await writeDurably(file, salt);
  return salt;
}
