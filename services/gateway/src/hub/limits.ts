/** What the hub may keep, and how long the orchestrator is waited for. */
export interface HubLimits {
  /** Bytes of encoded events kept for all runs together. */
  readonly cacheBytes: number;
  /** Milliseconds the orchestrator is tried before a reader was told anything. */
  readonly openMs: number;
  /** Milliseconds it is tried again after a loss, while its readers are kept. */
  readonly reopenMs: number;
  /** Milliseconds of silence after which its stream counts as lost; it sends a frame at least every 15 s. */
  readonly silenceMs: number;
  /** Milliseconds before which a silent stream tells its reader where it stands; a reader is promised 15 s. */
  readonly beatMs: number;
  /** Milliseconds between two looks whether readers' keys still hold. */
  readonly keyLookMs: number;
}

/** The limits of a hub unless a gateway is told otherwise. */
export const defaultHubLimits: HubLimits = {
  cacheBytes: 64 * 1024 * 1024,
  openMs: 2_000,
  reopenMs: 30_000,
  silenceMs: 40_000,
  beatMs: 12_000,
  keyLookMs: 5_000,
};

/** Milliseconds within which every reader is promised a frame. */
export const heartbeatMs = 15_000;
