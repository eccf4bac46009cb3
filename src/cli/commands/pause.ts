import { loadConfig } from '../../config/load.ts';
import {
  pauseFilePath,
  readPauseFile,
  removePauseFile,
  writePauseFile,
} from '../../controller/pause-file.ts';
import type { KubeApi } from '../../kubernetes/kube-api.ts';
import { PAUSE_CONFIG_MAP } from '../../kubernetes/names.ts';
import { pauseCluster, resumeCluster } from '../../kubernetes/pause-config-map.ts';
import type { CommandContext } from '../command.ts';
import { clusterSettings, connectCluster } from '../connect-cluster.ts';

/** `kisimd pause`. @throws KISIM_E_CONTROLLER_PAUSE_FILE, and KISIM_E_KUBE_... with --cluster */
export async function runPause(context: CommandContext): Promise<number> {
  const { reason } = context.options;
  const why = typeof reason === 'string' && reason.trim() !== '' ? reason.trim() : 'kisimd pause';
  if (context.options['cluster'] === true)
    return onCluster(context, async (api, namespace) => {
      await pauseCluster(api, namespace, why);
      const configMap = `${namespace}/${PAUSE_CONFIG_MAP}`;
      const text = `placement is paused: ConfigMap ${configMap} at ${api.name}\n`;
      answer(context, { paused: true, configMap, cluster: api.name, reason: why }, text);
    });
  const path = filePath(context);
  writePauseFile(path, why);
  answer(context, { paused: true, file: path, reason: why }, `placement is paused: ${path}\n`);
  return 0;
}

/** `kisimd resume`. @throws KISIM_E_CONTROLLER_PAUSE_FILE, and KISIM_E_KUBE_... with --cluster */
export async function runResume(context: CommandContext): Promise<number> {
  if (context.options['cluster'] === true)
    return onCluster(context, async (api, namespace) => {
      const was = await resumeCluster(api, namespace);
      const configMap = `${namespace}/${PAUSE_CONFIG_MAP}`;
      const text =
        was === undefined
          ? `placement was not paused: no ConfigMap ${configMap} at ${api.name}\n`
          : `placement goes on (was paused: ${was})\n`;
      answer(context, { paused: false, configMap, cluster: api.name, wasPaused: was !== undefined }, text);
    });
  const path = filePath(context);
  const reason = readPauseFile(path);
  const was = removePauseFile(path);
  const text = was
    ? `placement goes on (was paused: ${reason ?? ''})\n`
    : `placement was not paused: no ${path}\n`;
  answer(context, { paused: false, file: path, wasPaused: was }, text);
  return 0;
}

async function onCluster(
  context: CommandContext,
  work: (api: KubeApi, namespace: string) => Promise<void>,
): Promise<number> {
  const { config } = loadConfig({ env: context.env, flags: context.options });
  const settings = clusterSettings(context, config);
  const api = await connectCluster(settings, context.env);
  try {
    await work(api, settings.namespace);
    return 0;
  } finally {
    api.close();
  }
}

function filePath({ options, env }: CommandContext): string {
  const { file } = options;
  if (typeof file === 'string' && file !== '') return file;
  return pauseFilePath(loadConfig({ env, flags: options }).config.history.path);
}

function answer({ options, stdout }: CommandContext, json: object, text: string): void {
  stdout.write(options['json'] === true ? `${JSON.stringify(json)}\n` : text);
}
