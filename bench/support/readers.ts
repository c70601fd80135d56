import { connect, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { nowMs } from "./clock.ts";
import { MarkCounter } from "./count-marks.ts";
import { servePart } from "./serve-part.ts";

/** Whom to connect, and to what. */
export interface ReaderGroup {
  readonly group: string;
  readonly count: number;
  readonly port: number;
  readonly path: string;
  /** What stands in every event right before its mark. */
  readonly needle: string;
  /** Whether each event's way is timed; counted it is in any case. */
  readonly timed?: boolean;
  /** Whether they read nothing after the first bytes. */
  readonly stalled?: boolean;
  /** Whether they come back, every 50 ms until they are heard, when the connection breaks: with their last event's id. */
  readonly returns?: boolean;
}

/** What a group has got since it was last asked. */
export interface GroupCount {
  readonly events: number;
  readonly bytes: number;
  /** Connections that were made since the group was connected. */
  readonly connections: number;
  /** The fewest events that one of its readers got. */
  readonly fewest: number;
  readonly most: number;
  readonly latenciesMs: readonly number[];
  /** When the first event came, and when the last bytes did; 0 where none came. */
  readonly firstAtMs: number;
  readonly lastAtMs: number;
}

interface Group {
  readonly asked: ReaderGroup;
  readonly readers: Reader[];
  connections: number;
  bytes: number;
  firstAtMs: number;
  lastAtMs: number;
  latenciesMs: number[];
}

/** Readers of one process: one connection each, raw, one buffer for all of them, and nothing parsed but an event's mark. */
const groups = new Map<string, Group>();
const buffer = Buffer.alloc(256 * 1024);
const returnMs = 50;
/** Milliseconds that events are waited for: a reader who was sent away for good never gets them. */
const patienceMs = 120_000;

class Reader {
  readonly #group: Group;
  #counter: MarkCounter;
  #socket: Socket | undefined;
  #heard = Promise.withResolvers<number>();
  #wentOn = Promise.withResolvers<number>();
  #hasGoneOn = false;
  #lastId = "";
  #isLeft = false;

  constructor(group: Group) {
    this.#group = group;
    this.#counter = new MarkCounter(group.asked.needle);
    this.connect();
  }

  get count(): number {
    return this.#counter.count;
  }

  /** Resolves with the moment its present connection brought its first bytes. */
  get heard(): Promise<number> {
    return this.#heard.promise;
  }

  /** Resolves with the moment the first event came since it was cut off: `retry:`, `hello` and `busy` are none. */
  get wentOn(): Promise<number> {
    return this.#wentOn.promise;
  }

  forget(): void {
    this.#counter.count = 0;
  }

  leave(): void {
    this.#isLeft = true;
    this.#socket?.destroy();
  }

  connect(): void {
    const group = this.#group;
    const { port, path, timed, stalled, returns } = group.asked;
    const onMark = timed ? (saidAtMs: number) => group.latenciesMs.push(nowMs() - saidAtMs) : undefined;
    const { count } = this.#counter;
    group.connections += 1;
    this.#counter = new MarkCounter(group.asked.needle);
    this.#counter.count = count;
    const socket = connect({
      host: "127.0.0.1",
      port,
      onread: {
        buffer,
        callback: (length) => {
          const bytes = buffer.subarray(0, length);
          this.#heard.resolve(nowMs());
          group.bytes += length;
          group.lastAtMs = nowMs();
          const before = this.count;
          this.#counter.take(bytes, onMark);
          if (this.count > before) {
            this.#hasGoneOn = true;
            this.#wentOn.resolve(group.lastAtMs);
          }
          if (group.firstAtMs === 0 && this.count > 0) group.firstAtMs = group.lastAtMs;
          if (returns) this.#lastId = lastIdIn(bytes) ?? this.#lastId;
          return stalled !== true;
        },
      },
    });
    this.#socket = socket;
    socket.on("error", () => {});
    socket.once("close", () => {
      if (this.#isLeft || !returns) return;
      this.#heard = Promise.withResolvers();
      // Whoever waits for it waits on, however often it is refused meanwhile.
      if (this.#hasGoneOn) this.#wentOn = Promise.withResolvers();
      this.#hasGoneOn = false;
      setTimeout(() => this.#isLeft || this.connect(), returnMs);
    });
    const resume = this.#lastId === "" ? "" : `last-event-id: ${this.#lastId}\r\n`;
    socket.write(`GET ${path} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\naccept: text/event-stream\r\n${resume}\r\n`);
  }
}

const handlers = {
  /** Connects a group; answers once each of them has heard something. */
  async connect(asked: ReaderGroup): Promise<void> {
    const group: Group = { asked, readers: [], connections: 0, bytes: 0, firstAtMs: 0, lastAtMs: 0, latenciesMs: [] };
    groups.set(asked.group, group);
    for (let left = asked.count; left > 0; left -= 100) {
      const some = Array.from({ length: Math.min(100, left) }, () => new Reader(group));
      group.readers.push(...some);
      await Promise.all(some.map((reader) => reader.heard));
    }
  },
  /** Waits until each reader of a group got so many events since it was last taken. */
  async until({ group, events }: { group: string; events: number }): Promise<void> {
    const { readers } = find(group);
    const lateAtMs = nowMs() + patienceMs;
    for (let behind = readers; behind.length > 0; behind = behind.filter(({ count }) => count < events)) {
      if (nowMs() > lateAtMs)
        throw new Error(`${behind.length} readers have not got ${events} events; the first of them has ${behind[0]?.count}.`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  },
  /** Answers what a group got, and begins anew. */
  take({ group }: { group: string }): GroupCount {
    const { readers, connections, bytes, latenciesMs, firstAtMs, lastAtMs } = find(group);
    const counts = readers.map(({ count }) => count);
    for (const reader of readers) reader.forget();
    Object.assign(find(group), { bytes: 0, latenciesMs: [], firstAtMs: 0, lastAtMs: 0 });
    const events = counts.reduce((sum, count) => sum + count, 0);
    return { events, bytes, connections, fewest: Math.min(...counts), most: Math.max(...counts), latenciesMs, firstAtMs, lastAtMs };
  },
  /** Waits until the present connection of each reader has brought an event; answers when that of the last did. */
  async wentOn({ group }: { group: string }): Promise<number> {
    const late = delay(patienceMs, undefined, { ref: false }).then((): never => {
      throw new Error("Not every reader went on.");
    });
    return Math.max(...(await Promise.race([Promise.all(find(group).readers.map((reader) => reader.wentOn)), late])));
  },
  /** Lets a group go. */
  leave({ group }: { group: string }): void {
    for (const reader of find(group).readers) reader.leave();
    groups.delete(group);
  },
};

/** What the readers' process can be asked. */
export type Readers = typeof handlers;

/** The id of the last event that stands whole in some bytes, which may begin with one. */
function lastIdIn(bytes: Buffer): string | undefined {
  const text = `\n${bytes.toString("latin1")}`;
  const at = text.lastIndexOf("\nid: ", text.lastIndexOf("\n\n") - 1);
  return at < 0 ? undefined : text.slice(at + "\nid: ".length, text.indexOf("\n", at + 1));
}

function find(name: string): Group {
  const group = groups.get(name);
  if (group === undefined) throw new Error(`There is no group ${name}.`);
  return group;
}

servePart(handlers);
