import { readSettings, SettingsError } from "@clew/process/settings";
import { z } from "zod";
import { toNotice } from "./notices.ts";
import { demandArguments } from "./read-arguments.ts";
import { parseLogLine, readable, ServiceStartError } from "./service-process.ts";
import { type Services, startServices } from "./services.ts";
import { untilStopped } from "./until-stopped.ts";

const warning = 40;
const failure = 50;
const { env } = process;
const schema = z.looseObject({
  CLEW_API_KEYS: z.unknown().optional(),
  CLEW_VOLUME: z.string().default(".clew"),
  CLEW_GATEWAY_ADDRESS: z.string().default("127.0.0.1:8080"),
  CLEW_ORCHESTRATOR_ADDRESS: z.string().default("127.0.0.1:9090"),
  CLEW_PLAYBOOKS: z.string().default("examples/playbooks"),
  CLEW_WARM_SANDBOXES: z.coerce.string().default("1"),
});
const help = `npm start runs the gateway and the orchestrator until Ctrl-C. It takes no options; these variables of the environment say where:
  CLEW_VOLUME                where runs are kept; .clew unless given
  CLEW_GATEWAY_ADDRESS       127.0.0.1:8080 unless given
  CLEW_ORCHESTRATOR_ADDRESS  127.0.0.1:9090 unless given
  CLEW_PLAYBOOKS             the folder of the catalogue; examples/playbooks unless given
docs/settings.md names the others.`;
let ready = false;

/** Shows notices and warnings in words; every line as it is once CLEW_LOG_LEVEL is set. What a failed start says beyond them stands in its error. */
function show(service: string, line: string): void {
  const level = parseLogLine(line)?.level ?? failure;
  const notice = toNotice(line);
  if (env.CLEW_LOG_LEVEL !== undefined) console.log(line);
  else if (notice !== undefined) console.error(notice);
  else if (ready ? level >= warning : level === warning) console.error(`${service}: ${readable(line)}`);
}

/** What there is, and a command that works as it stands. */
function readyText({ url, orchestrator }: Services, volume: string, needsKey: boolean): string {
  const clew = url === "http://127.0.0.1:8080" ? "npx clew" : `CLEW_URL=${url} npx clew`;
  return `Clew is ready.
  gateway       ${url}
  orchestrator  ${orchestrator.address} (gRPC)
  volume        ${volume}
Run something from two other terminals${needsKey ? ", with one of the keys of CLEW_API_KEYS in CLEW_API_KEY" : ""}:
  npm run back-office
  ${clew} run examples/playbooks/hello.yaml --allow-private-host 127.0.0.1:4000
Ctrl-C stops every run and the services.`;
}

async function main(): Promise<number> {
  using wish = untilStopped();
  const starting = new AbortController();
  void wish.asked.then(() => starting.abort());
  const settings = readSettings(schema, env);
  const services = await startServices({
    volume: settings.CLEW_VOLUME,
    gatewayAddress: settings.CLEW_GATEWAY_ADDRESS,
    orchestratorAddress: settings.CLEW_ORCHESTRATOR_ADDRESS,
    inherited: { ...env, CLEW_PLAYBOOKS: settings.CLEW_PLAYBOOKS, CLEW_WARM_SANDBOXES: settings.CLEW_WARM_SANDBOXES },
    onLine: show,
    onTrouble: (sentence) => console.error(sentence),
    signal: starting.signal,
  });
  ready = true;
  console.log(readyText(services, settings.CLEW_VOLUME, settings.CLEW_API_KEYS !== undefined));
  void wish.insisted.then(() => services.kill());
  const ended = await Promise.race([wish.asked, services.firstEnd()]);
  if (typeof ended === "string") {
    console.log("Stopping: every run, then the services. Ctrl-C again kills them.");
    await services.stop();
    return 0;
  }
  await services.handOver();
  console.error(
    `The ${ended.name} ended too often, so both were stopped. Runs under way wait for the next npm start, for CLEW_ADOPTION_GRACE.`,
  );
  return 1;
}

demandArguments(help);
try {
  process.exit(await main());
} catch (error) {
  if (!(error instanceof ServiceStartError || error instanceof SettingsError)) throw error;
  console.error(error.message);
  process.exit(1);
}
