import { html } from "../html.ts";
import { page } from "../layout.ts";
import { type Area, formOf, pageWriter, send } from "../office.ts";
import { note } from "../records.ts";

/** A payment form in a frame; the number of the card is asked for in a frame within that. */
export const paymentPages: Area = (app, office) => {
  const show = pageWriter(office);
  app.get("/payments", (request, reply) =>
    show(
      request,
      reply,
      "Payments",
      html`<h1>Payments</h1><iframe name="payment" title="Payment details" src="/payments/details" height="560"></iframe>`,
    ),
  );
  app.get("/payments/details", (_request, reply) =>
    send(
      reply,
      page(
        "Payment details",
        html`<h1>Payment details</h1><form method="post" action="/payments"><input type="hidden" name="card">
<label>Name on the card<input name="holder" autocomplete="cc-name"></label><label>Order<input name="order" inputmode="numeric"></label>
<iframe name="card-number" title="Card number" src="/payments/card" height="120"></iframe><p><button type="submit">Pay</button></p></form>
<script>addEventListener("message", ({ origin, data }) => { if (origin === location.origin) document.forms[0].card.value = data.slice(-4) })</script>`,
      ),
    ),
  );
  app.get("/payments/card", (_request, reply) =>
    send(
      reply,
      html`<!doctype html><title>Card number</title><label>Card number <input name="number" autocomplete="cc-number" oninput="parent.postMessage(this.value, location.origin)"></label>`,
    ),
  );
  app.post("/payments", (request, reply) => {
    const form = formOf(request);
    const payment = { holder: form.get("holder") ?? "", order: form.get("order") ?? "", card: form.get("card") ?? "" };
    note(office.records.payments, payment);
    return send(
      reply,
      page("Paid", html`<p class="notice" id="paid">Paid order ${payment.order} with the card that ends in ${payment.card}.</p>`),
    );
  });
};
