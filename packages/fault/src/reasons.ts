import type { Code } from "./code.ts";

/** What the table says of one reason. */
export interface ReasonDefinition {
  /** The gRPC code it is sent with. */
  readonly code: Code;
  /** Whether the same call, or the same run, may succeed later. */
  readonly retryable: boolean;
  /** What is said where the thrower says nothing better. */
  readonly message: string;
  /** What to do about it; docs/errors.md is made of these. */
  readonly wayOut: string;
  /** The HTTP status where the code's own does not fit. */
  readonly status?: number;
}

/** Every reason an error of Clew can have, at every door and in every run's outcome. Reasons are never renamed. */
export const reasons = {
  // The request.
  INVALID_REQUEST: { code: "INVALID_ARGUMENT", retryable: false, message: "The request is not valid.", wayOut: "Mend the fields that details.violations names." },
  UNSUPPORTED_MEDIA_TYPE: { code: "INVALID_ARGUMENT", retryable: false, status: 415, message: "The body must be application/json.", wayOut: "Send Content-Type: application/json (curl --json)." },
  BODY_TOO_LARGE: { code: "INVALID_ARGUMENT", retryable: false, status: 413, message: "The body is too large.", wayOut: "Send at most 1 MiB; give files through POST /v1/files." },
  ROUTE_NOT_FOUND: { code: "NOT_FOUND", retryable: false, message: "There is nothing at this address.", wayOut: "See /openapi.json for the addresses there are." },
  METHOD_NOT_ALLOWED: { code: "UNIMPLEMENTED", retryable: false, status: 405, message: "This address does not take this method.", wayOut: "Use one of the methods in the Allow header." },
  NOT_IMPLEMENTED: { code: "UNIMPLEMENTED", retryable: false, message: "This service has no such call.", wayOut: "Use a client and a service of the same version." },
  IDEMPOTENCY_CONFLICT: { code: "ALREADY_EXISTS", retryable: false, message: "The same request id was used with another request.", wayOut: "Use a new request id, or send the request as it was." },
  // Who asks.
  KEY_MISSING: { code: "UNAUTHENTICATED", retryable: false, message: "An API key is required.", wayOut: "Send authorization: Bearer <key>." },
  KEY_INVALID: { code: "UNAUTHENTICATED", retryable: false, message: "The API key is not valid.", wayOut: "Use a key named in CLEW_API_KEYS." },
  KEY_EXPIRED: { code: "UNAUTHENTICATED", retryable: false, message: "The API key has ended.", wayOut: "Use another key; the operator gives it a later expireTime, or makes a new one." },
  NOT_PERMITTED: { code: "PERMISSION_DENIED", retryable: false, message: "This key may not do this.", wayOut: "Use a key with the right that the message names." },
  POLICY_EXCEEDED: { code: "PERMISSION_DENIED", retryable: false, message: "The operator's policy does not allow this.", wayOut: "Stay within the limits that details.violations names, or have the operator change CLEW_POLICY." },
  HOST_NOT_ALLOWED: { code: "PERMISSION_DENIED", retryable: false, message: "The gateway does not answer to this Host.", wayOut: "Name the host in CLEW_ALLOWED_HOSTS." },
  ORIGIN_NOT_ALLOWED: { code: "PERMISSION_DENIED", retryable: false, message: "Pages of this origin may not call the gateway.", wayOut: "Name the origin in CLEW_CORS_ORIGINS." },
  TICKET_INVALID: { code: "UNAUTHENTICATED", retryable: false, message: "The ticket is not one of this service's.", wayOut: "Send a ticket exactly as POST /v1/tickets answered it." },
  TICKET_EXPIRED: { code: "UNAUTHENTICATED", retryable: false, message: "The ticket has ended.", wayOut: "Ask for a new ticket and open the stream again after the last event." },
  // What is asked for.
  RUN_NOT_FOUND: { code: "NOT_FOUND", retryable: false, message: "The run does not exist.", wayOut: "List the runs there are: GET /v1/runs." },
  RUN_DELETED: { code: "NOT_FOUND", retryable: false, message: "The run was deleted.", wayOut: "Nothing of it is left; start a new one." },
  RUN_EXPIRED: { code: "NOT_FOUND", retryable: false, message: "The run was kept as long as it was to be, and is gone.", wayOut: "Nothing of it is left; keep runs for longer with CLEW_RETENTION." },
  RUN_NOT_TERMINAL: { code: "FAILED_PRECONDITION", retryable: false, message: "The run is not over.", wayOut: "Stop the run first, or wait for its end." },
  ARTIFACT_NOT_FOUND: { code: "NOT_FOUND", retryable: false, message: "The run has no such artifact.", wayOut: "List the artifacts there are: GET /v1/runs/{run}/artifacts." },
  ARTIFACT_DAMAGED: { code: "DATA_LOSS", retryable: false, message: "What came of the artifact is not what the service said it is.", wayOut: "Download it again; where that does not help, check the disk." },
  ARTIFACT_EXPIRED: { code: "NOT_FOUND", retryable: false, message: "The artifact was kept as long as it was to be, and is gone.", wayOut: "The run's events are there still; keep artifacts for longer with CLEW_RETENTION." },
  ARTIFACT_CHANGED: { code: "ABORTED", retryable: true, message: "The artifact was replaced while it was read.", wayOut: "Ask for it again." },
  PLAYBOOK_NOT_FOUND: { code: "NOT_FOUND", retryable: false, message: "The playbook does not exist.", wayOut: "List the playbooks there are: GET /v1/playbooks." },
  PLAYBOOK_INVALID: { code: "INVALID_ARGUMENT", retryable: false, message: "The playbook is not valid.", wayOut: "Mend the lines that details.violations names." },
  INPUT_NOT_AWAITED: { code: "FAILED_PRECONDITION", retryable: false, message: "The run does not wait for this input.", wayOut: "Look at the run's last inputRequested event." },
  STATE_KEY_MISSING: { code: "FAILED_PRECONDITION", retryable: false, message: "Saved logins, and what runs leave for forks, need CLEW_STATE_KEY, which is not set.", wayOut: "Set it, and start the orchestrator again; or leave browserState, forkFrom and keepAliveSeconds out." },
  STATE_UNREADABLE: { code: "FAILED_PRECONDITION", retryable: false, message: "The saved login cannot be read with this key.", wayOut: "Set the CLEW_STATE_KEY it was saved under, or use another browserState." },
  FILE_NOT_FOUND: { code: "NOT_FOUND", retryable: false, message: "The file does not exist, or its time is over.", wayOut: "Upload it again: POST /v1/files." },
  RANGE_NOT_SATISFIABLE: { code: "OUT_OF_RANGE", retryable: false, status: 416, message: "The file has no such range.", wayOut: "Ask for bytes the file has." },
  // Resume tokens.
  TOKEN_MALFORMED: { code: "INVALID_ARGUMENT", retryable: false, message: "The resume token is malformed.", wayOut: "Send a token exactly as it was received, a plain sequence number, or nothing." },
  TOKEN_OF_ANOTHER_RUN: { code: "INVALID_ARGUMENT", retryable: false, message: "The resume token belongs to another run.", wayOut: "Send a token of this run." },
  EPOCH_CHANGED: { code: "OUT_OF_RANGE", retryable: false, message: "The run's journal was cut since this token was given.", wayOut: "Resume with the token in details.earliest." },
  DIVERGED: { code: "OUT_OF_RANGE", retryable: false, message: "The run's history is not the one this token was given for.", wayOut: "Read again from the token in details.earliest." },
  FUTURE: { code: "OUT_OF_RANGE", retryable: false, message: "The run has no such event yet.", wayOut: "Read again from the token in details.earliest." },
  EXPIRED: { code: "OUT_OF_RANGE", retryable: false, message: "The events after this token are gone.", wayOut: "Read on from the token in details.earliest; where there is none, the whole run is gone." },
  // The service.
  QUEUE_FULL: { code: "RESOURCE_EXHAUSTED", retryable: true, message: "The queue is full.", wayOut: "Try again after the time given, or raise CLEW_MAX_QUEUED_RUNS." },
  READERS_FULL: { code: "RESOURCE_EXHAUSTED", retryable: true, message: "Too many streams are open.", wayOut: "Try again after the time given." },
  VOLUME_FULL: { code: "RESOURCE_EXHAUSTED", retryable: true, message: "The volume is full.", wayOut: "Free space on the volume; runs are taken again by themselves." },
  VOLUME_FAILED: { code: "UNAVAILABLE", retryable: true, message: "The volume cannot be written.", wayOut: "Look at the volume's disk; the service recovers by itself." },
  ORCHESTRATOR_UNAVAILABLE: { code: "UNAVAILABLE", retryable: true, message: "The orchestrator does not answer.", wayOut: "Try again; see /readyz." },
  GATEWAY_UNREACHABLE: { code: "UNAVAILABLE", retryable: true, message: "No gateway answers.", wayOut: "Start one with npm start, or set CLEW_URL to where it is." },
  CONNECTION_LOST: { code: "UNAVAILABLE", retryable: true, message: "The connection ended before the answer did.", wayOut: "Try again; a stream resumes after the last event." },
  SANDBOX_UNREACHABLE: { code: "UNAVAILABLE", retryable: true, message: "The sandbox does not answer.", wayOut: "Try again." },
  CHANNEL_REFUSED: { code: "UNAUTHENTICATED", retryable: false, message: "The other end of the channel could not prove who it is.", wayOut: "Only an orchestrator and its own sandboxes speak on this channel." },
  STREAM_AGED: { code: "UNAVAILABLE", retryable: true, message: "The stream has reached its age.", wayOut: "Open it again after the last event." },
  SHUTTING_DOWN: { code: "UNAVAILABLE", retryable: true, message: "The service is shutting down.", wayOut: "Try again in a moment." },
  SUPERSEDED: { code: "ABORTED", retryable: false, message: "A newer stream of the same producer took this one's place.", wayOut: "There is nothing to do: the newer stream goes on." },
  EVENT_TOO_LARGE: { code: "INVALID_ARGUMENT", retryable: false, message: "An event is larger than 64 KiB.", wayOut: "Keep long texts in artifacts." },
  STALLED: { code: "UNAVAILABLE", retryable: true, message: "The reader took nothing for too long.", wayOut: "Resume after the last event." },
  CANCELLED: { code: "CANCELLED", retryable: false, message: "The call was cancelled.", wayOut: "There is nothing to mend: the caller ended it." },
  DEADLINE_EXCEEDED: { code: "DEADLINE_EXCEEDED", retryable: true, message: "The call took too long.", wayOut: "Try again, with a longer deadline." },
  INTERNAL: { code: "INTERNAL", retryable: false, message: "Something went wrong inside.", wayOut: "Look in the service's log for the request id." },
  PARENT_GONE: { code: "FAILED_PRECONDITION", retryable: false, message: "What the run left to go on from is gone.", wayOut: "Begin anew, or run its work again with keepAliveSeconds and go on from that run in time; see docs/lineage.md." },
  PARENT_BUSY: { code: "FAILED_PRECONDITION", retryable: false, message: "The run cannot be gone on from yet.", wayOut: "Wait for its end; where another run continues in its sandbox, wait for that one's end and go on from that one; see docs/lineage.md." },
  // How a run can fail.
  STEP_FAILED: { code: "ABORTED", retryable: false, message: "A step of the playbook failed.", wayOut: "Look at the failed step's event and screenshot." },
  SELECTOR_NOT_FOUND: { code: "NOT_FOUND", retryable: true, message: "No selector matched an element on the page.", wayOut: "Mend the step's selector; the message lists what was tried." },
  SELECTOR_AMBIGUOUS: { code: "FAILED_PRECONDITION", retryable: false, message: "A selector matched more than one visible element.", wayOut: "Make the selector narrower; the message lists the candidates." },
  ACTION_TIMED_OUT: { code: "DEADLINE_EXCEEDED", retryable: true, message: "The browser did not finish the action in time.", wayOut: "The message says what was in the way; a page that is only slow wants params.timeout_ms." },
  ACTION_FAILED: { code: "ABORTED", retryable: true, message: "The browser could not do the action.", wayOut: "Look at the failed action's event and screenshot." },
  REQUEST_FAILED: { code: "ABORTED", retryable: false, message: "A request that may have changed something was not answered as it should be.", wayOut: "See what came of it before you send it again." },
  NAVIGATION_FAILED: { code: "UNAVAILABLE", retryable: true, message: "The page could not be opened.", wayOut: "Check the address, and that the sandbox may reach it." },
  VERIFICATION_FAILED: { code: "FAILED_PRECONDITION", retryable: true, message: "The page did not become what the step expects.", wayOut: "Look at the failed step's screenshot; mend its verify." },
  CHECK_FAILED: { code: "FAILED_PRECONDITION", retryable: false, message: "The steps were done, and a check of the result failed.", wayOut: "Look at the checks that the message names, and at what the run did." },
  OUTPUT_INVALID: { code: "FAILED_PRECONDITION", retryable: false, message: "The outcome's data does not fit the output schema.", wayOut: "Store what the schema asks for: store_as, and store_type for numbers and lists." },
  AUTHENTICATION_FAILED: { code: "UNAUTHENTICATED", retryable: false, message: "The playbook could not log in.", wayOut: "Check the credentials and the playbook's auth." },
  GUARDRAIL_BLOCKED: { code: "PERMISSION_DENIED", retryable: false, message: "A guardrail stopped the run.", wayOut: "Allow it in the RunSpec's guardrails, if it is meant." },
  TOO_MANY_ERRORS: { code: "ABORTED", retryable: false, message: "Too many actions failed one after another.", wayOut: "Look at the failed actions; raise guardrails.maxConsecutiveErrors if that many are to be expected." },
  STUCK: { code: "ABORTED", retryable: false, message: "The work went in circles.", wayOut: "Look at the run's stuckDetected events; say the task more clearly, or set guardrails.stuck… wider." },
  NO_PERSON: { code: "FAILED_PRECONDITION", retryable: false, message: "The run needs a person, and nobody is there.", wayOut: "Set waitForPersonSeconds, and answer what the run asks." },
  INPUT_EXPIRED: { code: "DEADLINE_EXCEEDED", retryable: false, message: "The run asked a person, and nobody answered in time.", wayOut: "Answer sooner, or raise waitForPersonSeconds." },
  INPUT_DENIED: { code: "PERMISSION_DENIED", retryable: false, message: "A person denied what the run asked.", wayOut: "There is nothing to mend: a person decided it." },
  CAPTCHA_FAILED: { code: "FAILED_PRECONDITION", retryable: false, message: "A page asked whether a person is there, and nobody was.", wayOut: "Set waitForPersonSeconds and answer." },
  MAX_STEPS: { code: "RESOURCE_EXHAUSTED", retryable: false, message: "The agent had as many steps as it may, and the work is not done.", wayOut: "Raise maxSteps, or make the work smaller; the outcome holds what there is." },
  TASK_FAILED: { code: "ABORTED", retryable: false, message: "The agent says that the work cannot be done.", wayOut: "Read why in the message; look at the run's last steps." },
  MODEL_FAILED: { code: "UNAVAILABLE", retryable: true, message: "The model did not answer.", wayOut: "Check the model's name and the operator's key." },
  MODEL_UNAVAILABLE: { code: "FAILED_PRECONDITION", retryable: false, message: "This model cannot be called here.", wayOut: "Name a model that the operator set up: CLEW_MODEL, its provider's key, and CLEW_MODELS; see docs/models.md." },
  MODEL_CALL_REFUSED: { code: "PERMISSION_DENIED", retryable: false, message: "The relay does not pass on this call of a model.", wayOut: "Only the run's own models may be called, with what their API needs and nothing that acts outside the sandbox." },
  BUDGET_EXCEEDED: { code: "RESOURCE_EXHAUSTED", retryable: false, message: "The run used what it may spend on models.", wayOut: "Raise the RunSpec's budget, or make the work smaller; what was found so far is in the outcome." },
  CASSETTE_MISMATCH: { code: "FAILED_PRECONDITION", retryable: false, message: "The run asks a model what its cassette does not hold.", wayOut: "Look at what differed; record the cassette again where the work, the page or the agent changed." },
  CASSETTE_INVALID: { code: "INVALID_ARGUMENT", retryable: false, message: "The file is not a cassette.", wayOut: "Give a cassette.jsonl that a run with recording.cassette left, whole and unchanged." },
  BROWSER_CRASHED: { code: "UNAVAILABLE", retryable: true, message: "The browser ended unexpectedly.", wayOut: "Run again; look at the sandbox's log if it happens often." },
  BROWSER_START_FAILED: { code: "UNAVAILABLE", retryable: true, message: "The browser did not start.", wayOut: "Run npx clew doctor; set CLEW_CHROMIUM." },
  ORCHESTRATOR_LOST: { code: "UNAVAILABLE", retryable: true, message: "The orchestrator ended before the sandbox had begun.", wayOut: "There is nothing to do: another attempt follows, and this one does not count." },
  SANDBOX_START_FAILED: { code: "UNAVAILABLE", retryable: true, message: "The sandbox did not start.", wayOut: "Run npx clew doctor; look at the sandbox's log." },
  SANDBOX_LOST: { code: "UNAVAILABLE", retryable: true, message: "The sandbox ended unexpectedly.", wayOut: "See effects and unconfirmedActions before you run again." },
  SANDBOX_HUNG: { code: "UNAVAILABLE", retryable: true, message: "The sandbox gave no sign of life and was ended.", wayOut: "See effects and unconfirmedActions before you run again." },
  SANDBOX_OUT_OF_MEMORY: { code: "RESOURCE_EXHAUSTED", retryable: false, message: "The sandbox took more memory than it may, and was ended.", wayOut: "Open fewer or lighter pages; raise CLEW_SANDBOX_MEMORY." },
  SANDBOX_TOO_MANY_PROCESSES: { code: "RESOURCE_EXHAUSTED", retryable: false, message: "The sandbox had more processes than it may, and was ended.", wayOut: "Open fewer pages at once; raise CLEW_SANDBOX_PROCESSES." },
  SANDBOX_DISK_FULL: { code: "RESOURCE_EXHAUSTED", retryable: false, message: "The sandbox took more of the disk than it may, and was ended.", wayOut: "Store and record less; raise CLEW_SANDBOX_DISK." },
  SANDBOX_MISBEHAVED: { code: "INTERNAL", retryable: false, message: "The sandbox broke its contract and was ended.", wayOut: "Look at the run's warnings." },
  TIMED_OUT: { code: "DEADLINE_EXCEEDED", retryable: true, message: "The run reached its deadline.", wayOut: "Raise timeoutSeconds, or make the work smaller." },
  QUEUE_TIMED_OUT: { code: "DEADLINE_EXCEEDED", retryable: true, message: "The run waited in the queue for too long.", wayOut: "Raise queueTimeoutSeconds, or CLEW_MAX_CONCURRENT_RUNS." },
  TERMINATED: { code: "CANCELLED", retryable: false, message: "A caller stopped the run.", wayOut: "There is nothing to mend: somebody asked for it." },
  SHUTDOWN: { code: "CANCELLED", retryable: true, message: "The service was stopped.", wayOut: "Run again when it is back." },
  EVENT_LIMIT: { code: "RESOURCE_EXHAUSTED", retryable: false, message: "The run reached the most events a run may have.", wayOut: "Make the work smaller." },
  CREDENTIALS_LOST: { code: "FAILED_PRECONDITION", retryable: true, message: "The run's credentials were lost in a restart.", wayOut: "Create the run again; credentials are kept in memory only." },
  CREDENTIALS_UNREADABLE: { code: "FAILED_PRECONDITION", retryable: false, message: "The run's credential set cannot be read.", wayOut: "Have the operator look at the set's file under CLEW_SECRETS, and create the run again." },
  JOURNAL_DAMAGED: { code: "DATA_LOSS", retryable: false, message: "The run's journal was damaged on the volume.", wayOut: "See the run's warnings for what is lost; check the disk." },
} as const satisfies Record<string, ReasonDefinition>;

/** A stable word for why something failed. */
export type Reason = keyof typeof reasons;

/** Whether a word is one of our reasons. */
export function isReason(word: string): word is Reason {
  return Object.hasOwn(reasons, word);
}
