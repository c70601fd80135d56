import { html } from "../html.ts";
import { script } from "../layout.ts";
import { type Area, formOf, pageWriter } from "../office.ts";
import { note } from "../records.ts";

/** A list that a script makes anew every second: every node, and every id, is another one. */
export const packingPages: Area = (app, office) => {
  const { orders, packed } = office.records;
  const show = pageWriter(office);
  app.get("/packing", (request, reply) =>
    show(
      request,
      reply,
      "Packing line",
      html`<h1>Packing line</h1><p>Made anew <span id="rounds">0</span> times.</p><ul class="cards" id="jobs" aria-label="Jobs"></ul>${renewing}`,
    ),
  );
  app.get("/packing/jobs", () =>
    orders
      .search({ status: "open" })
      .slice(0, 5)
      .map(({ id, item }) => ({ id, item, isPacked: packed.includes(id) })),
  );
  app.post("/packing/packed", (request, reply) => {
    const id = formOf(request).get("id") ?? "";
    if (orders.get(id)?.status !== "open") return reply.code(422).send({ error: "no such job" });
    note(packed, id);
    return reply.code(204).send();
  });
};

const renewing = script(`
  let round = 0;
  const pack = (id) => fetch("/packing/packed", { method: "POST", body: new URLSearchParams({ id }) }).then(renew);
  async function renew() {
    const jobs = await (await fetch("/packing/jobs")).json();
    round += 1;
    document.getElementById("rounds").textContent = round;
    document.getElementById("jobs").replaceChildren(...jobs.map((job, index) => {
      const row = document.createElement("li");
      row.id = "job-" + round + "-" + index;
      row.append("Order " + job.id + ", " + job.item + " ");
      const button = document.createElement("button");
      button.id = "pack-" + round + "-" + index;
      button.textContent = job.isPacked ? "Packed" : "Pack " + job.id;
      button.disabled = job.isPacked;
      button.onclick = () => pack(job.id);
      row.append(button);
      return row;
    }));
  }
  renew();
  setInterval(renew, 1000);
`);
