import { createParser, type EventSourceMessage } from "eventsource-parser";

/** Reads a response as server-sent events, to its end. */
export async function* readSse(response: Response): AsyncGenerator<EventSourceMessage, void, undefined> {
  if (response.body === null) return;
  const parsed: EventSourceMessage[] = [];
  const parser = createParser({ onEvent: (event) => parsed.push(event) });
  for await (const text of response.body.pipeThrough(new TextDecoderStream())) {
    parser.feed(text);
    yield* parsed.splice(0);
  }
}

/** Reads until an event of this name, that one included; the connection is left open. */
export async function readUntil(events: AsyncIterator<EventSourceMessage>, name: string): Promise<EventSourceMessage[]> {
  const read: EventSourceMessage[] = [];
  for (;;) {
    const { value, done } = await events.next();
    if (done) throw new Error(`The stream closed before ${name}; it said ${read.map(({ event = "message" }) => event).join(", ")}`);
    read.push(value);
    if ((value.event ?? "message") === name) return read;
  }
}
