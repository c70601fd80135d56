import type { Profile } from "./profile.ts";

export const research: Profile = {
  description: "Finds things out on many pages.",
  advice: `- Find out on pages, and say where: put the address of each page that an answer comes from into the result.
- Two pages that do not depend on each other are better than one. Where they differ, say so.
- To search, use the site's own search field, or open its search address with words of the task.`,
  guardrails: { maxUrlsVisited: 100 },
};
