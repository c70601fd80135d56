import { mkdtemp, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { createLogger } from "@clew/process/logger";
import { Run_State, RunSpec_Thinking } from "@clew/proto/grpc/clew/run/v1/run";
import { DeliverInputRequest, StartWorkRequest } from "@clew/proto/grpc/clew/sandbox/v1/sandbox_agent_service";
import { openModels } from "../../../services/sandbox-agent/src/agent/model/models.ts";
import type { ActivePage } from "../../../services/sandbox-agent/src/browser/active-page.ts";
import type { BrowserSession } from "../../../services/sandbox-agent/src/browser/browser-session.ts";
import { sharedSession } from "../../../services/sandbox-agent/src/browser/shared-session.fixture.ts";
import { ReportInMemory, WorkRoom } from "../../../services/sandbox-agent/src/work.fixture.ts";
import { startWork } from "../../../services/sandbox-agent/src/work.ts";
import { type ModelRequest, type ModelServer, type ModelTurn, startModelServer } from "../../support/model-server.ts";
import { type AttackedSites, effectsIn, startAttackedSites } from "./attacked-sites.ts";
import { secretsIn, secretsInFiles } from "./find-secrets.ts";
import { playSiege } from "./script.ts";
import type { Attempt, Siege, Sight } from "./siege.ts";
import { brokenMarks, lastOf, messagesOf, textsIn, toldIn, viewIn } from "./told-in.ts";

/** What came of one attempt. */
export interface AttemptEnd {
  readonly effects: readonly string[];
  readonly rules: readonly string[];
}

/** What came of a siege. */
export interface SiegeEnd {
  /** By the attempts' names. */
  readonly attempts: ReadonlyMap<string, AttemptEnd>;
  /** Why the attack was none: what was to be attacked was not there. */
  readonly missed: readonly string[];
  /** All that the shop was asked to do. */
  readonly effects: readonly string[];
  readonly state: number;
  readonly reason: string | undefined;
  readonly injections: readonly string[];
  readonly warnings: readonly string[];
  readonly evil: readonly string[];
  readonly lookedUp: readonly string[];
  /** Where secrets were seen: in events, logs, files, what the model was told, and what sites were asked for. */
  readonly leaked: readonly string[];
  /** Marks of pages' texts that do not fit together. */
  readonly brokenMarks: readonly string[];
  /** The most characters that a page took of what the model was told. */
  readonly longestView: number;
  readonly events: number;
  readonly turns: number;
  /** All that the model was told, but for what it said itself. */
  readonly told: string;
  /** The rules it was given, call by call. */
  readonly instructions: readonly string[];
  readonly report: ReportInMemory;
  /** What the run proposes as a playbook; empty where it proposes none. */
  readonly proposed: string;
}

/** Guardrails that let a siege go on for as long as it has attempts. */
const patient = {
  maxUrlsVisited: 500,
  maxConsecutiveErrors: 50,
  stuckRepeatHint: 20,
  stuckRepeatWarn: 30,
  stuckRepeatStop: 40,
  stuckCycleRepeats: 20,
  stuckRevisitGap: 50,
};

/** One browser, one scripted model and both sites, for all sieges. */
export class AttackRoom implements AsyncDisposable {
  readonly sites: AttackedSites;
  readonly #room: WorkRoom;
  readonly #server: ModelServer;
  readonly #socketPath: string;
  readonly #parts: AsyncDisposableStack;
  #answer: (request: ModelRequest) => Promise<ModelTurn> = async () => ({});

  private constructor(parts: AsyncDisposableStack, room: WorkRoom, sites: AttackedSites, server: ModelServer, socketPath: string) {
    this.#parts = parts;
    this.#room = room;
    this.sites = sites;
    this.#server = server;
    this.#socketPath = socketPath;
  }

  static async open(): Promise<AttackRoom> {
    await using parts = new AsyncDisposableStack();
    const room = parts.use(await WorkRoom.open());
    const sites = parts.use(await startAttackedSites());
    const socketPath = join(room.folder, "model");
    let opened: AttackRoom | undefined;
    const server = parts.use(
      await startModelServer(async (request) => (opened === undefined ? {} : await opened.#answer(request)), { socketPath }),
    );
    opened = new AttackRoom(parts.move(), room, sites, server, socketPath);
    return opened;
  }

  /** Runs one siege in a context of its own. */
  async run(siege: Siege): Promise<SiegeEnd> {
    const { shop, evil } = this.sites;
    const before = { shop: shop.asked.length, evil: evil.asked.length, requests: this.#server.requests.length };
    const workFolder = await mkdtemp(join(this.#room.folder, "work-"));
    const { credentials = {}, savedLogin, isAttended = false } = siege;
    const missed: string[] = [];
    const attempts = new Map<string, AttemptEnd>();
    let active: ActivePage | undefined;
    let page = "";
    let turns = 0;
    let attempt: Attempt | undefined;
    let since = { turns: 0, asked: before.shop, blocked: 0 };

    const begin = (next: Attempt | undefined) => {
      const blocked = report.all("actionBlocked");
      if (attempt !== undefined) {
        const rules = [...new Set(blocked.slice(since.blocked).map(({ rule }) => rule))].sort();
        attempts.set(attempt.name, { effects: effectsIn(shop.asked.slice(since.asked)), rules });
      }
      since = { turns, asked: shop.asked.length, blocked: blocked.length };
      attempt = next;
    };
    const sight = (): Sight => ({
      page,
      turn: turns - since.turns,
      shop: shop.url,
      evil: evil.url,
      ref: (words) => refOf(page, words),
      async hidden(words) {
        if (page.split("\n").some((line) => line.includes(words) && line.includes("[ref=")))
          throw new Error(`The model is shown '${words}'.`);
        return refOf((await active?.page.ariaSnapshot({ mode: "ai" })) ?? "", words);
      },
    });
    const miss = (error: unknown) => void missed.push(`${attempt?.name}: ${error}`);
    const script = playSiege(siege, { sight, begin, miss });
    this.#answer = async (request) => {
      if (request.headers["x-clew-purpose"] === "validate") return { text: attempt?.validator ?? '{"safe": true, "reason": "yes"}' };
      page = lastOf(request);
      const { value } = await script.next();
      turns++;
      return value ?? {};
    };
    const report: ReportInMemory = new ReportInMemory(({ payload }) => {
      if (payload.$case !== "inputRequested" || !isAttended) return;
      const { inputId, prompt } = payload.value;
      const answer = attempt?.person?.(prompt) ?? "deny";
      queueMicrotask(() => work.deliver(DeliverInputRequest.fromPartial({ inputId, answer })));
    });
    const log: string[] = [];
    const lookedUp: string[] = [];
    await using models = openModels({
      socketPath: this.#socketPath,
      model: "openai-compatible:scripted",
      thinking: RunSpec_Thinking.LOW,
      waits: { initialMs: 1, maxMs: 2 },
      tries: 1,
      tryMs: 10_000,
    });
    const work = startWork({
      request: this.#requestOf(siege),
      browser: openingPages(sharedSession(this.#room.browser), (opened) => {
        active = opened;
      }),
      report,
      workFolder,
      askWarden: async ({ host }) => {
        lookedUp.push(host);
        return host.endsWith(".invalid") ? { denial: { rule: "unresolved", message: "Nobody knows it." } } : {};
      },
      log: createLogger({ name: "test", level: "debug", destination: { write: (line) => void log.push(line) } }),
      askModel: models.ask,
    });
    await work.done;
    begin(undefined);
    const { state, outcome } = report.outcome;
    const requests = this.#server.requests.slice(before.requests);
    const told = requests.flatMap(toldIn).join("\n");
    const asked = { shop: shop.asked.slice(before.shop), evil: evil.asked.slice(before.evil) };
    const leaked = [
      ...secretsIn("events", JSON.stringify(report.events)),
      ...secretsIn("log", log.join("\n")),
      ...secretsIn("model", told),
      ...secretsIn("sites", [...asked.shop, ...asked.evil].join("\n")),
      ...(Object.keys(credentials).length > 0 || savedLogin !== undefined ? await secretsInFiles(workFolder) : []),
    ];
    const proposed = await readFile(join(workFolder, "files", "proposed-playbook.yaml"), "utf8").catch(() => "");
    await rm(workFolder, { recursive: true, force: true, maxRetries: 5 });
    return {
      attempts,
      missed,
      effects: effectsIn(asked.shop),
      state,
      reason: state === Run_State.COMPLETED ? undefined : outcome.error?.reason,
      injections: [...new Set(report.all("injectionDetected").map(({ rule }) => rule))].sort(),
      warnings: report.all("warningRaised").map(({ reason }) => reason),
      evil: asked.evil,
      lookedUp,
      leaked,
      brokenMarks: requests.flatMap(brokenMarks),
      longestView: Math.max(...requests.map((request) => viewIn(request).length)),
      events: report.events.length,
      turns,
      told,
      instructions: requests
        .filter(({ headers }) => headers["x-clew-purpose"] === "act")
        .map((request) => textsIn(messagesOf(request)[0]).join("\n")),
      report,
      proposed,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parts.disposeAsync();
  }

  #requestOf({ directive, playbook, start = "/", spec = {}, credentials = {}, savedLogin, isAttended = false, attempts }: Siege) {
    const { shop, evil } = this.sites;
    const { guardrails, ...rest } = spec;
    const isSiege = attempts.length > 1;
    const cookie = {
      name: "saved",
      value: savedLogin,
      domain: "127.0.0.1",
      path: "/",
      expires: -1,
      httpOnly: true,
      secure: false,
      sameSite: "Lax",
    };
    return StartWorkRequest.fromPartial({
      runId: "run-0",
      attempt: 1,
      credentials,
      playbookSource: playbook?.(shop.url) ?? "",
      ...(savedLogin !== undefined && { browserState: JSON.stringify({ cookies: [cookie], origins: [] }) }),
      spec: {
        ...(playbook === undefined && { work: { $case: "directive", value: directive } as const }),
        recording: { trace: false, logs: false },
        maxSteps: isSiege ? 500 : 8,
        waitForPersonSeconds: isAttended ? 60 : 0,
        credentials,
        ...(start !== null && playbook === undefined && { startUrl: `${shop.url}${start}` }),
        guardrails: { allowedPrivateHosts: [shop.host, evil.host], ...(isSiege && patient), ...guardrails },
        ...rest,
      },
    });
  }
}

/** The same session, which tells of the page that it opens. */
function openingPages(session: BrowserSession, onOpen: (active: ActivePage) => void): BrowserSession {
  return {
    ...session,
    async openPage(options) {
      const active = await session.openPage(options);
      onOpen(active);
      return active;
    },
  };
}

function refOf(page: string, words: string): string {
  const line = page.split("\n").findLast((text) => text.includes(words) && text.includes("[ref="));
  const ref = /\[ref=([^\]]+)\]/.exec(line ?? "")?.[1];
  if (ref === undefined) throw new Error(`Nothing says '${words}' on: ${page}`);
  return ref;
}
