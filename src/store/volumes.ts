/**
 * All volumes: the active one, the sealed ones (opened when read, closed when many are open), and
 * the state that the newest of them carries. A new volume is made under a temporary name
 * and renamed once it is flushed (storage.md 4.3).
 */
import { join } from 'node:path'
import type { StoreEnvironment } from './contract.ts'
import type { Disk, Mutation } from './disk.ts'
import { StoreError } from './error.ts'
import type { Extent } from './extents.ts'
import type { Guard } from './guard.ts'
import { firstKey, meta, metaKey, readMetaKey } from './keys.ts'
import type { StoreOptions } from './options.ts'
import {
  decodeCovered, decodeExtents, decodeLog, decodeVolume, encodeCovered, encodeExtents, encodeLog,
  encodeVolume, sealedExtents, STATE_VERSION
} from './state.ts'
import type { CoveredState, LogState } from './state.ts'
import { Volume } from './volume.ts'

const FIRST_COVERED: CoveredState = {
  version: STATE_VERSION,
  generation: 0,
  turn: 0n,
  file: 0,
  position: 0n,
  nextLogNumber: 1,
  createdMs: 0n,
}
const VOLUME_NAME = /^(\d{10})\.volume$/
const MAP_BYTES_MIN = 1024 * 1024 * 1024

export class Volumes {
  readonly all = new Map<number, Volume>()
  /** What the newest volume says, as last flushed. */
  readonly states = new Map<number, LogState>()
  covered: CoveredState = FIRST_COVERED
  #newest: Volume | undefined
  readonly #used = new Set<Volume>()
  readonly #directory: string
  readonly #disk: Disk
  readonly #guard: Guard
  readonly #environment: StoreEnvironment
  readonly #options: StoreOptions

  constructor (
    directory: string, environment: StoreEnvironment, guard: Guard, options: StoreOptions
  ) {
    this.#directory = join(directory, 'volumes')
    this.#disk = environment.disk
    this.#environment = environment
    this.#guard = guard
    this.#options = options
  }

  get active (): Volume {
    if (this.#newest === undefined) throw new StoreError('CLOSED', 'no volume is open')
    return this.#newest
  }

  #pathOf (number: number): string {
    return join(this.#directory, `${String(number).padStart(10, '0')}.volume`)
  }

  #volume (number: number): Volume {
    const mapBytes = Math.max(MAP_BYTES_MIN, this.#options.volumeBytes * 4)
    return new Volume(number, this.#pathOf(number), this.#disk, mapBytes)
  }

  createDirectory (): void { this.#disk.createDirectory(this.#directory) }

  /** Whether any was ever made here. */
  isThere (): boolean {
    return this.#disk.list(this.#directory).some(name => VOLUME_NAME.test(name))
  }

  /** Opens what is there, newest first, or makes the first volume. */
  async open (): Promise<void> {
    let newest = 0
    for (const name of this.#disk.list(this.#directory)) {
      const match = VOLUME_NAME.exec(name)
      if (match !== null) newest = Math.max(newest, Number(match[1]))
      else if (name.includes('.new')) await this.#disk.unlink(join(this.#directory, name))
    }
    if (newest === 0) return this.#create(1)
    // R-S8: a kill may have come before its name was synced, and from now on it alone has what
    // comes
    await this.#guard.within('the sync of the volume directory',
      this.#disk.syncDirectory(this.#directory))
    this.#newest = this.#volume(newest)
    this.#readState(this.#newest)
    await this.#removeStrays()
  }

  #readState (newest: Volume): void {
    const { environment } = newest
    const covered = environment.get(metaKey(meta.covered))
    if (covered === undefined) throw this.#corrupt(newest, 'it does not say what it covers')
    this.covered = decodeCovered(covered)
    if (this.covered.version !== STATE_VERSION) {
      throw this.#corrupt(newest, `its version is ${this.covered.version}`)
    }
    newest.createdMs = Number(this.covered.createdMs)
    const sealed = new Map<number, Extent[]>()
    const logs: Array<[number, Buffer]> = []
    for (const key of environment.keys({ start: firstKey(0), end: firstKey(1) })) {
      const value = environment.get(key)
      const { kind, id } = readMetaKey(key)
      if (value === undefined) continue
      if (kind === meta.log) logs.push([id, value])
      else if (kind === meta.sealedExtents) sealed.set(id, decodeExtents(value))
      else if (kind === meta.volume) this.#restore(id, value)
    }
    for (const [id, value] of logs) {
      this.states.set(id, decodeLog(id, value, sealed.get(id) ?? []))
    }
    this.all.set(newest.number, newest)
  }

  #corrupt (volume: Volume, what: string): StoreError {
    return new StoreError('CORRUPT', `volume ${volume.path} cannot be used: ${what}`)
  }

  #restore (number: number, value: Buffer): void {
    const isNewest = number === this.#newest?.number
    const volume = isNewest ? this.#newest as Volume : this.#volume(number)
    const state = decodeVolume(number, value)
    volume.bytes = state.bytes
    volume.sealed = !isNewest
    for (const [file, placeBytes] of state.files) volume.files.set(file, placeBytes)
    if (isNewest || this.#disk.exists(volume.path)) this.all.set(number, volume)
  }

  /** Volumes that nothing names any more: their unlinking was cut short. */
  async #removeStrays (): Promise<void> {
    for (const name of this.#disk.list(this.#directory)) {
      const number = Number(/^(\d{10})\.volume/.exec(name)?.[1] ?? 0)
      if (number > 0 && !this.all.has(number)) await this.#disk.unlink(join(this.#directory, name))
    }
  }

