import { createHash } from "node:crypto";
import { readdir, readFile, unlink } from "node:fs/promises";
import { join } from "node:path";
import { channelCredentials } from "@clew/grpc/channel-proof";
import { implement, startGrpcServer } from "@clew/grpc/server";
import { createEventService } from "@clew/outbox/event-service";
import { openOutbox } from "@clew/outbox/outbox";
import { watchPresence } from "@clew/outbox/presence";
import { KnownSecrets } from "@clew/playbook/known-secrets";
import { Outcome, Run_State } from "@clew/proto/grpc/clew/run/v1/run";
import { OutcomePublished, RunStarted } from "@clew/proto/grpc/clew/run/v1/run_event";
import {
  SandboxAgentServiceService,
  SandboxEventServiceService,
  type StartWorkRequest,
} from "@clew/proto/grpc/clew/sandbox/v1/sandbox_agent_service";
import { readSettings } from "@clew/sandbox-agent/config";
import { type PersonSaid, type Question, RemotePerson } from "@clew/sandbox-agent/person/ask-person";
import type { Report } from "@clew/sandbox-agent/report";
import { createSandboxAgentService } from "@clew/sandbox-agent/rpc/sandbox-agent-service";
import { WorkSlot } from "@clew/sandbox-agent/rpc/work-slot";

/**
 * A sandbox's agent without a browser: outbox, socket, service and person are the agent's own, its work is to ask what the label `asks` lists, and to say
 * what it heard, which is nobody's to mask but the orchestrator's. With the label `deaf` it never answers the first call that delivers something; the hash of `keeps` is
 * the cookie of the login it ends with, and `loggedOut` says that the one it began with was none.
 */
const { settings, closed } = await readSettings(process.stdin);
void closed.then(() => process.exit(0));

const outbox = openOutbox({ file: join(settings.workFolder, "agent.outbox") });
const presence = watchPresence({ graceMs: settings.graceMs, onAbsent: () => process.exit(1) });
const report: Report = {
  say: async (event) => void (await outbox.append(event)),
  confirm: async (event) => await outbox.waitAcknowledged(await outbox.append(event)),
};
const stopping = new AbortController();
let isDeaf = false;
let labels: Readonly<Record<string, string>> = {};

const slot = new WorkSlot({
  begin(request) {
    labels = request.spec?.labels ?? {};
    isDeaf = labels["deaf"] !== undefined;
    const waitSeconds = request.spec?.waitForPersonSeconds ?? 0;
    const person = new RemotePerson({
      attempt: request.attempt,
      waitSeconds,
      report,
      secrets: new KnownSecrets([]),
      stopping: stopping.signal,
    });
    const partial = Outcome.fromPartial({ summary: "It was stopped." });
    const done = work(request, person).catch(() => {});
    return {
      done,
      login: { loggedOut: false },
      deliver: (input) => person.deliver(input),
      stop: async () => {
        stopping.abort(new Error("stopped"));
        await done;
        await outbox.finish();
        return partial;
      },
    };
  },
});
const service = createSandboxAgentService(slot);
const never = new Promise<never>(() => {});

const proof = channelCredentials(settings.secret);
await unlink(settings.socketPath).catch(() => {});
await startGrpcServer({
  address: `unix:${settings.socketPath}`,
  services: [
    implement(SandboxEventServiceService, createEventService(outbox, presence)),
    implement(SandboxAgentServiceService, {
      ...service,
      deliverInput: async (request, context) => {
        if (isDeaf) {
          isDeaf = false;
          await never;
        }
        return await service.deliverInput(request, context);
      },
      takeBrowserState: async () => {
        const { keeps, loggedOut } = labels;
        const cookie = { name: "sid", value: sha256(keeps ?? ""), domain: "example.org", path: "/" };
        return {
          ...(keeps === undefined ? {} : { browserState: JSON.stringify({ cookies: [cookie], origins: [] }) }),
          loggedOut: loggedOut !== undefined,
        };
      },
    }),
  ],
  authorize(context) {
    proof.authorize(context);
    presence.note();
  },
  onUnexpected: (error) => void process.stderr.write(`${String(error)}\n`),
});
process.stdout.write("ready no browser\n");

async function work({ spec, browserState = "", calledPlaybooks }: StartWorkRequest, person: RemotePerson): Promise<void> {
  await report.say({
    summary: "The work began.",
    payload: { $case: "runStarted", value: RunStarted.fromPartial({ browser: "none", stepCount: 1 }) },
  });
  const heard: PersonSaid[] = [];
  for (const kind of kindsOf(spec?.labels["asks"] ?? "")) {
    heard.push(await person.ask({ kind, prompt: `Please: ${kind}`, ...(kind === "APPROVE" && { actionId: "1-1" }) }, stopping.signal));
  }
  const texts = heard.map((said) => (typeof said === "string" ? said : said.answer));
  const files = await filesIn(join(settings.workFolder, "inputs"));
  const outcome = Outcome.fromPartial({
    summary: "All was heard.",
    extractedTexts: texts,
    data: { hashes: texts.map(sha256), files, browserState: sha256(browserState), called: Object.keys(calledPlaybooks) },
  });
  const value = OutcomePublished.fromPartial({ state: Run_State.COMPLETED, outcome });
  await report.say({ summary: outcome.summary, payload: { $case: "outcomePublished", value } });
  await outbox.finish();
}

function kindsOf(text: string): Question["kind"][] {
  const kinds = ["APPROVE", "ANSWER", "SECRET", "TAKE_OVER", "BROWSER_STATE"] as const;
  return text.split(".").flatMap((word) => kinds.filter((kind) => kind === word));
}

async function filesIn(folder: string): Promise<Record<string, string>> {
  const names = await readdir(folder).catch(() => []);
  return Object.fromEntries(await Promise.all(names.map(async (name) => [name, sha256(await readFile(join(folder, name)))])));
}

function sha256(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}
