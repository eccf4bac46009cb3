/** Where the kernel's file systems are mounted. Injected everywhere; tests point them at trees of their own. */
export interface HostRoots {
  /** Usually `/proc`. */
  readonly proc: string;
  /** Usually `/sys`. */
  readonly sys: string;
  /** Usually `/`; container and pod names are looked up in `<root>/var/log/pods`, `<root>/run/containerd`... */
  readonly root: string;
}

export const realHostRoots: HostRoots = { proc: '/proc', sys: '/sys', root: '/' };
