import { stat } from "node:fs/promises";

/** The key the gateway reads with what it shares between readers. */
export interface ServiceKeyOptions {
  readonly key: string | undefined;
  /** The file it may stand in; without one it never changes. */
  readonly file?: string | undefined;
  /** Reads it again. @throws where the file cannot be read. */
  readonly read?: (() => string | undefined) | undefined;
  /** Told where it could not be read again: the one from before holds. */
  readonly onUnreadable: (error: unknown) => void;
  /** Milliseconds between two looks at the file; 2,000 unless given. */
  readonly lookMs?: number;
}

/** The gateway's own key as the file with settings has it now. Dispose it to look no more. */
export class ServiceKey implements Disposable {
  readonly #looking: NodeJS.Timeout | undefined;
  #key: string | undefined;
  #seen: string | undefined;

  constructor({ key, file, read, onUnreadable, lookMs = 2_000 }: ServiceKeyOptions) {
    this.#key = key;
    if (file === undefined || read === undefined) return;
    const look = async () => {
      const found = await stat(file).catch(() => undefined);
      const stamp = found && `${found.ino} ${found.size} ${found.mtimeMs}`;
      if (stamp === undefined || stamp === this.#seen) return;
      this.#seen = stamp;
      try {
        this.#key = read() ?? this.#key;
      } catch (error) {
        onUnreadable(error);
      }
    };
    this.#looking = setInterval(() => void look(), lookMs).unref();
  }

  /** What calls with it are headed with. */
  get headers(): Readonly<Record<string, string>> {
    return this.#key === undefined ? {} : { authorization: `Bearer ${this.#key}` };
  }

  [Symbol.dispose](): void {
    clearInterval(this.#looking);
  }
}
