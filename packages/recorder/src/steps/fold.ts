import type { Arrival, Interaction, Target } from "../interaction.ts";

/** One step to be: what was done, and where it led. */
export interface Move {
  readonly did: Exclude<Interaction, Arrival>;
  /** A key that was pressed in the same field right after. */
  readonly key?: string | undefined;
  /** Whether what was clicked came as a file. */
  readonly downloads?: boolean;
  /** Where the page was before, and where it went. */
  readonly from?: string;
  readonly arrived?: Arrival;
}

/** Makes of all that was done what has to be done again: what a later one makes needless goes, what belongs together is one. */
export function foldInteractions(interactions: readonly Interaction[]): readonly Move[] {
  const moves: Move[] = [];
  let url = "";
  for (const interaction of interactions) {
    const last = moves.at(-1);
    if (interaction.kind !== "arrive") {
      add(moves, last, interaction);
      continue;
    }
    if (last !== undefined && mayLead(last)) moves.splice(-1, 1, { ...last, from: last.from ?? url, arrived: interaction });
    url = interaction.url;
  }
  while (moves.at(-1)?.did.kind === "switch_tab") moves.pop();
  return moves;
}

function add(moves: Move[], last: Move | undefined, did: Exclude<Interaction, Arrival>): void {
  const replaceLast = (move: Move) => moves.splice(-1, 1, move);
  switch (did.kind) {
    case "dialog":
      // What answers a dialog is told before what opens it. Those that nothing opens are the page's own affair.
      if (last !== undefined) moves.splice(-1, 0, { did });
      return;
    case "download":
      if (last?.did.kind === "click") replaceLast({ ...last, downloads: true });
      return;
    case "goto":
      if (last?.did.kind === "goto") replaceLast({ did });
      else moves.push({ did });
      return;
    case "switch_tab":
      if (last?.did.kind !== "switch_tab") moves.push({ did });
      else if (last.did.from === did.to) moves.pop();
      else replaceLast({ did: { ...did, from: last.did.from } });
      return;
    case "press":
      if (last !== undefined && isTyping(last) && last.key === undefined && (did.target === undefined || isSame(last, did.target)))
        replaceLast({ ...last, key: did.key });
      else if (did.target !== undefined && isPlainClickOn(last, did.target)) replaceLast({ did });
      else moves.push({ did });
      return;
    case "click":
      if (did.count > 1 && last?.did.kind === "click" && isSame(last, did.target) && last.did.button === did.button) replaceLast({ did });
      else moves.push({ did });
      return;
    case "type":
    case "type_secret":
    case "select":
    case "check":
    case "upload": {
      const isAgain = last !== undefined && last.did.kind === did.kind && last.key === undefined && isSame(last, did.target);
      const hides = last?.did.kind === "type" && did.kind === "type_secret" && isSame(last, did.target);
      if (isAgain || hides || isPlainClickOn(last, did.target)) replaceLast({ did });
      else moves.push({ did });
      return;
    }
    default:
      moves.push({ did });
  }
}

/** Whether a page may go on to another because of it. */
function mayLead({ did, key }: Move): boolean {
  return key !== undefined || !["type", "type_secret", "hover", "wait_for", "upload", "dialog"].includes(did.kind);
}

function isTyping({ did }: Move): boolean {
  return did.kind === "type" || did.kind === "type_secret";
}

function isSame({ did }: Move, target: Target): boolean {
  return "target" in did && did.target?.element === target.element;
}

function isPlainClickOn(last: Move | undefined, target: Target): boolean {
  return last?.did.kind === "click" && last.did.count === 1 && last.did.modifiers.length === 0 && isSame(last, target) && !last.arrived;
}
