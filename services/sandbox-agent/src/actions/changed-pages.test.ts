import { afterAll, beforeAll, expect, test } from "vitest";
import { ActionRoom } from "./action-room.fixture.ts";

/** One thing to act on: how a playbook describes it, and what acts on it. */
interface Target {
  /** What the page notes when the right one is acted on. */
  readonly mark: string;
  readonly step: { readonly action: string; readonly selector: object; readonly params?: object };
}

/** Every way a description may be written, each as a chain from what an author sees to what a machine does. */
const targets: readonly Target[] = [
  { mark: "save", step: click({ role: "button", name: "Save order", exact: true }, "#save", { test_id: "save" }) },
  { mark: "cancel", step: click({ text: "Cancel order", exact: true }, { test_id: "cancel" }, "#cancel") },
  { mark: "archive", step: click("#archive", { role: "button", name: "Archive", exact: true }) },
  { mark: "details", step: click({ role: "link", name: "Details", exact: true }, "a.details") },
  { mark: "help", step: click({ title: "Help" }, "[data-testid=help]") },
  { mark: "customer", step: fill({ label: "Customer", exact: true }, { css: "input[name=customer]" }) },
  { mark: "note", step: fill({ placeholder: "A note" }, "textarea") },
  { mark: "search", step: fill("#search", { label: "Search" }) },
  { mark: "rush", step: { action: "check", selector: chain({ label: "Rush", exact: true }, "[name=rush]") } },
  { mark: "size", step: { action: "select", selector: chain({ label: "Size", exact: true }, "select"), params: { value: "L" } } },
];

/** The page those were written for. Whatever is acted on notes its mark in `acted`. */
const written = `<main><h1>Order</h1>
<button id="save" data-testid="save" class="primary" data-mark="save">Save order</button>
<button id="cancel" data-testid="cancel" data-mark="cancel">Cancel order</button>
<button id="archive" data-mark="archive">Archive</button>
<a class="details" href="#details" data-mark="details">Details</a>
<button title="Help" data-testid="help" data-mark="help">?</button>
<label>Customer <input name="customer" data-mark="customer"></label>
<textarea placeholder="A note" data-mark="note"></textarea>
<label>Search <input id="search" data-mark="search"></label>
<label><input type="checkbox" name="rush" data-mark="rush"> Rush</label>
<label>Size <select data-mark="size"><option>S</option><option>L</option></select></label></main>`;

/** Runs in every document: notes in the top window what was acted on. */
const noting = `window.acted ??= [];
for (const type of ["click", "input", "change"]) addEventListener(type, (event) => {
  const target = event.composedPath().find((node) => node.dataset?.mark);
  const isField = target?.matches("input, textarea, select");
  if (target && isField !== (type === "click")) window.top.acted.push(target.dataset.mark);
}, true);`;

/** There an element may be replaced between the moment it is found and the moment it hears of it: nobody is told of that then. */
const remade = "it is made anew every 50 ms";

