import { readOutboxFile } from "@clew/outbox/read-outbox-file";
import { placesOf } from "@clew/outbox/work-folder";
import { abortable } from "@clew/streams/abortable";
import type { SandboxProducer } from "../runs/admit.ts";
import { redactEventOf } from "../runs/redact-event.ts";
import type { SandboxConnection } from "../sandboxes/sandbox-connection.ts";
import type { AttemptPlan } from "./attempt.ts";
import { usualShares } from "./finalizing-time.ts";
import { ingestLeft, ingestPosition, type Source } from "./ingest.ts";
import { readWorkFile } from "./read-work-file.ts";
import { takeArtifact } from "./take-artifact.ts";
import { takeLeftFiles } from "./take-left-files.ts";

/** Milliseconds that one producer's outbox may take to be read: what a disk does not give by then is not waited for. Each has its own, so that neither takes the other's. */
const mostReadMs = 5_000;

/** Where an ended sandbox left what it had to say. */
export type Leftovers = Pick<AttemptPlan, "log" | "attempt" | "secrets" | "runFolder" | "logger"> & {
  readonly workFolder: string;
  /** Which run's stay in the sandbox it was; the first unless given. */
  readonly stay?: number | undefined;
  /** Who had said all it would ever say, and was taken in to its end. */
  readonly ended?: ReadonlySet<SandboxProducer>;
};

/** Takes in what both producers had written before they ended and nobody had taken in, and the files they had not announced; announced ones come through the warden where one is connected, otherwise from the folder. Files that are not there by the deadline are lost. */
export async function takeLeftovers(
  left: Leftovers,
  connection: SandboxConnection | undefined,
  signal: AbortSignal,
  deadline = AbortSignal.timeout(usualShares.takeMs),
): Promise<void> {
  const { log, attempt, secrets, runFolder, workFolder, stay, logger } = left;
  const read = (name: string, offset: number, until: AbortSignal) =>
    connection === undefined
      ? readWorkFile(workFolder, name, offset, stay)
      : connection.warden.readWorkFile({ name, offset }, { signal: until });
  for (const producer of (["agent", "warden"] as const).filter((one) => !left.ended?.has(one))) {
    const from: Source = {
      log,
      attempt,
      producer,
      redact: redactEventOf(producer, secrets.known),
      takeArtifact: (ready) =>
        takeArtifact(log, runFolder, ready, (offset, until) => read(ready.name, offset, until), { signal, deadline }),
      logger,
    };
    try {
      const { agentOutbox, wardenOutbox } = placesOf(workFolder, stay);
      const enough = AbortSignal.any([signal, AbortSignal.timeout(mostReadMs)]);
      const outbox = producer === "agent" ? agentOutbox : wardenOutbox;
      const { events } = await abortable(readOutboxFile(outbox, { after: ingestPosition(from), signal: enough }), enough);
      await ingestLeft(from, events, signal);
    } catch (error) {
      signal.throwIfAborted();
      logger.warn({ producer, error }, "what a producer left could not be read");
    }
  }
  if (!left.ended?.has("agent")) await takeLeftFiles(left, { signal, deadline });
}
