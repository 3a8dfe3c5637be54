/** How the controller tells what went wrong. */
import { errorText, fittingText } from '../../../protocol/errors.ts'

/** What went wrong with one element of a request, or with all of it. */
export interface Failure {
  readonly errorCode: number
  readonly errorMessage: string | null
}

/** An error of a bare code carries its default text; one with a text of its own that (D0.3). */
export function failure (errorCode: number, text?: string): Failure {
  const defaultText = errorText(errorCode)
  if (text === undefined) return { errorCode, errorMessage: defaultText }
  return { errorCode, errorMessage: text === defaultText ? null : fittingText(text) }
}
