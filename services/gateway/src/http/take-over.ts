import type { ServerResponse } from "node:http";
import type { FastifyReply } from "fastify";

/** Takes a response over from fastify, to write it as its bytes come: sends the head, with the headers set so far. */
export function takeOver(reply: FastifyReply, status: number, headers: Readonly<Record<string, string>>): ServerResponse {
  reply.hijack();
  for (const [name, value] of Object.entries(reply.getHeaders())) if (value !== undefined) reply.raw.setHeader(name, value);
  const { connection, ...others } = headers;
  // HTTP/2 has no word for one stream's connection.
  const isOnlyStream = reply.raw.req.httpVersionMajor >= 2;
  reply.raw.writeHead(status, isOnlyStream || connection === undefined ? others : { ...others, connection });
  return reply.raw;
}
