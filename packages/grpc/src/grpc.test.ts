import { once } from "node:events";
import { connect, constants } from "node:http2";
import { join } from "node:path";
import { Fault } from "@clew/fault/fault";
import { RunServiceService, UploadFileRequest, UploadFileResponse } from "@clew/proto/grpc/clew/run/v1/run_service";
import { SandboxEventServiceService, WardenServiceService } from "@clew/proto/grpc/clew/sandbox/v1/sandbox_agent_service";
import { delay } from "@clew/streams/delay";
import { Tail } from "@clew/streams/tail";
import { describe, expect, it } from "vitest";
import { tempFolder } from "../../../test/support/temp-folder.ts";
import { channelCredentials } from "./channel-proof.ts";
import { connectGrpc } from "./client.ts";
import { implement, startGrpcServer } from "./server.ts";
import type { Implementation } from "./service.ts";

type Events = Implementation<typeof SandboxEventServiceService>;

const quiet: Events = {
  acknowledgeSandboxEvents: async () => ({}),
  async *streamSandboxEvents() {},
};

const quietWarden: Implementation<typeof WardenServiceService> = {
  getSandbox: async () => ({ runId: "r", attempt: 1, alive: true, remainingMs: 1, browser: "", memoryBytes: 0 }),
  claimSandbox: async () => ({}),
  keepSandbox: async () => ({}),
  holdSecrets: async () => ({}),
  async *recallSecrets() {},
  setDeadline: async () => ({}),
  killSandbox: async () => ({}),
  async *readWorkFile() {
    yield { chunk: Buffer.from("x") };
  },
  releaseSandbox: async () => ({}),
};

