import { splitTemplate } from "@clew/playbook/placeholder";
import type { PlaybookSelector, PlaybookStep } from "@clew/playbook/playbook-schema";
import type { Candidate } from "@clew/playbook/schema/candidate";

/** What a selector written in Playwright's language quotes of a page's words; all else in it is a machine's. */
const quoted = [
  /^text=(?<words>.*)$/gis,
  /:(?:has-text|text|text-is)\(\s*(?<quote>["'])(?<words>.*?)\k<quote>/gis,
  /\[name=(?<quote>["'])(?<words>.*?)\k<quote>/gis,
];

/**
 * Finds what an author says in words of what each action of a step does: in its description, and in what its selector reads on the page. To be given
 * the step as it was written: what is put in the place of a placeholder may come from a page. The actions are those of a sequence, or the step itself.
 */
export function authorWords(template: PlaybookStep): readonly (readonly string[])[] {
  if (template.action !== "execute_sequence") return [wordsOf(template)];
  return template.steps.map((action) => [ownWords(template.description), ...wordsOf(action)]);
}

/** What a step, or an action of a sequence, may say of itself. */
interface Speaking {
  readonly action: string;
  readonly description?: string;
  readonly selector?: PlaybookSelector | undefined;
}

function wordsOf({ description = "", selector }: Speaking): readonly string[] {
  const candidates = selector === undefined ? [] : [selector.primary, ...selector.fallbacks];
  return [description, selector?.description ?? "", ...candidates.flatMap(readWords)].map(ownWords).filter((words) => words !== "");
}

/** What a candidate reads on a page. What it is looked for in is not what is acted on. */
function readWords({ by, value, name = "", has_text: text = "" }: Candidate): readonly string[] {
  switch (by) {
    case "label":
    case "text":
    case "placeholder":
    case "alt_text":
    case "title":
      return [value, text];
    case "role":
      return [name, text];
    case "selector":
      return [...quoted.flatMap((pattern) => [...value.matchAll(pattern)].map((match) => match.groups?.words ?? "")), text];
    case "css":
    case "xpath":
    case "test_id":
      return [text];
  }
}

function ownWords(template: string): string {
  return splitTemplate(template)
    .map((part) => ("text" in part ? part.text : " "))
    .join("");
}
