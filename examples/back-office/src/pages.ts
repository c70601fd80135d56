import type { Order } from "./orders.ts";

/** Text made safe to stand in HTML, attributes included. */
function html(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}

const style = `
  :root { color-scheme: light; --ink: #1d2433; --soft: #667085; --line: #e3e7ee; --red: #b42318; --blue: #2b59c3; }
  * { box-sizing: border-box }
  body { margin: 0; font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: #f5f6f9 }
  header { background: #1d2433; color: #fff; padding: 14px 32px; font-weight: 600 }
  main { max-width: 860px; margin: 32px auto; padding: 28px 32px; background: #fff; border: 1px solid var(--line); border-radius: 12px }
  h1 { margin: 0 0 18px; font-size: 24px }
  label { display: block; margin: 12px 0; color: var(--soft) }
  input { display: block; width: 100%; max-width: 340px; padding: 9px 12px; font: inherit; border: 1px solid #cbd2dd; border-radius: 8px }
  button, .button { display: inline-block; padding: 9px 16px; font: inherit; font-weight: 600; color: #fff; background: var(--blue); border: 0; border-radius: 8px; cursor: pointer; text-decoration: none }
  .danger { background: var(--red) } .quiet { background: #eef1f6; color: var(--ink) }
  form.search { display: flex; gap: 10px; margin-bottom: 18px }
  table { width: 100%; border-collapse: collapse } th, td { padding: 10px 8px; text-align: left; border-bottom: 1px solid var(--line) } th { color: var(--soft); font-weight: 500 }
  dl { display: grid; grid-template-columns: 140px 1fr; gap: 8px } dt { color: var(--soft) } dd { margin: 0 }
  .status { padding: 2px 10px; border-radius: 99px; background: #eef1f6 } .status.cancelled { background: #fee4e2; color: var(--red) } .status.open { background: #e3f4e8; color: #17643a }
  .notice { padding: 14px 18px; border-radius: 8px; background: #e3f4e8 } .alert { padding: 10px 14px; border-radius: 8px; background: #fee4e2; color: var(--red) }
  dialog { border: 0; border-radius: 12px; padding: 24px 28px; box-shadow: 0 20px 60px #0005 } dialog::backdrop { background: #1d243366 }
`;

function page(title: string, body: string): string {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${html(title)} · Back office</title><link rel="icon" href="data:,"><style>${style}</style></head>
<body><header>Labyrinth Trading · Back office</header><main>${body}</main></body></html>`;
}

/** The form that logs in. */
export function loginPage(options: { readonly failed: boolean }): string {
  return page(
    "Log in",
    `<h1>Log in</h1>${options.failed ? '<p class="alert" role="alert">Wrong user or password.</p>' : ""}
<form method="post" action="/login"><label>User<input name="username" autocomplete="username" autofocus></label>
<label>Password<input name="password" type="password" autocomplete="current-password"></label><button type="submit">Log in</button></form>`,
  );
}

/** The list of orders, and the search over it. */
export function ordersPage(orders: readonly Order[], words: string): string {
  const rows = orders.map(
    (order) =>
      `<tr><td><a href="/orders/${encodeURIComponent(order.id)}">${html(order.id)}</a></td><td>${html(order.customer)}</td><td>${html(order.item)}</td><td>${statusBadge(order)}</td></tr>`,
  );
  const table = `<table id="orders"><thead><tr><th>Order</th><th>Customer</th><th>Item</th><th>Status</th></tr></thead><tbody>${rows.join("")}</tbody></table>`;
  return page(
    "Orders",
    `<h1>Orders</h1><form class="search" method="get" action="/orders"><input name="q" type="search" placeholder="Search orders" aria-label="Search orders" value="${html(words)}"><button type="submit">Search</button></form>
${orders.length === 0 ? '<p class="alert">No order matches.</p>' : table}`,
  );
}

/** One order, and the dialog that asks before it is cancelled. */
export function orderPage(order: Order): string {
  const cancel = `<button id="cancel" class="danger" type="button" onclick="document.getElementById('confirm').showModal()">Cancel order</button>
<dialog id="confirm"><h1>Cancel order ${html(order.id)}?</h1><p>This cannot be undone.</p>
<form method="post" action="/orders/${encodeURIComponent(order.id)}/cancel"><button class="danger" type="submit">Yes, cancel it</button>
<button class="quiet" type="button" onclick="this.closest('dialog').close()">Keep it</button></form></dialog>`;
  return page(
    `Order ${order.id}`,
    `<h1>Order ${html(order.id)}</h1><dl><dt>Customer</dt><dd>${html(order.customer)}</dd><dt>Item</dt><dd>${html(order.item)}</dd><dt>Amount</dt><dd>${html(order.amount)}</dd><dt>Status</dt><dd>${statusBadge(order)}</dd></dl>
<p>${order.status === "open" ? cancel : ""} <a class="button quiet" href="/orders">All orders</a></p>`,
  );
}

/** What is shown once an order is cancelled. */
export function confirmationPage(order: Order): string {
  return page(
    `Order ${order.id} cancelled`,
    `<h1>Order cancelled</h1><p class="notice" id="confirmation">Order ${html(order.id)} was cancelled. Cancellation number: ${html(order.cancellation ?? "")}</p><p><a class="button quiet" href="/orders">All orders</a></p>`,
  );
}

/** What is shown where there is nothing, or nothing to be done. */
export function messagePage(title: string, message: string): string {
  return page(
    title,
    `<h1>${html(title)}</h1><p class="alert" role="alert">${html(message)}</p><p><a class="button quiet" href="/orders">All orders</a></p>`,
  );
}

function statusBadge(order: Order): string {
  return `<span class="status ${order.status}">${order.status}</span>`;
}
