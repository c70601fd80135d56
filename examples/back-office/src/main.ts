import { once } from "node:events";
import { parseArgs } from "node:util";
import { startBackOffice } from "./back-office.ts";

const help = `npm run back-office starts an application to practise on, until Ctrl-C.
  -- --port PORT  where it listens on 127.0.0.1; 4000 unless given, 0 for any`;

/** Reads the port asked for; prints the help and exits where none is to be taken. */
function portOf(argv: readonly string[]): number {
  try {
    const options = { port: { type: "string", default: "4000" }, help: { type: "boolean", short: "h" } } as const;
    const { values } = parseArgs({ args: [...argv], options });
    if (values.help !== true) {
      if (/^\d{1,5}$/.test(values.port) && Number(values.port) < 65_536) return Number(values.port);
      throw new RangeError("--port: a whole number from 0 to 65535.");
    }
    console.log(help);
    process.exit(0);
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${help}`);
    process.exit(2);
  }
}

await using backOffice = await startBackOffice({ port: portOf(process.argv.slice(2)) });
console.log(`The back office is at ${backOffice.url} (user demo, password demo).`);
await Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]);
