import type { SnapshotNode } from "../../observation/snapshot-tree.ts";

/** How many addresses are remembered; the oldest go first. */
const most = 5_000;

/** How many characters of the labels of an address are remembered. */
const mostLabel = 1_000;

/** The addresses that pages showed an agent as links, and what these were called. */
export class SeenAddresses {
  readonly #addresses = new Map<string, string>();

  /** Takes in the links of a page at an address, as they are shown to the agent. Other texts name no address: what an agent enters stands in a page too. */
  addNodes(nodes: readonly SnapshotNode[], base: string): void {
    for (const { role, name, text, url, children } of nodes) {
      if (url !== "" && role === "link") this.#add(url, base, `${name} ${text}`.trim().slice(0, mostLabel));
      this.addNodes(children, base);
    }
  }

  /** What the link to an address was called, whatever its fragment; undefined where no page showed one. */
  labelOf(address: string): string | undefined {
    const plain = plainAddress(address, undefined);
    return plain === undefined ? undefined : this.#addresses.get(plain);
  }

  #add(address: string, base: string, label: string): void {
    const plain = plainAddress(address, base);
    if (plain === undefined) return;
    const before = this.#addresses.get(plain);
    this.#addresses.delete(plain);
    this.#addresses.set(
      plain,
      before === undefined || before.includes(label) ? (before ?? label) : `${before} ${label}`.slice(0, mostLabel),
    );
    const [oldest] = this.#addresses.keys();
    if (this.#addresses.size > most && oldest !== undefined) this.#addresses.delete(oldest);
  }
}

function plainAddress(address: string, base: string | undefined): string | undefined {
  const url = URL.parse(address, base);
  if (url === null) return undefined;
  url.hash = "";
  return url.href;
}
