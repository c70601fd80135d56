import type { Playbook } from "./playbook-schema.ts";

/** What a playbook is, for those who choose one. */
export interface PlaybookDescription {
  readonly id: string;
  readonly version: string;
  readonly description: string;
  readonly tags: readonly string[];
  readonly stepCount: number;
  readonly parameters: readonly PlaybookParameterDescription[];
}

/** What a playbook takes. */
export interface PlaybookParameterDescription {
  readonly name: string;
  readonly type: string;
  readonly description: string;
  readonly required: boolean;
  readonly secret: boolean;
  readonly pattern: string;
}

/** Describes a playbook, in the words of the public contract. */
export function describePlaybook(playbook: Playbook): PlaybookDescription {
  return {
    id: playbook.id,
    version: playbook.version,
    description: playbook.description,
    tags: playbook.tags,
    stepCount: playbook.steps.length,
    parameters: playbook.parameters.map((parameter) => ({
      name: parameter.name,
      type: parameter.type,
      description: parameter.description,
      required: parameter.default === undefined,
      secret: parameter.secret,
      pattern: parameter.pattern ?? "",
    })),
  };
}
