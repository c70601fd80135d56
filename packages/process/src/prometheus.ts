import { createRequire } from "node:module";
import type * as client from "prom-client";

// Of the library only what we count with: its summaries, its clusters and OpenTelemetry would take a tenth of a service's start.
const load = createRequire(import.meta.url);

/** What only grows. */
export const Counter: typeof client.Counter = load("prom-client/lib/counter.js");
export type Counter<Label extends string = string> = client.Counter<Label>;

/** What is now. */
export const Gauge: typeof client.Gauge = load("prom-client/lib/gauge.js");
export type Gauge<Label extends string = string> = client.Gauge<Label>;

/** How often what was measured was how large. */
export const Histogram: typeof client.Histogram = load("prom-client/lib/histogram.js");
export type Histogram<Label extends string = string> = client.Histogram<Label>;

/** What is shown together, as the text that Prometheus reads. */
export const Registry: typeof client.Registry = load("prom-client/lib/registry.js");
export type Registry = client.Registry;
