/** Somebody at the back office without a browser: keeps cookies, and follows no redirect. */
export class Visitor {
  readonly #url: string;
  readonly #cookies = new Map<string, string>();

  constructor(url: string) {
    this.#url = url;
  }

  /** Fetches a page, or sends a form to it. */
  async fetch(path: string, form?: Record<string, string> | FormData | URLSearchParams, headers: Record<string, string> = {}) {
    const body = form === undefined || form instanceof FormData ? form : new URLSearchParams(form);
    const response = await fetch(this.#url + path, {
      method: body === undefined ? "GET" : "POST",
      headers: { ...headers, cookie: [...this.#cookies].map((pair) => pair.join("=")).join("; ") },
      redirect: "manual",
      ...(body && { body }),
    });
    for (const cookie of response.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
      this.#cookies.set(name, value);
    }
    return { status: response.status, location: response.headers.get("location"), headers: response.headers, text: await response.text() };
  }

  /** Logs in, and answers the token for the JSON API. */
  async logIn(): Promise<string> {
    await this.fetch("/login", { username: "demo", password: "demo" });
    return /"csrf", "([^"]+)"/.exec((await this.fetch("/orders")).text)?.[1] ?? "";
  }
}
