import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type CardFigures, checkFigures } from '../../evaluation/card-figures.ts';
import { errors } from '../../evaluation/errors.ts';
import { MODEL } from '../../evaluation/suite.ts';
import { loadModel } from '../../policy/learned/load-model.ts';
import { replaceFile } from '../../util/atomic-file.ts';
import { systemErrorCode } from '../../util/errors.ts';

type Card = Readonly<Record<string, unknown>> & {
  readonly model: { readonly file: string; readonly sha256: string };
};

/** A card on the disk, beside its model. */
export class ModelCardFile {
  readonly path: string;
  /** What the model runs by. */
  readonly policy: string;
  readonly #card: Card;

  /** @throws KISIM_E_EVALUATION_CARD where it is none, or of another model than the one beside it; KISIM_E_MODEL_... */
  constructor(path: string) {
    this.path = path;
    this.#card = readCard(path);
    const { file, sha256 } = this.#card.model;
    const model = join(dirname(path), file);
    const found = loadModel(model).sha256;
    if (found !== sha256)
      throw errors.KISIM_E_EVALUATION_CARD(`${path}: of model ${sha256}, but ${model} is ${found}`);
    this.policy = `${MODEL}${model}`;
  }

  /** Of the benchmark that it tells. @throws KISIM_E_EVALUATION_CARD where it tells none */
  figures(): CardFigures {
    return checkFigures(this.path, this.#card['benchmark']);
  }

  /** @throws KISIM_E_EVALUATION_CARD where it cannot be written */
  write(figures: CardFigures): void {
    const card = {
      ...this.#card,
      benchmark: { command: `kisimd benchmark --card ${this.path}`, ...figures },
    };
    attempt(this.path, () => replaceFile(this.path, Buffer.from(`${JSON.stringify(card, undefined, 2)}\n`)));
  }
}

function readCard(path: string): Card {
  const text = attempt(path, () => readFileSync(path, 'utf8'));
  let card: Partial<Card> | null;
  try {
    card = JSON.parse(text) as Partial<Card> | null;
  } catch (cause) {
    throw errors.KISIM_E_EVALUATION_CARD(`${path}: no JSON`, { cause });
  }
  if (typeof card?.model?.file !== 'string' || typeof card.model.sha256 !== 'string')
    throw errors.KISIM_E_EVALUATION_CARD(`${path}: it names no model`);
  return card as Card;
}

function attempt<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (cause) {
    throw errors.KISIM_E_EVALUATION_CARD(`${path}: ${systemErrorCode(cause) ?? String(cause)}`, { cause });
  }
}
