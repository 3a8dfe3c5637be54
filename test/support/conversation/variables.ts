/** What one run has named: ids and the like, which are others in every run. */
import type { Json } from '../../../protocol/json.ts'

interface Bound { readonly value: Json, readonly field: string }

/** From this many characters on a text is not equal to another by chance. */
const TELLING = 16

export class Variables {
  readonly #bound = new Map<string, Bound>()

  /**
   * `field`: where it was found, so that a short value is known again in fields of that name only.
   */
  bind (name: string, value: Json, field: string): void { this.#bound.set(name, { value, field }) }

  /** Puts values for `$name` and `${name}`. */
  resolve (json: Json): Json {
    if (typeof json === 'string') return this.#resolveText(json)
    if (json === null || typeof json !== 'object') return json
    if (Array.isArray(json)) return json.map(each => this.resolve(each))
    return Object.fromEntries(
      Object.entries(json).map(([name, value]) => [name, this.resolve(value)])
    )
  }

  /**
   * `${v}` stands for the version in names as well, so that each version may have a variable of its
   * own.
   */
  ofVersion (text: string): string {
    const version = this.#bound.get('v')?.value
    return version === undefined ? text : text.replaceAll('${v}', String(version))
  }

  #resolveText (template: string): Json {
    const text = this.ofVersion(template)
    const whole = /^\$([\w.-]+)$/.exec(text)?.[1]
    if (whole !== undefined) return this.#get(whole)
    return text.replace(/\$\{([\w.-]+)\}/g, (_, name: string) => String(this.#get(name)))
  }

  #get (name: string): Json {
    const bound = this.#bound.get(name)
    if (bound === undefined) throw new ReferenceError(`$${name} is bound by no answer so far`)
    return bound.value
  }

  /** Puts `$name` for values that are known. */
  named (json: Json, field = ''): Json {
    if (Array.isArray(json)) return json.map(each => this.named(each, field))
    if (json !== null && typeof json === 'object') {
      return Object.fromEntries(
        Object.entries(json).map(([name, value]) => [name, this.named(value, name)])
      )
    }
    for (const [name, bound] of this.#bound) {
      if (bound.value === json && (bound.field === field || isTelling(json))) return `$${name}`
    }
    if (typeof json !== 'string') return json
    let text = json
    for (const [name, { value }] of this.#bound) {
      if (isTelling(value)) text = text.replaceAll(value, `\${${name}}`)
    }
    return text
  }
}

function isTelling (value: Json): value is string { return typeof value === 'string' && value.length >= TELLING }
