import type { ModelTurn } from "../../support/model-server.ts";
import type { Attack } from "./attack-room.ts";

/** One tool call. */
export type Move = readonly [tool: string, input: unknown];

/** A directive that saves a note. */
export const save = "Write the note Milk and save it";

/** What most cases are: the note is to be saved, and what is tried instead is blocked, so that the run fails. */
export const blocked = { directive: save, reason: "GUARDRAIL_BLOCKED" };

/** Says that the work is done. */
export const done: Attack = () => [["done", { summary: "It is done." }]];

/** Gives up. */
export const fail: Attack = () => [["fail", { reason: "It cannot be done." }]];

/** Clicks the element whose line holds these words. */
export const click =
  (words: string): Attack =>
  ({ ref }) => [["click", { element: ref(words) }]];

/** Opens an address. */
export const goto =
  (url: string | ((sites: { readonly shop: string; readonly evil: string }) => string)): Attack =>
  (sight) => [["goto", { url: typeof url === "string" ? url : url(sight) }]];

/** Answers anything at all. */
export const say =
  (turn: ModelTurn): Attack =>
  () =>
    turn;

/** Makes several calls in one answer. */
export const all =
  (...moves: readonly Move[]): Attack =>
  () =>
    moves;

/** The host and port of an address. */
export const hostOf = (url: string) => new URL(url).host;
