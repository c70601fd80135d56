/** Words of what leads to an account, or out of it. */
export const accountWords = /\b(?:(?:sign|log)(?:ging)? ?(?:out|off)|my account|account settings|settings|profile|account)\b/i;
