import type { KnownSecrets } from "@clew/playbook/known-secrets";
import type { Logger } from "@clew/process/logger";
import type { StartWorkRequest } from "@clew/proto/grpc/clew/sandbox/v1/sandbox_agent_service";
import type { AskModel } from "./agent/ask-model.ts";
import type { BrowserSession } from "./browser/browser-session.ts";
import type { AskWarden } from "./egress/ask-warden.ts";
import type { Report } from "./report.ts";

/** What a run's work needs. */
export interface WorkOptions {
  readonly request: StartWorkRequest;
  /** The browser, launched and unclaimed, or as the run before left it; the work closes it, or leaves it to the next. */
  readonly browser: BrowserSession;
  /** Resolves once the browser is the work's alone; at once unless given. */
  readonly prepared?: Promise<void>;
  readonly report: Report;
  /** The sandbox's folder; the run's files go to a folder inside, which is named for its stay. */
  readonly workFolder: string;
  /** Which run's stay in the sandbox it is; 1 unless given. */
  readonly stay?: number;
  /** Gets the run's secrets, and may hold those of the runs that had the browser before; its own unless given. */
  readonly secrets?: KnownSecrets;
  /** Asks whether a connection would be made. */
  readonly askWarden: AskWarden;
  readonly log: Logger;
  /** Asks the run's model; absent where the run has none. */
  readonly askModel?: AskModel | undefined;
  /** Sees to it that Playwright finds an ffmpeg for videos; answers whether there is one. Without it, Playwright finds what it finds. */
  readonly provideFfmpeg?: () => Promise<boolean>;
}
