import { z } from "zod";

/** What a hostile program in a sandbox aims at. Everything here is outside of it. */
export const targets = z.strictObject({
  /** Bytes that no sandbox may hold: they stand in the file, in the victim's environment and in shared memory. Told backwards, so that being told them is not having read them. */
  marker: z.string().transform((backwards) => [...backwards].reverse().join("")),
  file: z.string(),
  /** A folder beside the file, where nothing may be planted. */
  folder: z.string(),
  sharedFile: z.string(),
  volume: z.string(),
  /** A process of the machine. */
  victim: z.int(),
  /** Where something listens: a port of every address, a Unix socket, and one without a file. */
  port: z.int(),
  ownAddress: z.string(),
  socket: z.string(),
  abstractSocket: z.string(),
  orchestratorPort: z.int(),
  gatewayPort: z.int(),
  hostName: z.string(),
  /** What the left-behind process is called by. */
  daemonSeconds: z.string(),
});

/** What a hostile program in a sandbox aims at. */
export type Targets = z.infer<typeof targets>;

/** What the program was told of its own sandbox. */
export interface Inside {
  readonly socketPath: string;
  readonly secret: string;
  readonly egressSocket: string;
  readonly workFolder: string;
}

/** One thing that is tried: answers what it got, nothing where it got nothing; what it throws held it up. */
export type Try = (targets: Targets, inside: Inside) => Promise<string | undefined>;
