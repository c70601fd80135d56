/** Why a piece of code in a playbook cannot run. */
export interface CodeMistake {
  /** What is wrong and what to do, as what follows the name of the field. */
  readonly message: string;
  /** The character it is at, from 0. */
  readonly at: number;
}
