import { beginningMs, type Scheduled } from "../world/world.ts";
import { here, isUnderWay } from "./machine.ts";

/** A timer of the simulated machine, with as much of Node's as Clew uses. */
class Timer {
  entry: Scheduled;
  readonly #again: () => Scheduled;

  constructor(start: () => Scheduled) {
    this.#again = start;
    this.entry = start();
  }
  refresh(): this {
    this.entry.pending = false;
    this.entry = this.#again();
    return this;
  }
  ref(): this {
    return this;
  }
  unref(): this {
    return this;
  }
  [Symbol.dispose](): void {
    this.entry.pending = false;
  }
}

type Call = (...args: readonly unknown[]) => void;

function setTimer(call: Call, ms = 0, ...args: readonly unknown[]): Timer {
  const { world } = here();
  const owner = world.current;
  return new Timer(() => world.after(Math.max(1, ms), owner, () => call(...args)));
}

function setRepeating(call: Call, ms = 0, ...args: readonly unknown[]): Timer {
  const { world } = here();
  const owner = world.current;
  const timer: Timer = new Timer(() =>
    world.after(Math.max(1, ms), owner, () => {
      timer.refresh();
      call(...args);
    }),
  );
  return timer;
}

function setNext(call: Call, ...args: readonly unknown[]): Timer {
  const { world } = here();
  const owner = world.current;
  return new Timer(() => world.after(0, owner, () => call(...args)));
}

function clear(timer: unknown): void {
  if (timer instanceof Timer) timer.entry.pending = false;
}

const RealDate = Date;

class SimulatedDate extends RealDate {
  constructor(...args: readonly unknown[]) {
    if (args.length === 0) super(SimulatedDate.now());
    else super(...(args as [number]));
  }
  static override now(): number {
    return isUnderWay() ? Math.floor(beginningMs + here().world.nowMs) : RealDate.now();
  }
}

/** Puts the simulated machine's timers, clocks and chance in the place of this thread's own, for good; without a history they are real. */
export function replaceGlobals(): void {
  const { setTimeout, setInterval, setImmediate, clearTimeout, clearInterval, clearImmediate } = globalThis;
  const draw = Math.random;
  const elapsed = performance.now.bind(performance);
  const either =
    <A extends readonly unknown[]>(simulated: (...args: A) => unknown, real: (...args: A) => unknown) =>
    (...args: A) =>
      isUnderWay() ? simulated(...args) : real(...args);
  Object.assign(globalThis, {
    setTimeout: either(setTimer, setTimeout),
    setInterval: either(setRepeating, setInterval),
    setImmediate: either(setNext, setImmediate),
    clearTimeout: either(clear, clearTimeout),
    clearInterval: either(clear, clearInterval),
    clearImmediate: either(clear, clearImmediate),
    Date: SimulatedDate,
  });
  Object.defineProperty(performance, "now", { value: () => (isUnderWay() ? here().world.nowMs : elapsed()) });
  Math.random = () => (isUnderWay() ? here().world.random.next() : draw());
  AbortSignal.timeout = (ms) => {
    const controller = new AbortController();
    setTimer(() => controller.abort(new DOMException("The operation timed out.", "TimeoutError")), ms);
    return controller.signal;
  };
}
