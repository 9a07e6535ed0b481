/** Asks servers for files, by the proxies of the environment, and follows where they point to. */
import type { Dispatcher } from 'undici';
import { type Answer, header } from './answer.ts';
import { Body } from './body.ts';
import { httpError, Interruption } from './errors.ts';
import type { Patience } from './patience.ts';
import { isRedirect, nextUrl } from './redirect.ts';

export class Client {
  readonly #agent: Dispatcher;
  readonly #request: typeof import('undici').request;

  private constructor(agent: Dispatcher, request: typeof import('undici').request) {
    this.#agent = agent;
    this.#request = request;
  }

  static async open({ connectMs, idleMs }: Patience): Promise<Client> {
    // Imported here since it takes 150 ms, which a run that downloads nothing need not wait for.
    const { EnvHttpProxyAgent, request } = await import('undici');
    const timeouts = { connect: { timeout: connectMs }, headersTimeout: idleMs, bodyTimeout: idleMs };
    return new Client(new EnvHttpProxyAgent(timeouts), request);
  }

  /**
   * Undici could follow redirects too, but from https to http as well, and would not tell the way.
   *
   * @throws Interruption when the server cannot be reached, MillraceError `MILLRACE_HTTP` for redirects that lead nowhere
   */
  async get(url: string, headers: Record<string, string>, signal: AbortSignal | undefined): Promise<Answer> {
    const chain = [url];
    for (;;) {
      const here = chain.at(-1) as string;
      const answer = await this.#ask(here, headers, signal, url);
      const location = isRedirect(answer.status) ? header(answer, 'location') : undefined;
      if (location === undefined) return answer;
      answer.body.discard();
      chain.push(nextUrl(here, location, chain));
    }
  }

  async #ask(
    here: string,
    headers: Record<string, string>,
    signal: AbortSignal | undefined,
    url: string,
  ): Promise<Answer> {
    try {
      const {
        statusCode,
        headers: told,
        body,
      } = await this.#request(here, {
        dispatcher: this.#agent,
        headers: { 'accept-encoding': 'identity', ...headers },
        signal: signal ?? null,
      });
      const staysOpen = /\bkeep-alive\b/i.test(String(told.connection));
      return { status: statusCode, headers: told, body: new Body(body, staysOpen) };
    } catch (cause) {
      signal?.throwIfAborted();
      throw new Interruption(httpError(url, 'The server cannot be reached', { cause }));
    }
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }
}
