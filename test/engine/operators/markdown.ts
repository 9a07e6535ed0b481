/** What docs/engines.md says of the operations, made from their table. */

import { faults, groups } from './index.ts';

export function operationsText(): string {
  return Object.entries(groups)
    .map(([group, operators]) => `**${group}**: ${operators.map(({ name }) => name).join(' · ')}`)
    .join('\n\n');
}

export function faultsText(): string {
  const rows = faults.map(
    ({ engines, operations, reason }) =>
      `| ${engines.map((engine) => `\`${engine}\``).join(', ')} | ${operations.join(' · ')} | ${reason} |`,
  );
  return ['| engines | operations | what is wrong |', '|---|---|---|', ...rows].join('\n');
}
