export interface SteppedTraining {
  step(): void;
  validate(): void;
}

export interface TrainingTime {
  /** CPU seconds for all of it, what was spent before among them. */
  readonly seconds: number;
  /** CPU seconds so far. */
  spent(): number;
  readonly validations: number;
  /** Workloads of one validation, and of the acceptance at the end. */
  readonly settings: { readonly validationSeeds: number; readonly acceptanceSeeds: number };
}

/** Trains until the time is up, a step at least before each validation; time for what comes after is kept free. */
export function trainUntil(
  training: SteppedTraining,
  { seconds, spent, validations, settings }: TrainingTime,
): void {
  /** In validations: both look at two points on each workload. */
  const acceptance = settings.acceptanceSeeds / settings.validationSeeds;
  const from = spent();
  let longest = 0;
  let validated = 0;
  for (let part = 1; part <= validations; part++) {
    // What the validations that are still to come and the acceptance will take is kept free for them.
    const until = seconds - longest - (validations - part + acceptance) * validated;
    const due = from + ((until - from) * part) / validations;
    let hasStepped = false;
    while (spent() < due || !hasStepped) {
      const before = spent();
      training.step();
      hasStepped = true;
      longest = Math.max(longest, spent() - before);
      if (spent() >= seconds) break;
    }
    const before = spent();
    training.validate();
    validated = spent() - before;
    if (spent() + longest + acceptance * validated >= seconds) break;
  }
}
