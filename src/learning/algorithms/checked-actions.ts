import { type EnvironmentShape, optionsOf } from '../environment.ts';
import { errors } from '../errors.ts';

/** Throws KISIM_E_LEARNING_DATA where a recorded action is none of the options, or was not valid when it was made. */
export function checkActions(
  { actions }: EnvironmentShape,
  data: { readonly rows: number; readonly actions: Int32Array; readonly masks?: Uint8Array },
): void {
  const width = optionsOf(actions);
  for (let row = 0; row < data.rows; row++) {
    let at = row * width;
    for (let choice = 0; choice < actions.length; choice++) {
      const action = data.actions[row * actions.length + choice]!;
      if (action < 0 || action >= actions[choice]! || data.masks?.[at + action] === 0)
        throw errors.KISIM_E_LEARNING_DATA(`option ${action} of choice ${choice} in row ${row}`, {
          expected: `options from 0 to ${actions[choice]! - 1} that were valid`,
        });
      at += actions[choice]!;
    }
  }
}
