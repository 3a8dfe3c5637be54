"""kafka-python: a client in Python alone."""
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType, NewPartitions, NewTopic
from kafka.errors import MessageSizeTooLargeError, TopicAlreadyExistsError
from kafka.structs import OffsetAndMetadata

from harness import bootstrap, case, eventually, fresh, run, same

admin = KafkaAdminClient(bootstrap_servers=bootstrap)


def topic_of(partitions=1, **config):
    topic = fresh("topic")
    admin.create_topics([NewTopic(topic, num_partitions=partitions, replication_factor=1, topic_configs=config)])
    return topic


def send(topic, records, **config):
    producer = KafkaProducer(bootstrap_servers=bootstrap, **config)
    futures = [producer.send(topic, **record) for record in records]
    producer.flush()
    got = [future.get(30) for future in futures]
    producer.close()
    return got


def values(count):
    return [f"{n}".encode() for n in range(count)]


def consumer_of(group=None, **config):
    return KafkaConsumer(bootstrap_servers=bootstrap, group_id=group, auto_offset_reset="earliest",
                         heartbeat_interval_ms=200, session_timeout_ms=10_000, fetch_max_wait_ms=100, **config)


def take(consumer, count):
    got = []
    while len(got) < count:
        for records in consumer.poll(500).values():
            got.extend(records)
    return got


def read_all(topic, count, offset=0):
    consumer = consumer_of()
    consumer.assign([TopicPartition(topic, 0)])
    consumer.seek(TopicPartition(topic, 0), offset)
    got = take(consumer, count)
    consumer.close()
    return got


@case("create a topic")
def _():
    topic = topic_of(3)
    described = admin.describe_topics([topic])
    same(len(described[0]["partitions"]), 3, "partitions")
    same(topic in admin.list_topics(), True, "listed")
    try:
        admin.create_topics([NewTopic(topic, num_partitions=1, replication_factor=1)])
        raise AssertionError("made twice")
    except TopicAlreadyExistsError:
        pass


@case("keys, headers and nulls")
def _():
    topic = topic_of()
    send(topic, [
        {"key": b"a", "value": b"one", "headers": [("h", b"x"), ("h", b"y")], "timestamp_ms": 1_700_000_000_000},
        {"key": b"b", "value": None},
        {"value": b"three"},
    ])
    one, two, three = read_all(topic, 3)
    same((one.key, one.value, list(one.headers), one.timestamp),
         (b"a", b"one", [("h", b"x"), ("h", b"y")], 1_700_000_000_000), "the first")
    same((two.key, two.value), (b"b", None), "the second")
    same((three.key, three.value), (None, b"three"), "the third")


def produces(codec, idempotent):
    def test():
        topic = topic_of()
        send(topic, [{"value": value} for value in values(300)],
             compression_type=codec, enable_idempotence=idempotent, linger_ms=5)
        same([record.value for record in read_all(topic, 300)], values(300), "values")
    return test


for codec in (None, "gzip", "snappy", "lz4", "zstd"):
    for idempotent in (False, True):
        case(f"produce with codec {codec or 'none'}{', idempotent' if idempotent else ''}")(produces(codec, idempotent))


@case("acks 0, 1 and all")
def _():
    topic = topic_of()
    for acks in (0, 1, "all"):
        send(topic, [{"value": f"{acks}".encode()}], acks=acks, enable_idempotence=False)
    same(sorted(record.value for record in read_all(topic, 3)), [b"0", b"1", b"all"], "values")


@case("consume by timestamp")
def _():
    topic = topic_of()
    send(topic, [{"value": value, "timestamp_ms": 1_700_000_000_000 + n * 1000} for n, value in enumerate(values(10))])
    partition = TopicPartition(topic, 0)
    consumer = consumer_of()
    found = consumer.offsets_for_times({partition: 1_700_000_003_500})[partition]
    same((found.offset, found.timestamp), (4, 1_700_000_004_000), "the offset of its time")
    same((consumer.beginning_offsets([partition])[partition], consumer.end_offsets([partition])[partition]), (0, 10), "ends")
    consumer.assign([partition])
    consumer.seek(partition, found.offset)
    same([record.offset for record in take(consumer, 6)], list(range(4, 10)), "records from then on")
    consumer.close()


@case("two members share a group")
def _():
    topic, group = topic_of(4), fresh("group")

    def member(name):
        consumer = consumer_of(group, client_id=name)
        consumer.subscribe([topic])
        return consumer

    def poll(*members):
        for consumer in members:
            consumer.poll(50)
        return [len(consumer.assignment()) for consumer in members]

    first = member("first")
    eventually(lambda: poll(first), lambda sizes: sizes == [4])
    second = member("second")
    eventually(lambda: poll(first, second), lambda sizes: sizes == [2, 2])
    first.close()
    eventually(lambda: poll(second), lambda sizes: sizes == [4])
    second.close()


@case("committed offsets and lag")
def _():
    topic, group = topic_of(), fresh("group")
    send(topic, [{"value": value} for value in values(10)])
    partition = TopicPartition(topic, 0)
    consumer = consumer_of(group, enable_auto_commit=False)
    consumer.subscribe([topic])
    take(consumer, 10)
    consumer.commit({partition: OffsetAndMetadata(7, "note", -1)})
    committed = consumer.committed(partition, metadata=True)
    same((committed.offset, committed.metadata), (7, "note"), "committed")
    same(consumer.end_offsets([partition])[partition] - committed.offset, 3, "lag")
    consumer.close()
    resumed = consumer_of(group)
    resumed.subscribe([topic])
    same([record.offset for record in take(resumed, 3)], [7, 8, 9], "from what was committed")
    resumed.close()


@case("describe and alter configs")
def _():
    topic = topic_of(**{"retention.ms": "60000"})
    described = admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic)])
    text = f"{described}"
    same("retention.ms" in text and "60000" in text, True, f"as made {text[:300]}")
    admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, configs={"retention.ms": "120000"})])
    text = f"{admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic)])}"
    same("120000" in text, True, "as altered")


@case("list, describe and delete groups")
def _():
    topic, group = topic_of(), fresh("group")
    send(topic, [{"value": b"x"}])
    consumer = consumer_of(group)
    consumer.subscribe([topic])
    take(consumer, 1)
    consumer.commit()
    same(group in f"{admin.list_groups()}", True, "listed")
    same("Stable" in f"{admin.describe_groups([group])}", True, "described")
    consumer.close()
    same(f"{topic}" in f"{admin.list_group_offsets([group])}", True, "its offsets")
    admin.delete_groups([group])
    same(group in f"{admin.list_groups()}", False, "listed after its end")


@case("more partitions, delete records, delete topics")
def _():
    topic = topic_of()
    send(topic, [{"value": value} for value in values(10)])
    admin.create_partitions({topic: NewPartitions(total_count=3)})
    same(len(admin.describe_topics([topic])[0]["partitions"]), 3, "partitions")
    admin.delete_records({TopicPartition(topic, 0): 4})
    same(read_all(topic, 6, offset=4)[0].value, b"4", "the first that is left")
    admin.delete_topics([topic])
    eventually(admin.list_topics, lambda topics: topic not in topics)


@case("a message that is too large is refused")
def _():
    topic = topic_of()
    try:
        send(topic, [{"value": b"x" * 2_000_000}], max_request_size=3_000_000)
        raise AssertionError("it was taken")
    except MessageSizeTooLargeError:
        pass


run()
