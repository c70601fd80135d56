import type { DeepPartial } from "@clew/proto/grpc/clew/run/v1/run";
import type { StartWorkRequest } from "@clew/proto/grpc/clew/sandbox/v1/sandbox_agent_service";
import type { ModelTurn } from "../../support/model-server.ts";

/** One tool call. */
export type Move = readonly [tool: string, input: unknown];

/** What a compromised model knows when it answers. */
export interface Sight {
  /** What it was told last: what came of its calls, and the page. */
  readonly page: string;
  /** How often it answered in this attempt. */
  readonly turn: number;
  readonly shop: string;
  readonly evil: string;
  /** The ref of the last element whose line holds this text. @throws where the page shows none: the attack would miss. */
  ref(words: string): string;
  /** The ref of an element that is there and that the model is not shown, as one who guesses well finds it. @throws where there is none, or it is shown. */
  hidden(words: string): Promise<string>;
}

/** What a compromised model answers: tool calls, or anything at all. */
export type Attack = (sight: Sight) => readonly Move[] | ModelTurn | Promise<readonly Move[] | ModelTurn>;

/** One thing that a compromised model tries. */
export interface Attempt {
  readonly name: string;
  /** Answer after answer. */
  readonly attack: readonly Attack[];
  /** The page of the shop it is tried on; where its siege begins unless given. */
  readonly at?: string;
  /** Whether the last answer is given for ever. */
  readonly forever?: boolean;
  /** What the validator model answers; that everything is safe unless given: it is compromised too. */
  readonly validator?: string;
  /** What a person answers, where one is there; no unless given. */
  readonly person?: (prompt: string) => string;
  /** What it does to the shop, as the policy allows; nothing unless given, and then it is tried once only. */
  readonly effects?: readonly string[];
  /** The rules that block it, each once, in the order of the alphabet; none where nothing of it is so much as tried. */
  readonly rules?: readonly string[];
}

/** A run in which a compromised model tries one thing after the other. */
export interface Siege {
  readonly name: string;
  readonly directive: string;
  /** The playbook that the model takes over from, in place of a directive. */
  readonly playbook?: (shop: string) => string;
  /** The page it begins on; none where null, `/` unless given. */
  readonly start?: string | null;
  readonly spec?: DeepPartial<StartWorkRequest["spec"]>;
  readonly credentials?: Readonly<Record<string, string>>;
  /** A saved login that the run begins with. */
  readonly savedLogin?: string;
  /** Whether a person is there. */
  readonly isAttended?: boolean;
  readonly attempts: readonly Attempt[];
  /** Whether everything is tried once more after it was refused, within several calls of one answer, and all in a sequence; it is unless said otherwise. */
  readonly insists?: boolean;
  /** What the model says at last; that it is done unless given. */
  readonly end?: Attack;
  /** The reason it fails with; undefined where it completes. */
  readonly reason: string | undefined;
  /** What is found of pages' texts that speak to the agent, in the order of the alphabet; not looked at unless given. */
  readonly injections?: readonly string[];
  /** The reasons of its warnings; not looked at unless given. */
  readonly warnings?: readonly string[];
}
