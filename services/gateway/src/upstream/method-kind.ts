import type {
  DescMethod,
  DescMethodBiDiStreaming,
  DescMethodClientStreaming,
  DescMethodServerStreaming,
  DescMethodUnary,
} from "@bufbuild/protobuf";

// protobuf-es' type of any method does not narrow by its `methodKind`; these do.

/** Whether a method takes one message and answers one. */
export function isUnary(method: DescMethod): method is DescMethod & DescMethodUnary {
  return method.methodKind === "unary";
}

/** Whether a method takes one message and answers many. */
export function isServerStreaming(method: DescMethod): method is DescMethod & DescMethodServerStreaming {
  return method.methodKind === "server_streaming";
}

/** Whether a method takes many messages and answers one. */
export function isClientStreaming(method: DescMethod): method is DescMethod & DescMethodClientStreaming {
  return method.methodKind === "client_streaming";
}

/** Whether a method takes and answers many messages. */
export function isBiDiStreaming(method: DescMethod): method is DescMethod & DescMethodBiDiStreaming {
  return method.methodKind === "bidi_streaming";
}
