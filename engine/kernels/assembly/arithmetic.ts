/**
 * `a * b + c` in each of four lanes: rounded once where the module is built with relaxed SIMD and the processor has fused
 * instructions, else twice.
 */
export function multiplyAdd(a: v128, b: v128, c: v128): v128 {
  return ASC_FEATURE_RELAXED_SIMD ? f32x4.relaxed_madd(a, b, c) : f32x4.add(f32x4.mul(a, b), c);
}
