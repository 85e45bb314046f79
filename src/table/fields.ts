/** Whether a name is a field of a user's object: what every object inherits (`constructor`, `__proto__`, …) is none. */
export function isField(object: object, name: string): boolean {
  return !(name in Object.prototype) || Object.hasOwn(object, name)
}

/** A field's value, or undefined. */
export function fieldOf(object: object, name: string): unknown {
  return isField(object, name) ? (object as Record<string, unknown>)[name] : undefined
}

/** Whether a value is an object literal of any realm, or one without a prototype. */
export function isPlainObject(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || (!Array.isArray(value) && Object.getPrototypeOf(prototype) === null)
}
