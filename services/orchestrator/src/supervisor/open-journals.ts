import { Fault } from "@clew/fault/fault";
import { Journal } from "../journal/journal.ts";
import type { RunId } from "../runs/run-id.ts";

/** A journal that somebody reads. Dispose it when done. */
export interface BorrowedJournal extends Disposable {
  readonly journal: Journal;
}

interface Shelved {
  readonly opening: Promise<Journal>;
  users: number;
  usedAt: number;
}

/** Finished journals kept open beyond their last reader. */
const idleMost = 64;

/** The journals of finished runs that somebody reads, each opened once however many read it. */
export class OpenJournals implements AsyncDisposable {
  readonly #shelf = new Map<RunId, Shelved>();
  readonly #folderOf: (runId: RunId) => string;

  constructor(folderOf: (runId: RunId) => string) {
    this.#folderOf = folderOf;
  }

  /** Opens a run's journal, or shares the open one. @throws Fault RUN_NOT_FOUND when there is none. */
  async borrow(runId: RunId): Promise<BorrowedJournal> {
    let shelved = this.#shelf.get(runId);
    if (shelved === undefined) {
      const opening = Journal.open({ folder: this.#folderOf(runId), runId }).then(({ journal }) => journal);
      shelved = { opening, users: 0, usedAt: 0 };
      this.#shelf.set(runId, shelved);
      opening.catch(() => this.#shelf.delete(runId));
    }
    const mine = shelved;
    mine.users += 1;
    mine.usedAt = performance.now();
    try {
      const journal = await mine.opening;
      let borrowed = true;
      return {
        journal,
        [Symbol.dispose]: () => {
          if (borrowed) mine.users -= 1;
          borrowed = false;
          this.#tidy();
        },
      };
    } catch (error) {
      mine.users -= 1;
      if (error instanceof Error && "code" in error && error.code === "ENOENT") throw new Fault("RUN_NOT_FOUND", { cause: error });
      throw error;
    }
  }

  /** Shares a journal that is open already, as that of a run under way. The answer is its owner's hold on it. */
  adopt(runId: RunId, journal: Journal): Disposable {
    const shelved: Shelved = { opening: Promise.resolve(journal), users: 1, usedAt: performance.now() };
    this.#shelf.set(runId, shelved);
    return {
      [Symbol.dispose]: () => {
        shelved.users -= 1;
        shelved.usedAt = performance.now();
        this.#tidy();
      },
    };
  }

  /** Closes a run's journal, as soon as nobody reads it. */
  forget(runId: RunId): void {
    const shelved = this.#shelf.get(runId);
    if (shelved === undefined) return;
    this.#shelf.delete(runId);
    void shelved.opening.then((journal) => journal[Symbol.asyncDispose]()).catch(() => {});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const all = [...this.#shelf.values()];
    this.#shelf.clear();
    await Promise.allSettled(all.map(async ({ opening }) => (await opening)[Symbol.asyncDispose]()));
  }

  #tidy(): void {
    const idle = [...this.#shelf].filter(([, { users }]) => users === 0).sort(([, a], [, b]) => a.usedAt - b.usedAt);
    for (const [runId] of idle.slice(0, Math.max(0, idle.length - idleMost))) this.forget(runId);
  }
}
