import { KnownSecrets } from "@clew/playbook/known-secrets";
import { expect, test } from "vitest";
import type { PersonSaid, Question } from "../person/ask-person.ts";
import { askForModel } from "./ask-for-model.ts";

async function ask(kind: "answer" | "secret" | "approve" | "take_over", said: PersonSaid, { isHeaded = false } = {}) {
  const asked: Question[] = [];
  const secrets = new KnownSecrets(["known-password"]);
  const credentials: Record<string, string> = {};
  const person = {
    isThere: said !== "nobody",
    ask: async (question: Question) => {
      asked.push(question);
      return said;
    },
  };
  const room = { person, secrets, credentials, isHeaded, signal: AbortSignal.any([]) };
  const told = await askForModel({ kind, prompt: "Which?", name: "code" }, room);
  return { told, asked: asked.map((question) => question.kind), credentials, secrets };
}

test.each<[Parameters<typeof ask>[0], PersonSaid, string]>([
  ["approve", "expired", "Denied: nobody answered in time."],
  ["approve", "nobody", "Denied: nobody is there who could approve."],
  ["approve", { answer: "deny" }, "The person denies."],
  ["approve", { answer: "approve" }, "The person approves."],
  ["approve", { answer: "Approve, please" }, "The person denies."],
  ["answer", "expired", "Nobody answered in time."],
  ["answer", { answer: "the blue one" }, "The person answers: the blue one"],
  ["answer", { answer: "it is known-password" }, "The person answers: it is [redacted]"],
])("a model that asks for '%s' is told what came of it: %j", async (kind, said, told) => {
  expect((await ask(kind, said)).told).toBe(told);
});

test("a secret is kept under its name, added to the run's secrets, and not told", async () => {
  const { told, credentials, secrets } = await ask("secret", { answer: "one-time-77" });
  expect(told).not.toContain("one-time-77");
  expect(credentials).toEqual({ code: "one-time-77" });
  expect(secrets.redact("one-time-77")).toBe("[redacted]");
});

test("nobody takes over a browser that nobody sees: nobody is asked, and the model is told why", async () => {
  const { told, asked } = await ask("take_over", { answer: "approve" });
  expect(told).toContain("there is no live view yet");
  expect(asked).toEqual([]);
});

test("a browser with a window is taken over by a person who sees it", async () => {
  expect(await ask("take_over", { answer: "approve" }, { isHeaded: true })).toMatchObject({
    told: "The person has done it: look at the page.",
    asked: ["TAKE_OVER"],
  });
  expect((await ask("take_over", { answer: "deny" }, { isHeaded: true })).told).toBe("The person declines.");
});
