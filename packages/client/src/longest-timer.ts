/** The longest a timer can wait, in milliseconds: about 25 days. A longer one would fire at once. */
export const longestTimerMs = 2 ** 31 - 1;
