/** The real corpora, which stay outside the repository: beside it, where a developer has them. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../../shared/data/', import.meta.url));

function present(file: string): string | undefined {
  const path = folder + file;
  return existsSync(path) ? path : undefined;
}

/** Paths of what is there. */
export const realData = {
  /** SNLI 1.0: some training pairs and all of dev, as `snli_1.0/snli_1.0_{train,dev}.jsonl`. */
  snli: present('snli_1.0.zip'),
  /** GloVe 6B: 100-dimensional vectors, as `glove.6B.100d.txt`. */
  glove: present('glove.6B.zip'),
  /** SICK's trial pairs. */
  sick: present('sick/SICK_trial.txt'),
  /** And those to learn from. */
  sickTrain: present('sick/SICK_train.txt'),
} as const;
