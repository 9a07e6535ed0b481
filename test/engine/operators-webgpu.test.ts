import { inProcess } from './child.ts';
import { testOperators } from './operators/suite.ts';
import { softwareGpu } from './software-gpu.ts';

testOperators('webgpu', async () => {
  const env = await softwareGpu();
  return env && inProcess('examine-one.ts', ['webgpu'], { env });
});
