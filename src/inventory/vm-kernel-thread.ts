/**
 * Kernel threads that work for one guest, named after the pid of its emulator: vhost (drivers/vhost/vhost.c),
 * kvm-pit (arch/x86/kvm/i8254.c), kvm-nx-lpage-recovery (arch/x86/kvm/mmu/mmu.c). Since Linux 5.17 /proc tells the
 * whole name of a kernel thread (fs/proc/array.c, proc_task_name); older kernels cut the last one before its pid.
 */
const VM_THREAD = /^(?:vhost-|kvm-pit\/|kvm-nx-lpage-recovery-)(\d+)$/;

/**
 * The pid of the emulator that a kernel thread works for, or undefined where it works for none.
 *
 * @example
 * vmPidOfKernelThread('vhost-4711'); // 4711
 */
export function vmPidOfKernelThread(comm: string): number | undefined {
  const pid = VM_THREAD.exec(comm)?.[1];
  return pid === undefined ? undefined : Number(pid);
}
