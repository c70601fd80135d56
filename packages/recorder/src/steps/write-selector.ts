import { isRole } from "@clew/playbook/schema/role";
import type { RecordedCandidate, Target } from "../interaction.ts";
import { hasValue, type TypedValues } from "./typed-values.ts";

/** A selector as a playbook writes it. */
export type WrittenSelector = string | Readonly<Record<string, unknown>>;

/** The most ways to find an element besides the first. */
const mostFallbacks = 3;

/**
 * Writes how an element is found, the best way first; undefined where there is none. Where the first way holds what was typed, the others must too:
 * one that does not would find the same element whatever the value is.
 */
export function writeSelector({ candidates, frame, label }: Target, values: TypedValues): WrittenSelector | undefined {
  // A page may say any role of its elements; nothing is found by one that there is not.
  const known = candidates.filter(({ role }) => role === undefined || isRole(role));
  const written = known.map((candidate) => writeCandidate(candidate, frame, values));
  const [primary] = written;
  if (primary === undefined) return undefined;
  const fallbacks = written
    .slice(1)
    .filter((other) => !primary.holdsValue || other.holdsValue)
    .slice(0, mostFallbacks);
  const description = primary.isPath && label !== "" ? { description: values.template(label) } : {};
  if (fallbacks.length === 0 && !primary.isPath) return primary.candidate;
  return {
    primary: primary.candidate,
    ...(fallbacks.length > 0 && { fallbacks: fallbacks.map(({ candidate }) => candidate) }),
    ...description,
  };
}

function writeCandidate(candidate: RecordedCandidate, frame: readonly string[], values: TypedValues) {
  const { exact, css, ...ways } = candidate;
  // CSS alone is a selector as it stands.
  if (css !== undefined && frame.length === 0) {
    const template = values.template(css);
    return { holdsValue: hasValue(template), isPath: true, candidate: template };
  }
  const entries = Object.entries({ ...ways, ...(css !== undefined && { css }) }).map(
    ([way, text]) => [way, values.template(text)] as const,
  );
  const holdsValue = entries.some(([, template]) => hasValue(template));
  const [only] = frame;
  return {
    holdsValue,
    isPath: css !== undefined || "xpath" in ways || "selector" in ways,
    candidate: {
      ...Object.fromEntries(entries),
      // A text with a value in it is looked for as it is anyway.
      ...(exact === true && !holdsValue && { exact }),
      ...(frame.length > 0 && { frame: frame.length === 1 ? only : frame }),
    },
  };
}
