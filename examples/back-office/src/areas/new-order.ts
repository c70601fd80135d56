import { html, type Markup } from "../html.ts";
import { messageBody } from "../layout.ts";
import { type Area, formOf, pageWriter, sessionOf } from "../office.ts";

const prices = new Map([
  ["Ball of red thread", 7.9],
  ["Wax, 2 kg", 31.2],
  ["Sail, white", 240],
  ["Moth net", 12.5],
]);
const countries = ["Crete", "Athens", "Ithaca", "Sicily"];
const deliveries = ["by ship", "by mule", "to be collected"];
const extras = ["gift wrap", "insurance"];

/** The form of three pages that makes an order: customer, items, confirmation. What was sent is kept until the order is made. */
export const newOrderPages: Area = (app, office) => {
  const show = pageWriter(office);
  app.get("/orders/new/customer", (request, reply) => show(request, reply, "New order: customer", customerBody()));
  app.post("/orders/new/customer", (request, reply) => {
    const form = formOf(request);
    const customer = form.get("customer")?.trim() ?? "";
    const country = form.get("country") ?? "";
    if (customer === "" || !countries.includes(country)) {
      return show(request, reply, "New order: customer", customerBody("Give a name and a country."), 422);
    }
    const { draft } = sessionOf(office, request);
    for (const [name, value] of Object.entries({ customer, country, email: form.get("email") ?? "" })) draft.set(name, value);
    return reply.redirect("/orders/new/items", 303);
  });

  app.get("/orders/new/items", (request, reply) => {
    if (!sessionOf(office, request).draft.has("customer")) return reply.redirect("/orders/new/customer", 303);
    return show(request, reply, "New order: items", itemsBody());
  });
  app.post("/orders/new/items", (request, reply) => {
    const form = formOf(request);
    const item = form.get("item") ?? "";
    const quantity = Number(form.get("quantity"));
    const delivery = form.get("delivery") ?? "";
    const date = form.get("date") ?? "";
    const isSound = prices.has(item) && Number.isInteger(quantity) && quantity > 0 && quantity < 100 && deliveries.includes(delivery);
    if (!isSound || !/^\d{4}-\d{2}-\d{2}$/.test(date)) {
      return show(request, reply, "New order: items", itemsBody("Choose an item, a quantity from 1 to 99, a delivery and a date."), 422);
    }
    const { draft } = sessionOf(office, request);
    const chosen = form.getAll("extras").filter((extra) => extras.includes(extra));
    const sent = { item, quantity: String(quantity), delivery, date, extras: chosen.join(", ") };
    for (const [name, value] of Object.entries(sent)) draft.set(name, value);
    return reply.redirect("/orders/new/confirm", 303);
  });

  app.get("/orders/new/confirm", (request, reply) => {
    const { draft } = sessionOf(office, request);
    if (!draft.has("item")) return reply.redirect("/orders/new/customer", 303);
    return show(request, reply, "New order: confirm", confirmBody(draft));
  });
  app.post("/orders/new/confirm", (request, reply) => {
    const { draft } = sessionOf(office, request);
    const { customer, item, quantity, ...wishes } = Object.fromEntries(draft);
    if (customer === undefined || item === undefined || formOf(request).get("agreed") !== "yes") {
      return show(request, reply, "New order: confirm", confirmBody(draft, "Say that all of it is right."), 422);
    }
    const amount = `€ ${((prices.get(item) ?? 0) * Number(quantity)).toFixed(2)}`;
    const note = formOf(request).get("note") ?? "";
    const order = office.records.orders.create({ customer, item: `${item} × ${quantity}`, amount, wishes: { ...wishes, note } });
    draft.clear();
    return order === undefined
      ? show(request, reply, "Full", messageBody("Full", "The book of orders is full."), 507)
      : reply.redirect(`/orders/${order.id}`, 303);
  });
};

function step(number: number, name: string, problem: string | undefined, fields: Markup, button: string): Markup {
  return html`<h1>New order</h1><p>Step ${number} of 3: ${name}</p>${problem !== undefined && html`<p class="alert" role="alert">${problem}</p>`}
<form method="post" novalidate>${fields}<button type="submit">${button}</button></form>`;
}

function customerBody(problem?: string): Markup {
  const options = countries.map((one) => html`<option>${one}</option>`);
  return step(
    1,
    "customer",
    problem,
    html`<label>Customer<input name="customer" autocomplete="name" required></label><label>E-mail<input name="email" type="email"></label>
<label>Country<select name="country" required><option value="">choose one</option>${options}</select></label>`,
    "Next",
  );
}

function itemsBody(problem?: string): Markup {
  const options = [...prices.keys()].map((one) => html`<option>${one}</option>`);
  const radios = deliveries.map((one) => html`<label><input type="radio" name="delivery" value="${one}">${one}</label>`);
  const boxes = extras.map((one) => html`<label><input type="checkbox" name="extras" value="${one}">${one}</label>`);
  return step(
    2,
    "items",
    problem,
    html`<label>Item<select name="item" required><option value="">choose one</option>${options}</select></label>
<label>Quantity<input name="quantity" type="number" min="1" max="99" value="1"></label><fieldset><legend>Delivery</legend>${radios}</fieldset>
<fieldset><legend>Extras</legend>${boxes}</fieldset><label>Delivery date<input name="date" type="date" required></label>`,
    "Next",
  );
}

function confirmBody(draft: ReadonlyMap<string, string>, problem?: string): Markup {
  const rows = [...draft].map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`);
  return step(
    3,
    "confirm",
    problem,
    html`<dl id="summary">${rows}</dl><label>Note<textarea name="note" rows="3"></textarea></label>
<label><input type="checkbox" name="agreed" value="yes">All of it is right</label>`,
    "Place order",
  );
}
