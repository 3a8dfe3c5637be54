/**
 * Loaded before a program (`node --import`): plants the bug of $OTTLA_BUG in it, and in what it
 * starts.
 */
import { register } from 'node:module'

if (process.env.OTTLA_BUG !== undefined) {
  register('./mutant-hooks.js', import.meta.url, { data: Number(process.env.OTTLA_BUG) })
}
