import { rm } from "node:fs/promises";
import { Artifact_Kind } from "@clew/proto/grpc/clew/run/v1/run";
import type { RunCreated } from "@clew/proto/grpc/clew/run/v1/run_event";
import { storeArtifact } from "../artifacts/artifact-store.ts";
import { type InputPath, keepInputs } from "../files/input-files.ts";
import type { Disk } from "../journal/disk.ts";
import { Journal } from "../journal/journal.ts";
import type { EventDraft } from "../runs/event.ts";
import { runQueued } from "./phrases.ts";
import { playbookArtifacts } from "./playbook-artifacts.ts";
import { type OnChange, type OnRefused, RunLog } from "./run-log.ts";
import { artifactStored } from "./take-artifact.ts";

/** What a run begins with. */
export interface Beginning {
  readonly created: RunCreated;
  /** How many wait before it. */
  readonly position: number;
  readonly playbookSource: string;
  /** Texts of the playbooks it calls, by id. */
  readonly calledPlaybooks: Readonly<Record<string, string>>;
  /** Files it is given. */
  readonly inputs: readonly InputPath[];
  readonly folder: string;
  readonly disk: Disk | undefined;
  readonly onChange: OnChange;
  readonly onRefused: OnRefused;
}

/**
 * Makes a run: its journal with the first events, and the exact texts of its playbooks beside it. All is durable once this resolves.
 *
 * @throws Fault VOLUME_FULL or VOLUME_FAILED; nothing of the run is left then, unless the volume does not even let it be removed.
 */
export async function beginRun(beginning: Beginning): Promise<RunLog> {
  const { created, position, playbookSource, calledPlaybooks, inputs, folder, disk, onChange, onRefused } = beginning;
  const { id: runId = "", playbook } = created.run ?? {};
  await using undo = new AsyncDisposableStack();
  // Without a first event nobody takes what is left for a run.
  undo.defer(() => rm(folder, { recursive: true, force: true }).catch(() => {}));
  let log: RunLog | undefined;
  const journal = undo.use(await Journal.create({ folder, runId, onDurable: (records) => log?.hear(records), ...(disk && { disk }) }));
  log = new RunLog(journal, undefined, onChange, onRefused);
  await keepInputs(folder, inputs);
  const stored: EventDraft[] = [];
  for (const [name, text] of playbookArtifacts(playbookSource, calledPlaybooks)) {
    const file = await storeArtifact(folder, name, [Buffer.from(text)]);
    stored.push(artifactStored({ name, kind: Artifact_Kind.PLAYBOOK, contentType: "application/yaml", ...file }));
  }
  await log.begin([
    { attempt: 0, summary: `Created a run of ${playbook?.id ?? "a directive"}`, payload: { $case: "runCreated", value: created } },
    ...stored.map((draft) => ({ attempt: 0, ...draft })),
    { attempt: 0, ...runQueued(position) },
  ]);
  undo.move();
  return log;
}
