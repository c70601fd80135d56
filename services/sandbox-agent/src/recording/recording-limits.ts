const mebibyte = 1024 * 1024;

/** Every bound of what a run may leave behind; the orchestrator has its own, no narrower. */
export const recordingLimits = {
  files: 900,
  /** All files together. */
  bytes: 1024 * mebibyte,
  /** Of these, what is kept while the run goes on; the rest is for its recordings and its outcome. */
  keptFiles: 880,
  keptBytes: 640 * mebibyte,
  fileBytes: 512 * mebibyte,
  screenshots: 300,
  downloads: 20,
  downloadBytes: 100 * mebibyte,
  videos: 10,
  /** All videos together. */
  videoBytes: 256 * mebibyte,
  /** Each of the two logs. */
  logBytes: 5 * mebibyte,
} as const;
