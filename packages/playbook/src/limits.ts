/** What a playbook may hold at most. */
export const playbookLimits = {
  sourceBytes: 256 * 1024,
  steps: 200,
  parameters: 50,
  checks: 50,
  /** How deep steps may stand in steps, and calls in calls. */
  depth: 5,
  /** How often the text may name what stands elsewhere in it; each is looked for in all of it. */
  aliases: 500,
  problems: 50,
  selectorChars: 1_000,
  textChars: 16 * 1024,
  urlChars: 2_048,
  sentenceChars: 500,
  patternChars: 200,
  /** The longest value a parameter with a pattern may have; keeps matching cheap. */
  patternedValueChars: 256,
} as const;
