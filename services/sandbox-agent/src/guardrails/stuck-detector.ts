import type { GuardrailSettings } from "@clew/playbook/guardrail-settings";
import { normalizeUrl } from "./url-budget.ts";

/** How sure it is that the work goes in circles, from least to most. */
export const stuckSeverities = ["hint", "warning", "stop"] as const;
export type StuckSeverity = (typeof stuckSeverities)[number];

/** What the detector says of an action. */
export interface StuckVerdict {
  readonly severity: StuckSeverity;
  readonly rule: "stuck_repeat" | "stuck_cycle" | "stuck_revisit" | "stuck_failures";
  /** What was seen and what to do, in sentences that a model can follow. */
  readonly message: string;
}

/** An action as the detector sees it. */
export interface StuckObservation {
  /** See `stuckSignature`. */
  readonly signature: string;
  /** What the page was like afterwards, in any words that change when it does: the same action on a changed page is progress. */
  readonly pageState: string;
  readonly success: boolean;
  /** Addresses this action opened. */
  readonly visited: readonly string[];
}

export type StuckSettings = Pick<
  GuardrailSettings,
  | "stuckWindowSize"
  | "stuckRepeatHint"
  | "stuckRepeatWarn"
  | "stuckRepeatStop"
  | "stuckCycleMaxLength"
  | "stuckCycleRepeats"
  | "stuckRevisitGap"
  | "stuckFailureClusterWindow"
  | "stuckFailureClusterThreshold"
>;

const mostAddresses = 1_000;

/**
 * Notices work that goes in circles, by four rules: the same action again and again, the same few actions in turn, a page that was left and is
 * opened again, and failures close together. Each detection makes the next one graver, and each action without one takes that back by one.
 */
export class StuckDetector {
  readonly #settings: StuckSettings;
  /** The last actions, newest last. */
  readonly #window: { readonly key: string; readonly success: boolean }[] = [];
  /** When each address was opened last, as the number of the action. */
  readonly #opened = new Map<string, number>();
  #actions = 0;
  #suspicion = 0;

  constructor(settings: StuckSettings) {
    this.#settings = settings;
  }

  /** How many detections weigh on the next one. */
  get suspicion(): number {
    return this.#suspicion;
  }

  /** How many actions are remembered; never more than the window's size. */
  get remembered(): number {
    return this.#window.length;
  }

  /** Takes in an action; answers the gravest of what the rules say of it, and nothing when it is clean. */
  record({ signature, pageState, success, visited }: StuckObservation): StuckVerdict | undefined {
    this.#actions++;
    this.#window.push({ key: `${signature}\n${pageState}`, success });
    if (this.#window.length > this.#settings.stuckWindowSize) this.#window.shift();
    const revisited = this.#revisit(success ? visited : []);
    const verdicts = [this.#repeats(), this.#cycles(), revisited, this.#failures()].filter((verdict) => verdict !== undefined);
    this.#suspicion = verdicts.length > 0 ? this.#suspicion + 1 : Math.max(0, this.#suspicion - 1);
    const gravity = ({ severity }: StuckVerdict) => stuckSeverities.indexOf(severity);
    return verdicts.toSorted((one, other) => gravity(other) - gravity(one))[0];
  }

  #repeats(): StuckVerdict | undefined {
    const { stuckRepeatHint, stuckRepeatWarn, stuckRepeatStop } = this.#settings;
    const last = this.#window.at(-1)?.key;
    const different = this.#window.findLastIndex(({ key }) => key !== last);
    const times = this.#window.length - 1 - different;
    if (times < stuckRepeatHint) return undefined;
    const severity = times >= stuckRepeatStop ? "stop" : times >= stuckRepeatWarn ? "warning" : "hint";
    const advice = {
      hint: "Look at the page again, or try another element or address.",
      warning: "Do something quite different.",
      stop: "Say what was reached, and end.",
    };
    return { severity, rule: "stuck_repeat", message: `The same action was done ${times} times and changed nothing. ${advice[severity]}` };
  }

  #cycles(): StuckVerdict | undefined {
    const { stuckCycleMaxLength, stuckCycleRepeats } = this.#settings;
    const keys = this.#window.map(({ key }) => key);
    for (let length = 2; length <= stuckCycleMaxLength; length++) {
      const tail = keys.slice(-length * stuckCycleRepeats);
      if (tail.length < length * stuckCycleRepeats || new Set(tail).size === 1) continue;
      if (!tail.every((key, index) => key === tail[index % length])) continue;
      const severity = this.#suspicion >= 2 ? "stop" : this.#suspicion === 1 ? "warning" : "hint";
      const message = `The same ${length} actions were done in turn ${stuckCycleRepeats} times. Leave this circle: go another way to the goal.`;
      return { severity, rule: "stuck_cycle", message };
    }
    return undefined;
  }

  #revisit(visited: readonly string[]): StuckVerdict | undefined {
    let gap = 0;
    for (const address of visited.map(normalizeUrl)) {
      gap = Math.max(gap, this.#actions - (this.#opened.get(address) ?? this.#actions));
      this.#opened.delete(address);
      this.#opened.set(address, this.#actions);
    }
    for (const oldest of this.#opened.keys()) {
      if (this.#opened.size <= mostAddresses) break;
      this.#opened.delete(oldest);
    }
    if (gap < this.#settings.stuckRevisitGap) return undefined;
    const message = `This page was opened ${gap} actions ago. Use what was read there, or go where nothing was read yet.`;
    return { severity: this.#suspicion >= 2 ? "warning" : "hint", rule: "stuck_revisit", message };
  }

  #failures(): StuckVerdict | undefined {
    const { stuckFailureClusterWindow, stuckFailureClusterThreshold } = this.#settings;
    const recent = this.#window.slice(-stuckFailureClusterWindow);
    const failed = recent.filter(({ success }) => !success).length;
    // Said where a failure adds to them, not while they fade.
    if (failed < stuckFailureClusterThreshold || recent.at(-1)?.success === true) return undefined;
    const message = `${failed} of the last ${recent.length} actions failed. Read the page anew before you act on it.`;
    return { severity: this.#suspicion >= 2 ? "warning" : "hint", rule: "stuck_failures", message };
  }
}
