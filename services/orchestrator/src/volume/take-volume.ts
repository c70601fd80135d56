import type { Logger } from "@clew/process/logger";
import { makeFolder } from "./make-folder.ts";
import { probeLock, probeVolume } from "./probe-volume.ts";
import { Room } from "./room.ts";
import { unusableVolume } from "./unusable.ts";
import { checkFormat, openVolume, type Volume } from "./volume.ts";
import { type LockOptions, lockFile, lockVolume } from "./volume-lock.ts";

/** A volume that this process alone uses. Dispose it to give it back. */
export interface TakenVolume extends AsyncDisposable {
  readonly volume: Volume;
  readonly room: Room;
}

/**
 * Takes a volume for this process: looks at its format before anything of it is touched, locks it, tries that it does what
 * journals stand on, and opens it.
 *
 * @throws SettingsError naming what is wrong with it and what to do.
 */
export async function takeVolume(folder: string, { logger, ...lock }: LockOptions & { readonly logger: Logger }): Promise<TakenVolume> {
  try {
    return await take(folder, lock, logger);
  } catch (error) {
    throw unusableVolume(error);
  }
}

async function take(folder: string, lock: LockOptions, logger: Logger): Promise<TakenVolume> {
  await using taken = new AsyncDisposableStack();
  await checkFormat(folder);
  await makeFolder(folder);
  const onWait = (holder: string) => logger.warn({ holder }, "waiting for the volume, which another process holds");
  taken.use(await lockVolume(folder, { onWait, ...lock }));
  const room = taken.use(await Room.open({ folder }));
  const say = (isFull: boolean) =>
    isFull ? logger.error("volume is full: runs are ended, none is begun") : logger.info("volume has room");
  taken.use(room.watch(say));
  if (room.isFull) say(true);
  // What is written is told first: on a volume that is read-only nobody's lock excludes anybody.
  for (const probe of await Promise.allSettled([probeVolume(folder), probeLock(lockFile(folder))]))
    if (probe.status === "rejected") throw probe.reason;
  const volume = await openVolume(folder);
  const all = taken.move();
  return { volume, room, [Symbol.asyncDispose]: () => all.disposeAsync() };
}
