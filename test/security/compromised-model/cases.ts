import type { AttackCase } from "./attack-room.ts";
import { claiming } from "./claiming.ts";
import { destroying } from "./destroying.ts";
import { exfiltrating } from "./exfiltrating.ts";
import { leaving } from "./leaving.ts";
import { obeying } from "./obeying.ts";
import { talking } from "./talking.ts";

/** Every way in which a model that an attacker speaks through was tried. */
export const cases: readonly AttackCase[] = [...leaving, ...exfiltrating, ...destroying, ...obeying, ...talking, ...claiming];
