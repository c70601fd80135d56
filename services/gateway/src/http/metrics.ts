import { Counter, Gauge, Histogram, Registry } from "@clew/process/prometheus";

/** What the gateway counts; `text` is what `/metrics` answers. */
export interface Metrics {
  readonly requests: Counter<"door" | "route" | "status">;
  readonly durations: Histogram<"door">;
  readonly openStreams: Gauge<"door">;
  readonly gapsDetected: Counter;
  readonly upstreamReopens: Counter;
  readonly stalledReaders: Counter;
  readonly resets: Counter;
  readonly unexpected: Counter;
  readonly farewells: Counter<"kind">;
  readonly contentType: string;
  /** Shows what a hub keeps whenever it is asked. */
  watchHub(hub: { readonly cachedBytes: number; readonly followed: number }): void;
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
    gapsDetected: new Counter({
      registers,
      name: "clew_gateway_gaps_detected_total",
      help: "Events from the orchestrator that did not follow the one before.",
    }),
    upstreamReopens: new Counter({
      registers,
      name: "clew_gateway_upstream_reopens_total",
      help: "Streams of the orchestrator opened again for readers that were kept.",
    }),
    stalledReaders: new Counter({
      registers,
      name: "clew_gateway_stalled_readers_total",
      help: "Readers disconnected because they took nothing.",
    }),
    resets: new Counter({
      registers,
      name: "clew_gateway_resets_total",
      help: "Readers told that the history they had is gone.",
    }),
    unexpected: new Counter({
      registers,
      name: "clew_gateway_unexpected_errors_total",
      help: "Errors that nobody expected; the log has each with its stack.",
    }),
    farewells: new Counter({
      registers,
      name: "clew_gateway_farewells_total",
      help: "Readers sent away in-band: busy, reconnect, ticketExpired.",
      labelNames: ["kind"],
    }),
    watchHub(hub) {
      new Gauge({
        registers,
        name: "clew_gateway_hub_bytes",
        help: "Bytes of events kept for all readers together.",
        collect() {
          this.set(hub.cachedBytes);
        },
      });
      new Gauge({
        registers,
        name: "clew_gateway_followed_runs",
        help: "Runs that somebody reads.",
        collect() {
          this.set(hub.followed);
        },
      });
    },
    contentType: registry.contentType,
    text: () => registry.metrics(),
  };
}
