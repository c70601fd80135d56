import Fastify from "fastify";
import { activityPages } from "./areas/activity.ts";
import { apiCalls } from "./areas/api.ts";
import { challengePages } from "./areas/challenge.ts";
import { contactPages } from "./areas/contact.ts";
import { dialogPages } from "./areas/dialogs.ts";
import { filePages } from "./areas/files.ts";
import { loginPages } from "./areas/login.ts";
import { newOrderPages } from "./areas/new-order.ts";
import { orderPages } from "./areas/orders.ts";
import { packingPages } from "./areas/packing.ts";
import { paymentPages } from "./areas/payments.ts";
import { priorityPages } from "./areas/priorities.ts";
import { reportPages } from "./areas/reports.ts";
import { slowPages } from "./areas/slow.ts";
import type { Area, Office } from "./office.ts";
import { createRecords, type Records } from "./records.ts";
import { Sessions } from "./sessions.ts";

/** Where the back office listens. */
export interface BackOfficeOptions {
  /** Its port; a free one for 0. */
  readonly port?: number;
  readonly host?: string;
}

/** A running back office with its records, to compare with what a page said; dispose it to close it with its connections. */
export interface BackOffice extends Records, AsyncDisposable {
  /** Its address, such as `http://127.0.0.1:4711`. */
  readonly url: string;
  /** Logs everybody out. */
  endSessions(): void;
}

/** What anybody may see. */
const open: readonly Area[] = [loginPages, challengePages, apiCalls];

/** What only who is logged in may see. */
const inside: readonly Area[] = [
  orderPages,
  newOrderPages,
  filePages,
  packingPages,
  priorityPages,
  activityPages,
  paymentPages,
  contactPages,
  dialogPages,
  reportPages,
  slowPages,
];

const uploadBytes = 20 * 1024 * 1024;

/** Starts a small stateful web application to practise on: user `demo`, password `demo`. */
export async function startBackOffice({ port = 0, host = "127.0.0.1" }: BackOfficeOptions = {}): Promise<BackOffice> {
  const office: Office = { records: createRecords(), sessions: new Sessions() };
  const app = Fastify({ forceCloseConnections: true });
  app.addContentTypeParser("application/x-www-form-urlencoded", { parseAs: "string", bodyLimit: 10_000 }, (_request, body, done) =>
    done(null, new URLSearchParams(String(body))),
  );
  app.addContentTypeParser("multipart/form-data", { parseAs: "buffer", bodyLimit: uploadBytes }, (_request, body, done) =>
    done(null, body),
  );

  app.get("/", (_request, reply) => reply.redirect("/orders"));
  app.get("/records", () => ({
    ...office.records,
    orders: office.records.orders.search(),
    cancellations: office.records.orders.cancellations,
  }));
  for (const area of open) area(app, office);
  app.register(async (desk) => {
    desk.addHook("preHandler", async (request, reply) => {
      if (office.sessions.of(request.headers.cookie) === undefined) return reply.redirect("/login", 303);
    });
    for (const area of inside) area(desk, office);
  });

  const url = await app.listen({ port, host });
  return {
    ...office.records,
    url,
    endSessions: () => office.sessions.endAll(),
    async [Symbol.asyncDispose]() {
      await app.close();
    },
  };
}
