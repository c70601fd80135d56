import { happened, type Property } from "./property.ts";

/** Intent before effect: whatever changed the world outside is in the journal as begun. */
export const announced: Property = (history) =>
  happened(history, "effect").flatMap(({ runId, attempt, actionId }) => {
    const records = history.logs.find((log) => log.runId === runId)?.records ?? [];
    const isThere = records.some((record) => record.type === "actionStarted" && record.attempt === attempt && record.actionId === actionId);
    return isThere ? [] : [`${runId}: action ${actionId} of attempt ${attempt} happened, and the journal does not know of it`];
  });
