/** One call, as the audit log has it. Never a secret: names, and what was decided. */
export interface AuditEntry {
  /** What was called, such as `createRun`. */
  readonly call: string;
  /** Empty where nobody knows who called. */
  readonly tenant: string;
  /** The key's name; empty without one. */
  readonly key: string;
  /** Who acted through it, as the caller claims. */
  readonly actor: string;
  readonly run: string | undefined;
  readonly requestId: string;
  /** `OK`, or the code it was refused or failed with. */
  readonly code: string;
  readonly reason: string | undefined;
}

/** Who keeps what was called. Taking an entry neither waits nor fails. */
export interface Audit {
  note(entry: AuditEntry): void;
}
