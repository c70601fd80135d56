import { InterceptingCall, type Interceptor } from "@grpc/grpc-js";

/** A message of a stream, and how long it was on the wire. */
export interface SizedMessage {
  readonly value: unknown;
  readonly bytes: number;
}

/** What waits for the reader of one stream. Where it is too much the next message stays where it is, and the connection fills up behind it. */
export interface ReadAhead {
  readonly interceptor: Interceptor;
  /** The reader has taken a message. */
  taken(message: SizedMessage): void;
  /** Holds nothing back any more: the reader is gone. */
  release(): void;
}

/** Bounds what waits for a reader: at most `mostBytes`, or one larger message, and one more in hand. grpc-js itself would read 16 messages of any size ahead. */
export function createReadAhead(mostBytes: number): ReadAhead {
  let waitingBytes = 0;
  let released = false;
  let held: (() => void) | undefined;
  const letGo = () => {
    const forward = held;
    held = undefined;
    forward?.();
  };
  const interceptor: Interceptor = (options, nextCall) =>
    new InterceptingCall(nextCall(options), {
      start(metadata, _listener, next) {
        next(metadata, {
          onReceiveMessage(message: SizedMessage, forward: (message: SizedMessage) => void) {
            const pass = () => {
              waitingBytes += message.bytes;
              forward(message);
            };
            if (released || waitingBytes === 0 || waitingBytes + message.bytes <= mostBytes) pass();
            else held = pass;
          },
        });
      },
    });
  return {
    interceptor,
    taken({ bytes }) {
      waitingBytes -= bytes;
      letGo();
    },
    release() {
      released = true;
      letGo();
    },
  };
}
