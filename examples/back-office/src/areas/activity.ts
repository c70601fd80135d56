import { html } from "../html.ts";
import { script } from "../layout.ts";
import { type Area, pageWriter, queryOf } from "../office.ts";

const entries = 200;
const perFetch = 20;

/** A list that grows as it is scrolled, up to 200 entries. */
export const activityPages: Area = (app, office) => {
  const show = pageWriter(office);
  app.get("/activity", (request, reply) =>
    show(
      request,
      reply,
      "Activity",
      html`<h1>Activity</h1><ol class="cards" id="activity" aria-label="Activity"></ol><p id="more" role="status">Loading …</p>${growing}`,
    ),
  );
  app.get("/activity/entries", (request) => {
    const after = Math.max(0, Number(queryOf(request).get("after")) || 0);
    return Array.from(
      { length: Math.max(0, Math.min(perFetch, entries - after)) },
      (_, index) => `Entry ${after + index + 1}: a door was opened`,
    );
  });
};

const growing = script(`
  const list = document.getElementById("activity");
  const more = document.getElementById("more");
  let isLoading = false;
  const watch = new IntersectionObserver(async ([seen]) => {
    if (!seen.isIntersecting || isLoading) return;
    isLoading = true;
    const entries = await (await fetch("/activity/entries?after=" + list.children.length)).json();
    list.append(...entries.map((text) => Object.assign(document.createElement("li"), { textContent: text })));
    isLoading = false;
    watch.unobserve(more);
    if (entries.length === 0) more.textContent = "That is all.";
    else watch.observe(more);
  });
  watch.observe(more);
`);
