import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { ClientRequest, IncomingMessage } from "node:http";
import { promisify } from "node:util";
import { brotliDecompress, gunzip, inflate } from "node:zlib";

/** What Node says on when the head of an answer came, before anybody reads its body. */
const channel = "http.client.response.finish";

/**
 * Bounds the bodies of answers to what this process asks over HTTP by itself, while they are received: Playwright hands on a body only once it has all of
 * it, and decoded. One that grows beyond `mostBytes` on the wire is cut off, and `onTooLarge` is told; what is compressed is left as it came, for
 * `decodeBody`. Until the answer is disposed.
 */
export function boundAnswers(mostBytes: number, onTooLarge: () => void): Disposable {
  const bound = (message: unknown) => {
    const { request, response } = headOf(message);
    if (request === undefined || response === undefined) return;
    delete response.headers["content-encoding"];
    const push = response.push.bind(response);
    let bytes = 0;
    response.push = (chunk: unknown, encoding?: BufferEncoding) => {
      bytes += chunk instanceof Uint8Array ? chunk.byteLength : 0;
      if (bytes <= mostBytes) return push(chunk, encoding);
      onTooLarge();
      request.destroy();
      return false;
    };
  };
  subscribe(channel, bound);
  return { [Symbol.dispose]: () => void unsubscribe(channel, bound) };
}

const decoders = new Map([
  ["gzip", promisify(gunzip)],
  ["x-gzip", promisify(gunzip)],
  ["deflate", promisify(inflate)],
  ["br", promisify(brotliDecompress)],
]);

/** Decodes a body by its `content-encoding`, as far as `mostBytes`; rejects with what `isBufferTooLarge` knows where it is longer. */
export async function decodeBody(body: Buffer, encoding: string, mostBytes: number): Promise<Buffer> {
  const decode = decoders.get(encoding.trim().toLowerCase());
  return decode === undefined || body.length === 0 ? body : await decode(body, { maxOutputLength: mostBytes });
}

/** Whether what was thrown says that a decoded body is too long. */
export function isBufferTooLarge(thrown: unknown): boolean {
  return thrown instanceof Error && "code" in thrown && thrown.code === "ERR_BUFFER_TOO_LARGE";
}

function headOf(message: unknown): { readonly request?: ClientRequest; readonly response?: IncomingMessage } {
  if (typeof message !== "object" || message === null || !("request" in message) || !("response" in message)) return {};
  const { request, response } = message;
  return request instanceof ClientRequest && response instanceof IncomingMessage ? { request, response } : {};
}
