import { html, type Markup } from "../html.ts";
import { messageBody } from "../layout.ts";
import { type Area, pageWriter, queryOf } from "../office.ts";
import { type Order, orderStatuses } from "../orders.ts";
import type { Upload } from "../records.ts";

const rowsPerPage = 10;

/** The list of orders with its filters and pages, one order, and its cancellation. */
export const orderPages: Area = (app, office) => {
  const { orders, uploads } = office.records;
  const show = pageWriter(office);
  app.get("/orders", (request, reply) => {
    const query = queryOf(request);
    const filter = { words: query.get("q") ?? "", status: query.get("status") ?? "" };
    return show(request, reply, "Orders", listBody(orders.search(filter), filter, Number(query.get("page") ?? 1)));
  });
  app.get<{ Params: { id: string } }>("/orders/:id", (request, reply) => {
    const order = orders.get(request.params.id);
    if (order === undefined) {
      return show(request, reply, "No such order", messageBody("No such order", "There is no order with this number."), 404);
    }
    const files = uploads.filter(({ orderId }) => orderId === order.id);
    return show(request, reply, `Order ${order.id}`, orderBody(order, files));
  });
  app.post<{ Params: { id: string } }>("/orders/:id/cancel", (request, reply) => {
    const order = orders.cancel(request.params.id);
    return order === undefined
      ? show(request, reply, "Not cancelled", messageBody("Not cancelled", "This order cannot be cancelled."), 409)
      : show(request, reply, `Order ${order.id} cancelled`, confirmationBody(order));
  });
};

function listBody(found: readonly Order[], filter: { words: string; status: string }, wanted: number): Markup {
  const pages = Math.max(1, Math.ceil(found.length / rowsPerPage));
  const at = Number.isInteger(wanted) ? Math.min(Math.max(wanted, 1), pages) : 1;
  const link = (to: number, words: string) =>
    html`<a href="/orders?${String(new URLSearchParams({ q: filter.words, status: filter.status, page: String(to) }))}">${words}</a>`;
  const rows = found
    .slice((at - 1) * rowsPerPage, at * rowsPerPage)
    .map(
      (order) =>
        html`<tr><td><a href="/orders/${order.id}">${order.id}</a></td><td>${order.customer}</td><td>${order.item}</td><td>${badge(order)}</td></tr>`,
    );
  const choices = orderStatuses.map((one) => html`<option${one === filter.status && html` selected`}>${one}</option>`);
  return html`<h1>Orders</h1><form class="search" method="get" action="/orders">
<input name="q" type="search" placeholder="Search orders" aria-label="Search orders" value="${filter.words}"><button type="submit">Search</button></form>
<form class="search" method="get" action="/orders"><input type="hidden" name="q" value="${filter.words}">
<select name="status" aria-label="Status"><option value="">any status</option>${choices}</select><button class="quiet" type="submit">Filter</button></form>
${
  found.length === 0
    ? html`<p class="alert">No order matches.</p>`
    : html`<table id="orders"><thead><tr><th>Order</th><th>Customer</th><th>Item</th><th>Status</th></tr></thead><tbody>${rows}</tbody></table>
<nav class="pages" aria-label="Pages of orders">${at > 1 && link(at - 1, "Previous")}<span>Page ${at} of ${pages}, ${found.length} orders</span>${at < pages && link(at + 1, "Next")}</nav>`
}`;
}

function orderBody(order: Order, files: readonly Upload[]): Markup {
  const cancel = html`<button id="cancel" class="danger" type="button" onclick="document.getElementById('confirm').showModal()">Cancel order</button>
<dialog id="confirm"><h1>Cancel order ${order.id}?</h1><p>This cannot be undone.</p>
<form method="post" action="/orders/${order.id}/cancel"><button class="danger" type="submit">Yes, cancel it</button>
<button class="quiet" type="button" onclick="this.closest('dialog').close()">Keep it</button></form></dialog>`;
  const wishes = Object.entries(order.wishes ?? {}).map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`);
  const attached = files.map(({ name, sizeBytes }) => html`<li>${name}, ${sizeBytes} bytes</li>`);
  return html`<h1>Order ${order.id}</h1><dl><dt>Customer</dt><dd>${order.customer}</dd><dt>Item</dt><dd>${order.item}</dd><dt>Amount</dt><dd>${order.amount}</dd><dt>Status</dt><dd>${badge(order)}</dd>${wishes}</dl>
${attached.length > 0 && html`<h2>Files</h2><ul id="files">${attached}</ul>`}
<p>${order.status === "open" && cancel} <a class="button quiet" href="/orders">All orders</a> <a class="button quiet" href="/orders/${order.id}/invoice.csv">Invoice (CSV)</a>
<a class="button quiet" href="/orders/${order.id}/invoice.pdf" download>Invoice (PDF)</a> <a class="button quiet" href="/orders/${order.id}/files">Attach a file</a></p>`;
}

function confirmationBody(order: Order): Markup {
  return html`<h1>Order cancelled</h1><p class="notice" id="confirmation">Order ${order.id} was cancelled. Cancellation number: ${order.cancellation}</p><p><a class="button quiet" href="/orders">All orders</a></p>`;
}

function badge(order: Order): Markup {
  return html`<span class="status ${order.status}">${order.status}</span>`;
}
