import {
  api, array, bool, int16, int32, int8, list, nullable, or, since, string, until,
} from '../types.ts'
import type { RequestOf, ResponseOf } from '../types.ts'

/** Describes the configuration of topics, brokers, loggers, client metrics and groups (KIP-133). */
export const DescribeConfigs = api({
  key: 32,
  name: 'DescribeConfigs',
  versions: [0, 4],
  flexible: 4,
  request: {
    resources: list({
      resourceType: int8,
      resourceName: string,
      configurationKeys: nullable(array(string)),
    }),
    includeSynonyms: since(1, bool, false),
    includeDocumentation: since(3, bool, false),
  },
  response: {
    throttleTimeMs: or(int32, 0),
    results: list({
      errorCode: or(int16, 0),
      errorMessage: nullable(string),
      resourceType: int8,
      resourceName: string,
      configs: list({
        name: string,
        value: nullable(string),
        readOnly: bool,
        configSource: since(1, int8, -1),
        isDefault: until(0, bool),
        isSensitive: bool,
        synonyms: since(1, list({
          name: string,
          value: nullable(string),
          source: int8,
        })),
        configType: since(3, int8, 0),
        documentation: since(3, nullable(string)),
      }),
    }),
  },
})

export interface DescribeConfigsRequest extends RequestOf<typeof DescribeConfigs> {}
export interface DescribeConfigsResponse extends ResponseOf<typeof DescribeConfigs> {}
