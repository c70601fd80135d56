import { randomUUID } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { Producer } from "@clew/journal-format/record";
import { Journal } from "@clew/orchestrator/journal/journal";
import { type EventDraft, encodeBody } from "@clew/orchestrator/runs/event";
import { openVolume } from "@clew/orchestrator/volume/volume";
import { Run, Run_State } from "@clew/proto/grpc/clew/run/v1/run";
import { AttemptStarted, OutcomePublished, PageChanged, RunCreated, RunFinished, RunStarted } from "@clew/proto/grpc/clew/run/v1/run_event";
import { mark } from "./clock.ts";

/** A finished run on a volume. */
export interface WrittenRun {
  readonly id: string;
  /** How many of its events have a mark. */
  readonly marked: number;
}

const batch = 1_000;

/** Writes a run of so many events, finished and sealed, as the orchestrator does, on a volume that nobody has open. */
export async function writeRun(folder: string, events: number, textLength: number): Promise<WrittenRun> {
  const volume = await openVolume(folder);
  const id = `run-${randomUUID().replaceAll("-", "")}`;
  const run = Run.fromPartial({ id, tenant: "default", state: Run_State.QUEUED });
  const first: EventDraft[] = [
    { summary: "Created.", payload: { $case: "runCreated", value: RunCreated.fromPartial({ run }) } },
    { summary: "Starting.", payload: { $case: "attemptStarted", value: AttemptStarted.fromPartial({ isolation: "process" }) } },
    { summary: "The work began.", payload: { $case: "runStarted", value: RunStarted.fromPartial({ stepCount: 1 }) } },
  ];
  const outcome = { state: Run_State.COMPLETED, outcome: { summary: "Done." } };
  const last: EventDraft[] = [
    { summary: "Done.", payload: { $case: "outcomePublished", value: OutcomePublished.fromPartial(outcome) } },
    { summary: "Done.", payload: { $case: "runFinished", value: RunFinished.fromPartial({ run: { ...run, ...outcome } }) } },
  ];
  const marked = events - first.length - last.length;
  await mkdir(join(folder, "runs"), { recursive: true });
  await using journal = await Journal.create({ folder: join(volume.folder, "runs", id), runId: id });
  const append = (drafts: readonly EventDraft[]) =>
    journal.append(drafts.map((draft) => ({ attempt: 1, producer: Producer.ORCHESTRATOR, producerSequence: 0, body: encodeBody(draft) })));
  await append(first);
  for (let left = marked; left > 0; left -= batch) {
    await append(Array.from({ length: Math.min(batch, left) }, () => markedEvent(textLength)));
  }
  await append(last);
  await journal.seal();
  return { id, marked };
}

function markedEvent(textLength: number): EventDraft {
  const text = `@${mark()}`.padEnd(textLength, "clew ");
  return { summary: text, payload: { $case: "pageChanged", value: PageChanged.fromPartial({ url: "https://example.com/", title: text }) } };
}
