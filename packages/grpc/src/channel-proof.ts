import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { Fault } from "@clew/fault/fault";
import { Metadata } from "@grpc/grpc-js";
import type { GrpcClientOptions } from "./client.ts";
import type { CallContext } from "./service.ts";

const nonceHeader = "clew-channel-nonce";
const proofHeader = "clew-channel-proof";

/** Both ends of a channel whose holders share a secret. */
export interface ChannelProof {
  /** For connectGrpc: proves the client, and demands the server's proof before anything it says is believed. */
  readonly client: Required<Pick<GrpcClientOptions, "metadata" | "verify">>;
  /** For startGrpcServer: demands the client's proof, and gives the server's. Throws CHANNEL_REFUSED. */
  readonly authorize: (context: CallContext) => void;
}

/**
 * Makes both ends prove, on each call, that they hold `secret`, without sending it: each answers a fresh nonce and the
 * call's path with an HMAC-SHA-256 under its own role.
 */
export function channelCredentials(secret: string): ChannelProof {
  const proof = (role: "client" | "server", path: string, nonce: string) =>
    createHmac("sha256", secret).update(`${role}\n${path}\n${nonce}`).digest("base64url");
  return {
    client: {
      metadata(path) {
        const nonce = randomBytes(16).toString("base64url");
        const metadata = new Metadata();
        metadata.set(nonceHeader, nonce);
        metadata.set(proofHeader, proof("client", path, nonce));
        return metadata;
      },
      verify(path, headers, sent) {
        const nonce = first(sent, nonceHeader);
        if (!isSame(first(headers, proofHeader), proof("server", path, nonce))) throw new Fault("CHANNEL_REFUSED");
      },
    },
    authorize({ path, metadata, setHeader }) {
      const nonce = first(metadata, nonceHeader);
      if (nonce.length < 16 || !isSame(first(metadata, proofHeader), proof("client", path, nonce))) throw new Fault("CHANNEL_REFUSED");
      setHeader(proofHeader, proof("server", path, nonce));
    },
  };
}

function first(metadata: Metadata, name: string): string {
  const [value] = metadata.get(name);
  return typeof value === "string" ? value : "";
}

function isSame(left: string, right: string): boolean {
  const [a, b] = [Buffer.from(left), Buffer.from(right)];
  return a.length === b.length && timingSafeEqual(a, b);
}
