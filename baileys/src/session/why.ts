/** An error's message, as much of it as is looked at. */
export const whyOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).slice(0, 300);
