import { Fault } from "@clew/fault/fault";

/** The most bytes of an answer. */
const mostAnswerBytes = 16 * 1024 * 1024;

/** What came of a call, as far as it came. */
export interface ModelAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly retryAfter: string | undefined;
  readonly body: string;
}

/** Reads an answer to its end, passing its parts on as they come where they are wanted. @throws Fault MODEL_FAILED, with what was read in `partial`, when it breaks off or is too large. */
export async function readAnswer(response: Response, pass?: (chunk: Uint8Array) => Promise<void>): Promise<ModelAnswer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  const read = () => Buffer.concat(chunks).toString("utf8");
  try {
    for await (const chunk of response.body ?? []) {
      size += chunk.byteLength;
      if (size > mostAnswerBytes) throw new Fault("MODEL_FAILED", { message: "The answer of a model is too large." });
      chunks.push(chunk);
      await pass?.(chunk);
    }
  } catch (cause) {
    throw new BrokenAnswer(read(), cause);
  }
  const { status, headers } = response;
  return {
    status,
    contentType: headers.get("content-type") ?? "application/octet-stream",
    retryAfter: headers.get("retry-after") ?? undefined,
    body: read(),
  };
}

/** An answer broke off. */
export class BrokenAnswer extends Error {
  override readonly name = "BrokenAnswer";
  /** What had come of it. */
  readonly body: string;

  constructor(body: string, cause: unknown) {
    super("The answer of a model broke off.", { cause });
    this.body = body;
  }
}
