import { loadConfig } from '../../config/load.ts';
import {
  pauseFilePath,
  readPauseFile,
  removePauseFile,
  writePauseFile,
} from '../../controller/pause-file.ts';
import type { CommandContext } from '../command.ts';

/** `kisimd pause`. @throws KISIM_E_CONTROLLER_PAUSE_FILE */
export async function runPause(context: CommandContext): Promise<number> {
  const path = filePath(context);
  const { reason } = context.options;
  const why = typeof reason === 'string' && reason.trim() !== '' ? reason.trim() : 'kisimd pause';
  writePauseFile(path, why);
  answer(context, { paused: true, file: path, reason: why }, `placement is paused: ${path}\n`);
  return 0;
}

/** `kisimd resume`. @throws KISIM_E_CONTROLLER_PAUSE_FILE */
export async function runResume(context: CommandContext): Promise<number> {
  const path = filePath(context);
  const reason = readPauseFile(path);
  const was = removePauseFile(path);
  const text = was
    ? `placement goes on (was paused: ${reason ?? ''})\n`
    : `placement was not paused: no ${path}\n`;
  answer(context, { paused: false, file: path, wasPaused: was }, text);
  return 0;
}

function filePath({ options, env }: CommandContext): string {
  const { file } = options;
  if (typeof file === 'string' && file !== '') return file;
  return pauseFilePath(loadConfig({ env, flags: options }).config.history.path);
}

function answer({ options, stdout }: CommandContext, json: object, text: string): void {
  stdout.write(options['json'] === true ? `${JSON.stringify(json)}\n` : text);
}
