/** Whether this step ends with a validation where so many are spread evenly over the steps, the last of them at the end. */
export function isValidationDue(step: number, steps: number, validations: number): boolean {
  const due = (at: number) => Math.floor((at * validations) / steps);
  return due(step) > due(step - 1);
}
