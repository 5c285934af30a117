// A refusal of the server, put beside the field that it is about.
import { isProblem } from '#shared/errors.ts';
import { sentenceOf } from '#lib/api.ts';

/** By field; what is about no field that the form has is under `form`. */
export type FormErrors<Field extends string> = Partial<Record<Field | 'form', string>>;

export function errorsOf<Field extends string>(error: unknown, fields: readonly Field[]): FormErrors<Field> {
  const data = isProblem(error) ? (error.data ?? {}) : {};
  const issues = Array.isArray(data['issues']) ? (data['issues'] as { path?: unknown; message?: unknown }[]) : [];
  const found: FormErrors<Field> = {};
  for (const { path, message } of issues) {
    const field = fields.find((one) => one === path);
    if (field && typeof message === 'string') found[field] ??= message;
  }
  const named = fields.find((one) => one === data['field']);
  if (named) found[named] = sentenceOf(error);
  if (Object.keys(found).length === 0) found.form = sentenceOf(error);
  return found;
}
