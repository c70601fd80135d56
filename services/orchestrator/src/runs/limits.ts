import { MAX_BODY_BYTES } from "@clew/journal-format/record";
import { playbookLimits } from "@clew/playbook/limits";

/** Every bound of a run and its requests, in one place. Sizes are bytes, texts are characters. */
export const limits = {
  requestBytes: 1024 * 1024,
  eventBytes: MAX_BODY_BYTES,
  /** What an event's own envelope may add to its payload. */
  eventHeadroomBytes: 2 * 1024,
  eventsPerRun: 200_000,
  /** Kept free below the most events, so that every run can be ended. */
  eventsReserve: 100,
  summaryChars: 200,
  /** What a sandbox may call an action, an error or a file: a Run keeps these texts whole. */
  nameChars: 200,
  inputSummaryChars: 1_000,
  directiveChars: 10_000,
  playbookSourceBytes: playbookLimits.sourceBytes,
  /** What a stored spec may be encoded: it must fit an event beside all else that `runCreated` and `runFinished` hold. */
  specBytes: 40 * 1024,
  paramsBytes: 16 * 1024,
  outputSchemaBytes: 16 * 1024,
  labels: 32,
  labelKeyChars: 63,
  labelValueChars: 200,
  credentials: 20,
  credentialChars: 4_096,
  extraHeaders: 50,
  headerNameChars: 100,
  headerValueChars: 4_096,
  urlChars: 2_048,
  requestIdChars: 200,
  concurrencyKeyChars: 200,
  reasonChars: 500,
  actorChars: 200,
  timeoutSeconds: { min: 5, max: 3_600, default: 600 },
  keepAliveSeconds: { min: 0, max: 3_600 },
  queueTimeoutSeconds: { min: 1, max: 86_400, default: 3_600 },
  maxSteps: { min: 1, max: 200, default: 50 },
  priority: { min: 0, max: 9, default: 5 },
  viewportWidth: { min: 800, max: 3_840, default: 1_280 },
  viewportHeight: { min: 600, max: 2_160, default: 720 },
  waitForPersonSeconds: { min: 0, max: 86_400 },
  /** How deep playbooks may call each other, and how many one may call in all. */
  callDepth: 5,
  calledPlaybooks: 20,
  files: 20,
  uploadBytes: 100 * 1024 * 1024,
  uploadHours: 24,
  browserStateNameChars: 100,
  checks: 20,
  /** Questions a run may ask people. */
  inputsPerRun: 100,
  promptChars: 2_000,
  choices: 20,
  choiceChars: 200,
  /** An answer, or a secret that is one. */
  answerChars: 4_096,
  /** A browser state as JSON: it must fit a request at every door. */
  browserStateBytes: 768 * 1024,
  retryAttempts: { min: 1, max: 5, default: 1 },
  retryBackoffSeconds: { min: 0, max: 300, default: 5 },
  stopGraceSeconds: { min: 0, max: 120, default: 10 },
  ticketSeconds: { min: 60, max: 86_400, default: 3_600 },
  ticketRuns: 50,
  listPageSize: { max: 100, default: 50 },
  eventPageSize: { max: 1_000, default: 100 },
  pageBytes: 1024 * 1024,
  /** What is read at a time for a stream. As a frame it has at most 128 KiB: one is on its way to a slow reader, and one in hand. */
  streamPageBytes: 96 * 1024,
  streamPageEvents: 128,
  waitMs: 60_000,
  artifactsPerRun: 1_000,
  artifactBytes: 512 * 1024 * 1024,
  /** All artifacts of a run together, those of all its attempts. */
  artifactsBytes: 2 * 1024 * 1024 * 1024,
  unconfirmedActions: 100,
  heartbeatMs: 15_000,
  startMs: 60_000,
  finalizeMs: 60_000,
  sandboxSilenceMs: 30_000,
  /** How often it is looked whether keys have ended. */
  keyLookMs: 5_000,
  /** How often it is looked whether queued runs have moved on. */
  queueLookMs: 5_000,
  /** Attempts in a row that may be lost before their work begins. */
  startAttempts: 3,
  /** What is held on the volume to end runs with when it is full. */
  reserveBytes: 16 * 1024 * 1024,
  /** With less than this the volume is full: sandboxes write there too. */
  lowRoomBytes: 2 * 1024 * 1024,
} as const;
