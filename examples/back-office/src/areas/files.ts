import { createHash } from "node:crypto";
import { setTimeout } from "node:timers/promises";
import { html } from "../html.ts";
import { messageBody } from "../layout.ts";
import { type Area, delayOf, pageWriter } from "../office.ts";
import { pdfOf } from "../pdf.ts";
import { note } from "../records.ts";

interface OfOrder {
  Params: { id: string };
}

/** Invoices to download, one of them slow, and files to attach to an order. */
export const filePages: Area = (app, office) => {
  const { orders, uploads, downloads } = office.records;
  const show = pageWriter(office);

  app.get<OfOrder>("/orders/:id/invoice.csv", async (request, reply) => {
    await setTimeout(delayOf(request, 0));
    const order = orders.get(request.params.id);
    if (order === undefined) return reply.code(404).send({ error: "no such order" });
    const name = `invoice-${order.id}.csv`;
    note(downloads, name);
    return reply
      .type("text/csv; charset=utf-8")
      .header("content-disposition", `attachment; filename="${name}"`)
      .send(
        `order,customer,item,amount\r\n${[order.id, order.customer, order.item, order.amount].map((cell) => `"${cell}"`).join(",")}\r\n`,
      );
  });
  app.get<OfOrder>("/orders/:id/invoice.pdf", (request, reply) => {
    const order = orders.get(request.params.id);
    if (order === undefined) return reply.code(404).send({ error: "no such order" });
    const name = `invoice-${order.id}.pdf`;
    note(downloads, name);
    return reply
      .type("application/pdf")
      .header("content-disposition", `inline; filename="${name}"`)
      .send(pdfOf([`Invoice for order ${order.id}`, order.customer, order.item, order.amount.replace("€", "EUR")]));
  });

  app.get<OfOrder>("/orders/:id/files", (request, reply) =>
    show(
      request,
      reply,
      "Attach a file",
      html`<h1>Attach a file to order ${request.params.id}</h1><form method="post" enctype="multipart/form-data">
<label>Files<input name="file" type="file" multiple></label><button type="submit">Attach</button></form>`,
    ),
  );
  app.post<OfOrder>("/orders/:id/files", async (request, reply) => {
    const { id } = request.params;
    const { body, headers } = request;
    const type = headers["content-type"] ?? "";
    if (orders.get(id) === undefined || !(body instanceof Buffer)) {
      return show(request, reply, "Not attached", messageBody("Not attached", "There is no such order, or no file."), 422);
    }
    const form = await new Response(new Uint8Array(body), { headers: { "content-type": type } }).formData();
    for (const file of form.getAll("file")) {
      if (typeof file === "string" || file.name === "") continue;
      const bytes = Buffer.from(await file.arrayBuffer());
      note(uploads, { orderId: id, name: file.name, sizeBytes: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") });
    }
    return reply.redirect(`/orders/${id}`, 303);
  });
};
