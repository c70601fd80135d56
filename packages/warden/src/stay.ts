import { constants } from "node:fs";
import { type FileHandle, mkdir, open } from "node:fs/promises";
import { Fault } from "@clew/fault/fault";
import { type Outbox, openOutbox } from "@clew/outbox/outbox";
import { placesOf, type WorkFolder } from "@clew/outbox/work-folder";

/** One run's time in a sandbox: where the warden says what it sees of it, and the opened folder with the files that its work leaves. Dispose it to close both. */
export interface Stay extends AsyncDisposable {
  /** 1, 2, … */
  readonly number: number;
  readonly places: WorkFolder;
  readonly outbox: Outbox;
  readonly files: FileHandle;
}

/** The stays of runs in a sandbox, one after the other. Dispose it to close the last. */
export class Stays implements AsyncDisposable {
  readonly #workFolder: string;
  #current: Stay;

  private constructor(workFolder: string, first: Stay) {
    this.#workFolder = workFolder;
    this.#current = first;
  }

  /** Begins the first, before anything works in the sandbox. */
  static async open(workFolder: string): Promise<Stays> {
    await mkdir(placesOf(workFolder).files, { recursive: true, mode: 0o700 });
    return new Stays(workFolder, await openStay(workFolder, 1));
  }

  /** The one that is under way, or ended last. */
  get current(): Stay {
    return this.#current;
  }

  /**
   * Begins the next: what is said from now on is said of it.
   *
   * @throws Fault SANDBOX_LOST where what works in the sandbox has not made the folder for its files.
   */
  async begin(number: number): Promise<void> {
    const last = this.#current;
    this.#current = await openStay(this.#workFolder, number).catch((cause: unknown) => {
      throw new Fault("SANDBOX_LOST", { cause });
    });
    await last[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#current[Symbol.asyncDispose]();
  }
}

async function openStay(workFolder: string, number: number): Promise<Stay> {
  const places = placesOf(workFolder, number);
  await using opening = new AsyncDisposableStack();
  // A link in the folder's place is not followed: of a later stay it is made by what works in the sandbox.
  const files = opening.use(await open(places.files, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW));
  const outbox = opening.use(openOutbox({ file: places.wardenOutbox }));
  const opened = opening.move();
  return { number, places, outbox, files, [Symbol.asyncDispose]: () => opened.disposeAsync() };
}
