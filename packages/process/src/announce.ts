/** Says on standard output where a service listens, whatever its log level is: whoever started it waits for this line. */
export function announceListening(name: string, address: string): void {
  process.stdout.write(`${JSON.stringify({ level: 30, time: Date.now(), pid: process.pid, name, address, msg: "listening" })}\n`);
}
