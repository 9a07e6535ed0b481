import test from 'ava';
import fc from 'fast-check';
import { XxHash64 } from '../../../stages/archives/xxhash64.ts';
import { xxh64 } from './xxh64.ts';

test('the specification written out in big numbers is the oracle, and known values are its own', (t) => {
  t.is(xxh64(Buffer.alloc(0)), 0xef46db3751d8e999n);
  t.is(xxh64(Buffer.from('a')), 0xd24ec4f1a98c6e5bn);
  t.is(xxh64(Buffer.from('abc')), 0x44bc2cf5ad770999n);
});

test('the lower half of XXH64, however the bytes are cut', (t) => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 100 }), { maxLength: 8 }), (pieces) => {
      const hash = new XxHash64();
      for (const piece of pieces) hash.update(piece);
      t.is(BigInt(hash.low32), xxh64(Buffer.concat(pieces)) & 0xffffffffn);
    }),
    { seed: 1, numRuns: 500 },
  );
});
