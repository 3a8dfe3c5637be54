/** Why settings of a resource are refused. */

/** An error code and Kafka's text. */
export interface ConfigFailure { readonly errorCode: number, readonly errorMessage: string }
