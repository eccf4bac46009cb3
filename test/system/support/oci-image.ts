import { createHash } from 'node:crypto';
import { type ArchiveEntry, tar } from './archives.ts';

const sha256 = (data: Buffer): string => createHash('sha256').update(data).digest('hex');
const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

/**
 * An image of one layer as a tar archive in OCI image layout, which `ctr images import` takes.
 *
 * @param name with its tag: `kisimd.test/busybox:1`
 */
export function ociImage(
  name: string,
  files: readonly ArchiveEntry[],
  command: readonly string[],
  entrypoint?: readonly string[],
): Buffer {
  const layer = tar(files);
  const config = json({
    architecture: process.arch === 'x64' ? 'amd64' : process.arch,
    os: 'linux',
    config: {
      Cmd: command,
      ...(entrypoint === undefined ? {} : { Entrypoint: entrypoint }),
      Env: ['PATH=/bin'],
      WorkingDir: '/',
    },
    rootfs: { type: 'layers', diff_ids: [`sha256:${sha256(layer)}`] },
  });
  const descriptor = (mediaType: string, data: Buffer) => ({
    mediaType,
    digest: `sha256:${sha256(data)}`,
    size: data.length,
  });
  const manifest = json({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: descriptor('application/vnd.oci.image.config.v1+json', config),
    layers: [descriptor('application/vnd.oci.image.layer.v1.tar', layer)],
  });
  const index = json({
    schemaVersion: 2,
    manifests: [
      {
        ...descriptor('application/vnd.oci.image.manifest.v1+json', manifest),
        annotations: { 'io.containerd.image.name': name },
      },
    ],
  });
  return tar([
    { path: 'oci-layout', contents: json({ imageLayoutVersion: '1.0.0' }) },
    { path: 'index.json', contents: index },
    ...[layer, config, manifest].map((data) => ({ path: `blobs/sha256/${sha256(data)}`, contents: data })),
  ]);
}
