/**
 * Resolves with the first SIGTERM or SIGINT this process gets; the same signal again then ends it at once, as usual.
 *
 * A process with an IPC channel, as `npm start` gives its services one, belongs to who started it: when that is gone, however it ended,
 * it is as if it had sent SIGINT. A process that was started on its own has no such channel.
 */
export function untilSignal(): Promise<"SIGTERM" | "SIGINT"> {
  return new Promise((resolve) => {
    const settle = (signal: NodeJS.Signals) => {
      process.off("SIGTERM", settle).off("SIGINT", settle).off("disconnect", onOrphaned);
      resolve(signal === "SIGINT" ? "SIGINT" : "SIGTERM");
    };
    const onOrphaned = () => settle("SIGINT");
    process.on("SIGTERM", settle).on("SIGINT", settle);
    if (process.channel === undefined) return;
    if (process.connected) process.on("disconnect", onOrphaned);
    else onOrphaned();
  });
}
