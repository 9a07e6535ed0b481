/**
 * What ranges cover, those with a start below 0 left out.
 *
 * @param covered receives the least start, the greatest end and the sum of the lengths, int32 all
 */
export function coverRanges(starts: usize, ends: usize, count: u32, covered: usize): void {
  let from = i32.MAX_VALUE;
  let to = 0;
  let sum = 0;
  for (let range: u32 = 0; range < count; range++) {
    const start = load<i32>(starts + (range << 2));
    const end = load<i32>(ends + (range << 2));
    if (start < 0) continue;
    from = min(from, start);
    to = max(to, end);
    sum += end - start;
  }
  store<i32>(covered, min(from, to));
  store<i32>(covered + 4, to);
  store<i32>(covered + 8, sum);
}
