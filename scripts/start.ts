import { readSettings, SettingsError } from "@clew/process/settings";
import { z } from "zod";
import { parseLogLine, readable, ServiceStartError } from "./service-process.ts";
import { type Services, startServices } from "./services.ts";
import { untilStopped } from "./until-stopped.ts";

const warning = 40;
const failure = 50;
const { env } = process;
const schema = z.looseObject({
  CLEW_VOLUME: z.string().default(".clew"),
  CLEW_GATEWAY_ADDRESS: z.string().default("127.0.0.1:8080"),
  CLEW_ORCHESTRATOR_ADDRESS: z.string().default("127.0.0.1:9090"),
  CLEW_PLAYBOOKS: z.string().default("examples/playbooks"),
});
let ready = false;

/** Shows warnings in words; every line as it is once CLEW_LOG_LEVEL is set. What a failed start says beyond warnings stands in its error. */
function show(service: string, line: string): void {
  const level = parseLogLine(line)?.level ?? failure;
  if (env.CLEW_LOG_LEVEL !== undefined) console.log(line);
  else if (ready ? level >= warning : level === warning) console.error(`${service}: ${readable(line)}`);
}

async function start(): Promise<{ readonly services: Services; readonly volume: string } | undefined> {
  try {
    const settings = readSettings(schema, env);
    const volume = settings.CLEW_VOLUME;
    const services = await startServices({
      volume,
      gatewayAddress: settings.CLEW_GATEWAY_ADDRESS,
      orchestratorAddress: settings.CLEW_ORCHESTRATOR_ADDRESS,
      inherited: { ...env, CLEW_PLAYBOOKS: settings.CLEW_PLAYBOOKS },
      onLine: show,
    });
    return { services, volume };
  } catch (error) {
    if (!(error instanceof ServiceStartError || error instanceof SettingsError)) throw error;
    console.error(error.message);
    return undefined;
  }
}

async function main(): Promise<number> {
  using wish = untilStopped();
  const started = await start();
  if (started === undefined) return 1;
  const { services, volume } = started;
  ready = true;
  console.log(`Clew is ready.
  gateway       ${services.url}
  orchestrator  ${services.orchestrator.address} (gRPC)
  volume        ${volume}
Run something from another terminal: npx clew run examples/playbooks/hello.yaml --param url=${services.url}/ --allow-private-host ${new URL(services.url).host}
Ctrl-C stops every run and the services.`);
  const ended = await Promise.race([wish.asked, services.firstExit()]);
  if (typeof ended === "string") console.log("Stopping: every run, then the services. Ctrl-C again kills them.");
  else console.error(`The ${ended.name} ended by itself, so the other is stopped.`);
  void wish.insisted.then(() => services.kill());
  await services.stop();
  return typeof ended === "string" ? 0 : 1;
}

process.exit(await main());
