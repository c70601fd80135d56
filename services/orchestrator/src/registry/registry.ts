import { rmSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import { Artifact, Run, type Run_State } from "@clew/proto/grpc/clew/run/v1/run";
import type { PageCursor } from "../runs/page-token.ts";
import type { RunFold } from "../runs/run.ts";

/** Which runs a list is of. */
export interface RunFilter {
  readonly tenant: string;
  readonly states: readonly Run_State[];
  /** All of these. */
  readonly labels: readonly (readonly [key: string, value: string])[];
  readonly createdAfterMs: number | undefined;
  readonly createdBeforeMs: number | undefined;
  readonly playbook: string;
  readonly parentRun: string;
}

/** A run as it was last indexed, and the request that made it. */
export interface KnownRun {
  readonly run: Run;
  readonly requestId: string;
  readonly requestHmac: string;
}

const schemaVersion = 2;

const schema = `
  CREATE TABLE runs (
    id TEXT PRIMARY KEY, tenant TEXT NOT NULL, state INTEGER NOT NULL, create_time INTEGER NOT NULL,
    playbook TEXT NOT NULL, parent_run TEXT NOT NULL, request_id TEXT NOT NULL, request_hmac TEXT NOT NULL,
    last_sequence INTEGER NOT NULL, run BLOB NOT NULL, end_time INTEGER, artifacts_gone INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE INDEX runs_newest ON runs (tenant, create_time DESC, id DESC);
  CREATE INDEX runs_oldest_end ON runs (tenant, end_time) WHERE end_time IS NOT NULL;
  CREATE INDEX runs_artifacts ON runs (tenant, end_time) WHERE end_time IS NOT NULL AND artifacts_gone = 0;
  CREATE UNIQUE INDEX runs_request ON runs (tenant, request_id) WHERE request_id <> '';
  CREATE TABLE labels (run_id TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (run_id, key)) STRICT, WITHOUT ROWID;
  CREATE TABLE artifacts (run_id TEXT NOT NULL, name TEXT NOT NULL, artifact BLOB NOT NULL, PRIMARY KEY (run_id, name)) STRICT, WITHOUT ROWID;
`;

// Not INSERT OR REPLACE, which would delete another run of the same request.
const upsert = `
  INSERT INTO runs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)
  ON CONFLICT (id) DO UPDATE SET
    tenant = excluded.tenant, state = excluded.state, create_time = excluded.create_time, playbook = excluded.playbook,
    parent_run = excluded.parent_run, request_id = excluded.request_id, request_hmac = excluded.request_hmac,
    last_sequence = excluded.last_sequence, run = excluded.run, end_time = excluded.end_time
`;

/**
 * The index of runs. Everything in it comes from the journals, so it may be deleted: what is missing is indexed again
 * when the orchestrator starts. Nothing in it is fsynced; the journal wins.
 */
export class Registry implements Disposable {
  readonly #database: DatabaseSync;

  /** Opens the index of a volume; a damaged one is removed and begun anew, and is empty then. @throws what the disk does, such as that it is full. */
  constructor(volumeFolder: string) {
    const file = join(volumeFolder, "registry.sqlite");
    try {
      this.#database = openDatabase(file);
    } catch (error) {
      if (!isDamage(error)) throw error;
      for (const end of ["", "-wal", "-shm"]) rmSync(`${file}${end}`, { force: true });
      this.#database = openDatabase(file);
    }
  }

  /** Indexes all of a run as its journal has it, or nothing. A request that is known to have made another run stays that one's. */
  write(fold: RunFold): void {
    this.#atomically(() => this.#write(fold));
  }

  #write({ run, requestId, requestHmac, artifacts }: RunFold): void {
    const made = this.findRequest(run.tenant, requestId)?.runId ?? run.id;
    const row = [
      run.id,
      run.tenant,
      run.state,
      run.createTime?.getTime() ?? 0,
      run.playbook?.id ?? "",
      run.parentRun ?? "",
      made === run.id ? requestId : "",
      requestHmac,
      run.lastSequence,
      Run.encode(run).finish(),
      run.endTime?.getTime() ?? null,
    ];
    this.#database.prepare(upsert).run(...row);
    const label = this.#database.prepare("INSERT OR REPLACE INTO labels VALUES (?, ?, ?)");
    for (const [key, value] of Object.entries(run.spec?.labels ?? {})) label.run(run.id, key, value);
    const artifact = this.#database.prepare("INSERT OR REPLACE INTO artifacts VALUES (?, ?, ?)");
    for (const stored of artifacts) artifact.run(run.id, stored.name, Artifact.encode(stored).finish());
  }

  /** Forgets a run. */
  remove(runId: string): void {
    this.#atomically(() => this.#remove(runId));
  }

  #remove(runId: string): void {
    for (const [table, column] of [
      ["runs", "id"],
      ["labels", "run_id"],
      ["artifacts", "run_id"],
    ]) {
      this.#database.prepare(`DELETE FROM ${table} WHERE ${column} = ?`).run(runId);
    }
  }

  /** Reads one run as it was last indexed. */
  get(runId: string): Run | undefined {
    const row = this.#database.prepare("SELECT run FROM runs WHERE id = ?").get(runId);
    return row === undefined ? undefined : Run.decode(bytes(row["run"]));
  }

  /** Reads one run as it was last indexed, with the request that made it. */
  known(runId: string): KnownRun | undefined {
    const row = this.#database.prepare("SELECT run, request_id, request_hmac FROM runs WHERE id = ?").get(runId);
    if (row === undefined) return undefined;
    return { run: Run.decode(bytes(row["run"])), requestId: String(row["request_id"]), requestHmac: String(row["request_hmac"]) };
  }

  /** Finds the run that a request id made. */
  findRequest(tenant: string, requestId: string): { readonly runId: string; readonly requestHmac: string } | undefined {
    const row = this.#database.prepare("SELECT id, request_hmac FROM runs WHERE tenant = ? AND request_id = ?").get(tenant, requestId);
    return row === undefined ? undefined : { runId: String(row["id"]), requestHmac: String(row["request_hmac"]) };
  }

  /** The ids of all indexed runs, with their states. */
  ids(): Map<string, Run_State> {
    const rows = this.#database.prepare("SELECT id, state FROM runs").all();
    return new Map(rows.map((row) => [String(row["id"]), Number(row["state"]) as Run_State]));
  }

  /** How many indexed runs there are in each state. */
  countByState(): Map<Run_State, number> {
    const rows = this.#database.prepare("SELECT state, count(*) AS runs FROM runs GROUP BY state").all();
    return new Map(rows.map((row) => [Number(row["state"]) as Run_State, Number(row["runs"])]));
  }

  /** Whose runs there are. */
  tenants(): string[] {
    return this.#database
      .prepare("SELECT DISTINCT tenant FROM runs")
      .all()
      .map((row) => String(row["tenant"]));
  }

  /** Finds a tenant's runs that were over before a time, the oldest first, without the first `skip`; where `withArtifacts` only those whose artifacts are there. */
  endedBefore(
    tenant: string,
    timeMs: number,
    { skip, limit, withArtifacts }: { readonly skip: number; readonly limit: number; readonly withArtifacts: boolean },
  ): string[] {
    const kept = withArtifacts ? "AND artifacts_gone = 0" : "";
    const query = `SELECT id FROM runs WHERE tenant = ? AND end_time IS NOT NULL AND end_time < ? ${kept} ORDER BY end_time, id LIMIT ? OFFSET ?`;
    return this.#database
      .prepare(query)
      .all(tenant, timeMs, limit, skip)
      .map((row) => String(row["id"]));
  }

  /** Notes that the artifacts of a run are gone, so that nobody looks for them again. An index that is made anew does not know it. */
  noteArtifactsGone(runId: string): void {
    this.#database.prepare("UPDATE runs SET artifacts_gone = 1 WHERE id = ?").run(runId);
  }

  /** Lists runs, newest first, from after `cursor`. */
  list(filter: RunFilter, cursor: PageCursor | undefined, limit: number): Run[] {
    const where: string[] = ["tenant = ?"];
    const values: SQLInputValue[] = [filter.tenant];
    const add = (condition: string, ...bound: SQLInputValue[]) => {
      where.push(condition);
      values.push(...bound);
    };
    if (filter.states.length > 0) add(`state IN (${filter.states.map(() => "?").join()})`, ...filter.states);
    if (filter.createdAfterMs !== undefined) add("create_time >= ?", filter.createdAfterMs);
    if (filter.createdBeforeMs !== undefined) add("create_time < ?", filter.createdBeforeMs);
    if (filter.playbook !== "") add("playbook = ?", filter.playbook);
    if (filter.parentRun !== "") add("parent_run = ?", filter.parentRun);
    for (const [key, value] of filter.labels)
      add("EXISTS (SELECT 1 FROM labels WHERE run_id = runs.id AND key = ? AND value = ?)", key, value);
    if (cursor !== undefined) add("(create_time, id) < (?, ?)", cursor.createTimeMs, cursor.id);
    const query = `SELECT run FROM runs WHERE ${where.join(" AND ")} ORDER BY create_time DESC, id DESC LIMIT ?`;
    return this.#database
      .prepare(query)
      .all(...values, limit)
      .map((row) => Run.decode(bytes(row["run"])));
  }

  /** The files of a run, by name. */
  artifacts(runId: string): Artifact[] {
    const rows = this.#database.prepare("SELECT artifact FROM artifacts WHERE run_id = ? ORDER BY name").all(runId);
    return rows.map((row) => Artifact.decode(bytes(row["artifact"])));
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }

  #atomically(write: () => void): void {
    this.#database.exec("BEGIN IMMEDIATE");
    try {
      write();
      this.#database.exec("COMMIT");
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
      throw error;
    }
  }
}

