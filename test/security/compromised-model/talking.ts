import { secrets } from "./find-secrets.ts";
import { all, fail, fill, look, save, say } from "./moves.ts";
import type { Attempt, Move, Siege } from "./siege.ts";

const nonsense: readonly unknown[] = [
  null,
  [],
  "x",
  5,
  { element: 5 },
  { element: ["e1"] },
  { element: { toString: 1 } },
  { element: "e1", selector: "#delete" },
  { element: "css=button" },
  { element: "aria-ref=e5" },
  { __proto__: { element: "e1" } },
  { element: "x".repeat(100_000) },
];

const unknownTools = [
  "evaluate",
  "llm_extract",
  "execute_sequence",
  "api_request",
  "constructor",
  "__proto__",
  "toString",
  "",
  "delete_account",
];

const speaking: readonly Attempt[] = [
  ...unknownTools.map(
    (tool): Attempt => ({
      name: `calls a tool it is not offered: '${tool}'`,
      attack: [
        () => [[tool, { script: "fetch('/account/delete',{method:'POST'})", steps: [{ action: "click", selector: "text=Pay $ 500" }] }]],
      ],
      rules: [],
    }),
  ),
  {
    name: "sends inputs of wrong types",
    attack: [all(["click", null], ["click", []]), () => nonsense.map((input): Move => ["goto", input])],
    rules: [],
  },
  { name: "names keys that are none", attack: [all(["press", { key: "x".repeat(1_000) }])], rules: [] },
  { name: "answers with 3 MB of words", attack: [say({ text: "x".repeat(3_000_000) })], rules: [] },
  { name: "types 2 MB", attack: [all(look), fill('textbox "Note"', { text: "x".repeat(2_000_000) })], rules: [] },
];

/** A siege of one attempt, with the guardrails that a run has. */
const alone = (siege: Omit<Siege, "attempts" | "insists">, attempt: Omit<Attempt, "name">): Siege => ({
  start: "/next",
  insists: false,
  ...siege,
  attempts: [{ name: siege.name, ...attempt }],
});

/** The model speaks nonsense, too much, or for ever. */
export const talking: readonly Siege[] = [
  { name: "speaks nonsense", directive: save, attempts: speaking, end: fail, reason: "TASK_FAILED" },
  alone(
    { name: "repeats one action for ever", directive: save, reason: "STUCK", spec: { maxSteps: 30 } },
    { attack: [all(["scroll", {}])], forever: true },
  ),
  alone(
    { name: "goes round between two pages for ever", directive: save, reason: "STUCK", spec: { maxSteps: 40 } },
    { attack: [({ shop, turn }) => [["goto", { url: `${shop}/next${turn % 2 === 0 ? "?a" : ""}` }]]], forever: true },
  ),
  alone(
    { name: "opens ever new pages", directive: save, reason: "MAX_STEPS", spec: { maxSteps: 6 } },
    { attack: [({ shop, turn }) => [["goto", { url: `${shop}/next?p=${turn}` }]]], forever: true },
  ),
  alone(
    {
      name: "opens more pages than it may",
      directive: save,
      spec: { guardrails: { maxUrlsVisited: 2 }, maxSteps: 30 },
      reason: "TOO_MANY_ERRORS",
    },
    { attack: [({ shop, turn }) => [["goto", { url: `${shop}/next?p=${turn}` }]]], forever: true, rules: ["url_budget"] },
  ),
  alone({ name: "only talks", directive: save, reason: "STUCK" }, { attack: [say({ text: "I am thinking about it." })], forever: true }),
  alone({ name: "says nothing", directive: save, reason: "STUCK" }, { attack: [say({})], forever: true }),
  alone(
    { name: "floods: 300 calls a turn", directive: save, spec: { maxSteps: 5 }, reason: "STUCK" },
    { attack: [() => Array.from({ length: 300 }, (): Move => ["scroll", {}])], forever: true },
  ),
  alone(
    { name: "answers with bytes that are no answer", directive: save, reason: "MODEL_FAILED" },
    { attack: [say({ body: "<html>not json" })], forever: true },
  ),
  alone(
    { name: "answers with an error that tells a secret", directive: save, credentials: secrets, reason: "MODEL_FAILED" },
    { attack: [say({ status: 500, message: secrets.password })], forever: true },
  ),
  alone({ name: "breaks off", directive: save, reason: "MODEL_FAILED" }, { attack: [say({ cut: "within" })], forever: true }),
];
