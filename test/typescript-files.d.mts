/** Compiles what is not compiled yet, so that nobody has to who needs it next. */
export function compileAll(): Promise<void>;

/** The JavaScript of a file of TypeScript. */
export function toJavaScript(source: string, path: string): Promise<string>;
