import test from 'ava';
import fc from 'fast-check';
import { zeros } from '../../stages/zeros.ts';
import { runs } from './arbitraries.ts';

test('each piece is zeros, and no other piece', (t) => {
  const lengths = fc.array(fc.oneof(fc.nat(40), fc.nat(6000)), { maxLength: 40 });
  fc.assert(
    fc.property(lengths, (all) => {
      const pieces = all.map((length, i) => {
        const piece = zeros(length);
        t.is(piece.length, length);
        t.true(piece.every((value) => value === 0));
        return piece.fill(i + 1);
      });
      for (const [i, piece] of pieces.entries()) t.true(piece.every((value) => value === i + 1));
    }),
    runs(200),
  );
});
