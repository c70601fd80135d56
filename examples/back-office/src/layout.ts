import { html, Markup } from "./html.ts";
import type { Session } from "./sessions.ts";
import { style } from "./style.ts";

/** The pages every logged-in person is offered, by address. */
const offered: Readonly<Record<string, string>> = {
  "/orders": "Orders",
  "/orders/new/customer": "New order",
  "/packing": "Packing line",
  "/priorities": "Priorities",
  "/activity": "Activity",
  "/payments": "Payments",
  "/contact": "Contact",
  "/dialogs": "Dialogs",
  "/reports": "Reports",
  "/slow": "Slow",
};

/** A whole page; with a session, the pages on offer, the logout, and the token that the JSON API asks for, in `localStorage.csrf`. */
export function page(title: string, body: Markup, session?: Session): string {
  const links = Object.entries(offered).map(([address, name]) => html`<a href="${address}">${name}</a>`);
  const navigation =
    session &&
    html`<nav aria-label="Pages">${links}</nav>
<form method="post" action="/logout"><button type="submit">Log out</button></form><script>localStorage.setItem("csrf", "${session.csrf}")</script>`;
  return `${html`<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${title} · Back office</title><link rel="icon" href="data:,">${style}</head>
<body><header><span>Labyrinth Trading · Back office</span>${navigation}</header><main>${body}</main></body></html>`}`;
}

/** What is shown where there is nothing, or nothing to be done. */
export function messageBody(title: string, message: string): Markup {
  return html`<h1>${title}</h1><p class="alert" role="alert">${message}</p><p><a class="button quiet" href="/orders">All orders</a></p>`;
}

/** A script of a page. */
export function script(source: string): Markup {
  return new Markup(`<script>${source}</script>`);
}
