import { sampleOrders } from "./sample-orders.ts";

/** An order as the back office keeps it. */
export interface Order {
  readonly id: string;
  readonly customer: string;
  readonly item: string;
  readonly amount: string;
  readonly status: OrderStatus;
  /** The number of its cancellation; absent while it is not cancelled. */
  readonly cancellation?: string;
  /** What else was asked for when it was made. */
  readonly wishes?: Readonly<Record<string, string>>;
}

/** The states an order can be in. */
export const orderStatuses = ["open", "shipped", "cancelled"] as const;
export type OrderStatus = (typeof orderStatuses)[number];

/** Which orders are looked for; all of them where nothing is said. */
export interface OrderFilter {
  /** What their id, customer or item holds. */
  readonly words?: string;
  readonly status?: string;
}

/** The back office's record of orders, in memory. */
export class Orders {
  readonly #orders = new Map<string, Order>();
  #cancellations = 0;

  constructor(orders: readonly Order[] = sampleOrders) {
    for (const order of orders) this.#orders.set(order.id, order);
  }

  /** Finds an order. */
  get(id: string): Order | undefined {
    return this.#orders.get(id);
  }

  /** Finds orders, by number. */
  search({ words = "", status = "" }: OrderFilter = {}): readonly Order[] {
    const wanted = words.trim().toLowerCase();
    return [...this.#orders.values()].filter(
      (order) => (status === "" || order.status === status) && `${order.id} ${order.customer} ${order.item}`.toLowerCase().includes(wanted),
    );
  }

  /** How many cancellations were ever made: proof that one happened once. */
  get cancellations(): number {
    return this.#cancellations;
  }

  /** Cancels an open order and answers it with its cancellation number; nothing for an order that cannot be cancelled. */
  cancel(id: string): Order | undefined {
    const order = this.#orders.get(id);
    if (order?.status !== "open") return undefined;
    this.#cancellations += 1;
    const cancelled: Order = { ...order, status: "cancelled", cancellation: `C-${id}-${String(this.#cancellations).padStart(3, "0")}` };
    this.#orders.set(id, cancelled);
    return cancelled;
  }

  /** Makes an order with the next number; nothing when there are 10,000 of them. */
  create(order: Pick<Order, "customer" | "item" | "amount" | "wishes">): Order | undefined {
    if (this.#orders.size >= 10_000) return undefined;
    const id = String(Math.max(...[...this.#orders.keys()].map(Number)) + 1);
    const created: Order = { ...order, id, status: "open" };
    this.#orders.set(id, created);
    return created;
  }
}
