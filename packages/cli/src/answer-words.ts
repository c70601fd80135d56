import type { Run } from "@clew/client";
import { shellWord } from "./shell-word.ts";

type Question = NonNullable<Run["awaits"]>;

/** The commands that answer what a run asks, as the words after `clew`, and what each says. */
export function answerWords(runId: string, { inputId, kind, choices }: Question): readonly { words: string; purpose: string }[] {
  const answer = (option: string, purpose: string) => ({ words: `answer ${runId} --input ${shellWord(inputId)} ${option}`, purpose });
  switch (kind) {
    case "APPROVE":
      return [answer("--approve", "let it be done"), answer("--deny", "have it left undone")];
    case "TAKE_OVER":
      return [answer("--approve", "say that you have done it"), answer("--deny", "say that you will not")];
    case "SECRET":
      return [answer("--secret @VARIABLE", "give it what that environment variable holds")];
    case "BROWSER_STATE":
      return [answer("--browser-state login.json", "give it a login: Playwright's storageState in a file")];
    default:
      return choices.length === 0
        ? [answer("--answer TEXT", "answer it; a model may read that, so never a secret")]
        : choices.map((choice) => answer(`--answer ${shellWord(choice)}`, "answer it so"));
  }
}
