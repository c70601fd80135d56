/** Resolves with the first SIGTERM or SIGINT this process gets; the same signal again then ends it at once, as usual. */
export function untilSignal(): Promise<"SIGTERM" | "SIGINT"> {
  return new Promise((resolve) => {
    const settle = (signal: NodeJS.Signals) => {
      process.off("SIGTERM", settle).off("SIGINT", settle);
      resolve(signal === "SIGINT" ? "SIGINT" : "SIGTERM");
    };
    process.on("SIGTERM", settle).on("SIGINT", settle);
  });
}
