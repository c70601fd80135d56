import { html } from "../html.ts";
import { script } from "../layout.ts";
import { type Area, formOf, pageWriter } from "../office.ts";
import { note } from "../records.ts";

const dialogs = ["alert", "confirm", "prompt", "dialog"];

/** Every kind of dialog; what was answered is told to the server. Leaving the page is asked about once its note was changed. */
export const dialogPages: Area = (app, office) => {
  const show = pageWriter(office);
  app.get("/dialogs", (request, reply) => show(request, reply, "Dialogs", body));
  app.post("/dialogs", (request, reply) => {
    const form = formOf(request);
    const dialog = form.get("dialog") ?? "";
    if (!dialogs.includes(dialog)) return reply.code(422).send({ error: "no such dialog" });
    note(office.records.answers, { dialog, answer: form.get("answer") ?? "" });
    return reply.code(204).send();
  });
};

const body = html`<h1>Dialogs</h1><p><button id="alert">Show an alert</button> <button id="confirm">Ask to confirm</button> <button id="prompt">Ask for a name</button>
<button id="open">Open a dialog</button></p><p id="answer" role="status"></p><label>Unsaved note<input name="note"></label>
<dialog id="dialog" aria-label="Close the books"><h1>Close the books?</h1><form method="dialog"><button value="yes">Close them</button> <button class="quiet" value="no">Not yet</button></form></dialog>
${script(`
  const byId = (id) => document.getElementById(id);
  const tell = async (dialog, answer) => {
    await fetch("/dialogs", { method: "POST", body: new URLSearchParams({ dialog, answer }) });
    byId("answer").textContent = dialog + ": " + answer;
  };
  byId("alert").onclick = () => { alert("The books are open."); tell("alert", "seen"); };
  byId("confirm").onclick = () => tell("confirm", confirm("Really confirm?") ? "yes" : "no");
  byId("prompt").onclick = () => tell("prompt", prompt("Your name?", "nobody") ?? "none");
  byId("open").onclick = () => byId("dialog").showModal();
  byId("dialog").addEventListener("close", () => tell("dialog", byId("dialog").returnValue));
  addEventListener("beforeunload", (event) => { if (document.querySelector("[name=note]").value !== "") event.preventDefault(); });
`)}`;
