/** Whether a row is of a real cluster, or of the one that is simulated where none is configured. */
export type ClusterKind = 'live' | 'simulated';
