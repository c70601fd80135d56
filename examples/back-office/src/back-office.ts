import { randomUUID } from "node:crypto";
import Fastify, { type FastifyReply, type FastifyRequest } from "fastify";
import { Orders } from "./orders.ts";
import { confirmationPage, loginPage, messagePage, orderPage, ordersPage } from "./pages.ts";

/** Where the back office listens. */
export interface BackOfficeOptions {
  /** Its port; a free one for 0. */
  readonly port?: number;
  readonly host?: string;
}

/** A running back office; dispose it to close it with its connections. */
export interface BackOffice extends AsyncDisposable {
  /** Its address, such as `http://127.0.0.1:4711`. */
  readonly url: string;
  /** The server's own record, to compare with what a page said. */
  readonly orders: Orders;
}

/** Starts a small stateful web application to practise on: user `demo`, password `demo`. */
export async function startBackOffice({ port = 0, host = "127.0.0.1" }: BackOfficeOptions = {}): Promise<BackOffice> {
  const orders = new Orders();
  const sessions = new Set<string>();
  const app = Fastify({ forceCloseConnections: true });
  app.addContentTypeParser("application/x-www-form-urlencoded", { parseAs: "string", bodyLimit: 10_000 }, (_request, body, done) =>
    done(null, Object.fromEntries(new URLSearchParams(String(body)))),
  );
  const show = (reply: FastifyReply, page: string, status = 200) =>
    reply.code(status).type("text/html; charset=utf-8").header("cache-control", "no-store").send(page);
  const isLoggedIn = (request: FastifyRequest) => sessions.has(/(?:^|;\s*)session=([^;]+)/.exec(request.headers.cookie ?? "")?.[1] ?? "");

  app.get("/", (_request, reply) => reply.redirect("/orders"));
  app.get("/login", (_request, reply) => show(reply, loginPage({ failed: false })));
  app.post<{ Body: Partial<Record<string, string>> }>("/login", (request, reply) => {
    if (request.body?.username !== "demo" || request.body.password !== "demo") return show(reply, loginPage({ failed: true }), 401);
    const session = randomUUID();
    sessions.add(session);
    return reply.header("set-cookie", `session=${session}; HttpOnly; SameSite=Lax; Path=/`).redirect("/orders", 303);
  });
  app.get<{ Params: { id: string } }>(
    "/api/orders/:id",
    (request, reply) => orders.get(request.params.id) ?? reply.code(404).send({ error: "no such order" }),
  );

  app.register(async (desk) => {
    desk.addHook("preHandler", async (request, reply) => {
      if (!isLoggedIn(request)) return reply.redirect("/login", 303);
    });
    desk.get<{ Querystring: { q?: string } }>("/orders", (request, reply) => {
      const words = request.query.q ?? "";
      return show(reply, ordersPage(orders.search(words), words));
    });
    desk.get<{ Params: { id: string } }>("/orders/:id", (request, reply) => {
      const order = orders.get(request.params.id);
      return order === undefined
        ? show(reply, messagePage("No such order", "There is no order with this number."), 404)
        : show(reply, orderPage(order));
    });
    desk.post<{ Params: { id: string } }>("/orders/:id/cancel", (request, reply) => {
      const order = orders.cancel(request.params.id);
      return order === undefined
        ? show(reply, messagePage("Not cancelled", "This order cannot be cancelled."), 409)
        : show(reply, confirmationPage(order));
    });
  });

  const url = await app.listen({ port, host });
  return {
    url,
    orders,
    async [Symbol.asyncDispose]() {
      await app.close();
    },
  };
}
