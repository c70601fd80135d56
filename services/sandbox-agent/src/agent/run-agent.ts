import type { LanguageModelV4Content } from "@ai-sdk/provider";
import { Fault } from "@clew/fault/fault";
import { StepCompleted, StepStarted } from "@clew/proto/grpc/clew/run/v1/run_event";
import { inputSummary } from "../actions/input-summary.ts";
import { publicAddress } from "../browser/address.ts";
import { runErrorOf } from "../playbook/run-error.ts";
import { cutBytes } from "../playbook/shorten.ts";
import type { Findings, StepContext } from "../playbook/step-context.ts";
import type { StepPlace } from "../playbook/step-place.ts";
import { keepTexts } from "../playbook/store-value.ts";
import { actionTools } from "./action-tools.ts";
import type { AgentScope } from "./agent-scope.ts";
import { askForModel } from "./ask-for-model.ts";
import type { AskModel } from "./ask-model.ts";
import { controlTools } from "./control-tools.ts";
import { Conversation } from "./conversation.ts";
import { cutAnswer } from "./cut-answer.ts";
import { viewPage } from "./page-view.ts";
import type { Deed } from "./perform-call.ts";
import { Progress } from "./progress.ts";
import type { ToolCall } from "./read-call.ts";
import { type Claim, describeCalls, runTurn, type TurnEnd } from "./run-turn.ts";

/** What an agent is to do, and how far it may go. */
export interface AgentTask {
  /** The rules it works by. */
  readonly system: string;
  /** What it is to do, in words that are not a page's. */
  readonly task: string;
  readonly scope: AgentScope;
  /** The most turns: answers of the model. */
  readonly maxSteps: number;
  /** What the result's data must fit; a JSON schema, for the model to read. */
  readonly dataSchema: unknown;
  /** Whether a person may be asked. */
  readonly asksPerson: boolean;
  /** Whether it asks for a change, and no check or schema tells whether that was made. */
  readonly wantsProof: boolean;
  /** Where each turn stands, from 0. */
  readonly placeOf: (turn: number) => StepPlace;
  /** Looks whether the work is done as the model says: why it is not, or nothing. */
  readonly judge: (data: Readonly<Record<string, unknown>>) => Promise<Fault | undefined>;
}

/** How an agent's work ended. */
export interface AgentEnd {
  /** Why it failed; undefined where it is done. */
  readonly failure: Fault | undefined;
  /** What the model says of it. */
  readonly summary: string;
  readonly data: Readonly<Record<string, unknown>>;
  /** All it did, in order. */
  readonly deeds: readonly Deed[];
  /** What it did and saw, in few words. */
  readonly memory: string;
  /** How many turns it took. */
  readonly turns: number;
}

/** Turns one after another in which a model may do nothing. */
const mostIdleTurns = 3;

/** Ends that were judged and told to the model, which may mend them. */
const mostRepairs = 1;

const nothingDone =
  "Nothing was changed, and the task asks for a change: make it. Where it is so already, look at what shows that, and say done again.";

const descriptionChars = 300;

/**
 * Lets a model do a task in the browser: one call a turn, whose tool calls are done by code where scope and guardrails allow. The model only proposes: that the
 * work is done is judged by code, and so is that it goes in circles, fails too often or has had its turns. Never rejects for a task that failed.
 */
export async function runAgent(task: AgentTask, askModel: AskModel, findings: Findings, context: StepContext): Promise<AgentEnd> {
  const agent = new Agent(task, askModel, findings, context);
  const failure = await agent.run().then(
    () => undefined,
    (thrown: unknown) => Fault.from(context.signal.aborted ? context.signal.reason : thrown),
  );
  return agent.end(failure);
}

class Agent {
  readonly #task: AgentTask;
  readonly #askModel: AskModel;
  readonly #findings: Findings;
  readonly #context: StepContext;
  readonly #conversation: Conversation;
  readonly #progress = new Progress();
  readonly #deeds: Deed[] = [];
  readonly #credentials: Record<string, string>;
  #summary = "";
  #data: Readonly<Record<string, unknown>> = {};
  #turns = 0;
  #idle = 0;
  #repairs = 0;
  #wasAskedForProof = false;

