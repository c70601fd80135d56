import type { Fault } from "@clew/fault/fault";
import type { Clock, Timer } from "../hub/clock.ts";
import type { Events, Frame, Sink } from "../hub/frame.ts";
import type { HubLimits } from "../hub/limits.ts";
import { encodeSse } from "./encode.ts";
import { goneMark, type PositionList } from "./position-list.ts";
import { endJson, helloJson } from "./render.ts";
import type { SseResponse } from "./sse-response.ts";
import type { Turns } from "./turns.ts";

/** What writing many runs needs. */
export interface ManyRunsOptions {
  readonly clock: Clock;
  readonly limits: HubLimits;
  /** Told of each reader whose history is gone. */
  readonly onReset: () => void;
}

/** The characters after which a run's turn ends: few, so that no run waits long for another, also where each event carries the places of 50. */
const turnLength = 32 * 1024;

/** Many runs on one connection: frames name their run, and every `id` is where the reader stands in all of them. Disposing it stops its beat. */
export class ManyRuns implements Disposable {
  readonly #tokens: Map<string, string>;
  readonly #list: PositionList;
  readonly #turns: Turns;
  readonly #response: Pick<SseResponse, "hasRoom" | "write">;
  readonly #onReset: () => void;
  /** One for all: what any of them says shows that the connection lives. */
  readonly #beat: Timer;

  /** Begins at the token of each run, in the order of the position list. */
  constructor(
    tokens: Map<string, string>,
    list: PositionList,
    turns: Turns,
    response: Pick<SseResponse, "hasRoom" | "write">,
    { clock, limits, onReset }: ManyRunsOptions,
  ) {
    this.#tokens = tokens;
    this.#list = list;
    this.#turns = turns;
    this.#response = response;
    this.#onReset = onReset;
    this.#beat = clock.startTimer(limits.beatMs, () => {
      if (response.hasRoom) this.#write(encodeSse({ id: this.#position, event: "checkpoint", data: "{}" }));
      else this.#beat.restart();
    });
  }

  [Symbol.dispose](): void {
    this.#beat[Symbol.dispose]();
  }

  /** Where the reader stands in a run. */
  tokenOf(runId: string): string {
    return this.#tokens.get(runId) ?? "";
  }

  /** Tells that the position given counts for none of these runs. */
  reset({ reason }: Fault): void {
    const id = this.#position;
    this.#onReset();
    this.#write(encodeSse({ id, event: "reset", data: JSON.stringify({ reason, earliest: id }) }));
  }

  /** Tells that nothing is left of a run to go on from, and notes in the position that this was told. */
  lose(runId: string, { reason }: Fault): void {
    this.#tokens.set(runId, goneMark);
    this.#onReset();
    this.#write(encodeSse({ id: this.#position, event: "reset", data: JSON.stringify({ runId, reason, earliest: "" }) }));
  }

  /** Tells that every run has ended. */
  end(): void {
    this.#write(encodeSse({ id: this.#position, event: "end", data: "{}" }));
  }

  /** Where the frames of one of the runs go. */
  sink(runId: string): Sink {
    const response = this.#response;
    return {
      get hasRoom() {
        return response.hasRoom;
      },
      putEvents: (events) => this.#writeEvents(runId, events),
      put: (frame) => this.#write(this.#render(runId, frame)),
    };
  }

  #writeEvents(runId: string, { block, from, to }: Events): number {
    let text = "";
    let sequence = from - 1;
    while (sequence < to && text.length < turnLength) {
      sequence += 1;
      this.#tokens.set(runId, block.tokenAt(sequence));
      text += `id: ${this.#position}\n${block.dataAt(sequence)}`;
    }
    this.#turns.took(runId);
    this.#write(text);
    return sequence;
  }

  #render(runId: string, frame: Frame): string {
    const { token } = frame.kind === "end" ? frame.end.position : frame.position;
    this.#tokens.set(runId, token);
    const say = (event: string, data: string) => encodeSse({ id: this.#position, event, data });
    switch (frame.kind) {
      case "hello":
        return say("hello", helloJson(runId, frame));
      case "checkpoint":
        // It is told with the connection's own.
        return "";
      case "reset":
        this.#onReset();
        return say("reset", JSON.stringify({ runId, reason: frame.fault.reason, earliest: token }));
      case "end":
        return say("end", `{"runId":${JSON.stringify(runId)},${endJson(frame.end).slice(1)}`);
    }
  }

  get #position(): string {
    return this.#list.format(this.#tokens.values());
  }

  #write(text: string): void {
    if (text === "") return;
    this.#beat.restart();
    this.#response.write(text);
  }
}
