import { clausesOf } from "./clauses.ts";

/** What a directive is about, the narrowest first: what may be seen and done follows from it. */
export const goalClasses = ["navigate", "read", "interact", "fill_form"] as const;

/** What a directive is about. */
export type GoalClass = (typeof goalClasses)[number];

/** What others than the directive say of its class. */
export interface GoalHints {
  /** What the run's profile says: the caller chose it, so it counts as the directive's own word. */
  readonly profile?: GoalClass | undefined;
  /** What a model takes it for: counts only where it is narrower. */
  readonly model?: GoalClass | undefined;
}

/** Verbs a clause may begin with, by what they need. */
const verbs: Readonly<Record<GoalClass, RegExp>> = {
  fill_form:
    /^(?:fill|submit|register|enter|type|write|book|reserve|create|add|edit|change|update|rename|post|reply|comment|send|message|order|buy|purchase|pay|subscribe|apply|complete|log ?in|sign ?(?:in|up)|check ?out|upload|attach|schedule|invite|import)\b/,
  interact:
    /^(?:click|press|tap|select|choose|pick|toggle|switch|tick|check (?:the|all|every|off)\b.*\b(?:box|option)|drag|drop|move|sort|filter|search|download|export|save|approve|reject|accept|decline|confirm|cancel|delete|remove|erase|close|archive|assign|mark|set|enable|disable|activate|deactivate|use|dismiss|refund|transfer|publish|unsubscribe)\b/,
  read: /^(?:read|find|tell|summari[sz]e|check|compare|show|review|list|count|extract|collect|get|report|look|research|monitor|describe|explain|answer|give|what|which|who|whose|when|where|why|how|is|are|do|does|has|have)\b/,
  navigate: /^(?:go|navigate|open|visit|load|browse)\b/,
};

/** Words that mean a form wherever they stand. */
const formAnywhere = /\b(?:log(?:ging)? ?in(?:to)?|sign(?:ing)? ?(?:in(?:to)?|up)|fill(?:ing)? (?:in|out))\b/;

/** Finds what a directive is about by the verbs its clauses begin with; the widest counts. What no rule knows only reads. */
export function classifyGoal(directive: string, { profile, model }: GoalHints = {}): GoalClass {
  const byRule = widest([
    ...clausesOf(directive).flatMap(({ text, isReported }) => (isReported ? [] : classOf(text.replace(/"[^"]*"/g, "")))),
    ...(profile === undefined ? [] : [profile]),
  ]);
  return model === undefined ? byRule : narrower(byRule, model);
}

/** The narrower of two classes. */
export function narrower(one: GoalClass, other: GoalClass): GoalClass {
  return goalClasses.indexOf(one) < goalClasses.indexOf(other) ? one : other;
}

function classOf(clause: string): readonly GoalClass[] {
  if (formAnywhere.test(clause)) return ["fill_form"];
  return goalClasses.filter((goal) => verbs[goal].test(clause));
}

function widest(classes: readonly GoalClass[]): GoalClass {
  return goalClasses.findLast((goal) => classes.includes(goal)) ?? "read";
}
