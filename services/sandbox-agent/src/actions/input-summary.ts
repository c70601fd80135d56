import type { PlaybookStep } from "@clew/playbook/playbook-schema";
import { describeCandidate } from "@clew/playbook/schema/candidate";
import { publicAddress } from "../browser/address.ts";

/** Says in a few words what a step acts on. What is typed never stands in it: it may be a secret. */
export function inputSummary(step: PlaybookStep): string {
  switch (step.action) {
    case "goto":
      return `navigate to ${cut(publicAddress(step.params.url), 80)}`;
    case "click":
      return `click '${cut(describeCandidate(step.selector.primary), 50)}'`;
    case "key_press": {
      const into = step.selector === undefined ? "" : ` into '${cut(describeCandidate(step.selector.primary), 50)}'`;
      const { text, key, credential_ref: reference } = step.params;
      if (text === undefined && reference === undefined) return `press ${key}`;
      const typed = reference === undefined ? "type text" : `type credential '${cut(reference, 30)}'`;
      return key === undefined ? `${typed}${into}` : `${typed}${into} + press ${key}`;
    }
    case "wait_for":
      return `wait for '${cut(describeCandidate(step.selector.primary), 50)}' to be ${step.params.state}`;
    case "extract":
      return `extract ${step.params.mode} from '${cut(step.selector === undefined ? "body" : describeCandidate(step.selector.primary), 50)}'`;
    case "select":
      return `select in '${cut(describeCandidate(step.selector.primary), 50)}'`;
    case "api_request":
      return `send ${step.request.method} ${cut(publicAddress(step.request.url), 80)}`;
    default:
      return step.action;
  }
}

function cut(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}
