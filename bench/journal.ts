import { closeSync, fdatasync, open, write } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { Producer } from "@clew/journal-format/record";
import { Journal } from "@clew/orchestrator/journal/journal";

/**
 * How many durable appends a second a journal takes, and how long one takes, beside floors of the same run.
 * `UV_THREADPOOL_SIZE=16 node bench/journal.ts [folder]`; without a folder the files lie in the OS's temp folder.
 */

const REPEATS = 5;
const WARM_UP_MS = 200;
const MEASURED_MS = 1000;
const RUNS = 64;
const body = Buffer.alloc(512, "clew ");

interface Measured {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Something that appends, one at a time, until the bench is over. */
type Append = () => Promise<unknown>;

interface Subject {
  readonly name: string;
  /** Makes the appenders, each to be driven by one loop. */
  readonly start: (folder: string) => Promise<{ readonly appends: readonly Append[]; readonly stop: () => Promise<void> }>;
}

async function measure(appends: readonly Append[]): Promise<Measured> {
  const startMs = performance.now() + WARM_UP_MS;
  const endMs = startMs + MEASURED_MS;
  const tookMs: number[] = [];
  await Promise.all(
    appends.map(async (append) => {
      for (let beganMs = performance.now(); beganMs < endMs; ) {
        await append();
        const doneMs = performance.now();
        if (doneMs >= startMs && doneMs < endMs) tookMs.push(doneMs - beganMs);
        beganMs = doneMs;
      }
    }),
  );
  tookMs.sort((one, other) => one - other);
  const at = (share: number) => tookMs[Math.floor(tookMs.length * share)] ?? Number.NaN;
  return { perSecond: (tookMs.length / MEASURED_MS) * 1000, p50Ms: at(0.5), p99Ms: at(0.99) };
}

function journals(count: number, inFlight: number): Subject {
  return {
    name: `journal: ${count === 1 ? "1 run" : `${count} runs`}, ${inFlight} in flight each`,
    start: async (folder) => {
      const opened = await Promise.all(
        Array.from({ length: count }, (_, index) => {
          const runId = `run-${index.toString(16).padStart(32, "0")}`;
          return Journal.create({ folder: join(folder, runId), runId });
        }),
      );
      const drafts = [{ attempt: 1, producer: Producer.ORCHESTRATOR, producerSequence: 0, body }];
      return {
        appends: opened.flatMap((journal) => Array.from({ length: inFlight }, () => () => journal.append(drafts))),
        stop: async () => {
          await Promise.all(opened.map((journal) => journal.close()));
        },
      };
    },
  };
}

function bare(count: number, { synced }: { readonly synced: boolean }): Subject {
  const files = count === 1 ? "1 file" : `${count} files`;
  return {
    name: synced ? `floor: ${files}, write + fdatasync` : `ceiling: ${files}, write without fdatasync`,
    start: async (folder) => {
      const [openFile, writeFile, syncFile] = [promisify(open), promisify(write), promisify(fdatasync)];
      const descriptors = await Promise.all(Array.from({ length: count }, (_, index) => openFile(join(folder, `file-${index}`), "wx")));
      return {
        appends: descriptors.map((descriptor) => {
          let offset = 0;
          return async () => {
            await writeFile(descriptor, body, 0, body.length, offset);
            offset += body.length;
            if (synced) await syncFile(descriptor);
          };
        }),
        stop: async () => {
          for (const descriptor of descriptors) closeSync(descriptor);
        },
      };
    },
  };
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((one, other) => one - other)[Math.floor(numbers.length / 2)] ?? Number.NaN;
}

const one = { floor: bare(1, { synced: true }), unsynced: bare(1, { synced: false }) };
const many = { floor: bare(RUNS, { synced: true }), unsynced: bare(RUNS, { synced: false }) };
const lines = [
  { subject: one.floor, floor: one.floor },
  { subject: one.unsynced, floor: one.floor },
  { subject: journals(1, 1), floor: one.floor, goal: "≥ 2,000/s" },
  { subject: many.floor, floor: many.floor },
  { subject: many.unsynced, floor: many.floor },
  { subject: journals(RUNS, 1), floor: many.floor, goal: "≥ 60 % of the floor" },
  { subject: journals(RUNS, 4), floor: many.floor, goal: "≥ 40,000/s" },
];

const parent = process.argv[2] ?? tmpdir();
const results = new Map<Subject, Measured[]>(lines.map(({ subject }) => [subject, []]));
for (let repeat = 0; repeat < REPEATS; repeat++) {
  for (const { subject } of lines) {
    const folder = await mkdtemp(join(parent, "clew-bench-journal-"));
    try {
      const { appends, stop } = await subject.start(folder);
      results.get(subject)?.push(await measure(appends));
      await stop();
    } finally {
      await rm(folder, { recursive: true });
    }
  }
}

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const rows = lines.map(({ subject, floor, goal }) => {
  const own = results.get(subject) ?? [];
  const ratios = own.map(({ perSecond }, repeat) => perSecond / (results.get(floor)?.[repeat]?.perSecond ?? Number.NaN));
  const cells = [
    subject.name,
    whole.format(median(own.map(({ perSecond }) => perSecond))),
    median(own.map(({ p50Ms }) => p50Ms)).toFixed(2),
    median(own.map(({ p99Ms }) => p99Ms)).toFixed(2),
    subject === floor ? "1" : median(ratios).toFixed(2),
    goal ?? "",
  ];
  return `| ${cells.join(" | ")} |`;
});
process.stdout.write(
  [
    `Appends of ${body.length} bytes, ${REPEATS} repeats of ${MEASURED_MS} ms in turn, medians.`,
    "",
    "| what | appends/s | p50 ms | p99 ms | of its floor | goal |",
    "|---|---:|---:|---:|---:|---|",
    ...rows,
    "",
  ].join("\n"),
);
