/** The most different addresses a run may visit, and those it did. One that was refused was not visited. */
export class UrlBudget {
  readonly #visited = new Set<string>();
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  /** Whether an address may still be visited: it was already, or there is room for one more. */
  allows(address: string): boolean {
    return this.#visited.size < this.#most || this.#visited.has(normalizeUrl(address));
  }

  /** Counts an address as visited; twice is once. */
  spend(address: string): void {
    if (this.allows(address)) this.#visited.add(normalizeUrl(address));
  }
}

/** Writes an address so that those which open the same page are the same: lower-case host, no fragment, no slash at the end, its query kept. */
export function normalizeUrl(address: string): string {
  const url = URL.parse(address);
  if (url === null) return address;
  const host = url.host.replace(/\.(?=$|:)/, "");
  return `${url.protocol}//${host}${url.pathname.replace(/\/+$/, "")}${url.search}`;
}
