import type { Profile } from "./profile.ts";

export const formFilling: Profile = {
  description: "Fills in forms and sends them.",
  goal: "fill_form",
  advice: `- Fill in a form's fields first, look at what it holds, and send it once.
- Enter only what the task gives. Leave out what it does not give; where a field must be filled in, ask a person, or fail.
- After sending, look whether the page took it: messages beside fields say what is wrong.`,
  guardrails: {},
};
