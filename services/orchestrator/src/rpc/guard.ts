import { Fault } from "@clew/fault/fault";
import type { CallContext } from "@clew/grpc/service";
import { linkSignals } from "@clew/streams/linked-signal";
import { authenticate } from "../access/authenticate.ts";
import { type Caller, demandCall } from "../access/caller.ts";
import type { KeyRing } from "../access/key-ring.ts";
import { ruleOf } from "../access/rights.ts";
import type { SignTicket } from "../access/ticket.ts";
import type { Audit } from "../audit/audit-entry.ts";
import { limits } from "../runs/limits.ts";
import { header } from "./header.ts";
import { runOf } from "./request-run.ts";

/** What calls are guarded with. */
export interface GuardOptions {
  readonly ring: KeyRing;
  readonly signTicket: SignTicket;
  /** Told of refused and of changing calls. */
  readonly audit?: Audit | undefined;
  /** Tells the time in milliseconds since the epoch. */
  readonly now?: () => number;
}

/** A call under way: who makes it, and what is told of it in the end. */
interface GuardedCall {
  readonly caller: Caller;
  end(fault: Fault | undefined, run?: string): void;
}

/** A stream that is open, and what ends it. */
interface OpenStream {
  readonly context: CallContext;
  readonly abort: (fault: Fault) => void;
}

/**
 * Decides of each call who makes it and whether they may, and has it audited. A stream ends within seconds of its caller's key: when the keys are
 * replaced, and when the key's time is over. Disposing it lets open streams be.
 */
export class Guard implements Disposable {
  readonly #options: Required<Pick<GuardOptions, "now">> & GuardOptions;
  readonly #open = new Set<OpenStream>();
  readonly #watching: Disposable;
  readonly #looking: NodeJS.Timeout;

  constructor(options: GuardOptions) {
    this.#options = { now: Date.now, ...options };
    this.#watching = options.ring.watch(() => this.#look());
    this.#looking = setInterval(() => this.#look(), limits.keyLookMs);
    this.#looking.unref();
  }

  /** Guards a call that answers once. */
  once<Request, Response>(
    answer: (request: Request, caller: Caller, context: CallContext) => Promise<Response>,
  ): (request: Request, context: CallContext) => Promise<Response> {
    return async (request, context) => {
      const call = this.#begin(request, context);
      try {
        const response = await answer(request, call.caller, context);
        call.end(undefined, runOf(response));
        return response;
      } catch (error) {
        call.end(Fault.from(error));
        throw error;
      }
    };
  }

  /** Guards a call that answers with a stream. */
  stream<Request, Response>(
    answer: (request: Request, caller: Caller, context: CallContext) => AsyncIterable<Response>,
  ): (request: Request, context: CallContext) => AsyncIterable<Response> {
    return (request, context) => {
      const call = this.#begin(request, context);
      return this.#watched(context, call, (signal) => answer(request, call.caller, { ...context, signal }));
    };
  }

  [Symbol.dispose](): void {
    clearInterval(this.#looking);
    this.#watching[Symbol.dispose]();
  }

  async *#watched<Response>(
    context: CallContext,
    call: GuardedCall,
    answer: (signal: AbortSignal) => AsyncIterable<Response>,
  ): AsyncGenerator<Response> {
    using link = linkSignals(context.signal);
    const stream: OpenStream = { context, abort: link.abort };
    this.#open.add(stream);
    try {
      yield* answer(link.signal);
      call.end(undefined);
    } catch (error) {
      call.end(Fault.from(error));
      throw error;
    } finally {
      this.#open.delete(stream);
    }
  }

  #begin(request: unknown, context: CallContext): GuardedCall {
    const rule = ruleOf(context.path);
    let caller: Caller | undefined;
    const end = (fault: Fault | undefined, run?: string) => this.#note({ rule, request, context, caller, fault, run });
    try {
      caller = this.#identify(context);
      demandCall(caller, rule);
    } catch (error) {
      end(Fault.from(error));
      throw error;
    }
    if (caller.types.size > 0) context.setHeader("clew-ticket-types", [...caller.types].join());
    if (caller.keyId !== "") context.setHeader("clew-key-id", caller.keyId);
    return { caller, end };
  }

  #identify(context: CallContext): Caller {
    const { ring, signTicket, now } = this.#options;
    return authenticate({ keys: ring.keys, signTicket }, header(context, "authorization"), header(context, "clew-actor"), now());
  }

  /** Ends the streams of callers who may not have them any more. A ticket whose own time is over keeps what it opened, to the stream's planned end. */
  #look(): void {
    for (const { context, abort } of this.#open) {
      try {
        demandCall(this.#identify(context), ruleOf(context.path));
      } catch (error) {
        const fault = Fault.from(error);
        if (fault.reason !== "TICKET_EXPIRED") abort(fault);
      }
    }
  }

  #note(call: {
    readonly rule: ReturnType<typeof ruleOf>;
    readonly request: unknown;
    readonly context: CallContext;
    readonly caller: Caller | undefined;
    readonly fault: Fault | undefined;
    readonly run: string | undefined;
  }): void {
    const { rule, request, context, caller, fault, run } = call;
    const isRefused = fault?.code === "UNAUTHENTICATED" || fault?.code === "PERMISSION_DENIED";
    if (!rule.changes && !isRefused) return;
    this.#options.audit?.note({
      call: rule.name,
      tenant: caller?.tenant ?? "",
      key: caller?.key ?? "",
      actor: caller?.actor ?? (header(context, "clew-actor") ?? "").slice(0, limits.actorChars),
      run: run ?? runOf(request),
      requestId: header(context, "x-request-id") ?? "",
      code: fault?.code ?? "OK",
      reason: fault?.reason,
    });
  }
}
