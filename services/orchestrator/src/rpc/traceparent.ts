/** Takes a `traceparent` header in W3C's form, 55 characters; undefined where it is none. */
export function parseTraceparent(text: string | undefined): string | undefined {
  return text !== undefined && form.test(text) ? text : undefined;
}

const form = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;
