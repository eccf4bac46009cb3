/** What a foreign error says, in one line: the names of addresses that were tried where it is several in one. */
export function describeCause(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0)
    return error.errors.map((each) => describeCause(each)).join('; ');
  const text = error instanceof Error ? error.message : String(error);
  return text.trim().split('\n')[0] ?? '';
}
