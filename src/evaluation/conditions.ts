/** When and on what the runs were made; kept beside the results and never in them, so that equal seeds give equal files. */
export interface RunConditions {
  /** The command line that repeats it. */
  readonly command: string;
  /** The version with its commit, `-changed` where files differ from it. */
  readonly code: string;
  readonly started: string;
  readonly seconds: number;
  readonly workers: number;
  /** Runs made now; the others were there already. */
  readonly runsMade: number;
  readonly runsInAll: number;
  readonly cpu: string;
  readonly cpus: number;
  readonly memoryGib: number;
  readonly kernel: string;
  readonly node: string;
  readonly platform: string;
}
