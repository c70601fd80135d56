import { type ApiKey, isOpen } from "./keys.ts";

/** How long a gateway's key holds beside the one that took its place: gateways read the file for themselves. */
const overlapMs = 60_000;

/** The keys that count now. They may be replaced while callers use them; whoever watches is told. */
export class KeyRing {
  #keys: readonly ApiKey[];
  readonly #watchers = new Set<() => void>();

  constructor(keys: readonly ApiKey[]) {
    this.#keys = keys;
  }

  get keys(): readonly ApiKey[] {
    return this.#keys;
  }

  /**
   * Puts other keys in the place of those there are. Answers whether it did: keys that are none at all would open the service to anyone, which
   * only a start may decide.
   */
  replace(keys: readonly ApiKey[], nowMs: number): boolean {
    if (isOpen(keys) !== isOpen(this.#keys)) return false;
    const leaving = this.#keys.filter(({ isService, hash }) => isService && !keys.some((key) => key.hash.equals(hash)));
    const overlap = leaving.map((key) => ({
      ...key,
      expireTimeMs: Math.min(key.expireTimeMs ?? Number.POSITIVE_INFINITY, nowMs + overlapMs),
    }));
    this.#keys = [...keys, ...overlap.filter(({ expireTimeMs }) => expireTimeMs > nowMs)];
    for (const tell of this.#watchers) tell();
    return true;
  }

  /** Tells `onChange` whenever the keys are others. Dispose the answer to be told no more. */
  watch(onChange: () => void): Disposable {
    this.#watchers.add(onChange);
    return { [Symbol.dispose]: () => void this.#watchers.delete(onChange) };
  }
}
