import { defaultBlocklist } from "./default-blocklist.ts";

/** The whole-number settings of the guardrails: their bounds, and what they are when nobody says. */
export const guardrailNumbers = {
  maxUrlsVisited: { min: 1, max: 500, default: 50 },
  maxConsecutiveErrors: { min: 1, max: 50, default: 5 },
  stuckWindowSize: { min: 2, max: 50, default: 12 },
  stuckRepeatHint: { min: 2, max: 20, default: 3 },
  stuckRepeatWarn: { min: 2, max: 30, default: 5 },
  stuckRepeatStop: { min: 2, max: 40, default: 7 },
  stuckCycleMaxLength: { min: 2, max: 10, default: 3 },
  stuckCycleRepeats: { min: 2, max: 20, default: 3 },
  stuckRevisitGap: { min: 1, max: 50, default: 5 },
  stuckFailureClusterWindow: { min: 2, max: 50, default: 5 },
  stuckFailureClusterThreshold: { min: 2, max: 50, default: 3 },
} as const;

type NumberName = keyof typeof guardrailNumbers;

/** What a run or a playbook says about its guardrails. An absent value says nothing; a value that equals the default says that. */
export interface GivenGuardrails extends Readonly<Partial<Record<NumberName, number | undefined>>> {
  readonly allowedDomains?: readonly string[] | undefined;
  readonly blockedDomains?: readonly string[] | undefined;
  readonly allowedPrivateHosts?: readonly string[] | undefined;
  readonly allowPrivateNetworks?: boolean | undefined;
  readonly enableLlmActionCheck?: boolean | undefined;
}

/** The guardrails a run has: every value decided. */
export interface GuardrailSettings extends Readonly<Record<NumberName, number>> {
  /** Globs; where there are any, only they count. */
  readonly allowedDomains: readonly string[];
  /** Globs, the default blocklist among them. */
  readonly blockedDomains: readonly string[];
  /** `host:port` entries that may be reached though they are private. */
  readonly allowedPrivateHosts: readonly string[];
  readonly allowPrivateNetworks: boolean;
  /** Whether a model judges what the rules leave open. Without a model it changes nothing. */
  readonly enableLlmActionCheck: boolean;
}

/** One thing that is wrong with given guardrails. */
export interface GuardrailProblem {
  readonly field: keyof GivenGuardrails;
  readonly rule: string;
  readonly message: string;
}

