import type { ErrorBody } from './types';

/** An error that a person can act on, with the words of the catalogue. */
export class KfpApiError extends Error {
  constructor(
    readonly body: ErrorBody,
    /** The HTTP status; 0 when there was no answer. */
    readonly status: number
  ) {
    super(body.message);
    this.name = 'KfpApiError';
  }

  /** The code of the catalogue, such as “not-found”. */
  get code(): string {
    return this.body.code;
  }
}

/** An error body with every field, from the ones that matter. */
export function createErrorBody(fields: Pick<ErrorBody, 'code' | 'message'> & Partial<ErrorBody>): ErrorBody {
  return { why: '', next: '', command: '', details: '', request_id: '', ...fields };
}

/** The error body of `error`; what is not ours becomes an unexpected error with its text as details. */
export function toErrorBody(error: unknown): ErrorBody {
  if (error instanceof KfpApiError) {
    return error.body;
  }
  const details = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return createErrorBody({ code: 'kfp-error', message: 'Something unexpected happened in this page.', details });
}

/** Whether `value` is the body of an error of our server half. */
export function isErrorBody(value: unknown): value is Partial<ErrorBody> & Pick<ErrorBody, 'code' | 'message'> {
  return (
    typeof value === 'object' &&
    value !== null &&
    'code' in value &&
    typeof value.code === 'string' &&
    'message' in value &&
    typeof value.message === 'string'
  );
}
