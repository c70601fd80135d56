import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A folder of its own for a test. Dispose it: it goes, with all that is in it. */
export interface TempFolder extends AsyncDisposable {
  readonly path: string;
}

/** Makes an empty folder among the machine's temporary ones. */
export async function tempFolder(): Promise<TempFolder> {
  const path = await mkdtemp(join(tmpdir(), "clew-test-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true, maxRetries: 3 }) };
}
