import { html } from "../html.ts";
import { script } from "../layout.ts";
import { type Area, formOf, pageWriter } from "../office.ts";
import { note } from "../records.ts";

/** A form that is a custom element: its fields stand in an open shadow root, one of them in a shadow root within. */
export const contactPages: Area = (app, office) => {
  const show = pageWriter(office);
  app.get("/contact", (request, reply) => show(request, reply, "Contact", html`<h1>Contact</h1><contact-form></contact-form>${elements}`));
  app.post("/contact", (request, reply) => {
    const form = formOf(request);
    note(office.records.messages, { subject: form.get("subject") ?? "", text: form.get("text") ?? "" });
    return reply.code(204).send();
  });
};

const elements = script(`
  const looks = "<style>label { display: block; margin: 12px 0 } input, textarea { display: block; width: 340px; padding: 8px; font: inherit }</style>";
  customElements.define("contact-text", class extends HTMLElement {
    connectedCallback() { this.attachShadow({ mode: "open" }).innerHTML = looks + '<label>Message<textarea name="text" rows="4"></textarea></label>'; }
    get value() { return this.shadowRoot.querySelector("textarea").value; }
  });
  customElements.define("contact-form", class extends HTMLElement {
    connectedCallback() {
      const root = this.attachShadow({ mode: "open" });
      root.innerHTML = looks + '<form><label>Subject<input name="subject"></label><contact-text></contact-text><button type="submit">Send</button><p role="status"></p></form>';
      root.querySelector("form").addEventListener("submit", async (event) => {
        event.preventDefault();
        const body = new URLSearchParams({ subject: root.querySelector("input").value, text: root.querySelector("contact-text").value });
        const answer = await fetch("/contact", { method: "POST", body });
        root.querySelector("[role=status]").textContent = answer.ok ? "Sent." : "Not sent.";
      });
    }
  });
`);