  constructor(task: AgentTask, askModel: AskModel, findings: Findings, context: StepContext) {
    this.#task = task;
    this.#askModel = askModel;
    this.#findings = findings;
    // What a person gives is for this agent's actions too.
    this.#credentials = { ...context.credentials };
    this.#context = { ...context, credentials: this.#credentials };
    const progress = () => task.scope.markUntrusted(this.#progress.text);
    this.#conversation = new Conversation({ system: task.system, task: task.task, progress });
  }

  end(failure: Fault | undefined): AgentEnd {
    const { text: memory } = this.#progress;
    return { failure, summary: this.#summary, data: this.#data, deeds: this.#deeds, memory, turns: this.#turns };
  }

  /** Resolves once the work is done. @throws Fault why it is not. */
  async run(): Promise<void> {
    const { maxSteps } = this.#task;
    const { stopping } = this.#context;
    while (this.#turns < maxSteps) {
      stopping.throwIfAborted();
      if (await this.#turn(this.#task.placeOf(this.#turns++))) return;
    }
    throw new Fault("MAX_STEPS", { message: `The agent had its ${maxSteps} steps, and the work is not done.` });
  }

  /** Does one turn; answers whether the work is done. */
  async #turn(place: StepPlace): Promise<boolean> {
    const { scope, dataSchema, asksPerson } = this.#task;
    const context = this.#context;
    const view = await viewPage(context, scope);
    this.#progress.visit(publicAddress(context.redact(context.active.url)));
    const answer = await this.#askModel(
      {
        purpose: "act",
        prompt: this.#conversation.write(view.text),
        tools: [...actionTools(scope.allowedTools), ...controlTools({ dataSchema, asksPerson })],
        toolChoice: { type: "auto" },
      },
      context.signal,
    );
    const { content, note } = cutAnswer(answer.content);
    const calls = callsOf(content);
    if (calls.length === 0) {
      this.#idleTurn(content);
      return false;
    }
    const room = { scope, place, context, view };
    const description = context.redact(describeCalls(calls, view)).slice(0, descriptionChars);
    const step = { ...place, action: "agent", description };
    await context.report.say({
      summary: `Agent: ${description}`,
      payload: { $case: "stepStarted", value: StepStarted.fromPartial(step) },
    });
    const startedAt = performance.now();
    const complete = async (failure: Fault | undefined) => {
      const value = StepCompleted.fromPartial({
        ...step,
        success: failure === undefined,
        durationMs: Math.round(performance.now() - startedAt),
        url: publicAddress(context.redact(context.active.url)),
        ...(failure && { error: runErrorOf(failure, context.redact) }),
      });
      const summary = failure === undefined ? `Agent did: ${description}` : `Agent could not: ${failure.message}`;
      await context.report.say({ summary, payload: { $case: "stepCompleted", value } });
    };
    try {
      const wrote = wordsIn(content);
      if (wrote !== "") this.#progress.note(`You wrote: ${context.redact(wrote)}`);
      const turn = await runTurn(calls, room, (asked) => askForModel(asked, { ...context, credentials: this.#credentials }));
      this.#remember(turn);
      const failure = turn.deeds.find((deed) => deed.failure !== undefined)?.failure;
      const isDone = turn.claim !== undefined && (await this.#settle(turn, turn.claim, content));
      await complete(failure);
      if (turn.claim === undefined) this.#conversation.add(content, turn.outcomes, this.#note(turn, note));
      return isDone;
    } catch (thrown) {
      await complete(Fault.from(context.signal.aborted ? context.signal.reason : thrown));
      throw thrown;
    }
  }

  /** A model that does nothing is told so, and not for ever. */
  #idleTurn(content: readonly LanguageModelV4Content[]): void {
    if (++this.#idle >= mostIdleTurns)
      throw new Fault("STUCK", {
        message: `The model answered ${mostIdleTurns} times in a row without doing anything.`,
        details: { rule: "idle" },
      });
    this.#conversation.add(content, [], "Nothing was done: act with a tool, or end the work with done or fail.");
  }

  #remember({ deeds, outcomes, claim }: TurnEnd): void {
    const problems = outcomes.filter(({ isError }) => isError).length;
    if (claim === undefined && deeds.length === 0 && problems === outcomes.length) {
      if (++this.#idle >= mostIdleTurns)
        throw new Fault("STUCK", {
          message: `Nothing that the model asked for ${mostIdleTurns} times in a row could be done.`,
          details: { rule: "idle" },
        });
    } else this.#idle = 0;
    for (const deed of deeds) {
      this.#deeds.push(deed);
      const { step, found, failure, did } = deed;
      const came = failure !== undefined ? `failed: ${failure.message}` : found === undefined ? "" : `: ${found.whole.slice(0, 150)}`;
      this.#progress.note(this.#context.redact(failure === undefined ? `${did}${came}` : `${inputSummary(step)} ${came}`));
      if (step.action === "extract" && found !== undefined) keepTexts([found.whole], this.#findings);
    }
  }

  /** Judges what the model says of the end. Answers whether the work is done; false where the model may mend it. @throws Fault where it failed. */
  async #settle({ outcomes }: TurnEnd, claim: Claim, content: readonly LanguageModelV4Content[]): Promise<boolean> {
    if (claim.kind === "fail")
      throw new Fault("TASK_FAILED", { message: cutBytes(this.#context.redact(`The agent gave up: ${claim.reason}`), 2_000) });
    this.#summary = claim.summary;
    this.#data = claim.data;
    const { scope, judge, wantsProof } = this.#task;
    const { id, name } = claim.call;
    const answer = (text: string) => this.#conversation.add(content, [...outcomes, { id, name, text, isError: true }]);
    const unfit = unmended(this.#deeds) ?? (await judge(claim.data));
    if (unfit === undefined) {
      if (!wantsProof || this.#wasAskedForProof || this.#deeds.some(isChange)) return true;
      this.#wasAskedForProof = true;
      answer(nothingDone);
      return false;
    }
    if (this.#repairs++ >= mostRepairs) throw unfit;
    // What failed is told in a page's words too.
    answer(`This is not done yet: ${scope.markUntrusted(this.#context.redact(unfit.message))} Mend it and say done again, or fail.`);
    return false;
  }

  /** What the model is told besides what came of its calls. */
  #note({ claim }: TurnEnd, leftOut: string): string {
    const left = this.#task.maxSteps - this.#turns;
    const hint = this.#context.checks.takeHint();
    return [
      ...(leftOut === "" ? [] : [leftOut]),
      ...(hint === undefined || claim !== undefined ? [] : [`[${hint}]`]),
      ...(left <= 2 ? [`[${left} ${left === 1 ? "turn is" : "turns are"} left: end with done or fail.]`] : []),
    ].join("\n");
  }
}

/** Whether something was done that may have changed something. */
export function isChange({ effect, failure }: Deed): boolean {
  return effect !== "read" && failure === undefined;
}

/** The last change that was tried and not done: work with one is not over. */
function unmended(deeds: readonly Deed[]): Fault | undefined {
  if (!deeds.some(({ failure }) => failure === undefined) && deeds.length > 0) return deeds.at(-1)?.failure;
  return deeds.findLast(({ effect }) => effect !== "read")?.failure;
}

function wordsIn(content: readonly LanguageModelV4Content[]): string {
  return content.flatMap((part) => (part.type === "text" ? [part.text.trim()] : [])).join(" ");
}

function callsOf(content: readonly LanguageModelV4Content[]): ToolCall[] {
  return content.flatMap((part) => (part.type === "tool-call" ? [{ id: part.toolCallId, name: part.toolName, input: part.input }] : []));
}
