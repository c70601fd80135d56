import type { FastifyReply, FastifyRequest } from "fastify";
import { type Area, queryOf } from "../office.ts";
import { note } from "../records.ts";

interface OfOrder {
  Params: { id: string };
}

/** The JSON API: the session cookie lets in; whatever changes something also needs the token in `x-csrf-token`. */
export const apiCalls: Area = (app, office) => {
  const { orders, calls } = office.records;
  const keep = ({ method, url }: FastifyRequest, status: number) => note(calls, { method, path: url.split("?", 1)[0] ?? "", status });
  const refusalOf = (request: FastifyRequest): [number, string] | undefined => {
    const session = office.sessions.of(request.headers.cookie);
    if (session === undefined) return [401, "log in first"];
    if (request.method !== "GET" && request.headers["x-csrf-token"] !== session.csrf) return [403, "the x-csrf-token is missing or wrong"];
    return undefined;
  };
  /** Answers a call that changes something, and keeps what was asked and answered. */
  const change = (request: FastifyRequest, reply: FastifyReply, act: () => readonly [number, object]) => {
    const refusal = refusalOf(request);
    const [status, answer] = refusal === undefined ? act() : ([refusal[0], { error: refusal[1] }] as const);
    keep(request, status);
    return reply.code(status).send(answer);
  };

  app.get("/api/orders", (request, reply) => {
    const refusal = refusalOf(request);
    if (refusal !== undefined) return reply.code(refusal[0]).send({ error: refusal[1] });
    const query = queryOf(request);
    const found = orders.search({ words: query.get("q") ?? "", status: query.get("status") ?? "" });
    return { total: found.length, orders: found };
  });
  app.post<{ Body: unknown }>("/api/orders", (request, reply) =>
    change(request, reply, () => {
      const body = Object(request.body instanceof URLSearchParams ? Object.fromEntries(request.body) : request.body);
      const { customer, item, amount = "€ 0.00" } = body;
      if (typeof customer !== "string" || typeof item !== "string") return [422, { error: "customer and item are wanted" }];
      const order = orders.create({ customer, item, amount: String(amount) });
      return order === undefined ? [507, { error: "the book of orders is full" }] : [201, order];
    }),
  );
  // Open to all, so that a shell can look at what became of an order.
  app.get<OfOrder>(
    "/api/orders/:id",
    (request, reply) => orders.get(request.params.id) ?? reply.code(404).send({ error: "no such order" }),
  );
  app.post<OfOrder>("/api/orders/:id/cancel", (request, reply) =>
    change(request, reply, () => {
      const order = orders.cancel(request.params.id);
      return order === undefined ? [409, { error: "this order cannot be cancelled" }] : [200, order];
    }),
  );
  // Answers with a redirect to wherever it is told: what follows it is to be checked by whoever follows.
  app.get("/api/redirect", (request, reply) => reply.redirect(queryOf(request).get("to") ?? "/api/orders", 302));
};
