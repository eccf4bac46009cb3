import { defineErrors } from '../../util/errors.ts';

export const blockErrors = defineErrors({
  KISIM_E_BLOCK_NOTHING: {
    summary: 'nothing is to be blocked',
    expected: 'at least one of --cpu, --memory, --disk-read, --disk-write and --network',
    action: 'say how much of what is to be held',
  },
  KISIM_E_BLOCK_CPU: {
    summary: 'more CPU is asked for than there is',
    expected:
      'at most as many cores as this process may use, by affinity and by limits of its control groups',
    action: 'ask for less, or lift the limit',
  },
  KISIM_E_BLOCK_MEMORY: {
    summary: 'more memory is asked for than is available',
    expected: 'an amount that leaves the reserve to others; more would be swapped or have something killed',
    action: 'ask for less, or free some first',
  },
  KISIM_E_BLOCK_MEMORY_SMALL: {
    summary: 'less memory is asked for than the program itself takes',
    expected: 'an amount above the resident size of the program, as that is part of what is held',
    action: 'ask for more, or leave --memory out',
  },
  KISIM_E_BLOCK_DISK: {
    summary: 'the disk cannot be blocked from this folder',
    expected:
      'a folder on a disk where this user may write, on a file system with direct transfers (O_DIRECT)',
    action: 'name another folder with --folder',
  },
  KISIM_E_BLOCK_DISK_FULL: {
    summary: 'there is no room for the file that is read and written',
    expected: 'room for the file and a reserve beside it',
    action: 'make room, name another folder with --folder, or a smaller file with --file-size',
  },
  KISIM_E_BLOCK_ACCOUNT: {
    summary: 'the kernel does not count what the disk is asked for',
    expected: '/proc/self/io with counts of the transfers of this process',
    action: 'choose a folder on a disk of this machine; the kernel needs CONFIG_TASK_IO_ACCOUNTING',
  },
  KISIM_E_BLOCK_PEER: {
    summary: 'no peer answers',
    expected: 'a `kisimd block peer` at the address of --peer',
    action: 'start one there with `kisimd block peer --listen ADDRESS:PORT`, and check address and firewall',
  },
  KISIM_E_BLOCK_PEER_LOST: {
    summary: 'the peer has gone',
    expected: 'a peer that takes and confirms bytes until the end',
    action: 'see why `kisimd block peer` has ended there, and start again',
  },
  KISIM_E_BLOCK_LISTEN: {
    summary: 'the peer cannot listen',
    expected: 'a free port on an address of this machine',
    action: 'choose another with --listen ADDRESS:PORT, or end the program that holds it',
  },
  KISIM_E_BLOCK_THREAD: {
    summary: 'a thread that holds something has ended',
    expected: 'threads that run until everything is let go',
    action: 'this is a defect of the program; start again, and report what is said here',
  },
  KISIM_E_BLOCK_NOT_HELD: {
    summary: 'what was asked for was not held',
    expected: 'on average no more than 5 % beside what was asked for',
    action: 'ask for less of what is named: others use it too, or this machine cannot do so much',
  },
});
