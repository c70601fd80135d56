import { EncodedReadEventsResponse } from "@clew/proto/grpc/clew/run/v1/encoded_run_event";
import fc from "fast-check";
import { expect, it } from "vitest";
import { encodePage } from "./encode-page.ts";

it("encodes a page as its message would be", () => {
  const lengths = fc.array(fc.constantFrom(0, 1, 127, 128, 16_383, 16_384, 70_000), { maxLength: 6 });
  fc.assert(
    fc.property(lengths, fc.string(), fc.nat(), fc.boolean(), (sizes, resumeToken, tail, finished) => {
      const events = sizes.map((size, index) => Buffer.alloc(size, index));
      const page = { events, nextResumeToken: resumeToken, upToDate: !finished, finished, resumeToken, sequence: tail, tail };
      expect(EncodedReadEventsResponse.decode(encodePage(page))).toEqual(
        EncodedReadEventsResponse.decode(EncodedReadEventsResponse.encode(page).finish()),
      );
    }),
    { numRuns: 50 },
  );
  const one = EncodedReadEventsResponse.fromPartial({ events: [Buffer.alloc(2_100_000)] });
  expect(EncodedReadEventsResponse.decode(encodePage(one)).events[0]?.length).toBe(2_100_000);
});
