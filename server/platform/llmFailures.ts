// What a provider did wrong, in our own words: from the library's errors, the egress's problems and the codes inside a stream.
import OpenAI from 'openai';
import { isProblem, type Problem } from '#shared/errors.ts';
import { ModelFailure } from './model.ts';
import { withoutSecrets } from './textGate.ts';

const tooLong =
  /context[ _-]?(length|size|window)|maximum (context|prompt)|too many (input )?tokens|prompt is too long|input is too long|exceeds? the (available )?context/i;

/** `provider`: its name, for people. What it said is quoted, without `secrets`. */
export function toFailure(
  error: unknown,
  { provider, secrets }: { provider: string; secrets: string[] },
): ModelFailure {
  if (error instanceof ModelFailure) return error;
  const problem = problemIn(error);
  if (problem) {
    if (problem.code === 'forbidden') return new ModelFailure('refused', problem.message);
    return new ModelFailure(problem.code === 'too-large' ? 'broken' : 'unavailable', problem.message);
  }
  if (!(error instanceof OpenAI.APIError))
    return new ModelFailure(
      'broken',
      `${provider} sent something that is no answer: ${quoted(messageOf(error), secrets)}`,
    );
  const { status, code } = error as { status?: number; code?: unknown };
  const inStream = status === undefined;
  const number = status ?? (typeof code === 'number' ? code : Number(code) || 0);
  const said = quoted(messageOf(error).replace(/^\d{3} /, ''), secrets);
  const retryAfter = retryAfterOf(error.headers);
  if (code === 'context_length_exceeded' || number === 413 || ((number === 400 || inStream) && tooLong.test(said)))
    return new ModelFailure('context', `The prompt is too long for the model. ${provider}: ${said}`);
  if (code === 'insufficient_quota' || number === 402)
    return new ModelFailure('refused', `The account at ${provider} has no money or quota left: ${said}`);
  if (number === 429 || /rate.?limit/i.test(String(code)))
    return new ModelFailure('rate-limited', `${provider} asks to slow down: ${said}`, retryAfter);
  if (number === 401) return new ModelFailure('unauthenticated', `${provider} does not accept the key: ${said}`);
  if (number >= 500 || number === 408 || number === 409)
    return new ModelFailure('unavailable', `${provider} failed: ${said}`, retryAfter);
  if (number >= 300 && number < 400)
    return new ModelFailure('refused', `${provider} points somewhere else; its base URL is not right.`);
  if (inStream) return new ModelFailure('broken', `${provider} failed while it answered: ${said}`);
  return new ModelFailure('refused', `${provider} refused: ${said}`);
}

/** Worth another try, when nothing of the answer has come yet. */
export const mayPass = ({ kind }: ModelFailure): boolean => kind === 'rate-limited' || kind === 'unavailable';

function problemIn(error: unknown): Problem | null {
  for (let inner = error, depth = 0; inner instanceof Error && depth < 6; inner = inner.cause, depth++)
    if (isProblem(inner)) return inner;
  return null;
}

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

function quoted(words: string, secrets: string[]): string {
  const clean = withoutSecrets(words, secrets).replace(/\s+/g, ' ').trim();
  return clean.length > 400 ? `${clean.slice(0, 400)}…` : clean;
}

/** Seconds: RFC 9110 allows a number or a date; some send milliseconds in a header of their own. */
function retryAfterOf(headers: Headers | undefined): number | null {
  const ms = Number(headers?.get('retry-after-ms') ?? NaN);
  if (ms >= 0) return ms / 1000;
  const said = headers?.get('retry-after');
  if (!said) return null;
  const seconds = /^\d+(\.\d+)?$/.test(said.trim()) ? Number(said) : (Date.parse(said) - Date.now()) / 1000;
  return Number.isFinite(seconds) ? Math.max(0, Math.ceil(seconds)) : null;
}
