import { once } from "node:events";
import { announceListening } from "@clew/process/announce";
import { untilSignal } from "@clew/process/until-signal";
import { Server, ServerCredentials, type ServerWritableStream } from "@grpc/grpc-js";
import { floorService } from "./floor-service.ts";
import { type Load, produce } from "./load.ts";

/** A bare grpc-js server that streams the load it is asked for, an event a message. */
const address = `unix:${process.env["BENCH_SOCKET"]}`;
const server = new Server();
server.addService(floorService, {
  stream: (call: ServerWritableStream<Buffer, Buffer>) => void stream(call),
});
await new Promise<void>((resolve, reject) => {
  server.bindAsync(address, ServerCredentials.createInsecure(), (error) => (error ? reject(error) : resolve()));
});
announceListening("floor source", address);
await untilSignal();
server.forceShutdown();

async function stream(call: ServerWritableStream<Buffer, Buffer>): Promise<void> {
  const load: Load = JSON.parse(call.request.toString());
  let sequence = 0;
  await produce(
    load,
    async (resultText) => {
      sequence += 1;
      if (!call.write(Buffer.from(JSON.stringify(runEvent(sequence, resultText))))) await once(call, "drain");
    },
    async () => {},
  );
  call.end();
}

/** As long as an event of the gateway. */
function runEvent(sequence: number, resultText: string) {
  return {
    runId: "run-00000000000000000000000000000000",
    sequence,
    time: new Date().toISOString(),
    resumeToken: "c1.00000000000000000000000000000000000",
    attempt: 1,
    type: "actionCompleted",
    summary: "Read the heading.",
    actionCompleted: {
      stepIndex: 0,
      stepId: "read",
      actionId: "a1",
      tool: "playbook",
      action: "extract",
      inputSummary: "h1",
      effect: "READ",
      durationMs: 1,
      success: true,
      resultText,
      truncated: false,
      url: "",
    },
  };
}
