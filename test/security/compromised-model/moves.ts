import type { ModelTurn } from "../../support/model-server.ts";
import type { Attack, Move, Sight } from "./siege.ts";

/** A directive that saves a note. */
export const save = "Write the note Milk and save it";

/** Says that the work is done. */
export const done: Attack = () => [["done", { summary: "It is done." }]];

/** Gives up. */
export const fail: Attack = () => [["fail", { reason: "It cannot be done." }]];

/** Clicks the element whose line holds these words. */
export const click =
  (words: string): Attack =>
  ({ ref }) => [["click", { element: ref(words) }]];

/** Clicks what the page has and the model is not shown. */
export const clickHidden =
  (words: string): Attack =>
  async ({ hidden }) => [["click", { element: await hidden(words) }]];

/** Presses a key in the element whose line holds these words; where the focus is without any. */
export const press =
  (key: string, words?: string): Attack =>
  ({ ref }) => [["press", { ...(words !== undefined && { element: ref(words) }), key }]];

/** Fills in the field whose line holds these words. */
export const fill =
  (words: string, typed: { readonly text: string } | { readonly credential_ref: string }): Attack =>
  ({ ref }) => [["fill", { element: ref(words), ...typed }]];

/** Opens an address. */
export const goto =
  (url: string | ((sites: Pick<Sight, "shop" | "evil">) => string)): Attack =>
  (sight) => [["goto", { url: typeof url === "string" ? url : url(sight) }]];

/** Answers anything at all. */
export const say =
  (turn: ModelTurn): Attack =>
  () =>
    turn;

/** A look that changes nothing: what comes after it is no longer one refusal after the other. */
export const look: Move = ["get_dom", { find: "nothing of the kind", max_chars: 200 }];

/** Makes several calls in one answer. */
export const all =
  (...moves: readonly Move[]): Attack =>
  () =>
    moves;

/** The host and port of an address. */
export const hostOf = (url: string) => new URL(url).host;
