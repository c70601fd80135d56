import type { Volume } from "../volume/volume.ts";
import type { SignTicket } from "./ticket.ts";

/** Signs tickets with a key of the volume: they hold at every gateway, and after a restart. */
export function ticketSigner(volume: Pick<Volume, "sign">): SignTicket {
  return (text) => volume.sign("ticket", text);
}