class DamagedError extends Error {}

/** SQLITE_CORRUPT and SQLITE_NOTADB: anything else, such as a full disk, passes and leaves the index as it was. */
const damageCodes: ReadonlySet<unknown> = new Set([11, 26]);

function isDamage(error: unknown): boolean {
  if (error instanceof DamagedError) return true;
  // The low byte is the primary code.
  return error instanceof Error && "errcode" in error && typeof error.errcode === "number" && damageCodes.has(error.errcode & 0xff);
}

function openDatabase(file: string): DatabaseSync {
  const database = new DatabaseSync(file);
  try {
    database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;");
    const found = database.prepare("PRAGMA quick_check(1)").get()?.["quick_check"];
    if (found !== "ok") throw new DamagedError("The registry is damaged.");
    if (database.prepare("PRAGMA user_version").get()?.["user_version"] !== schemaVersion) {
      database.exec(
        `DROP TABLE IF EXISTS runs; DROP TABLE IF EXISTS labels; DROP TABLE IF EXISTS artifacts; ${schema} PRAGMA user_version = ${schemaVersion};`,
      );
    }
    // Derived from the rows: an index that was begun before there was this one gets it too.
    database.exec("CREATE INDEX IF NOT EXISTS runs_states ON runs (state)");
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function bytes(value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return value;
  throw new TypeError("The registry holds something else than bytes.");
}
