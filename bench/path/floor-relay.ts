import { createServer } from "node:http";
import { announceListening } from "@clew/process/announce";
import { untilSignal } from "@clew/process/until-signal";
import { Client, type ClientReadableStream, credentials } from "@grpc/grpc-js";
import { floorService } from "./floor-service.ts";

/** A bare node:http server that relays a bare grpc-js stream as server-sent events, no faster than they are read. */
const { path, requestSerialize, responseDeserialize } = floorService.stream;
const client = new Client(`unix:${process.env["BENCH_SOCKET"]}`, credentials.createInsecure());
const server = createServer((request, response) => {
  const load = Buffer.from(new URL(request.url ?? "/", "http://floor").searchParams.get("load") ?? "");
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
  const call: ClientReadableStream<Buffer> = client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, load);
  let id = 0;
  call.on("data", (event: Buffer) => {
    id += 1;
    if (response.write(`id: ${id}\ndata: ${event.toString()}\n\n`)) return;
    call.pause();
    response.once("drain", () => call.resume());
  });
  call.on("end", () => response.end());
  call.on("error", () => response.destroy());
  response.on("close", () => call.cancel());
});
server.listen(0, "127.0.0.1", () => {
  const bound = server.address();
  if (bound !== null && typeof bound === "object") announceListening("floor relay", `127.0.0.1:${bound.port}`);
});
await untilSignal();
server.close();
server.closeAllConnections();
client.close();
