import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { resolve } from "node:path";
import { readRange } from "@clew/egress/ip-address";
import { type Address, addressSchema, isLocal } from "@clew/process/address";
import { behindScript, chromiumPrograms, isHeadlessShell } from "@clew/process/chromium-programs";
import { readSettings, SettingsError } from "@clew/process/settings";
import { wholeNumber } from "@clew/process/whole-number";
import { z } from "zod";
import { type AccessSettings, apiKeySettings, policySettings, toAccess } from "./access/access-settings.ts";
import { isOpen } from "./access/keys.ts";
import { type ModelsConfig, modelSettings, toModels } from "./models/model-settings.ts";
import { slotsWithin } from "./queue/slots-within.ts";
import type { Retention } from "./retention/retention.ts";
import { hiddenPlaces } from "./sandboxes/hidden-places.ts";
import type { OwnAddress } from "./sandboxes/own-addresses.ts";
import type { Isolation, SandboxLimits } from "./sandboxes/sandbox-provider.ts";
import type { WarmPoolOptions } from "./sandboxes/warm-pool.ts";

const durationMs = z
  .string()
  .regex(/^\d+(ms|s|m)?$/, "must be a time such as 120s")
  .transform((text) => {
    const amount = Number.parseInt(text, 10);
    return text.endsWith("ms") ? amount : text.endsWith("m") ? amount * 60_000 : amount * 1_000;
  });

const sizeBytes = z
  .string()
  .regex(/^[1-9]\d{0,6}[MG]iB$/, "must be a size such as 512MiB or 2GiB")
  .transform((text) => Number.parseInt(text, 10) * (text.endsWith("GiB") ? 2 ** 30 : 2 ** 20));

const dayMs = 86_400_000;

/** How long runs are kept: `90d`, `12h`. */
const keptMs = z
  .string()
  .regex(/^[1-9]\d{0,4}[smhd]$/, "must be a time such as 90d or 12h")
  .transform((text) => Number.parseInt(text, 10) * ({ s: 1_000, m: 60_000, h: 3_600_000 }[text.slice(-1)] ?? dayMs));

const forbiddenAddresses = z.string().transform((text, context) => {
  const entries = text.split(",").map((entry) => entry.trim());
  const given = entries.filter((entry) => entry !== "");
  if (given.every((entry) => readRange(entry) !== undefined)) return given;
  context.addIssue({ code: "custom", message: "must be addresses and ranges, such as 192.0.2.7,10.20.0.0/16" });
  return z.NEVER;
});

const ownAddresses = z.string().transform((text, context): readonly OwnAddress[] => {
  const entries = text.split(",").map((entry) => entry.trim());
  const read = entries.filter((entry) => entry !== "").map((entry) => addressSchema.safeParse(entry).data);
  const own = read.flatMap((address) => (address?.kind === "tcp" && address.port > 0 ? [{ host: address.host, port: address.port }] : []));
  if (own.length === read.length) return own;
  context.addIssue({ code: "custom", message: "must be a list of host:port, such as clew.example.com:443,10.0.0.5:8080" });
  return z.NEVER;
});

const keptFor = { events: keptMs, artifacts: keptMs };

const retention = z.strictObject(
  {
    events: keptMs.prefault("90d"),
    artifacts: keptMs.prefault("14d"),
    tenants: z.record(z.string(), z.strictObject(keptFor).partial()).default({}),
  },
  { error: ({ code }) => (code === "invalid_type" ? "must be written in the file that CLEW_CONFIG names" : undefined) },
);

