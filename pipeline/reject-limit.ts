import { MillraceError } from './errors.ts';
import type { RejectCounts, Rejects } from './rejects.ts';

/** A share of few records says little: it is of so many at least. */
const FEWEST = 100;

/**
 * The policy, up to a limit. The run ends with MILLRACE_BAD_RECORD at the first bad record beyond it.
 *
 * The limit holds for each stage by itself, and for each run over the data by itself: so where a run ends doesn't hang on
 * how far one stage is ahead of another, on threads, or on epochs before. The counts go on when a run is resumed.
 *
 * @param limit how many bad records there may be, such as `10`; or at most how many in a hundred of the records that
 * have come to the stage, such as `1%`: judged at each bad record, of no fewer than 100 records
 * @throws MillraceError MILLRACE_USAGE for anything else
 */
export function limitRejects(policy: Rejects, limit: string): Rejects {
  const isOver = judgeOf(limit);
  return {
    ...(policy.silent && { silent: policy.silent }),
    limit,
    reject(error, raw, counts) {
      policy.reject(error, raw, counts);
      if (!counts || !isOver(counts)) return;
      const { stage, rejected, seen } = counts;
      throw new MillraceError('MILLRACE_BAD_RECORD', `${rejected} of the first ${seen} records of ${stage} are bad`, {
        ...(error.origin && { origin: error.origin }),
        expected: `at most ${limit}`,
        hint: `The last of them: ${error.summary}.`,
        cause: error,
      });
    },
  };
}

function judgeOf(limit: string): (counts: RejectCounts) => boolean {
  const [, number = '', percent] = /^(\d+(?:\.\d+)?)(%?)$/.exec(limit) ?? [];
  const most = Number(number);
  if (percent && most <= 100) return ({ rejected, seen }) => 100 * rejected > most * Math.max(seen, FEWEST);
  if (percent === '' && Number.isSafeInteger(most) && !number.includes('.')) return ({ rejected }) => rejected > most;
  throw new MillraceError('MILLRACE_USAGE', 'The limit of bad records cannot be read', {
    expected: 'a whole number, such as 10, or a percentage up to 100%, such as 0.5%',
    found: limit,
  });
}
