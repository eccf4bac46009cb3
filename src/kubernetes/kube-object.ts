/** The metadata that everything stored by an API server has; other fields are there too. */
export interface KubeMetadata {
  readonly name: string;
  /** Missing for kinds without namespaces. */
  readonly namespace?: string;
  readonly uid: string;
  /** Opaque: may be compared for equality only. */
  readonly resourceVersion: string;
  readonly [field: string]: unknown;
}

/** An object as an API server gives it. Items of a list have neither `apiVersion` nor `kind`. */
export interface KubeObject {
  readonly metadata: KubeMetadata;
  readonly [field: string]: unknown;
}
