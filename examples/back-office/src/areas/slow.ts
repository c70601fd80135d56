import { setTimeout } from "node:timers/promises";
import { html } from "../html.ts";
import { type Area, delayOf, pageWriter } from "../office.ts";

/** A page that takes its time: 2 s, or `?ms=`, at most 60 s. */
export const slowPages: Area = (app, office) => {
  const show = pageWriter(office);
  app.get("/slow", async (request, reply) => {
    const ms = delayOf(request, 2_000);
    await setTimeout(ms);
    return show(request, reply, "Slow", html`<h1>Slow</h1><p id="took">This page took ${ms} ms.</p>`);
  });
};