const listEntries = 100;
const domainChars = 253;
/** What a domain glob may look like: a host's name with stars, or an IP address; no scheme, port or path. */
export const domainGlob = /^(?:\[[0-9a-fA-F:.]+\]|[^\s/:@?#[\]\\]{1,253})$/u;
const hostAndPort = /^(?:\[[0-9a-fA-F:.]+\]|[^\s:/[\]]+):\d{1,5}$/;

/**
 * Decides every setting: the run's word, else the playbook's, else its profile's, else the default. Blocked domains add up, and the default ones always stay; private
 * networks and hosts are the run's alone to allow: whoever runs another's playbook decides what it may reach. A window that nobody gave is as large as the rules that look through it need.
 */
export function mergeGuardrails(run: GivenGuardrails, playbook: GivenGuardrails = {}, profile: GivenGuardrails = {}): GuardrailSettings {
  const number = (name: NumberName) => run[name] ?? playbook[name] ?? profile[name] ?? guardrailNumbers[name].default;
  const numbers = {
    maxUrlsVisited: number("maxUrlsVisited"),
    maxConsecutiveErrors: number("maxConsecutiveErrors"),
    stuckRepeatHint: number("stuckRepeatHint"),
    stuckRepeatWarn: number("stuckRepeatWarn"),
    stuckRepeatStop: number("stuckRepeatStop"),
    stuckCycleMaxLength: number("stuckCycleMaxLength"),
    stuckCycleRepeats: number("stuckCycleRepeats"),
    stuckRevisitGap: number("stuckRevisitGap"),
    stuckFailureClusterWindow: number("stuckFailureClusterWindow"),
    stuckFailureClusterThreshold: number("stuckFailureClusterThreshold"),
  };
  const ownAllowed = run.allowedDomains ?? [];
  return {
    ...numbers,
    stuckWindowSize:
      run.stuckWindowSize ??
      playbook.stuckWindowSize ??
      profile.stuckWindowSize ??
      Math.max(guardrailNumbers.stuckWindowSize.default, neededWindow(numbers)),
    allowedDomains: ownAllowed.length > 0 ? ownAllowed : (playbook.allowedDomains ?? []),
    blockedDomains: [...new Set([...defaultBlocklist, ...(playbook.blockedDomains ?? []), ...(run.blockedDomains ?? [])])],
    allowedPrivateHosts: run.allowedPrivateHosts ?? [],
    allowPrivateNetworks: run.allowPrivateNetworks === true,
    enableLlmActionCheck: run.enableLlmActionCheck ?? playbook.enableLlmActionCheck ?? profile.enableLlmActionCheck ?? true,
  };
}

/** Names all that is wrong with what a run says; values are never echoed. */
export function guardrailProblems(given: GivenGuardrails): readonly GuardrailProblem[] {
  const problems: GuardrailProblem[] = [];
  const wrong = (field: keyof GivenGuardrails, rule: string, message: string) => problems.push({ field, rule, message });
  for (const field of ["allowedDomains", "blockedDomains", "allowedPrivateHosts"] as const) {
    const entries = given[field] ?? [];
    if (entries.length > listEntries) wrong(field, "max_items", `must have at most ${listEntries} entries`);
    if (field === "allowedPrivateHosts") {
      const at = entries.findIndex((entry) => !hostAndPort.test(entry) || entry.length > domainChars);
      if (at >= 0) wrong(field, "host_port", `must hold host:port entries, such as 127.0.0.1:80; [${at}] is none`);
    } else if (!entries.every((entry) => domainGlob.test(entry))) {
      wrong(field, "domain", `must hold host names of 1 to ${domainChars} characters, such as *.example.com, without scheme, port or path`);
    }
  }
  for (const [field, { min, max }] of Object.entries(guardrailNumbers)) {
    if (!isNumberName(field)) continue;
    const value = given[field];
    if (value !== undefined && (value < min || value > max)) wrong(field, "range", `must be ${min} to ${max}`);
  }
  return problems.length > 0 ? problems : orderProblems(given);
}

/** What does not fit together, of values that are each in their bounds. */
function orderProblems(given: GivenGuardrails): readonly GuardrailProblem[] {
  const settings = mergeGuardrails(given);
  const problems: GuardrailProblem[] = [];
  const below = (one: NumberName, other: NumberName, holds: boolean, word: string) => {
    if (holds) return;
    const [field, than] = given[one] === undefined ? [other, one] : [one, other];
    const relation = field === one ? word : word.replace("less", "greater").replace("at most", "at least");
    problems.push({ field, rule: "order", message: `must be ${relation} ${than}, which is ${settings[than]}` });
  };
  below("stuckRepeatHint", "stuckRepeatWarn", settings.stuckRepeatHint < settings.stuckRepeatWarn, "less than");
  below("stuckRepeatWarn", "stuckRepeatStop", settings.stuckRepeatWarn < settings.stuckRepeatStop, "less than");
  below(
    "stuckFailureClusterThreshold",
    "stuckFailureClusterWindow",
    settings.stuckFailureClusterThreshold <= settings.stuckFailureClusterWindow,
    "at most",
  );
  const needed = neededWindow(settings);
  if (settings.stuckWindowSize < needed) {
    const message = `must be at least ${needed}, which the stuck rules look back on; leave it out and it is as large as they need`;
    problems.push({ field: "stuckWindowSize", rule: "window", message });
  }
  return problems;
}

/** How many actions the stuck rules look back on: the last repetition, a whole row of cycles, and the failures that are counted. */
function neededWindow(
  settings: Pick<GuardrailSettings, "stuckRepeatStop" | "stuckCycleMaxLength" | "stuckCycleRepeats" | "stuckFailureClusterWindow">,
): number {
  return Math.max(settings.stuckRepeatStop, settings.stuckCycleMaxLength * settings.stuckCycleRepeats, settings.stuckFailureClusterWindow);
}

function isNumberName(name: string): name is NumberName {
  return Object.hasOwn(guardrailNumbers, name);
}
