import { Buffer } from "node:buffer";
import type { DescMessage, JsonValue } from "@bufbuild/protobuf";
import { Fault, invalidRequest } from "@clew/fault/fault";
import { jsonViolations } from "../rest/json-violations.ts";
import { parseJsonBody } from "../rest/parse-json-body.ts";

/** The body of a call that is one message in JSON, kept while Connect reads it, so that what is wrong with it can be said by its fields. */
export class JsonBody {
  readonly #chunks: Uint8Array[] = [];
  #value: JsonValue | undefined;
  #fault: Fault | undefined;

  /**
   * Passes a body on as it comes, and breaks off at its end where it is no JSON or an object in it has a name twice: of those Connect would take the
   * last. `mostBytes` are kept.
   */
  async *read(chunks: AsyncIterable<Uint8Array>, mostBytes: number): AsyncGenerator<Uint8Array> {
    let bytes = 0;
    for await (const chunk of chunks) {
      bytes += chunk.byteLength;
      if (bytes <= mostBytes) this.#chunks.push(chunk);
      yield chunk;
    }
    if (bytes > mostBytes) return;
    try {
      this.#value = parseJsonBody(Buffer.concat(this.#chunks));
    } catch (thrown) {
      this.#fault = Fault.from(thrown);
      throw thrown;
    }
  }

  /** Why it was broken off; undefined where it was not. */
  get fault(): Fault | undefined {
    return this.#fault;
  }

  /** Says what is wrong with a body that was no message of this type; undefined where that cannot be told. Fields that are not known are not wrong here. */
  refusalAs(type: DescMessage): Fault | undefined {
    const found = this.#value === undefined ? [] : jsonViolations(type, this.#value, "");
    const [first, ...others] = found.filter(({ rule }) => rule !== "unknown");
    return first && invalidRequest([first, ...others]);
  }
}

/** Whether a request's body is one message in JSON, as it stands. */
export function isPlainJson(headers: Readonly<Record<string, string | string[] | undefined>>): boolean {
  const encoding = headers["content-encoding"] ?? "identity";
  return /^application\/json\s*(;|$)/i.test(String(headers["content-type"] ?? "")) && encoding === "identity";
}
