import type { Run } from "@clew/client";
import { answerWords } from "./answer-words.ts";
import type { Output } from "./output.ts";
import { printable } from "./printable.ts";
import { shellWord } from "./shell-word.ts";

/** Prints what a run asks a person, until when, and the commands that answer it. */
export function sayQuestion(runId: string, question: NonNullable<Run["awaits"]>, output: Output): void {
  const { prompt, expireTime, screenshot } = question;
  output.say(`  It asks a person: ${printable(prompt)}`);
  if (screenshot !== undefined) output.say(`  What it sees: ${output.command(`artifacts ${runId} ${shellWord(screenshot)}`)}`);
  if (expireTime !== undefined) output.say(`  Until ${expireTime.slice(0, 19).replace("T", " ")} UTC:`);
  for (const { words, purpose } of answerWords(runId, question)) output.say(`    ${output.command(words)}   # ${purpose}`);
}
