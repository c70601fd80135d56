import { once } from "node:events";
import { parseArgs } from "node:util";
import { startBackOffice } from "./back-office.ts";

const { values } = parseArgs({ options: { port: { type: "string", default: "4000" } } });
await using backOffice = await startBackOffice({ port: Number(values.port) });
console.log(`The back office is at ${backOffice.url} (user demo, password demo).`);
await Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]);
