/** What a script inside the private network tells: one JSON line each on stdout. */
export type LiveLine<T> = { readonly progress: string } | { readonly result: T };

export function tellProgress(text: string): void {
  process.stdout.write(`${JSON.stringify({ progress: text })}\n`);
}

export function tellResult(result: unknown): void {
  process.stdout.write(`${JSON.stringify({ result })}\n`);
}
