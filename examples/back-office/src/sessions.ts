import { randomUUID } from "node:crypto";

/** One login. */
export interface Session {
  readonly id: string;
  /** What the JSON API wants in `x-csrf-token` for whatever changes something. */
  readonly csrf: string;
  readonly user: string;
  /** The order this person is about to make, as its forms were sent. */
  readonly draft: Map<string, string>;
}

/** Who is logged in. */
export class Sessions {
  readonly #sessions = new Map<string, Session>();

  /** Begins a session; the eldest one ends when there are more than 1,000. */
  begin(user: string): Session {
    const session = { id: randomUUID(), csrf: randomUUID(), user, draft: new Map() };
    const [eldest] = this.#sessions.keys();
    if (this.#sessions.size >= 1_000 && eldest !== undefined) this.#sessions.delete(eldest);
    this.#sessions.set(session.id, session);
    return session;
  }

  /** The session of a request's Cookie header. */
  of(cookies: string | undefined): Session | undefined {
    return this.#sessions.get(cookieOf(cookies, "session") ?? "");
  }

  end(id: string): void {
    this.#sessions.delete(id);
  }

  /** Ends all of them, as a server does that was started anew. */
  endAll(): void {
    this.#sessions.clear();
  }
}

/** A cookie of a Cookie header. */
export function cookieOf(cookies: string | undefined, name: string): string | undefined {
  const pair = cookies?.split(/;\s*/).find((one) => one.startsWith(`${name}=`));
  return pair?.slice(name.length + 1);
}
