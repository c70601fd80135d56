/** What to do where no window can be shown. */
export const wayToAWindow =
  "Run it on a desktop or over ssh -X, or record in Chrome's DevTools (Recorder, then Export as JSON) and use clew playbook import.";