/** Ways in which a page changes; each is done to every target at once. Code that runs in the page. */
const changes: Readonly<Record<string, string>> = {
  "nothing changed": "",
  "ids are others": `for (const e of document.querySelectorAll("[id]")) e.id = "x" + Math.random().toString(36).slice(2)`,
  "classes and test ids are gone": `for (const e of document.querySelectorAll("main *")) { e.removeAttribute("class"); delete e.dataset.testid }`,
  "the order is reversed": `document.querySelector("main").append(...[...document.querySelectorAll("main > *")].reverse())`,
  "everything is wrapped": `for (const e of document.querySelectorAll("[data-mark]")) { const w = document.createElement("div"); e.replaceWith(w); const i = document.createElement("span"); w.append(i); i.append(e) }`,
  "texts are others": `const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT); while (walk.nextNode()) walk.currentNode.data = walk.currentNode.data.replace(/Save order/, "Store it").replace(/Cancel order/, "Withdraw").replace(/Details/, "More").replace(/Customer/, "Client")`,
  "the page is translated": `const words = { "Save order": "Auftrag speichern", "Cancel order": "Auftrag stornieren", Archive: "Archivieren", Details: "Einzelheiten", Customer: "Kunde", Search: "Suche", Rush: "Eilig", Size: "Größe" };
    const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT); while (walk.nextNode()) for (const [from, to] of Object.entries(words)) walk.currentNode.data = walk.currentNode.data.replace(from, to);
    document.querySelector("[title]").title = "Hilfe"; document.querySelector("textarea").placeholder = "Eine Notiz"`,
  "it is in a frame": `const html = document.querySelector("main").outerHTML; document.querySelector("main").remove(); const f = document.createElement("iframe"); f.name = "inner"; f.height = 600; f.srcdoc = html; document.body.append(f); await new Promise((r) => (f.onload = r))`,
  "it is in a shadow root": `const main = document.querySelector("main"); const host = document.createElement("x-order"); main.replaceWith(host); host.attachShadow({ mode: "open" }).append(main)`,
  "each has a double that shows": `document.querySelector("main").after(Object.assign(document.querySelector("main").cloneNode(true), {})); for (const e of document.querySelectorAll("main + main [data-mark]")) e.dataset.mark = "decoy"`,
  "each has a double that is hidden, and comes first": `const double = document.querySelector("main").cloneNode(true); double.hidden = true; for (const e of double.querySelectorAll("[data-mark]")) e.dataset.mark = "decoy"; document.querySelector("main").before(double)`,
  "a likeness stands beside each": `for (const e of document.querySelectorAll("button, a")) { const d = e.cloneNode(true); d.dataset.mark = "decoy"; d.removeAttribute("id"); d.removeAttribute("title"); d.removeAttribute("class"); delete d.dataset.testid; d.textContent += " as draft"; e.before(d) }`,
  "all are disabled": `for (const e of document.querySelectorAll("[data-mark]")) { e.disabled = true; if (e.matches("a")) e.setAttribute("aria-disabled", "true") }`,
  "all are hidden": `document.querySelector("main").style.display = "none"`,
  "all are covered": `document.body.insertAdjacentHTML("beforeend", '<div style="position:fixed;inset:0" data-mark="decoy"></div>')`,
  "buttons are other tags": `for (const e of document.querySelectorAll("button")) { const d = document.createElement("div"); for (const { name, value } of e.attributes) d.setAttribute(name, value); d.setAttribute("role", "button"); d.tabIndex = 0; d.append(...e.childNodes); e.replaceWith(d) }`,
  [remade]: `setInterval(() => { const main = document.querySelector("main"); main.replaceWith(main.cloneNode(true)) }, 50)`,
};

/** Changes after which an author's words, or what a machine goes by, are still there for each target: it must be found. */
const survivable = new Set([
  "nothing changed",
  "the order is reversed",
  "everything is wrapped",
  "it is in a shadow root",
  "each has a double that is hidden, and comes first",
  "ids are others",
  "classes and test ids are gone",
  "a likeness stands beside each",
  "buttons are other tags",
]);

let room: ActionRoom;
beforeAll(async () => {
  room = await ActionRoom.open();
});
afterAll(() => room[Symbol.asyncDispose]());

// They mostly wait for what is not there: side by side they wait at the same time.
test.concurrent.each(Object.entries(changes))(
  "a page where %s has each element acted on, or a failure that says what is wrong: never another element",
  { timeout: 120_000 },
  async (name, change) => {
    await using desk = await room.desk();
    const { page } = desk.active;
    const timeout_ms = survivable.has(name) ? 5_000 : 1_000;
    const counts = { found: 0, loud: 0, wrong: 0, lost: 0 };
    for (const { mark, step } of targets) {
      await page.goto("about:blank");
      await page.setContent(written);
      await page.evaluate(`(async () => { ${change} })()`);
      for (const frame of page.frames()) await frame.evaluate(noting);
      const outcome = await desk.act({ ...step, params: { ...step.params, timeout_ms } }).then(
        () => "done" as const,
        (thrown: unknown) => thrown,
      );
      const acted = await page.evaluate<string[]>("window.acted");
      if (acted.some((touched) => touched !== mark)) counts.wrong++;
      else if (outcome === "done" && acted.length === 0) counts.lost++;
      else if (outcome === "done") counts.found++;
      else counts.loud++;
      if (outcome !== "done")
        expect(outcome).toMatchObject({
          reason: expect.stringMatching(/^(SELECTOR_|ACTION_)/),
          message: expect.stringContaining("about:blank"),
        });
    }
    expect(counts).toMatchObject({ wrong: 0, ...(name !== remade && { lost: 0 }), ...(survivable.has(name) && { found: targets.length }) });
  },
);

function click(...candidates: readonly unknown[]) {
  return { action: "click", selector: chain(...candidates) };
}

function fill(...candidates: readonly unknown[]) {
  return { action: "fill", selector: chain(...candidates), params: { text: "x" } };
}

function chain(...[primary, ...fallbacks]: readonly unknown[]): object {
  return { primary, fallbacks };
}
