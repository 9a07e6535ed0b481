/**
 * A smaller input that fails in the same way: slices are taken out, large ones first, as long as it does.
 *
 * @param fails whether what is left still fails so
 * @param tries how often that may be asked
 */
export async function shrink(input: Buffer, fails: (bytes: Buffer) => Promise<boolean>, tries = 300): Promise<Buffer> {
  let bytes = input;
  let left = tries;
  for (let size = bytes.length >> 1; size > 0; size >>= 1) {
    for (let at = 0; at < bytes.length; ) {
      if (left-- === 0) return bytes;
      const without = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + size)]);
      if (await fails(without)) bytes = without;
      else at += size;
    }
  }
  return bytes;
}