describe("a gRPC server and its client", () => {
  it("carries a Fault's reason, fields and retry time to the caller", async () => {
    await using server = await startGrpcServer({
      address: "127.0.0.1:0",
      services: [
        implement(SandboxEventServiceService, {
          ...quiet,
          acknowledgeSandboxEvents: async () => {
            throw new Fault("QUEUE_FULL", {
              details: { ahead: "3" },
              violations: [{ field: "through", rule: "range", message: "is too large" }],
              retryAfterMs: 1500,
            });
          },
        }),
      ],
    });
    using client = connectGrpc(SandboxEventServiceService, `127.0.0.1:${server.port}`);
    await expect(client.acknowledgeSandboxEvents({ through: 1 })).rejects.toMatchObject({
      reason: "QUEUE_FULL",
      details: { ahead: "3" },
      violations: [{ field: "through", rule: "range", message: "is too large" }],
      retryAfterMs: 1500,
    });
  });

  it("refuses a request above its bound with our reason, undecoded, and takes one of just that size", async () => {
    const maxRequestBytes = 1_000;
    await using server = await startGrpcServer({
      address: "127.0.0.1:0",
      maxRequestBytes,
      services: [implement(WardenServiceService, quietWarden)],
    });
    using client = connectGrpc(WardenServiceService, `127.0.0.1:${server.port}`);
    // A tag and a length of two bytes stand before the text.
    await client.killSandbox({ cause: "x".repeat(maxRequestBytes - 3) });
    await expect(client.killSandbox({ cause: "x".repeat(maxRequestBytes - 2) })).rejects.toMatchObject({ reason: "BODY_TOO_LARGE" });
  });

  it("answers a Fault with more violations than headers carry with those that fit, and how many more there are", async () => {
    const violations = Array.from({ length: 10_000 }, (_, index) => ({ field: `steps[${index}]`, rule: "playbook", message: "is wrong" }));
    const killSandbox = async () => Promise.reject(new Fault("INVALID_REQUEST", { message: "ä".repeat(100_000), violations }));
    await using server = await startGrpcServer({
      address: "127.0.0.1:0",
      services: [implement(WardenServiceService, { ...quietWarden, killSandbox })],
    });
    using client = connectGrpc(WardenServiceService, `127.0.0.1:${server.port}`);
    const fault = Fault.from(await client.killSandbox({ cause: "" }).catch((thrown: unknown) => thrown));
    expect([fault.reason, fault.violations.length, fault.violations.at(-1)?.message]).toEqual(["INVALID_REQUEST", 51, "and 9950 more"]);
  });

  it("refuses bytes within a stream of requests that are no message, where they are read", async () => {
    const { uploadFile } = RunServiceService;
    const taken: UploadFileRequest[] = [];
    const take = async (parts: AsyncIterable<UploadFileRequest>) => {
      for await (const part of parts) taken.push(part);
      return UploadFileResponse.fromPartial({});
    };
    await using server = await startGrpcServer({ address: "127.0.0.1:0", services: [implement({ uploadFile }, { uploadFile: take })] });
    const requestSerialize = (part: UploadFileRequest) =>
      part.part === undefined ? Buffer.from([0x0a, 0x7f]) : uploadFile.requestSerialize(part);
    const garbled = { ...uploadFile, requestSerialize };
    using client = connectGrpc({ uploadFile: garbled }, `127.0.0.1:${server.port}`);
    const parts = async function* () {
      yield UploadFileRequest.fromPartial({ part: { $case: "name", value: "a" } });
      yield UploadFileRequest.fromPartial({});
    };
    await expect(client.uploadFile(parts())).rejects.toMatchObject({ reason: "INVALID_REQUEST" });
    expect(taken).toMatchObject([{ part: { $case: "name", value: "a" } }]);
  });

  it("refuses bytes that are no message with our reason", async () => {
    await using server = await startGrpcServer({ address: "127.0.0.1:0", services: [implement(WardenServiceService, quietWarden)] });
    const garbled = { ...WardenServiceService.killSandbox, requestSerialize: () => Buffer.from([0x0a, 0x7f]) };
    using client = connectGrpc({ killSandbox: garbled }, `127.0.0.1:${server.port}`);
    await expect(client.killSandbox({ cause: "" })).rejects.toMatchObject({
      reason: "INVALID_REQUEST",
      message: "The bytes are no message of this call.",
    });
  });

  it("says nothing of an unexpected error but that there was one", async () => {
    const unexpected: unknown[] = [];
    await using server = await startGrpcServer({
      address: "127.0.0.1:0",
      onUnexpected: (error) => unexpected.push(error),
      services: [
        implement(SandboxEventServiceService, {
          ...quiet,
          acknowledgeSandboxEvents: async () => {
            throw new Error("the password is hunter2");
          },
        }),
      ],
    });
    using client = connectGrpc(SandboxEventServiceService, `127.0.0.1:${server.port}`);
    const error = await client.acknowledgeSandboxEvents({ through: 1 }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ reason: "INTERNAL", message: "Something went wrong inside." });
    expect(unexpected).toHaveLength(1);
  });

  it.each([
    // 64 KiB go into HTTP/2's window, 128 KiB or one message wait behind it, and one is in hand.
    { bytes: 20, most: 4_000 },
    { bytes: 60_000, most: 5 },
    { bytes: 1_000_000, most: 2 },
  ])("holds little for a reader that takes nothing, and gives it up: messages of $bytes bytes", async ({ bytes, most }) => {
    const ended = new Tail();
    let made = 0;
    const chunk = Buffer.alloc(bytes);
    await using server = await startGrpcServer({
      address: "127.0.0.1:0",
      stallMs: 300,
      services: [
        implement(WardenServiceService, {
          ...quietWarden,
          async *readWorkFile() {
            try {
              while (made < 100_000) {
                made++;
                yield { chunk };
              }
            } finally {
              ended.moveTo(1);
            }
          },
        }),
      ],
    });
    const session = connect(`http://127.0.0.1:${server.port}`);
    try {
      const request = session.request({
        ":method": "POST",
        ":path": WardenServiceService.readWorkFile.path,
        "content-type": "application/grpc",
        te: "trailers",
      });
      // One message without a field; nothing reads the answer.
      request.end(Buffer.alloc(5));
      await ended.waitAbove(0, { signal: AbortSignal.timeout(5_000) });
      expect(made).toBeGreaterThan(0);
      expect(made).toBeLessThanOrEqual(most);
      // What waited for it is let go as well: its stream is gone, whatever it has not read.
      await once(request, "close", { signal: AbortSignal.timeout(5_000) }).catch(() => {});
      expect(request.rstCode).toBe(constants.NGHTTP2_ENHANCE_YOUR_CALM);
    } finally {
      session.destroy();
    }
  });

  it.each([
    // On the server's side up to 4 messages or 128 KiB and one in hand; in the windows of HTTP/2 128 KiB; on the client's 256 KiB and one in hand.
    { bytes: 60_000, most: 12 },
    { bytes: 1_000_000, most: 5 },
  ])(
    "reads little ahead of a reader that holds on to one message, and tells it that it was given up: messages of $bytes bytes",
    async ({ bytes, most }) => {
      const ended = new Tail();
      let made = 0;
      await using server = await startGrpcServer({
        address: "127.0.0.1:0",
        stallMs: 300,
        services: [
          implement(WardenServiceService, {
            ...quietWarden,
            async *readWorkFile() {
              try {
                for (; made < 1_000; made++) yield { chunk: Buffer.alloc(bytes, made) };
              } finally {
                ended.moveTo(1);
              }
            },
          }),
        ],
      });
      using client = connectGrpc(WardenServiceService, `127.0.0.1:${server.port}`);
      const read: (number | undefined)[] = [];
      const reading = (async () => {
        for await (const { chunk } of client.readWorkFile({ name: "a", offset: 0 })) {
          read.push(chunk[0]);
          if (read.length === 1) await ended.waitAbove(0, { signal: AbortSignal.timeout(5_000) });
        }
      })();
      await expect(reading).rejects.toMatchObject({ reason: "STALLED" });
      expect(made).toBeLessThanOrEqual(most);
      expect(read).toEqual(Array.from({ length: read.length }, (_, n) => n));
    },
  );

  it("gives up a reader's messages at once when it aborts in the midst of one", async () => {
    await using server = await startGrpcServer({
      address: "127.0.0.1:0",
      services: [
        implement(WardenServiceService, {
          ...quietWarden,
          async *readWorkFile() {
            for (;;) yield { chunk: Buffer.alloc(50_000) };
          },
        }),
      ],
    });
    using client = connectGrpc(WardenServiceService, `127.0.0.1:${server.port}`);
    const leaving = new AbortController();
    let read = 0;
    const reading = (async () => {
      for await (const _ of client.readWorkFile({ name: "a", offset: 0 }, { signal: leaving.signal })) {
        read++;
        leaving.abort(new Fault("SHUTTING_DOWN"));
      }
    })();
    await expect(reading).rejects.toMatchObject({ reason: "SHUTTING_DOWN" });
    expect(read).toBe(1);
  });

  it("brings a reader that pauses every message, in order", async () => {
    await using server = await startGrpcServer({
      address: "127.0.0.1:0",
      services: [
        implement(WardenServiceService, {
          ...quietWarden,
          async *readWorkFile() {
            for (let made = 0; made < 200; made++) yield { chunk: Buffer.alloc(50_000, made) };
          },
        }),
      ],
    });
    using client = connectGrpc(WardenServiceService, `127.0.0.1:${server.port}`);
    const read: (number | undefined)[] = [];
    for await (const { chunk } of client.readWorkFile({ name: "a", offset: 0 })) {
      if (read.length % 50 === 0) await delay(20);
      read.push(chunk[0]);
    }
    expect(read).toEqual(Array.from({ length: 200 }, (_, n) => n));
  });

  it("tells the server when the reader leaves", async () => {
    const left = new Tail();
    await using server = await startGrpcServer({
      address: "127.0.0.1:0",
      services: [
        implement(SandboxEventServiceService, {
          ...quiet,
          async *streamSandboxEvents(_request, { signal }) {
            signal.addEventListener("abort", () => left.moveTo(1));
            yield { frame: { $case: "heartbeat", value: { tail: 0 } } };
            await delay(60_000, { signal });
          },
        }),
      ],
    });
    using client = connectGrpc(SandboxEventServiceService, `127.0.0.1:${server.port}`);
    for await (const _ of client.streamSandboxEvents({ after: 0 })) break;
    await left.waitAbove(0, { signal: AbortSignal.timeout(5_000) });
  });

  it("ends open streams with SHUTTING_DOWN when it closes", async () => {
    const server = await startGrpcServer({
      address: "127.0.0.1:0",
      services: [
        implement(SandboxEventServiceService, {
          ...quiet,
          async *streamSandboxEvents(_request, { signal }) {
            yield { frame: { $case: "heartbeat", value: { tail: 0 } } };
            await delay(60_000, { signal });
          },
        }),
      ],
    });
    using client = connectGrpc(SandboxEventServiceService, `127.0.0.1:${server.port}`);
    const read = async () => {
      for await (const _ of client.streamSandboxEvents({ after: 0 })) void server[Symbol.asyncDispose]();
    };
    await expect(read()).rejects.toMatchObject({ reason: "SHUTTING_DOWN" });
  });
});