  /** A read opens a sealed volume; the one not used for longest is closed instead. */
  opened (number: number): Volume | undefined {
    const volume = this.all.get(number)
    if (volume === undefined || !volume.sealed) return volume
    this.#used.delete(volume)
    this.#used.add(volume)
    if (this.#used.size > this.#options.openVolumesMax) {
      for (const oldest of this.#used) {
        if (oldest === volume || oldest.readers.any) continue
        this.#used.delete(oldest)
        this.#closeQuietly(oldest)
        break
      }
    }
    return volume
  }

  #closeQuietly (volume: Volume): void {
    volume.close().catch((error: unknown) => {
      this.#guard.fail(`volume ${volume.path} could not be closed`, error)
    })
  }

  /** Seals the active volume and makes the next, which starts with all that is known. */
  async roll (): Promise<void> {
    const old = this.active
    await this.#create(old.number + 1)
    old.sealed = true
    await old.close()
  }

  /** Resolves when no volume is being closed. */
  async settled (): Promise<void> {
    while (!this.isSettled) for (const volume of this.all.values()) await volume.closing
  }

  get isSettled (): boolean {
    for (const volume of this.all.values()) if (volume.closing !== undefined) return false
    return true
  }

  async #create (number: number): Promise<void> {
    const volume = this.#volume(number)
    const temporary = `${volume.path}.new`
    const createdMs = this.#environment.nowMs()
    const covered = { ...this.covered, createdMs: BigInt(Math.trunc(createdMs)) }
    const made = this.#disk.openEnvironment(temporary,
      { mapBytes: Math.max(MAP_BYTES_MIN, this.#options.volumeBytes * 4) })
    await this.#guard.within('the first flush of a volume',
      made.apply(this.#wholeState(covered, number)).flushed)
    await made.close()
    this.#disk.rename(temporary, volume.path)
    const lock = `${temporary}-lock`
    if (this.#disk.exists(lock)) await this.#disk.unlink(lock)
    await this.#guard.within('the sync of the volume directory',
      this.#disk.syncDirectory(this.#directory))
    volume.createdMs = createdMs
    this.covered = covered
    this.all.set(number, volume)
    this.#newest = volume
  }

  #wholeState (covered: CoveredState, active: number): Mutation[] {
    const mutations: Mutation[] = [
      { key: metaKey(meta.covered), value: encodeCovered(covered) },
    ]
    for (const state of this.states.values()) {
      mutations.push({ key: metaKey(meta.log, state.number), value: encodeLog(state, active) })
      const sealed = sealedExtents(state, active)
      if (sealed.length > 0) {
        const key = metaKey(meta.sealedExtents, state.number)
        mutations.push({ key, value: encodeExtents(sealed) })
      }
    }
    for (const volume of this.all.values()) mutations.push(volumeRecord(volume))
    return mutations
  }

  /** What changes in the newest volume when a log's state does. */
  logMutations (state: LogState): Mutation[] {
    const active = this.active.number
    const mutations: Mutation[] = [
      { key: metaKey(meta.log, state.number), value: encodeLog(state, active) },
    ]
    const before = this.states.get(state.number)
    const sealed = encodeExtents(sealedExtents(state, active))
    const known = before === undefined ? undefined : encodeExtents(sealedExtents(before, active))
    if (known === undefined ? sealed.length > 0 : !known.equals(sealed)) {
      mutations.push({
        key: metaKey(meta.sealedExtents, state.number),
        value: sealed.length === 0 ? undefined : sealed,
      })
    }
    return mutations
  }

  /** Volume numbers that some log still needs, with the bytes that are alive in each. */
  alive (): Map<number, number> {
    const alive = new Map<number, number>()
    for (const state of this.states.values()) {
      for (const { volume, bytes } of state.extents) {
        if (bytes > 0) alive.set(volume, (alive.get(volume) ?? 0) + bytes)
      }
    }
    return alive
  }

  /** Takes a dead volume off the disk. Its kept journal files are the caller's. */
  async remove (volume: Volume): Promise<void> {
    this.all.delete(volume.number)
    this.#used.delete(volume)
    await volume.close()
    const lock = `${volume.path}-lock`
    await this.#guard.within('the removal of a volume', this.#disk.unlink(volume.path))
    if (this.#disk.exists(lock)) {
      await this.#guard.within('the removal of a volume', this.#disk.unlink(lock))
    }
    await this.#guard.within('the sync of the volume directory',
      this.#disk.syncDirectory(this.#directory))
  }

  async close (): Promise<void> {
    await Promise.all([...this.all.values()].map(volume => volume.end()))
  }
}

export function volumeRecord (volume: Volume): Mutation {
  return { key: metaKey(meta.volume, volume.number), value: encodeVolume(volume) }
}

export function forgetLog (number: number): Mutation[] {
  return [
    { key: metaKey(meta.log, number), value: undefined },
    { key: metaKey(meta.sealedExtents, number), value: undefined },
  ]
}

export function forgetVolume (number: number): Mutation {
  return { key: metaKey(meta.volume, number), value: undefined }
}
