import { html } from "../html.ts";
import { script } from "../layout.ts";
import { type Area, formOf, pageWriter } from "../office.ts";
import { note } from "../records.ts";

const names = ["Thread", "Wax", "Sails", "Nets", "Cards"];

/** A list whose entries are dragged into another order, which the server keeps. */
export const priorityPages: Area = (app, office) => {
  const { reorderings } = office.records;
  const show = pageWriter(office);
  app.get("/priorities", (request, reply) => {
    const entries = (reorderings.at(-1) ?? names).map((name) => html`<li draggable="true" data-name="${name}">${name}</li>`);
    return show(
      request,
      reply,
      "Priorities",
      html`<h1>Priorities</h1><ol class="cards" id="priorities">${entries}</ol><p id="saved" role="status"></p>${dragging}`,
    );
  });
  app.post("/priorities", (request, reply) => {
    const order = formOf(request).getAll("name");
    if (order.toSorted().join() !== names.toSorted().join()) return reply.code(422).send({ error: "not these names" });
    note(reorderings, order);
    return reply.code(204).send();
  });
};

const dragging = script(`
  const list = document.getElementById("priorities");
  let dragged;
  list.addEventListener("dragstart", (event) => { dragged = event.target.closest("li"); event.dataTransfer.setData("text/plain", dragged.dataset.name); });
  list.addEventListener("dragover", (event) => event.preventDefault());
  list.addEventListener("drop", async (event) => {
    event.preventDefault();
    const target = event.target.closest("li");
    if (!dragged || !target || target === dragged) return;
    const below = event.clientY > target.getBoundingClientRect().top + target.offsetHeight / 2;
    target[below ? "after" : "before"](dragged);
    const body = new URLSearchParams([...list.children].map((entry) => ["name", entry.dataset.name]));
    const answer = await fetch("/priorities", { method: "POST", body });
    document.getElementById("saved").textContent = answer.ok ? "Saved." : "Not saved.";
  });
`);
