import { DatabaseSync as RealDatabase, type StatementSync } from "node:sqlite";
import { here } from "./machine.ts";

/** A database, and what was prepared for it: histories ask the same again and again. */
interface Prepared {
  readonly database: RealDatabase;
  readonly statements: Map<string, StatementSync>;
}

const databases = new WeakMap<object, Map<string, Prepared>>();
const spare: Prepared[] = [];

/**
 * `node:sqlite` on the simulated machine: SQLite itself, in memory, one database a path. What was committed outlives the process;
 * after a loss of power a database may be empty, which is all that the index of runs promises.
 */
export class DatabaseSync {
  readonly #prepared: Prepared;

  constructor(path: string) {
    const { disk } = here();
    const found = databases.get(disk) ?? new Map<string, Prepared>();
    databases.set(disk, found);
    this.#prepared = found.get(path) ?? take();
    found.set(path, this.#prepared);
  }

  exec(sql: string): void {
    this.#prepared.database.exec(sql);
  }

  prepare(sql: string) {
    const { database, statements } = this.#prepared;
    const statement = statements.get(sql) ?? database.prepare(sql);
    statements.set(sql, statement);
    return statement;
  }

  close(): void {
    // The machine keeps it, as it keeps a file.
  }
}

function take(): Prepared {
  const taken = spare.pop() ?? { database: new RealDatabase(":memory:"), statements: new Map() };
  empty(taken);
  return taken;
}

function empty({ database }: Prepared): void {
  const tables = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all();
  for (const { name } of tables) database.exec(`DELETE FROM "${String(name)}"`);
}

/** Empties the databases of a machine. */
export function loseDatabases(disk: object): void {
  for (const prepared of databases.get(disk)?.values() ?? []) empty(prepared);
}

/** Gives the databases of a machine that is no more to the next. */
export function leaveDatabases(disk: object): void {
  spare.push(...(databases.get(disk)?.values() ?? []));
  databases.delete(disk);
}
