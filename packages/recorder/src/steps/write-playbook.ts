import { Fault } from "@clew/fault/fault";
import { playbookLimits } from "@clew/playbook/limits";
import { parsePlaybook } from "@clew/playbook/parse-playbook";
import { literal } from "@clew/playbook/placeholder";
import { Document, isMap, isSeq, visit } from "yaml";
import type { Interaction } from "../interaction.ts";
import { publicUrl } from "../public-url.ts";
import { foldInteractions } from "./fold.ts";
import { TypedValues, type WrittenParameter } from "./typed-values.ts";
import { type WrittenStep, writeStep } from "./write-step.ts";

/** A playbook made of what was done. */
export interface RecordedPlaybook {
  /** Its YAML text, which can run. */
  readonly text: string;
  readonly steps: number;
  readonly parameters: readonly WrittenParameter[];
  /** What of it was left out, or must be known. */
  readonly warnings: readonly string[];
}

/** What is known of a playbook besides what was done. */
export interface WritePlaybookOptions {
  readonly id: string;
  /** What could not be recorded. */
  readonly warnings?: readonly string[];
}

/** Writes a playbook of what was done. Throws PLAYBOOK_INVALID where it could not run. */
export function writePlaybook(interactions: readonly Interaction[], { id, warnings = [] }: WritePlaybookOptions): RecordedPlaybook {
  const said = new Set(warnings);
  const warn = (warning: string) => void said.add(warning);
  const [first, ...others] = foldInteractions(interactions);
  const start = first?.did.kind === "goto" ? first.did.url : undefined;
  const moves = first === undefined || start !== undefined ? others : [first, ...others];
  const values = new TypedValues();
  const steps = moves.flatMap((move) => writeStep(move, values, warn) ?? []);
  if (steps.length === 0) throw new Fault("INVALID_REQUEST", { message: "Nothing was done that a playbook could do again." });
  if (steps.length > playbookLimits.steps) warn(`Only the first ${playbookLimits.steps} steps are written: a playbook has no more.`);
  const kept = steps.slice(0, playbookLimits.steps);
  const text = writeYaml({
    id,
    ...(values.parameters.length > 0 && { parameters: values.parameters }),
    ...(start !== undefined && { start_url: literal(publicUrl(start, warn)) }),
    steps: kept,
  });
  const parsed = parsePlaybook(text, { id });
  if ("problems" in parsed)
    throw new Fault("PLAYBOOK_INVALID", {
      message: "What was recorded makes no playbook that can run.",
      violations: parsed.problems.map(({ field, message }) => ({ field, rule: "playbook", message })),
    });
  return { text, steps: kept.length, parameters: values.parameters, warnings: [...said] };
}

const inline = new Set(["params", "verify", "primary"]);

/** Writes it short: what fits on a line stands on one. */
function writeYaml(playbook: { readonly steps: readonly WrittenStep[] } & Readonly<Record<string, unknown>>): string {
  const document = new Document(playbook, { aliasDuplicateObjects: false });
  visit(document, {
    Scalar(_, node) {
      if (typeof node.value === "string" && node.value.includes("\n")) node.type = "QUOTE_DOUBLE";
    },
    Pair(_, { key, value }) {
      const name = String(key);
      if ((isMap(value) && (inline.has(name) || (name === "selector" && !value.has("primary")))) || (isSeq(value) && name === "fallbacks"))
        value.flow = true;
    },
  });
  const parameters = document.get("parameters");
  if (isSeq(parameters)) for (const parameter of parameters.items) if (isMap(parameter)) parameter.flow = true;
  const lines = document.toString({ lineWidth: 140, flowCollectionPadding: true });
  return lines.replace(/\n(?= {2}- action:)/g, "\n\n").replace(/steps:\n\n/, "steps:\n");
}
