/**
 * What both peers of every gRPC connection hold to, whatever library each of them is. Libraries differ in their defaults: grpc-js takes
 * 4 MiB and connect-node sends 4 GiB; a server that allows pings less often than its client sends them closes the connection
 * (`too_many_pings`).
 */
export const wireContract = {
  /** The largest message either side sends or takes, in bytes: a page of 1 MiB, the Run that may come with it, and room. */
  maxMessageBytes: 8 * 1024 * 1024,
  /** Milliseconds between a client's pings while calls are open; without calls there are none. */
  pingIntervalMs: 30_000,
  /** Milliseconds within which a ping is answered, or the connection is dead. */
  pingTimeoutMs: 10_000,
  /** Milliseconds between pings that a server takes from any client. */
  leastPingIntervalMs: 5_000,
} as const;
