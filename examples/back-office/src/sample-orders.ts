import type { Order } from "./orders.ts";

/** The five orders that examples and tests know by number. */
const known: readonly Order[] = [
  { id: "12343", customer: "Ada Lovelace", item: "Punched cards, 500", amount: "€ 49.00", status: "shipped" },
  { id: "12344", customer: "Grace Hopper", item: "Moth net", amount: "€ 12.50", status: "open" },
  { id: "12345", customer: "Ariadne Minos", item: "Ball of red thread", amount: "€ 7.90", status: "open" },
  { id: "12346", customer: "Daedalus & Son", item: "Wax, 2 kg", amount: "€ 31.20", status: "open" },
  { id: "12347", customer: "Theseus Aegeus", item: "Sail, white", amount: "€ 240.00", status: "open" },
];

const customers = [
  "Penelope Icaria",
  "Odysseus Laertes",
  "Circe Aeaea",
  "Nestor Pylos",
  "Cassandra Priam",
  "Hector Troy",
  "Medea Colchis",
  "Jason Iolcus",
];
const items = [
  "Loom weights",
  "Oar, ash",
  "Herbs, dried",
  "Wine jar, 12 l",
  "Mirror, bronze",
  "Helmet plume",
  "Cauldron",
  "Fleece, golden",
  "Olive oil, 5 l",
];

/** What a back office begins with: 57 orders, 12343 to 12399. */
export const sampleOrders: readonly Order[] = [
  ...known,
  ...items
    .flatMap((item) => customers.map((customer) => ({ item, customer })))
    .slice(0, 52)
    .map(({ item, customer }, index): Order => {
      const id = String(12348 + index);
      const rest = { id, customer, item, amount: `€ ${(9.5 + index * 3.25).toFixed(2)}` };
      if (index % 5 === 4) return { ...rest, status: "cancelled", cancellation: `C-${id}-000` };
      return { ...rest, status: index % 5 === 1 ? "shipped" : "open" };
    }),
];
