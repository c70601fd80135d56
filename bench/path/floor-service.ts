import type { ServiceDefinition } from "@grpc/grpc-js";

const asItIs = (bytes: Buffer) => bytes;

/** One call that streams bytes: the floor has no messages to encode. */
export const floorService = {
  stream: {
    path: "/bench.Floor/Stream",
    requestStream: false,
    responseStream: true,
    requestSerialize: asItIs,
    requestDeserialize: asItIs,
    responseSerialize: asItIs,
    responseDeserialize: asItIs,
  },
} as const satisfies ServiceDefinition;
