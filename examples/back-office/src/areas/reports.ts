import { html } from "../html.ts";
import { messageBody, script } from "../layout.ts";
import { type Area, pageWriter } from "../office.ts";

const reports = new Map([
  ["sales", "Sales"],
  ["stock", "Stock"],
  ["returns", "Returns"],
]);

/** A menu that opens when it is hovered over, and reports that open in tabs and windows of their own. */
export const reportPages: Area = (app, office) => {
  const show = pageWriter(office);
  const entries = [...reports].map(([id, name]) => html`<li><a href="/reports/${id}">${name}</a></li>`);
  app.get("/reports", (request, reply) =>
    show(
      request,
      reply,
      "Reports",
      html`<h1>Reports</h1><div class="menu"><button class="quiet" aria-haspopup="true">Menu</button><ul>${entries}</ul></div>
<p><a href="/reports/sales" target="_blank">Sales in a new tab</a></p><p><button id="popup">Stock in a window</button></p>${script(
        'document.getElementById("popup").onclick = () => open("/reports/stock", "stock", "width=600,height=400")',
      )}`,
    ),
  );
  app.get<{ Params: { id: string } }>("/reports/:id", (request, reply) => {
    const name = reports.get(request.params.id);
    if (name === undefined) return show(request, reply, "No such report", messageBody("No such report", "There is no such report."), 404);
    const open = office.records.orders.search({ status: "open" }).length;
    return show(
      request,
      reply,
      name,
      html`<h1>${name}</h1><p id="report">${open} orders are open.</p><button onclick="window.close()">Close</button>`,
    );
  });
};
