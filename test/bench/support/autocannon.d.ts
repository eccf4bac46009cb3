/** The part of autocannon that the benchmark `load` uses; the package has no types. */
declare module 'autocannon' {
  interface Options {
    readonly url: string;
    readonly connections: number;
    /** Seconds. */
    readonly duration: number;
  }
  interface Result {
    readonly errors: number;
    readonly requests: { readonly total: number };
  }
  function autocannon(options: Options): Promise<Result>;

  // biome-ignore lint/style/noDefaultExport: that is how the package exports it
  export { autocannon as default };
}
