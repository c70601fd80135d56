import { html } from "../html.ts";
import { type Area, delayOf, queryOf, send } from "../office.ts";

/** What the pages that ask whether a person is there are known by, each in one place of the page. */
const marks = new Map([
  ["interstitial", html`<div id="challenge-running" class="cf-challenge">Checking your browser …</div>`],
  ["turnstile", html`<div class="cf-turnstile" data-sitekey="none">A box to tick</div>`],
  ["recaptcha", html`<div class="g-recaptcha" data-sitekey="none">A box to tick</div>`],
  ["hcaptcha", html`<div class="h-captcha" data-sitekey="none">A box to tick</div>`],
]);

/** A page that asks whether a person is there, as far as detection can tell: it is inert, and goes away by itself after `?ms=`, or never. */
export const challengePages: Area = (app) => {
  app.get("/challenge", (request, reply) => {
    const query = queryOf(request);
    const kind = query.get("kind") ?? "interstitial";
    const title = kind === "interstitial" ? "Just a moment..." : "Security check";
    const leaving =
      query.has("ms") && html`<script>setTimeout(() => location.replace("/challenge/passed"), ${delayOf(request, 0)})</script>`;
    return send(
      reply,
      html`<!doctype html><html lang="en"><head><title>${title}</title></head><body><h1>${title}</h1>${marks.get(kind)}${leaving}</body></html>`,
      403,
    );
  });
  app.get("/challenge/passed", (_request, reply) =>
    send(
      reply,
      html`<!doctype html><html lang="en"><head><title>Welcome</title></head><body><h1>Welcome</h1><p><a href="/orders">Orders</a></p></body></html>`,
    ),
  );
};
