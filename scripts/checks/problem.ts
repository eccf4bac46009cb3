/** Something that `npm run check` does not let pass. */
export interface Problem {
  /** File and line, relative to the root of the repository. */
  readonly where: string;
  readonly says: string;
}
