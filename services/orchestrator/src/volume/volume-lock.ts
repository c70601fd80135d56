import { statSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { SettingsError } from "@clew/process/settings";
import { delay } from "@clew/streams/delay";

/** How a volume's lock is waited for and watched. */
export interface LockOptions {
  /** Milliseconds to wait for the holder before it, which may be handing over; 30,000 unless given. */
  readonly waitMs?: number;
  /** Called once, with the holder's process id as far as it is known, when the lock must be waited for. */
  readonly onWait?: (holder: string) => void;
  /** Called once when the lock's file is no longer the one that is held. */
  readonly onLost: () => void;
  readonly signal?: AbortSignal;
}

const retryMs = 250;
const watchMs = 1_000;

/**
 * Takes the volume for this process: one orchestrator a volume. Dispose it to give the volume back.
 *
 * The lock is an SQLite database held in exclusive mode that nothing else opens, not even to read: POSIX locks are lost
 * when their holder closes any handle on the file.
 *
 * @throws SettingsError naming the holder when it does not let go in time.
 */
export async function lockVolume(folder: string, { waitMs = 30_000, onWait, onLost, signal }: LockOptions): Promise<Disposable> {
  const file = lockFile(folder);
  const holderFile = join(folder, "volume.holder");
  const until = performance.now() + waitMs;
  const readHolder = () => readFile(holderFile, "utf8").catch(() => "unknown");
  for (let tries = 0; ; tries += 1) {
    const database = tryLock(file);
    if (database !== undefined) {
      // Only to name the holder: a full disk keeps nobody from a volume.
      await writeFile(holderFile, String(process.pid)).catch(() => {});
      return watch(database, file, onLost);
    }
    if (performance.now() >= until) {
      throw new SettingsError(
        `CLEW_VOLUME: another orchestrator (process ${await readHolder()}) holds this volume; stop it, or set another CLEW_VOLUME`,
      );
    }
    if (tries === 0) onWait?.(await readHolder());
    await delay(retryMs, signal === undefined ? {} : { signal });
  }
}

/** The file whose lock is the volume's. */
export function lockFile(folder: string): string {
  return join(folder, "volume.lock");
}

function tryLock(file: string): DatabaseSync | undefined {
  const database = new DatabaseSync(file);
  try {
    database.exec(
      "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE; CREATE TABLE IF NOT EXISTS holder (pid INTEGER); COMMIT;",
    );
    return database;
  } catch (error) {
    database.close();
    if (error instanceof Error && /locked|busy/i.test(error.message)) return undefined;
    throw error;
  }
}

function watch(database: DatabaseSync, file: string, onLost: () => void): Disposable {
  const held = statSync(file).ino;
  const timer = setInterval(() => {
    if (statSync(file, { throwIfNoEntry: false })?.ino === held) return;
    clearInterval(timer);
    onLost();
  }, watchMs);
  return {
    [Symbol.dispose]() {
      clearInterval(timer);
      database.close();
    },
  };
}
