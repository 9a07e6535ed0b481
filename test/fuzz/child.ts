/** The process in which a target reads its inputs. It says before each which it is, and after it how it went. */
import { readFile } from 'node:fs/promises';
import { Examiner } from './examine.ts';
import { shrink } from './shrink.ts';
import { type FuzzTarget, signatureOf } from './target.ts';

/** What the parent asks for. */
export interface Task {
  /** The module with the targets, as a URL. */
  readonly targets: string;
  readonly target: string;
  readonly seed: number;
  readonly from: number;
  readonly to: number;
  /** An empty folder. */
  readonly folder: string;
}

/** What the child says. */
export type Message =
  | { readonly kind: 'begins'; readonly number: number }
  | {
      readonly kind: 'failure';
      readonly number: number;
      readonly signature: string;
      readonly input: string;
      readonly text: string;
    }
  | { readonly kind: 'ended'; readonly number: number; readonly code: string; readonly ms: number }
  | { readonly kind: 'done'; readonly peak: number };

const task = JSON.parse(process.argv[2]!) as Task;
const { targets } = (await import(task.targets)) as { targets: Record<string, FuzzTarget> };
const examiner = await Examiner.start(task.target, targets[task.target]!, task.folder);
const known = new Set<string>();
// A reader that waits for what never comes must hang, not end the process.
process.channel?.ref();
for (let number = task.from; number < task.to; number++) {
  const input = examiner.input(task.seed, number);
  tell({ kind: 'begins', number });
  const started = performance.now();
  const outcome = await examiner.examine(input);
  const ms = performance.now() - started;
  tell({ kind: 'ended', number, code: 'failure' in outcome ? 'failure' : outcome.code, ms });
  if ('failure' in outcome) await report(number, input, outcome.failure);
}
tell({ kind: 'done', peak: await peakBytes() });
process.disconnect();

/** Of each cause the first input is told, as small as it gets. */
async function report(number: number, input: Buffer, failure: Error): Promise<void> {
  const signature = signatureOf(failure);
  const text = `${failure.stack}${failure.cause ? `\n  caused by ${(failure.cause as Error).stack ?? failure.cause}` : ''}`;
  let smallest = Buffer.alloc(0);
  if (!known.has(signature)) {
    known.add(signature);
    smallest = Buffer.from(
      await shrink(input, async (bytes) => {
        tell({ kind: 'begins', number });
        const outcome = await examiner.examine(bytes);
        return 'failure' in outcome && signatureOf(outcome.failure) === signature;
      }),
    );
  }
  tell({ kind: 'failure', number, signature, input: smallest.toString('base64'), text });
}

function tell(message: Message): void {
  process.send!(message);
}

/** The most memory that the whole process has ever had, TypeScript's compiler and Node's own share included. */
async function peakBytes(): Promise<number> {
  const status = await readFile('/proc/self/status', 'utf8').catch(() => '');
  const [, kib] = /^VmHWM:\s+(\d+) kB$/m.exec(status) ?? [];
  return kib === undefined ? process.resourceUsage().maxRSS * 1024 : Number(kib) * 1024;
}