/** The settings the orchestrator reads, in the form they are written in. */
export const orchestratorSettings = z.object({
  CLEW_VOLUME: z.string().min(1).default(".clew"),
  CLEW_ORCHESTRATOR_ADDRESS: addressSchema.prefault("127.0.0.1:9090"),
  CLEW_GATEWAY_ADDRESS: addressSchema.prefault("127.0.0.1:8080"),
  CLEW_FORBIDDEN_ADDRESSES: forbiddenAddresses.default([]),
  CLEW_OWN_ADDRESSES: ownAddresses.default([]),
  CLEW_METRICS_ADDRESS: addressSchema.optional(),
  CLEW_API_KEYS: apiKeySettings.default([]),
  CLEW_SERVICE_KEY: z.string().min(16, "must have at least 16 characters").optional(),
  CLEW_POLICY: policySettings.prefault({}),
  ...modelSettings,
  CLEW_CHROMIUM: z.string().min(1).optional(),
  CLEW_HEADED: z.enum(["0", "1"]).default("0"),
  CLEW_CGROUP: z
    .string()
    .regex(/^(?:\/[\w@.:-]*[\w@:-])+$/, "must be the path of a control group, such as /system.slice/clew.service")
    .optional(),
  CLEW_SANDBOX: z.enum(["bubblewrap", "process"]).default("bubblewrap"),
  CLEW_SANDBOX_DISK: sizeBytes.prefault("4GiB"),
  CLEW_SANDBOX_MEMORY: sizeBytes.prefault("2GiB"),
  CLEW_SANDBOX_PROCESSES: wholeNumber(16, 10_000).default(256),
  CLEW_MAX_CONCURRENT_RUNS: wholeNumber(1, 1_000).default(2),
  CLEW_MAX_SANDBOX_MEMORY: sizeBytes.optional(),
  CLEW_WARM_SANDBOXES: wholeNumber(0, 100).default(0),
  CLEW_WARM_SANDBOXES_MOST: wholeNumber(0, 100).optional(),
  CLEW_WARM_AGE: durationMs.refine((ms) => ms >= 1_000, "must be at least 1s").prefault("10m"),
  CLEW_WARM_MEMORY: sizeBytes.prefault("2GiB"),
  CLEW_MAX_QUEUED_RUNS: wholeNumber(1, 100_000).default(1_000),
  CLEW_PLAYBOOKS: z.string().min(1).optional(),
  CLEW_SECRETS: z.string().min(1).optional(),
  CLEW_RETENTION: retention.prefault({}),
  CLEW_STATE_KEY: z.string().min(16, "must be 32 bytes in Base64, or a passphrase of at least 16 characters").optional(),
  CLEW_ADOPTION_GRACE: durationMs.refine((ms) => ms >= 1, "must be at least 1ms").prefault("120s"),
  // A sandbox says something every 5 s.
  CLEW_SANDBOX_SILENCE: durationMs.refine((ms) => ms >= 6_000, "must be at least 6s").prefault("30s"),
  CLEW_LOG_LEVEL: z.enum(["trace", "debug", "info", "warn", "error", "fatal", "silent"]).default("info"),
});

/** What the orchestrator is told at its start. */
export interface Config {
  readonly volume: string;
  readonly address: Address;
  /** Where the gateway listens, which no run may reach. */
  readonly gatewayAddress: Address;
  /** Addresses and ranges that no run may reach either. */
  readonly forbiddenAddresses: readonly string[];
  /** Where Clew's other services are, which no run may reach. */
  readonly ownAddresses: readonly OwnAddress[];
  /** Where metrics are served; nowhere unless given. */
  readonly metricsAddress: Address | undefined;
  readonly access: AccessSettings;
  /** The file with settings, where there is one: who may call is read from it again when it changes. */
  readonly file: string | undefined;
  /** Reads who may call again. @throws SettingsError. */
  readonly readAccess: () => AccessSettings;
  /** The models that runs may call. */
  readonly models: ModelsConfig;
  /** Files and folders with secrets, by the names they are complained of with: no isolated sandbox may see them. */
  readonly hiddenPlaces: Readonly<Record<string, string>>;
  /** How sandboxes are kept apart. */
  readonly sandbox: Isolation;
  /** The control group in which each sandbox has one of its own; none where it is undefined. */
  readonly controlGroup: string | undefined;
  /** What a sandbox may take of the machine. */
  readonly sandboxLimits: SandboxLimits;
  readonly chromium: { readonly executablePath: string; readonly sandbox: boolean };
  readonly headless: boolean;
  readonly maxConcurrentRuns: number;
  readonly maxQueuedRuns: number;
  /** How many sandboxes wait for runs, and how long. */
  readonly warm: WarmPoolOptions["bounds"];
  readonly playbooks: string | undefined;
  /** The folder of credential sets. */
  readonly secrets: string | undefined;
  readonly retention: Retention;
  /** What saved logins are kept under: a key in Base64 or a passphrase. */
  readonly stateKey: string | undefined;
  readonly adoptionGraceMs: number;
  /** How long a sandbox may give no sign of life before it is ended. */
  readonly sandboxSilenceMs: number;
  /** Where sandboxes' sockets lie: a folder with a short path. */
  readonly socketFolder: string;
  /** A file of certificates that are trusted besides those that Node.js knows. */
  readonly caCertificates: string | undefined;
  readonly logLevel: string;
}

