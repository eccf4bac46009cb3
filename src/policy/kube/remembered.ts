/** Values of one kind that are remembered; they are forgotten together when there are more. */
const MOST_VALUES = 1 << 14;

/** The value of a key, made where it is not known; all are forgotten when there are too many. */
export function remembered<T>(values: Map<string, T>, key: string, make: () => T): T {
  const known = values.get(key);
  if (known !== undefined || values.has(key)) return known as T;
  if (values.size >= MOST_VALUES) values.clear();
  const made = make();
  values.set(key, made);
  return made;
}
