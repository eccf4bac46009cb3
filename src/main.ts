import { runOnProcess } from './cli/process-host.ts';

process.exitCode = await runOnProcess();
