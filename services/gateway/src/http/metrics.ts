import { Counter, Gauge, Histogram, Registry } from "prom-client";

/** What the gateway counts; `text` is what `/metrics` answers. */
export interface Metrics {
  readonly requests: Counter<"door" | "route" | "status">;
  readonly durations: Histogram<"door">;
  readonly openStreams: Gauge<"door">;
  readonly sequenceGaps: Counter;
  readonly upstreamReopens: Counter;
  readonly stalledReaders: Counter;
  readonly contentType: string;
  text(): Promise<string>;
}

/** Makes the gateway's counters, all at 0. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  return {
    requests: new Counter({
      registers,
      name: "clew_gateway_requests_total",
      help: "Requests answered.",
      labelNames: ["door", "route", "status"],
    }),
    durations: new Histogram({
      registers,
      name: "clew_gateway_request_duration_seconds",
      help: "Seconds from a request to the end of its answer, streams left out.",
      labelNames: ["door"],
    }),
    openStreams: new Gauge({ registers, name: "clew_gateway_open_streams", help: "Streams open now.", labelNames: ["door"] }),
    sequenceGaps: new Counter({
      registers,
      name: "clew_gateway_sequence_gaps_total",
      help: "Events from the orchestrator that did not follow the one before.",
    }),
    upstreamReopens: new Counter({
      registers,
      name: "clew_gateway_upstream_reopens_total",
      help: "Streams of the orchestrator opened again for a kept reader.",
    }),
    stalledReaders: new Counter({
      registers,
      name: "clew_gateway_stalled_readers_total",
      help: "Readers disconnected because they took nothing.",
    }),
    contentType: registry.contentType,
    text: () => registry.metrics(),
  };
}
