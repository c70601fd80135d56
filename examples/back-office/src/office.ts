import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Markup } from "./html.ts";
import { page } from "./layout.ts";
import type { Records } from "./records.ts";
import type { Session, Sessions } from "./sessions.ts";

/** What all pages of a back office share. */
export interface Office {
  readonly records: Records;
  readonly sessions: Sessions;
}

/** Adds the pages of one area. */
export type Area = (app: FastifyInstance, office: Office) => void;

/** Answers with HTML that is not to be kept. */
export function send(reply: FastifyReply, markup: string | Markup, status = 200): FastifyReply {
  return reply.code(status).type("text/html; charset=utf-8").header("cache-control", "no-store").send(String(markup));
}

/** Makes what answers with a page, in the frame of whoever is logged in. */
export function pageWriter({ sessions }: Office) {
  return (request: FastifyRequest, reply: FastifyReply, title: string, body: Markup, status = 200) =>
    send(reply, page(title, body, sessions.of(request.headers.cookie)), status);
}

/** The session of a request that was let in. */
export function sessionOf({ sessions }: Office, request: FastifyRequest): Session {
  const session = sessions.of(request.headers.cookie);
  if (session === undefined) throw new Error("Nobody is logged in.");
  return session;
}

/** The fields of a form that was sent; a field that was not sent is empty. */
export function formOf(request: FastifyRequest): URLSearchParams {
  return request.body instanceof URLSearchParams ? request.body : new URLSearchParams();
}

/** The query of a request's address. */
export function queryOf(request: FastifyRequest): URLSearchParams {
  return new URL(request.url, "http://back-office").searchParams;
}

/** A delay in milliseconds that a request asks for as `ms`, at most 60 s. */
export function delayOf(request: FastifyRequest, usual: number): number {
  const asked = Number(queryOf(request).get("ms") ?? usual);
  return Number.isFinite(asked) ? Math.min(Math.max(asked, 0), 60_000) : usual;
}
