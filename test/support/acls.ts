/** What the tests of the ACL requests ask with, and who asks. */

export const filter = {
  resourceTypeFilter: 2,
  resourceNameFilter: 'topic',
  patternTypeFilter: 3,
  principalFilter: null,
  hostFilter: null,
  operation: 1,
  permissionType: 1,
}

/** The places of a filter that hold codes. */
export const FILTER_CODES = ['resourceTypeFilter', 'patternTypeFilter', 'operation', 'permissionType']

export const everybody = { access: { allows: () => true } } as never
export const nobody = { access: { allows: () => false } } as never
export const call = { version: 3, session: {} } as never
