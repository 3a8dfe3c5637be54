/**
 * Texts as Java's own parsers read them, for Kafka's ConfigDef is built of those: what they take
 * that looks odd is taken, and what they refuse is refused.
 */

/** As String.trim: only what is not above the blank goes, so a no-break space stays. */
export function trim (text: string): string {
  let [start, end] = [0, text.length]
  while (start < end && text.charCodeAt(start) <= BLANK) start++
  while (end > start && text.charCodeAt(end - 1) <= BLANK) end--
  return text.slice(start, end)
}

const BLANK = 0x20

/**
 * As Boolean.parseBoolean would, with undefined for what is neither; letters are folded as Java
 * does.
 */
export function parseBoolean (text: string): boolean | undefined {
  const folded = text.toUpperCase().toLowerCase()
  return folded === 'true' ? true : folded === 'false' ? false : undefined
}

/** As Integer.parseInt and its kin, of any size: a sign, then decimal digits of any script. */
export function parseInteger (text: string): bigint | undefined {
  const [, sign, digits = ''] = /^([+-]?)(\p{Nd}+)$/u.exec(text) ?? []
  // Java reads 16 bits at a time, so digits beyond them are none.
  if (digits === '' || /[\u{10000}-\u{10FFFF}]/u.test(digits)) return undefined
  const value = BigInt(digits.replace(/[^0-9]/g, digitOf))
  return sign === '-' ? -value : value
}

const DECIMAL_DIGIT = /\p{Nd}/u

/** The digits of a script stand together, ten in a row from its zero. */
function digitOf (digit: string): string {
  const point = digit.charCodeAt(0)
  let value = 0
  while (value < 9 && DECIMAL_DIGIT.test(String.fromCharCode(point - value - 1))) value++
  return String(value)
}

const WORDS = /^([+-]?)(NaN|Infinity)$/
const DECIMAL = /^([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)[fFdD]?$/
const HEXADECIMAL = /^([+-]?)0[xX]([0-9a-fA-F]*)(?:\.([0-9a-fA-F]*))?[pP]([+-]?\d+)[fFdD]?$/

/** As Double.parseDouble. */
export function parseDouble (text: string): number | undefined {
  if (WORDS.test(text)) return Number(text.replace(/^[+-](?=N)/, ''))
  const decimal = DECIMAL.exec(text)
  if (decimal !== null) return Number(decimal[1])
  const [, sign, whole = '', fraction = '', exponent] = HEXADECIMAL.exec(text) ?? []
  if (exponent === undefined || whole + fraction === '') return undefined
  const size = scaled(BigInt(`0x${whole}${fraction}`), Number(exponent) - 4 * fraction.length)
  return sign === '-' ? -size : size
}

const MANTISSA_BITS = 53
const EXPONENT_MIN = -1074
const EXPONENT_MAX = 1023

/** The nearest double to mantissa * 2^exponent; of two that are as near, the even one. */
function scaled (mantissa: bigint, exponent: number): number {
  if (mantissa === 0n) return 0
  const bits = mantissa.toString(2).length
  if (bits + exponent > EXPONENT_MAX + 1) return Infinity
  const dropped = Math.max(bits - MANTISSA_BITS, EXPONENT_MIN - exponent, 0)
  if (dropped > bits) return 0
  const half = dropped === 0 ? 0n : 1n << BigInt(dropped - 1)
  const kept = mantissa >> BigInt(dropped)
  const rest = mantissa - (kept << BigInt(dropped))
  const up = dropped > 0 && (rest > half || (rest === half && kept % 2n === 1n))
  const power = exponent + dropped
  const digits = Number(up ? kept + 1n : kept)
  // 2^power alone may be beyond what a double holds, where the product is not.
  return power > EXPONENT_MAX - MANTISSA_BITS
    ? digits * 2 ** (power - MANTISSA_BITS) * 2 ** MANTISSA_BITS
    : digits * 2 ** power
}

/** As Double.toString prints it: 1 is 1.0, and large or small ones are in scientific notation. */
export function doubleText (value: number): string {
  if (!Number.isFinite(value)) return String(value)
  if (Object.is(value, -0)) return '-0.0'
  const size = Math.abs(value)
  if (value !== 0 && (size >= 1e7 || size < 1e-3)) {
    // At least two digits: where more than one pair means the number, the nearest.
    const pair = value.toExponential(1)
    const [digits = '', exponent = ''] = (Number(pair) === value ? pair : value.toExponential()).split('e')
    return `${digits}E${exponent.replace('+', '')}`
  }
  return Number.isInteger(value) ? `${value}.0` : String(value)
}

const COMMA = /[ \t\n\v\f\r]*,[ \t\n\v\f\r]*/

/** As ConfigDef reads a list: blanks beside the commas go, empty elements stay. */
export function parseList (text: string): string[] { return text === '' ? [] : text.split(COMMA) }

const DURATION = new RegExp('^([-+]?)P(?:([-+]?[0-9]+)D)?' +
  '(T(?:([-+]?[0-9]+)H)?(?:([-+]?[0-9]+)M)?(?:([-+]?[0-9]+)(?:[.,]([0-9]{0,9}))?S)?)?$', 'i')
const SECONDS_MAX = 2n ** 63n - 1n

/** As Duration.parse, in nanoseconds: ISO 8601 with signs, without weeks, months and years. */
export function parseDuration (text: string): bigint | undefined {
  const parts = DURATION.exec(text)
  if (parts === null) return undefined
  const [, sign, days, time, hours, minutes, seconds, fraction = ''] = parts
  if (time?.length === 1 || (days ?? hours ?? minutes ?? seconds) === undefined) return undefined
  const whole =
    BigInt(days ?? 0) * 86_400n + BigInt(hours ?? 0) * 3_600n + BigInt(minutes ?? 0) * 60n +
    BigInt(seconds ?? 0)
  if (whole > SECONDS_MAX || whole < -SECONDS_MAX - 1n) return undefined
  const nanos = BigInt(fraction.padEnd(9, '0'))
  const total = whole * 1_000_000_000n + (seconds?.startsWith('-') === true ? -nanos : nanos)
  return sign === '-' ? -total : total
}
