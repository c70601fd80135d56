import type { EventType } from "./event.ts";

const all = {
  runCreated: true,
  runQueued: true,
  attemptStarted: true,
  sandboxReady: true,
  runStarted: true,
  stepStarted: true,
  stepCompleted: true,
  actionStarted: true,
  actionCompleted: true,
  actionBlocked: true,
  pageChanged: true,
  guardrailTripped: true,
  egressDenied: true,
  stuckDetected: true,
  captchaDetected: true,
  injectionDetected: true,
  recoveryStarted: true,
  recoveryEnded: true,
  modelCalled: true,
  inputRequested: true,
  inputReceived: true,
  artifactStored: true,
  stopRequested: true,
  warningRaised: true,
  outcomePublished: true,
  runFinished: true,
  sandboxExited: true,
  sandboxKept: true,
  attemptFailed: true,
} as const satisfies Record<EventType, true>;

/** The names of all events. */
export const runEventTypes: ReadonlySet<string> = new Set(Object.keys(all));
