import { examine } from './operators/index.ts';
import { testOperators } from './operators/suite.ts';

testOperators('wasm', () => examine('wasm'));
