import type { History } from "../history.ts";
import { agreeing } from "./agreeing.ts";
import { announced } from "./announced.ts";
import { atomic } from "./atomic.ts";
import { bookmarkable } from "./bookmarkable.ts";
import { complete } from "./complete.ts";
import { durable } from "./durable.ts";
import { explained } from "./explained.ts";
import { fenced } from "./fenced.ts";
import { live } from "./live.ts";
import { ordered } from "./ordered.ts";
import type { Property } from "./property.ts";
import { reliable } from "./reliable.ts";
import { resumable } from "./resumable.ts";
import { steadfast } from "./steadfast.ts";
import { tidy } from "./tidy.ts";
import { unique } from "./unique.ts";
import { visible } from "./visible.ts";

const properties: Readonly<Record<string, Property>> = {
  "P1 ordered": ordered,
  "P2 unique": unique,
  "P3 reliable": reliable,
  "P4 atomic": atomic,
  "P5 resumable": resumable,
  "P6 bookmarkable": bookmarkable,
  "P7 durable": durable,
  "P8 visible is durable": visible,
  "P9 agreeing": agreeing,
  "P10 complete": complete,
  "P11 fenced": fenced,
  "P12 live": live,
  "P13 explained": explained,
  "P14 steadfast": steadfast,
  "R2 tidy": tidy,
  "intent before effect": announced,
};

/** Holds a history against every property; the answer is what is wrong with it. */
export function checkHistory(history: History): string[] {
  return Object.entries(properties).flatMap(([name, property]) => property(history).map((problem) => `${name}: ${problem}`));
}
