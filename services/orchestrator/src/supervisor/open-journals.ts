import type { Journal } from "../journal/journal.ts";
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
  readonly #open: (runId: RunId) => Promise<Journal>;

  /** `open` opens the journal of a run that is over. */
  constructor(open: (runId: RunId) => Promise<Journal>) {
    this.#open = open;
  }

  /** Opens a run's journal, or shares the open one. @throws Fault RUN_NOT_FOUND when there is none. */
  async borrow(runId: RunId): Promise<BorrowedJournal> {
    let shelved = this.#shelf.get(runId);
    if (shelved === undefined) {
      const opening = this.#open(runId);
      shelved = { opening, users: 0, usedAt: 0 };
      this.#shelf.set(runId, shelved);
      const mine = shelved;
      opening.catch(() => this.#shelf.get(runId) === mine && this.#shelf.delete(runId));
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

  /** Closes a run's journal: whoever borrows it next has it opened again. Where `journal` is given, only if it is still that one. */
  async forget(runId: RunId, journal?: Journal): Promise<void> {
    const shelved = this.#shelf.get(runId);
    if (shelved === undefined || (journal !== undefined && (await shelved.opening.catch(() => undefined)) !== journal)) return;
    if (this.#shelf.get(runId) !== shelved) return;
    this.#shelf.delete(runId);
    await shelved.opening.then((journal) => journal[Symbol.asyncDispose]()).catch(() => {});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const all = [...this.#shelf.values()];
    this.#shelf.clear();
    await Promise.allSettled(all.map(async ({ opening }) => (await opening)[Symbol.asyncDispose]()));
  }

  #tidy(): void {
    const idle = [...this.#shelf].filter(([, { users }]) => users === 0).sort(([, a], [, b]) => a.usedAt - b.usedAt);
    for (const [runId] of idle.slice(0, Math.max(0, idle.length - idleMost))) void this.forget(runId);
  }
}
