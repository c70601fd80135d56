import { Fault } from "@clew/fault/fault";
import { keyMistake } from "@clew/playbook/code/key-mistake";
import type { Interaction } from "../interaction.ts";
import { type RecordedPlaybook, writePlaybook } from "../steps/write-playbook.ts";
import { namesList, namesSecret, readSelectors } from "./read-selectors.ts";
import { type DevtoolsSelectors, type KnownStep, knownStepSchema, recordingSchema } from "./recording-schema.ts";

const modifiers = new Set(["Alt", "Control", "Meta", "Shift"]);
/** Steps that say nothing a playbook would say: the run has its own window, and elements are scrolled to by themselves. */
const needless: Readonly<Record<string, string>> = {
  setViewport: "the run has a window of its own",
  scroll: "what is acted on is scrolled to by itself",
};

/** Makes a playbook of a recording of Chrome DevTools' Recorder. Throws INVALID_REQUEST where the text is none. Each step that is not taken over is a warning. */
export function importRecording(text: string, { id }: { readonly id: string }): RecordedPlaybook {
  const recording = recordingSchema.safeParse(parseJson(text));
  if (!recording.success)
    throw new Fault("INVALID_REQUEST", { message: "The file is no recording of Chrome DevTools' Recorder: it has no list of steps." });
  const warnings: string[] = [];
  const interactions: Interaction[] = [];
  const held = new Set<string>();
  for (const [index, given] of recording.data.steps.entries()) {
    const leaveOut = (why: string) => void warnings.push(`Step ${index + 1} (${given.type}) is left out: ${why}.`);
    const step = knownStepSchema.safeParse(given);
    if (!step.success) {
      const isKnown = knownStepSchema.options.some(({ shape: { type } }) => type.safeParse(given.type).success);
      leaveOut(needless[given.type] ?? (isKnown ? "it is not as DevTools writes it" : "a playbook has no such step"));
      continue;
    }
    const taken = take(step.data, { held, leaveOut });
    interactions.push(...taken);
    for (const { type, url } of step.data.assertedEvents ?? []) {
      if (type === "navigation" && url !== undefined && step.data.type !== "navigate")
        interactions.push({ kind: "arrive", url, heading: "" });
      else if (type !== "navigation") warnings.push(`Step ${index + 1} (${given.type}): what it asserts of '${type}' is left out.`);
    }
  }
  return writePlaybook(interactions, { id, warnings });
}

interface Taking {
  /** The modifier keys that are down. */
  readonly held: Set<string>;
  readonly leaveOut: (why: string) => void;
}

function take(step: KnownStep, { held, leaveOut }: Taking): readonly Interaction[] {
  if (step.type === "navigate") return [{ kind: "goto", url: step.url }];
  if (step.type === "keyDown" || step.type === "keyUp") return takeKey(step, { held, leaveOut });
  const isField = step.type === "change";
  if (step.frame !== undefined && step.frame.length > 0) {
    leaveOut(`it is in a frame that only has a number (${step.frame.join(", ")}); write it by hand`);
    return [];
  }
  const target = readSelectors(step.selectors, { isField, element: elementOf(step.selectors) });
  if (target.candidates.length === 0) {
    leaveOut("none of its selectors can be taken over");
    return [];
  }
  switch (step.type) {
    case "click":
    case "doubleClick": {
      const button = ({ primary: "left", auxiliary: "middle", secondary: "right" } as const)[step.button ?? "primary"];
      if (button === undefined) {
        leaveOut(`there is no button '${step.button}'`);
        return [];
      }
      return [{ kind: "click", target, button, count: step.type === "doubleClick" ? 2 : 1, modifiers: heldModifiers(held) }];
    }
    case "hover":
      return [{ kind: "hover", target }];
    case "change":
      if (namesSecret(step.selectors)) return [{ kind: "type_secret", target }];
      return [namesList(step.selectors) ? { kind: "select", target, values: [step.value] } : { kind: "type", target, text: step.value }];
    case "waitForElement": {
      const { operator = ">=", count = 1, visible = true } = step;
      const isGone = count === 0 && operator !== ">=";
      if (!isGone && !(operator === ">=" && count <= 1)) leaveOut("a playbook waits for one element, or for none");
      else return [{ kind: "wait_for", target, state: isGone || !visible ? "hidden" : "visible" }];
      return [];
    }
  }
}

function takeKey(
  { type, key }: { readonly type: "keyDown" | "keyUp"; readonly key: string },
  { held, leaveOut }: Taking,
): readonly Interaction[] {
  if (modifiers.has(key)) {
    if (type === "keyDown") held.add(key);
    else held.delete(key);
    return [];
  }
  // A key that goes up again does nothing more; a change step has what was typed, and says where the focus is.
  if (type === "keyUp" || (key === "Tab" && held.size === 0)) return [];
  const combination = [...heldModifiers(held), key].join("+");
  const mistake = keyMistake(combination);
  if (mistake === undefined) return [{ kind: "press", key: combination }];
  leaveOut(`it ${mistake.message}`);
  return [];
}

function heldModifiers(held: ReadonlySet<string>) {
  return (["Alt", "Control", "Meta", "Shift"] as const).filter((name) => held.has(name));
}

/** Elements have no name but the ways to them. */
function elementOf(selectors: DevtoolsSelectors): string {
  const text = JSON.stringify(selectors);
  let hash = 0;
  for (const char of text) hash = (hash * 31 + (char.codePointAt(0) ?? 0)) % 2_147_483_647;
  return `${text.length}:${hash}`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
