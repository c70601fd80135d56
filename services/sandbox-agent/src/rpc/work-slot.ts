import { Fault, invalidRequest } from "@clew/fault/fault";
import type { Outcome } from "@clew/proto/grpc/clew/run/v1/run";
import type {
  DeliverInputRequest,
  StartWorkRequest,
  TakeBrowserStateResponse,
} from "@clew/proto/grpc/clew/sandbox/v1/sandbox_agent_service";
import type { Work } from "../work.ts";

/** How work begins. */
export interface WorkSlotOptions {
  /** Begins the work; called at most once a stay. */
  readonly begin: (request: StartWorkRequest) => Work;
  /** How another run's work follows; without it, none does. */
  readonly next?: {
    /** Whether the work that ended left its browser. */
    readonly isLeft: () => boolean;
    /** Makes ready for the next. */
    readonly make: (stay: number) => Promise<void>;
  };
}

/** The place for the work of a sandbox: that of one run, and of another once the one before has ended and left its browser. */
export class WorkSlot {
  readonly #options: WorkSlotOptions;
  /** Whose work it is. */
  #owner: Pick<StartWorkRequest, "runId" | "attempt"> | undefined;
  #work: Work | undefined;
  #stopped = false;
  #stay = 1;
  #making: Promise<void> = Promise.resolve();

  constructor(options: WorkSlotOptions) {
    this.#options = options;
  }

  /** Whether work was begun in this stay. */
  get isTaken(): boolean {
    return this.#work !== undefined;
  }

  /** Answers, once the work has ended, whether it left its browser to the next. */
  async isKept(): Promise<boolean> {
    await this.#work?.done;
    return this.#work !== undefined && this.#options.next?.isLeft() === true;
  }

  /**
   * Makes room for another run's work, once the one before has ended. Repeatable.
   *
   * @throws Fault SANDBOX_LOST where it is not the next, or no browser was left.
   */
  async beginStay(stay: number): Promise<void> {
    if (stay !== this.#stay) {
      if (stay !== this.#stay + 1 || this.#options.next === undefined || !(await this.isKept())) throw new Fault("SANDBOX_LOST");
      this.#stay = stay;
      this.#owner = undefined;
      this.#work = undefined;
      this.#stopped = false;
      this.#making = this.#options.next.make(stay);
    }
    await this.#making;
  }

  /**
   * Begins the work; the same attempt again changes nothing. Whoever is first has the sandbox for this stay.
   *
   * @throws Fault INVALID_REQUEST for another run or attempt, CANCELLED once it was stopped.
   */
  start(request: StartWorkRequest): void {
    this.#owner ??= { runId: request.runId, attempt: request.attempt };
    const { runId, attempt } = this.#owner;
    if (request.runId !== runId) throw invalidRequest([{ field: "runId", rule: "equal", message: "This sandbox is for another run." }]);
    if (request.attempt !== attempt)
      throw invalidRequest([{ field: "attempt", rule: "equal", message: "This sandbox is for another attempt." }]);
    if (this.#work !== undefined) return;
    if (this.#stopped) throw new Fault("CANCELLED", { message: "The work was stopped before it began." });
    this.#work = this.#options.begin(request);
  }

  /** Passes on what a person answered. @throws Fault INPUT_NOT_AWAITED where no work has begun. */
  deliver(input: DeliverInputRequest): void {
    if (this.#work === undefined) throw new Fault("INPUT_NOT_AWAITED");
    this.#work.deliver(input);
  }

  /** The login the work ended with; none where no work has begun. */
  get login(): TakeBrowserStateResponse {
    return this.#work?.login ?? { loggedOut: false };
  }

  /** Ends the work, or sees to it that none begins; answers what there was of it. Steps cut short say `why`: that the run was stopped, unless given. */
  async stop(graceMs: number, why?: Fault): Promise<Outcome | undefined> {
    this.#stopped = true;
    return await this.#work?.stop(graceMs, why);
  }
}
