export interface CpuFixture {
  readonly vendor: string;
  readonly family: number;
  readonly model: number;
  readonly stepping: number;
  readonly flags?: string;
}

/** Text of /proc/cpuinfo on x86. */
export function cpuinfo(cpu: CpuFixture, threads: number): string {
  const block = (index: number) =>
    [
      `processor\t: ${index}`,
      `vendor_id\t: ${cpu.vendor}`,
      `cpu family\t: ${cpu.family}`,
      `model\t\t: ${cpu.model}`,
      'model name\t: Test Processor',
      `stepping\t: ${cpu.stepping}`,
      `flags\t\t: ${cpu.flags ?? 'fpu sse'}`,
    ].join('\n');
  return `${Array.from({ length: threads }, (_, index) => block(index)).join('\n\n')}\n`;
}

/** Text of /proc/cpuinfo on 64-bit ARM. */
export function cpuinfoArm(implementer: string, part: string, threads: number): string {
  const block = (index: number) =>
    `processor\t: ${index}\nCPU implementer\t: ${implementer}\nCPU architecture: 8\nCPU part\t: ${part}\n`;
  return Array.from({ length: threads }, (_, index) => block(index)).join('\n');
}