/** Reads the orchestrator's settings. @throws SettingsError listing all that is wrong. */
export function readConfig(env: Readonly<Record<string, string | undefined>> = process.env): Config {
  const settings = readSettings(orchestratorSettings, env);
  const access = toAccess(settings);
  if (isOpen(access.keys) && !isLocal(settings.CLEW_ORCHESTRATOR_ADDRESS)) {
    throw new SettingsError("CLEW_ORCHESTRATOR_ADDRESS: without CLEW_API_KEYS only loopback addresses and Unix sockets are allowed");
  }
  const slots = slotsWithin({
    maxRuns: settings.CLEW_MAX_CONCURRENT_RUNS,
    memoryBytes: settings.CLEW_MAX_SANDBOX_MEMORY,
    sandboxMemoryBytes: settings.CLEW_SANDBOX_MEMORY,
  });
  if (slots === 0) throw new SettingsError("CLEW_MAX_SANDBOX_MEMORY: must be at least CLEW_SANDBOX_MEMORY, which one sandbox may have");
  return {
    volume: resolve(settings.CLEW_VOLUME),
    address: settings.CLEW_ORCHESTRATOR_ADDRESS,
    gatewayAddress: settings.CLEW_GATEWAY_ADDRESS,
    forbiddenAddresses: settings.CLEW_FORBIDDEN_ADDRESSES,
    ownAddresses: settings.CLEW_OWN_ADDRESSES,
    metricsAddress: settings.CLEW_METRICS_ADDRESS,
    access,
    file: env["CLEW_CONFIG"] || undefined,
    readAccess: () => toAccess(readSettings(orchestratorSettings, env)),
    chromium: {
      executablePath: findChromium(settings.CLEW_CHROMIUM, env, settings.CLEW_HEADED === "1"),
      sandbox: settings.CLEW_SANDBOX === "bubblewrap" || process.getuid?.() !== 0,
    },
    models: toModels(settings),
    hiddenPlaces: hiddenPlaces(settings, env["CLEW_CONFIG"] || undefined),
    sandbox: settings.CLEW_SANDBOX,
    controlGroup: settings.CLEW_CGROUP,
    sandboxLimits: {
      memoryBytes: settings.CLEW_SANDBOX_MEMORY,
      processes: settings.CLEW_SANDBOX_PROCESSES,
      diskBytes: settings.CLEW_SANDBOX_DISK,
    },
    headless: settings.CLEW_HEADED !== "1",
    maxConcurrentRuns: slots,
    maxQueuedRuns: settings.CLEW_MAX_QUEUED_RUNS,
    warm: {
      least: settings.CLEW_WARM_SANDBOXES,
      most: Math.max(settings.CLEW_WARM_SANDBOXES, settings.CLEW_WARM_SANDBOXES_MOST ?? 0),
      ageMs: settings.CLEW_WARM_AGE,
      memoryBytes: settings.CLEW_WARM_MEMORY,
    },
    playbooks: settings.CLEW_PLAYBOOKS === undefined ? undefined : resolve(settings.CLEW_PLAYBOOKS),
    secrets: settings.CLEW_SECRETS === undefined ? undefined : resolve(settings.CLEW_SECRETS),
    retention: toRetention(settings.CLEW_RETENTION),
    stateKey: settings.CLEW_STATE_KEY,
    adoptionGraceMs: settings.CLEW_ADOPTION_GRACE,
    sandboxSilenceMs: settings.CLEW_SANDBOX_SILENCE,
    socketFolder: env["XDG_RUNTIME_DIR"] || tmpdir(),
    caCertificates: env["NODE_EXTRA_CA_CERTS"] || undefined,
    logLevel: settings.CLEW_LOG_LEVEL,
  };
}

function toRetention({ events, artifacts, tenants }: z.output<typeof retention>): Retention {
  const others = Object.entries(tenants).map(
    ([tenant, kept]) =>
      [
        tenant,
        {
          ...(kept.events === undefined ? {} : { eventsMs: kept.events }),
          ...(kept.artifacts === undefined ? {} : { artifactsMs: kept.artifacts }),
        },
      ] as const,
  );
  return { usual: { eventsMs: events, artifactsMs: artifacts }, tenants: new Map(others) };
}

/** `PATH` is looked in where nothing is configured. */
function findChromium(configured: string | undefined, env: NodeJS.ProcessEnv, headed: boolean): string {
  if (configured !== undefined) {
    if (!existsSync(configured)) throw new SettingsError("CLEW_CHROMIUM: there is no such file");
    if (headed && isHeadlessShell(configured))
      throw new SettingsError("CLEW_HEADED: the headless shell that CLEW_CHROMIUM names shows no window; name a whole Chromium");
    return behindScript(configured);
  }
  const [best] = chromiumPrograms(env, { headed });
  if (best === undefined) throw new SettingsError("CLEW_CHROMIUM: no Chromium was found; run `npm run setup`, or name one");
  return best;
}
