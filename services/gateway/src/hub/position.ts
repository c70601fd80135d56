/** A position in a run: after the event of this sequence. The token is the proof of everything up to it. */
export interface Position {
  readonly sequence: number;
  readonly token: string;
}
