/** An order as the back office keeps it. */
export interface Order {
  readonly id: string;
  readonly customer: string;
  readonly item: string;
  readonly amount: string;
  readonly status: "open" | "shipped" | "cancelled";
  /** The number of its cancellation; absent while it is not cancelled. */
  readonly cancellation?: string;
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

  /** Finds orders whose id, customer or item holds `words`; all of them for no words. */
  search(words: string): readonly Order[] {
    const wanted = words.trim().toLowerCase();
    return [...this.#orders.values()].filter((order) => `${order.id} ${order.customer} ${order.item}`.toLowerCase().includes(wanted));
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
}

const sampleOrders: readonly Order[] = [
  { id: "12343", customer: "Ada Lovelace", item: "Punched cards, 500", amount: "€ 49.00", status: "shipped" },
  { id: "12344", customer: "Grace Hopper", item: "Moth net", amount: "€ 12.50", status: "open" },
  { id: "12345", customer: "Ariadne Minos", item: "Ball of red thread", amount: "€ 7.90", status: "open" },
  { id: "12346", customer: "Daedalus & Son", item: "Wax, 2 kg", amount: "€ 31.20", status: "open" },
  { id: "12347", customer: "Theseus Aegeus", item: "Sail, white", amount: "€ 240.00", status: "open" },
];
