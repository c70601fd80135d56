import { Fault } from "@clew/fault/fault";
import { createBackoff } from "@clew/streams/backoff";
import { delay } from "@clew/streams/delay";
import { linkSignals } from "@clew/streams/linked-signal";
import { cancelled } from "./cancelled.ts";
import { readConnection } from "./connection.ts";
import type { Gateway } from "./gateway.ts";

/** How to download a file. */
export interface DownloadOptions {
  readonly signal?: AbortSignal | undefined;
  /** A fresh SHA-256, such as `createHash("sha256")` of node:crypto: what comes is hashed with it, and the whole held against what the service says. */
  readonly sha256?: Sha256 | undefined;
}

/** What hashes bytes as they come. */
export interface Sha256 {
  update(bytes: Uint8Array): unknown;
  digest(encoding: "hex"): string;
}

/** Which file the first connection brought. */
interface Whole {
  /** Undefined where something on the way has changed how the bytes are sent. */
  readonly length: number | undefined;
  /** Empty where there is none that the rest can be asked for with. */
  readonly etag: string;
  /** Undefined where the service does not say it. */
  readonly sha256: string | undefined;
}

/** Connections in a row that bring nothing, after which there is no point. */
const maxFruitless = 5;

/**
 * Yields the bytes of a file, over as many connections as it takes: one that breaks is resumed at the next byte, of that very file only.
 *
 * Ends after the last byte. Throws CONNECTION_LOST where that cannot be had, ARTIFACT_DAMAGED where what came is not one file, as long and
 * of the digest that the service said.
 */
export async function* download(
  gateway: Gateway,
  path: string,
  { signal, sha256, patienceMs }: DownloadOptions & { readonly patienceMs: number },
): AsyncGenerator<Uint8Array, void, undefined> {
  const backoff = createBackoff({ initialMs: 250, maxMs: 5_000 });
  let whole: Whole = { length: undefined, etag: "", sha256: undefined };
  let received = 0;
  for (let fruitless = 1; ; fruitless += 1) {
    let fault: Fault | undefined;
    using link = linkSignals(signal);
    // What is compressed on the way cannot be resumed.
    const headers = { "accept-encoding": "identity", ...restOf(whole, received) };
    const response = await gateway.response({ path, headers, signal: link.signal, patienceMs });
    try {
      if (received === 0) whole = wholeOf(response);
      else if (!isRest(response, whole, received)) throw new Fault("ARTIFACT_DAMAGED");
      for await (const { bytes } of readConnection(() => partsOf(response), link.signal)) {
        received += bytes.byteLength;
        sha256?.update(bytes);
        fruitless = 0;
        yield bytes;
      }
      if (received !== (whole.length ?? received))
        fault = new Fault(received < (whole.length ?? 0) ? "CONNECTION_LOST" : "ARTIFACT_DAMAGED");
    } catch (thrown) {
      if (signal?.aborted) throw cancelled(signal);
      fault = thrown instanceof Fault ? thrown : new Fault("CONNECTION_LOST", { cause: thrown });
    } finally {
      link.abort(new Fault("CANCELLED"));
    }
    if (fault === undefined) break;
    const mayResume = received === 0 || (whole.etag !== "" && whole.length !== undefined);
    if (!mayResume || fault.reason !== "CONNECTION_LOST" || fruitless >= maxFruitless) throw fault;
    if (fruitless === 0) backoff.reset();
    await delay(backoff.next(), signal === undefined ? {} : { signal }).catch(() => {
      throw signal === undefined ? fault : cancelled(signal);
    });
  }
  if (sha256 !== undefined && whole.sha256 !== undefined && sha256.digest("hex") !== whole.sha256) throw new Fault("ARTIFACT_DAMAGED");
}

function restOf({ etag }: Whole, received: number): Readonly<Record<string, string>> {
  return received === 0 ? {} : { range: `bytes=${received}-`, "if-range": etag };
}

function wholeOf({ headers }: Response): Whole {
  const etag = headers.get("etag") ?? "";
  const length = headers.get("content-length");
  const isAsStored = length !== null && !headers.has("content-encoding");
  return {
    length: isAsStored ? Number(length) : undefined,
    etag: etag.startsWith("W/") ? "" : etag,
    sha256: /"([0-9a-f]{64})"/.exec(etag)?.[1],
  };
}

/** Whether what is answered begins where the file broke off, and is of that file. */
function isRest({ status, headers }: Response, { length, etag }: Whole, received: number): boolean {
  return (
    status === 206 && headers.get("etag") === etag && headers.get("content-range") === `bytes ${received}-${(length ?? 0) - 1}/${length}`
  );
}

async function* partsOf({ body }: Response): AsyncGenerator<{ readonly kind: "bytes"; readonly bytes: Uint8Array }> {
  const reader = body?.getReader();
  for (;;) {
    const part = await reader?.read();
    if (part?.value === undefined) return;
    yield { kind: "bytes", bytes: part.value };
  }
}
