import type { Metadata } from "@grpc/grpc-js";

/** How one call looks on the wire, as ts-proto describes it for grpc-js. */
export interface MethodDescription {
  readonly path: string;
  readonly requestStream: boolean;
  readonly responseStream: boolean;
  readonly requestSerialize: (value: never) => Buffer;
  readonly requestDeserialize: (bytes: Buffer) => unknown;
  readonly responseSerialize: (value: never) => Buffer;
  readonly responseDeserialize: (bytes: Buffer) => unknown;
}

/** A service as ts-proto describes it: its calls by name. */
export type ServiceDescription = Readonly<Record<string, MethodDescription>>;

/** The request of a described call. */
export type RequestOf<M> = M extends { readonly requestDeserialize: (bytes: Buffer) => infer Request } ? Request : never;

/** The response of a described call. */
export type ResponseOf<M> = M extends { readonly responseSerialize: (value: infer Response) => Buffer } ? Response : never;

/** What a call knows of its caller. */
export interface CallContext {
  /** `/package.Service/Method`. */
  readonly path: string;
  /** Aborts when the caller leaves, its deadline passes or the server closes. */
  readonly signal: AbortSignal;
  /** What the caller sent along. */
  readonly metadata: Metadata;
  /** Adds to the answer's headers; call it before the first value. */
  setHeader(name: string, value: string): void;
}

/** One call as a function: promises for single messages, async iterables for streams. */
export type Handler<M> = M extends { requestStream: true; responseStream: true }
  ? (requests: AsyncIterable<RequestOf<M>>, context: CallContext) => AsyncIterable<ResponseOf<M>>
  : M extends { requestStream: true }
    ? (requests: AsyncIterable<RequestOf<M>>, context: CallContext) => Promise<ResponseOf<M>>
    : M extends { responseStream: true }
      ? (request: RequestOf<M>, context: CallContext) => AsyncIterable<ResponseOf<M>>
      : (request: RequestOf<M>, context: CallContext) => Promise<ResponseOf<M>>;

/** All calls of a service as functions. */
export type Implementation<S> = { readonly [Name in keyof S]: Handler<S[Name]> };

/** How a caller bounds a call. */
export interface CallOptions {
  /** Ends the call when it aborts. */
  readonly signal?: AbortSignal;
  /** Ends the call after so many milliseconds. */
  readonly timeoutMs?: number;
  /** Sent along. */
  readonly metadata?: Metadata;
}

/** One call as a client makes it. */
export type ClientMethod<M> = M extends { requestStream: true; responseStream: true }
  ? never
  : M extends { requestStream: true }
    ? (requests: AsyncIterable<RequestOf<M>>, options?: CallOptions) => Promise<ResponseOf<M>>
    : M extends { responseStream: true }
      ? (request: RequestOf<M>, options?: CallOptions) => AsyncIterable<ResponseOf<M>>
      : (request: RequestOf<M>, options?: CallOptions) => Promise<ResponseOf<M>>;

/** All calls of a service as a client makes them. Dispose it to close its connection. */
export type GrpcClient<S> = { readonly [Name in keyof S]: ClientMethod<S[Name]> } & Disposable;
