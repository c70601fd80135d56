/** A rule that keeps a connection from being made. */
export interface EgressDenial {
  readonly rule: string;
  /** What the rule says, in a sentence. */
  readonly message: string;
}

/** Judges where a sandbox may connect to: a host as it was asked for, its port, and every address the host has. Answers nothing where it may. */
export type JudgeEgress = (host: string, port: number, addresses: readonly string[]) => EgressDenial | undefined;
