import { Pipeline } from '../../../pipeline/index.ts';
import { doubled, selfish } from './stages.ts';

await Pipeline.from([1]).pipe(doubled).parallel(1).toArray();

export { selfish };
