import type { SnapshotNode } from "../../observation/snapshot-tree.ts";

/** How many addresses are remembered; the oldest go first. */
const most = 5_000;

/** The addresses that pages showed an agent. */
export class SeenAddresses {
  readonly #addresses = new Set<string>();

  /** Takes in the links of a page at an address. */
  addNodes(nodes: readonly SnapshotNode[], base: string): void {
    for (const { url, children } of nodes) {
      if (url !== "") this.#add(url, base);
      this.addNodes(children, base);
    }
  }

  /** Takes in the addresses a text of a page holds. */
  addText(text: string): void {
    for (const [address] of text.matchAll(/https?:\/\/[^\s<>"'`)\]]+/g)) this.#add(address, address);
  }

  /** Whether a page showed this address, whatever its fragment. */
  has(address: string): boolean {
    const plain = plainAddress(address, undefined);
    return plain !== undefined && this.#addresses.has(plain);
  }

  #add(address: string, base: string): void {
    const plain = plainAddress(address, base);
    if (plain === undefined) return;
    this.#addresses.delete(plain);
    this.#addresses.add(plain);
    const [oldest] = this.#addresses;
    if (this.#addresses.size > most && oldest !== undefined) this.#addresses.delete(oldest);
  }
}

function plainAddress(address: string, base: string | undefined): string | undefined {
  const url = URL.parse(address, base);
  if (url === null) return undefined;
  url.hash = "";
  return url.href;
}
