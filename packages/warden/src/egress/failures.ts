import type { HostAndPort } from "@clew/egress/judge-host";

const most = 256;

/** Why connections could not be made lately, by the system's short word for it, such as `ECONNREFUSED`; bounded. */
export class Failures {
  readonly #codes = new Map<string, string>();

  /** Notes that a connection could not be made. */
  note(target: HostAndPort, error: unknown): void {
    const key = keyOf(target);
    this.#codes.delete(key);
    this.#codes.set(key, codeOf(error));
    for (const [oldest] of this.#codes) {
      if (this.#codes.size <= most) break;
      this.#codes.delete(oldest);
    }
  }

  /** Notes that one could be made again. */
  forget(target: HostAndPort): void {
    this.#codes.delete(keyOf(target));
  }

  /** Answers why the last connection that failed did; undefined where none did. */
  of(target: HostAndPort): string | undefined {
    return this.#codes.get(keyOf(target));
  }
}

function keyOf({ host, port }: HostAndPort): string {
  return `${host} ${port}`;
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "FAILED";
}
