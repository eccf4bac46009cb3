/** No pod has a name with a slash. */
const PREFIX = 'job/';

/** Name of a Job among pods, in records and logs. */
export function jobRecordName(name: string): string {
  return `${PREFIX}${name}`;
}

/** The Job that a record is of; undefined where it is of a pod. */
export function jobOfRecord(name: string): string | undefined {
  return name.startsWith(PREFIX) ? name.slice(PREFIX.length) : undefined;
}
