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
  /** Begins the work; called at most once. */
  readonly begin: (request: StartWorkRequest) => Work;
}

/** The place for the one piece of work a sandbox ever does. */
export class WorkSlot {
  readonly #options: WorkSlotOptions;
  /** Whose work it is. */
  #owner: Pick<StartWorkRequest, "runId" | "attempt"> | undefined;
  #work: Work | undefined;
  #stopped = false;

  constructor(options: WorkSlotOptions) {
    this.#options = options;
  }

  /** Whether work was ever begun. */
  get isTaken(): boolean {
    return this.#work !== undefined;
  }

  /**
   * Begins the work; the same attempt again changes nothing. Whoever is first has the sandbox for good.
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
