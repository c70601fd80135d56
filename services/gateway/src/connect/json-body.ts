import { Buffer } from "node:buffer";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import type { DescMessage, JsonValue } from "@bufbuild/protobuf";
import { Fault, invalidRequest } from "@clew/fault/fault";
import { jsonViolations } from "../rest/json-violations.ts";
import { parseJsonBody } from "../rest/parse-json-body.ts";
import type { JsonForm } from "./json-form.ts";
import { readEnvelopes } from "./read-envelopes.ts";

const compressed = 0x01;

/** The body of a call in JSON, looked at while Connect reads it, so that what is wrong with it can be said by its fields. */
export class JsonBody {
  readonly #form: JsonForm;
  #value: JsonValue | undefined;
  #fault: Fault | undefined;

  constructor(form: JsonForm) {
    this.#form = form;
  }

  /**
   * Passes a body on, and breaks off where a message is no JSON or an object in it has a name twice: of those Connect would take the last. The only
   * message of a body is passed on as it comes, those of a stream once they are whole. One of more than `mostBytes`, as it is read, is not looked at.
   */
  async *read(chunks: AsyncIterable<Uint8Array>, mostBytes: number): AsyncGenerator<Uint8Array> {
    const { endFlag } = this.#form;
    if (endFlag !== undefined) {
      for await (const { bytes, flags, message } of readEnvelopes(chunks, mostBytes)) {
        if (message !== undefined && (flags & endFlag) === 0) await this.#lookAt(message, (flags & compressed) !== 0, mostBytes);
        yield bytes;
      }
      return;
    }
    const kept: Uint8Array[] = [];
    let bytes = 0;
    for await (const chunk of chunks) {
      bytes += chunk.byteLength;
      if (bytes <= mostBytes) kept.push(chunk);
      yield chunk;
    }
    if (bytes <= mostBytes) await this.#lookAt(Buffer.concat(kept), this.#form.isCompressed, mostBytes);
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

  async #lookAt(bytes: Uint8Array, isCompressed: boolean, mostBytes: number): Promise<void> {
    const text = isCompressed ? await unzip(bytes, mostBytes) : bytes;
    if (text === undefined) return;
    try {
      this.#value = parseJsonBody(text);
    } catch (thrown) {
      this.#fault = Fault.from(thrown);
      throw thrown;
    }
  }
}

const gunzipped = promisify<Uint8Array, { readonly maxOutputLength: number }, Uint8Array>(gunzip);

/** What is in bytes that gzip made; undefined where they are not, or hold more than `mostBytes`: Connect says so itself. */
async function unzip(bytes: Uint8Array, mostBytes: number): Promise<Uint8Array | undefined> {
  return await gunzipped(bytes, { maxOutputLength: mostBytes }).catch(() => undefined);
}
