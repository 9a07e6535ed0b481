/** Who writes a file that several processes may write. */
import { createHash } from 'node:crypto';
import { hostname } from 'node:os';

/** This machine, or this container: process numbers mean nothing elsewhere. */
export const HOST = createHash('sha256').update(hostname()).digest('hex').slice(0, 8);

/** Whether a process of this number is running on this machine. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // It is there, but not ours.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
