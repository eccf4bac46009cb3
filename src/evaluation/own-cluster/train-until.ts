export interface TimedSteps {
  step(): void;
  validate(): void;
  /** CPU seconds for all of it, what was spent before among them. */
  readonly seconds: number;
  /** CPU seconds so far. */
  spent(): number;
  readonly validations: number;
  /** What the acceptance at the end takes, in validations: both look at two points on each workload. */
  readonly acceptance: number;
}

/** Trains until the time is up, a step at least before each validation; time for what comes after is kept free. */
export function trainUntil({ step, validate, seconds, spent, validations, acceptance }: TimedSteps): void {
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
      step();
      hasStepped = true;
      longest = Math.max(longest, spent() - before);
      if (spent() >= seconds) break;
    }
    const before = spent();
    validate();
    validated = spent() - before;
    if (spent() + longest + acceptance * validated >= seconds) break;
  }
}
