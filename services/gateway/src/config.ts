import { readFileSync } from "node:fs";
import { type Address, addressSchema } from "@clew/process/address";
import { readSettings } from "@clew/process/settings";
import { wholeNumber } from "@clew/process/whole-number";
import { z } from "zod";
import { defaultStreamLimits, type StreamLimits } from "./http/open-streams.ts";

/** What a gateway is told. */
export interface GatewayConfig {
  /** Where it listens; port 0: any free one. */
  readonly address: Address;
  /** Where the orchestrator is. */
  readonly orchestrator: Address;
  /** Names beside loopback's and our own address that requests may be sent to, as `host` or `host:port`. */
  readonly allowedHosts: readonly string[];
  /** Origins beside our own whose pages may call. */
  readonly corsOrigins: readonly string[];
  /** Whether callers must show an API key. Without, the gateway listens on loopback or a Unix socket only. */
  readonly apiKeysConfigured: boolean;
  /** The key the gateway reads with what it shares between readers. */
  readonly serviceKey?: string | undefined;
  /** The file with settings, where there is one: the gateway's key is read from it again when it changes. */
  readonly file?: string | undefined;
  /** Reads the gateway's key again. @throws SettingsError. */
  readonly readServiceKey?: () => string | undefined;
  readonly tls?: TlsConfig | undefined;
  /** How many streams may be open, and for how long; as usual where not given. */
  readonly streams?: Partial<StreamLimits>;
}

/** Certificates, as PEM. */
export interface TlsConfig {
  readonly cert: string;
  readonly key: string;
  /** Who signs the certificates that callers must show; they need none when absent. */
  readonly clientCa?: string | undefined;
}

const list = z
  .string()
  .default("")
  .transform((text) =>
    text
      .split(",")
      .map((entry) => entry.trim())
      .filter((entry) => entry !== ""),
  );

/**
 * Whether the setting names a key, as the orchestrator reads it; the keys themselves are its business. What is given and names none is refused:
 * whoever wrote it means callers to show a key, and the orchestrator would ask for none. An empty variable counts as not given.
 */
const namesKeys = z.unknown().transform((given, context) => {
  if (given === undefined || given === "") return false;
  const entries: readonly unknown[] = typeof given === "string" ? given.split(",") : Array.isArray(given) ? given : [];
  if (entries.some(isKey)) return true;
  context.addIssue({ code: "custom", message: "is given and names no key; name one as tenant:key, or leave it out" });
  return z.NEVER;
});

function isKey(entry: unknown): boolean {
  if (typeof entry === "string") return /[^:\s]\s*$/.test(entry);
  return typeof entry === "object" && entry !== null && "sha256" in entry && typeof entry.sha256 === "string" && entry.sha256 !== "";
}

const pemFile = z.string().transform((path, context) => {
  try {
    return readFileSync(path, "utf8");
  } catch {
    context.addIssue({ code: "custom", message: "the file it names cannot be read" });
    return z.NEVER;
  }
});

/** A time such as `90s`, `15m` or `1h`, or seconds. */
const durationMs = z
  .string()
  .regex(/^[1-9]\d{0,5}[smh]?$/, "must be a time such as 15m or 1h")
  .transform((text) => Number.parseInt(text, 10) * ({ m: 60_000, h: 3_600_000 }[text.slice(-1)] ?? 1_000));

/** A timer of Node's runs at most 2^31-1 ms, and ends at once where it is given more; a stream may grow a fifth older than its age. */
const streamAgeMs = durationMs.refine((ms) => ms <= 20 * 24 * 3_600_000, "must be at most 480h");

const origin = z
  .string()
  .refine((text) => URL.canParse(text) && new URL(text).origin === text, "each must be an origin such as https://app.example.com");

/** The settings the gateway reads, in the form they are written in. */
export const gatewaySettings = z
  .object({
    CLEW_GATEWAY_ADDRESS: addressSchema.prefault("127.0.0.1:8080"),
    CLEW_ORCHESTRATOR_ADDRESS: addressSchema.prefault("127.0.0.1:9090"),
    CLEW_ALLOWED_HOSTS: list,
    CLEW_CORS_ORIGINS: list.pipe(z.array(origin)),
    CLEW_API_KEYS: namesKeys.optional(),
    CLEW_SERVICE_KEY: z.string().min(16, "must have at least 16 characters").optional(),
    CLEW_MAX_READERS: wholeNumber(1, 1_000_000).default(defaultStreamLimits.maxReaders),
    CLEW_MAX_STREAM_AGE: streamAgeMs.prefault("1h"),
    CLEW_TLS_CERT: pemFile.optional(),
    CLEW_TLS_KEY: pemFile.optional(),
    CLEW_TLS_CLIENT_CA: pemFile.optional(),
    CLEW_LOG_LEVEL: z.enum(["trace", "debug", "info", "warn", "error", "fatal", "silent"]).default("info"),
  })
  .refine(({ CLEW_TLS_CERT: cert, CLEW_TLS_KEY: key }) => (cert === undefined) === (key === undefined), {
    path: ["CLEW_TLS_KEY"],
    message: "is needed together with CLEW_TLS_CERT",
  })
  .refine(({ CLEW_API_KEYS: hasKeys, CLEW_SERVICE_KEY: serviceKey }) => !hasKeys || serviceKey !== undefined, {
    path: ["CLEW_SERVICE_KEY"],
    message: "is needed where there are API keys: any secret, the same here and for the orchestrator",
  });

/** Reads the gateway's settings. @throws SettingsError listing all that is unknown or wrong. */
export function readConfig(env: Readonly<Record<string, string | undefined>> = process.env): GatewayConfig & { readonly logLevel: string } {
  const settings = readSettings(gatewaySettings, env);
  const { CLEW_TLS_CERT: cert, CLEW_TLS_KEY: key, CLEW_TLS_CLIENT_CA: clientCa } = settings;
  return {
    address: settings.CLEW_GATEWAY_ADDRESS,
    orchestrator: settings.CLEW_ORCHESTRATOR_ADDRESS,
    allowedHosts: settings.CLEW_ALLOWED_HOSTS,
    corsOrigins: settings.CLEW_CORS_ORIGINS,
    apiKeysConfigured: settings.CLEW_API_KEYS ?? false,
    serviceKey: settings.CLEW_SERVICE_KEY,
    file: env["CLEW_CONFIG"] || undefined,
    readServiceKey: () => readSettings(gatewaySettings, env).CLEW_SERVICE_KEY,
    streams: { maxReaders: settings.CLEW_MAX_READERS, maxAgeMs: settings.CLEW_MAX_STREAM_AGE },
    tls: cert === undefined || key === undefined ? undefined : { cert, key, clientCa },
    logLevel: settings.CLEW_LOG_LEVEL,
  };
}
