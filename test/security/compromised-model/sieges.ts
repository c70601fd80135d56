import { claiming } from "./claiming.ts";
import { destroying } from "./destroying.ts";
import { exfiltrating } from "./exfiltrating.ts";
import { leaving } from "./leaving.ts";
import { obeying } from "./obeying.ts";
import type { Siege } from "./siege.ts";
import { talking } from "./talking.ts";

/** Every way in which a model that an attacker speaks through was tried. */
export const sieges: readonly Siege[] = [...leaving, ...exfiltrating, ...destroying, ...obeying, ...talking, ...claiming];