describe("a channel with a secret", () => {
  const open = async (secret: string) => {
    const folder = await tempFolder();
    const address = `unix:${join(folder.path, "s")}`;
    const server = await startGrpcServer({
      address,
      authorize: channelCredentials(secret).authorize,
      services: [implement(WardenServiceService, quietWarden)],
    });
    return {
      address,
      async [Symbol.asyncDispose]() {
        await server[Symbol.asyncDispose]();
        await folder[Symbol.asyncDispose]();
      },
    };
  };

  it("opens for both holders of the secret", async () => {
    await using server = await open("shared");
    using client = connectGrpc(WardenServiceService, server.address, channelCredentials("shared").client);
    expect(await client.getSandbox({})).toMatchObject({ runId: "r" });
    for await (const { chunk } of client.readWorkFile({ name: "a", offset: 0 })) expect(chunk.toString()).toBe("x");
  });

  it("refuses a client without the secret", async () => {
    await using server = await open("shared");
    using stranger = connectGrpc(WardenServiceService, server.address);
    await expect(stranger.getSandbox({})).rejects.toMatchObject({ reason: "CHANNEL_REFUSED" });
  });

  it("believes nothing of a server without the secret", async () => {
    await using folder = await tempFolder();
    const address = `unix:${join(folder.path, "s")}`;
    await using _ = await startGrpcServer({
      address,
      services: [
        implement(SandboxEventServiceService, {
          ...quiet,
          async *streamSandboxEvents() {
            yield { frame: { $case: "heartbeat", value: { tail: 1 } } };
          },
        }),
      ],
    });
    using client = connectGrpc(SandboxEventServiceService, address, channelCredentials("shared").client);
    await expect(client.acknowledgeSandboxEvents({ through: 1 })).rejects.toMatchObject({ reason: "CHANNEL_REFUSED" });
    const read = async () => {
      for await (const frame of client.streamSandboxEvents({ after: 0 })) throw new Error(`believed ${JSON.stringify(frame)}`);
    };
    await expect(read()).rejects.toMatchObject({ reason: "CHANNEL_REFUSED" });
  });
});
