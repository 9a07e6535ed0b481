/** How much a source may unpack to: limits that no honest corpus meets, and a hostile archive does. */
import { MillraceError, type Origin, unknownName } from '../pipeline/index.ts';

/** Each is a number; `Infinity` is no limit. */
export interface Limits {
  /** How long one unpacked file or archive entry may be, in bytes. */
  readonly entryBytes: number;
  /** How long all that is unpacked from one source may be, in bytes. */
  readonly totalBytes: number;
  /** How many times longer unpacked bytes may be than packed ones, once there are {@link RATIO_FROM} of them. */
  readonly ratio: number;
  /** How many files and folders an archive may hold. */
  readonly entries: number;
  /** How long a line may be, in bytes. */
  readonly lineBytes: number;
}

const GiB = 2 ** 30;

/** JSON Lines of parsed sentences pack to a tenth; deflate can pack to a thousandth, zstd to far less. */
export const defaultLimits: Limits = {
  entryBytes: 64 * GiB,
  totalBytes: 256 * GiB,
  ratio: 200,
  entries: 1_000_000,
  lineBytes: GiB / 2,
};

/** Below so many bytes nothing is a bomb, however well it was packed: 100 MiB. */
export const RATIO_FROM = 100 * 2 ** 20;

const names = {
  'entry-bytes': 'entryBytes',
  'total-bytes': 'totalBytes',
  ratio: 'ratio',
  entries: 'entries',
  'line-bytes': 'lineBytes',
} as const satisfies Record<string, keyof Limits>;

const units: Readonly<Record<string, number>> = { '': 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB, TiB: 2 ** 40 };

/** As good as infinite, and kept where a run's options are saved as JSON. */
const NONE = Number.MAX_SAFE_INTEGER;

/**
 * Reads `entry-bytes=80GiB,ratio=none`: numbers above 0, with KiB, MiB, GiB or TiB behind them or not, or `none`.
 *
 * @throws MillraceError `MILLRACE_USAGE`
 */
export function parseLimits(text: string): Partial<Limits> {
  const limits: { -readonly [name in keyof Limits]?: number } = {};
  for (const part of text.split(',')) {
    const [, name = part, value] = /^([^=]*)=(.*)$/.exec(part) ?? [];
    if (!Object.hasOwn(names, name)) throw unknownName('limit', name, Object.keys(names));
    const [, digits, unit = ''] = /^(\d+(?:\.\d+)?)([KMGT]iB)?$/.exec(value ?? '') ?? [];
    const limit = value === 'none' ? NONE : Number(digits) * units[unit]!;
    if (!(limit > 0)) {
      throw new MillraceError('MILLRACE_USAGE', `This is no limit for "${name}"`, {
        expected: 'a number above 0, such as 1000 or 80GiB, or "none"',
        found: value ?? part,
      });
    }
    limits[names[name as keyof typeof names]] = limit;
  }
  return limits;
}

/** What says that something is more than a limit allows. */
export function overLimit(limit: keyof Limits, value: number, origin: Origin, found: string): MillraceError {
  const name = Object.entries(names).find(([, key]) => key === limit)![0];
  return new MillraceError('MILLRACE_LIMIT', `This is more than the limit "${name}" allows`, {
    origin,
    expected: `${value} or less`,
    found,
    hint: `If you trust it, raise the limit: --limits ${name}=... on the command line, { limits: { ${limit}: ... } } in the library.`,
  });
}
